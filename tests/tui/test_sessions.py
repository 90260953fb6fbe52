"""Sessions: the list, its empty and error faces, and the ways into a session."""

from __future__ import annotations

import os
from pathlib import Path

from scanflow_tui.session import index
from scanflow_tui.session.index import Entry
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.tui.doors import Doors
from tests.driver import LARGE, NOW_S, drive
from tests.fakes.demo_events import demo_events
from tests.fakes.source import FakeSource, FakeTape


def write(root: Path, name: str, state: str, summary: str, age_s: float, **more: int) -> None:
    folder = SessionFolder(root / name)
    folder.path.mkdir(parents=True)
    (folder.path / "session.duckdb").touch()
    at = int((NOW_S - age_s) * 1e6)
    index.write(folder, Entry(name, pipeline="mnist", state=state, summary=summary, at=at, **more))


def three(root: Path) -> Path:
    write(root, "mnist-demo", "done", "run 7 done, model v3 in production", 90_000, n_runs=7)
    write(root, "mnist-drift", "needs_you", "run 3 needs you: label samples", 120, n_batches=12)
    write(root, "fashion-nightly", "running", "run 1: train running", 0)
    return root


async def test_what_needs_a_person_stands_first(tmp_path: Path) -> None:
    async with drive(None, root=three(tmp_path)) as it:
        await it.until("mnist-drift")
        rows = [line for line in it.lines() if "┃" in line]
        assert "? mnist-drift" in rows[0] and "2 min ago" in rows[0]
        assert "▶ fashion-nightly" in rows[1]
        assert "✔ mnist-demo" in rows[2] and "yesterday" in rows[2]
        it.expect_text("Sessions (3)")


async def test_the_wide_layout_shows_what_a_session_holds(tmp_path: Path) -> None:
    async with drive(None, root=three(tmp_path), size=LARGE) as it:
        await it.until("batches")
        it.expect_rows("batches", "12")


async def test_no_sessions_says_what_helps(tmp_path: Path) -> None:
    async with drive(None, root=tmp_path) as it:
        await it.until("No sessions yet. [c] starts one")


async def test_a_damaged_index_is_said_and_the_others_stay(tmp_path: Path) -> None:
    three(tmp_path)
    (tmp_path / "mnist-demo" / "index.json").write_text("{")
    async with drive(None, root=tmp_path) as it:
        await it.until("its index is damaged")
        it.expect_text("mnist-drift")


async def test_the_filter_keeps_what_matches(tmp_path: Path) -> None:
    async with drive(None, root=three(tmp_path)) as it:
        await it.until("mnist-drift")
        await it.press("/")
        await it.type("fashion")
        await it.press("enter")
        it.expect_text("Sessions (1)", "fashion-nightly")
        it.expect_no_text("mnist-drift")
        await it.press("escape")
        it.expect_text("Sessions (3)")


async def test_enter_opens_the_session_and_q_leads_back(tmp_path: Path) -> None:
    opened: list[str] = []

    def open_live(name: str) -> FakeSource:
        opened.append(name)
        return FakeSource(demo_events("asked"))

    async with drive(None, root=three(tmp_path), doors=Doors(open_live=open_live)) as it:
        await it.until("mnist-drift")
        await it.press("j", "enter")
        await it.until("Workflow")
        assert opened == ["fashion-nightly"]
        it.expect_text("ScanFlow > mnist-demo > Workflow")
        await it.press("q")
        it.expect_place("sessions")


async def test_p_opens_the_replay_read_only(tmp_path: Path) -> None:
    doors = Doors(open_replay=lambda name: FakeTape(demo_events()))
    async with drive(None, root=three(tmp_path), doors=doors) as it:
        await it.until("mnist-drift")
        await it.press("p")
        await it.until("READ ONLY")
        it.expect_text("✔ verified")


async def test_verify_answers_in_a_sentence(tmp_path: Path) -> None:
    async def verify(name: str) -> str:
        return f"✔ {name}: 611 events verified"

    async with drive(None, root=three(tmp_path), doors=Doors(verify=verify)) as it:
        await it.until("mnist-drift")
        await it.press("v")
        await it.until("✔ mnist-drift: 611 events verified")


async def test_an_unreadable_root_is_said(tmp_path: Path) -> None:
    root = tmp_path / "closed"
    root.mkdir()
    root.chmod(0)
    try:
        async with drive(None, root=root) as it:
            await it.until("No sessions" if os.geteuid() == 0 else "cannot be read")
    finally:
        root.chmod(0o700)
