"""Recorded sessions: the state at any event is that of a replay up to there, and nothing writes."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest

from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.commands import StartRun
from scanflow_tui.contract.errors import DamagedSession, Missing, Refused
from scanflow_tui.session import artifacts, chain, contents, places, store
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import replay
from scanflow_tui.session.places import SessionFolder
from tests.unit.session.making import ULID, ended, intended, label, numbered, opened, planned

FACTS = [
    opened(),
    ev.PipelineRead("scanflow: 1"),
    planned(train="run", check="run", label="run"),
    intended("train"),
    ev.AttemptStarted(1, "train", 1, 5),
    ended("train"),
    ev.PersonAsked(1, "label", "label", "", "label"),
    *((label(f"s{number}"), "human:u1001") for number in range(20)),
    (ev.DecisionTaken(1, "decide", "o1", "retrain", "", "e"), "human:u1001"),
    *((label(f"s{number}", 1), "human:u1002") for number in range(20)),
]


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    made = SessionFolder(tmp_path / "sessions" / "one")
    places.make_session(made)
    rows = chain.rows(numbered(*FACTS), chain.first(ULID))
    note = contents.text_content("a note", bytes(16))
    store.create(made.database, rows, [note]).close()
    return made


def at(seq: int) -> bytes:
    """The state after an event, folded from the first one."""
    return msgspec.json.encode(replay(numbered(*FACTS)[: seq + 1]))


async def test_it_opens_at_the_newest_event_with_times_and_decisions(
    folder: SessionFolder,
) -> None:
    source = RecordedSource(folder.path)
    state = await source.open()
    assert source.last == source.seq == len(FACTS) - 1
    assert msgspec.json.encode(state) == at(source.last)
    assert source.times == [seq * 1_000_000 for seq in range(len(FACTS))]
    assert source.decisions == [27] and source.verdict.startswith("✔")
    assert not source.writable
    await source.close()


@pytest.mark.parametrize("snapshot_events", [7, 1000])
async def test_every_seek_gives_the_state_of_a_replay_up_to_there(
    folder: SessionFolder, snapshot_events: int
) -> None:
    source = RecordedSource(folder.path, snapshot_events=snapshot_events)
    await source.open()
    for seq in (0, 5, 6, 40, 13, 14, 15, 3, 47, 20, 20):
        assert msgspec.json.encode(await source.seek(seq)) == at(seq), seq
        assert source.seq == seq
    await source.close()


async def test_a_seek_beyond_the_ends_stops_there(folder: SessionFolder) -> None:
    source = RecordedSource(folder.path, at=-5)
    assert (await source.open()).seq == 0
    assert (await source.seek(10**9)).seq == source.last
    await source.close()


async def test_every_move_is_told(folder: SessionFolder) -> None:
    source = RecordedSource(folder.path)
    await source.open()
    await source.seek(6)
    await source.close()
    told = [update async for update in source.updates()]
    assert [update.link for update in told] == ["recorded", "recorded"]
    assert [event.seq for event in told[1].events] == [6]


async def test_a_command_is_refused(folder: SessionFolder) -> None:
    source = RecordedSource(folder.path)
    await source.open()
    with pytest.raises(Refused, match="replay"):
        await source.send(StartRun())
    await source.close()


async def test_contents_and_artifacts_are_read(folder: SessionFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    sha = artifacts.ingest(tmp_path / "file", places.objects_of(folder.root)).sha
    source = RecordedSource(folder.path)
    await source.open()
    digest = contents.text_content("a note", bytes(16)).digest
    assert (await source.read(Ref("content", digest))).data == b"a note"
    chunk = await source.read(Ref("artifact", sha), offset=2, length=3)
    assert (chunk.data, chunk.size) == (b"234", 10)
    with pytest.raises(Missing):
        await source.read(Ref("content", "f" * 64))
    await source.close()


async def test_a_file_under_any_name_is_read_without_its_session(
    folder: SessionFolder, tmp_path: Path
) -> None:
    shutil.copyfile(folder.database, tmp_path / "audit.duckdb")
    source = RecordedSource(tmp_path / "audit.duckdb")
    assert (await source.open()).seq == len(FACTS) - 1
    await source.close()


async def test_an_altered_file_opens_and_says_so(folder: SessionFolder) -> None:
    rows = chain.rows(numbered(*FACTS), chain.first(ULID))
    rows[9] = rows[9]._replace(body=rows[9].body.replace(b'"value":3', b'"value":4'))
    folder.database.unlink()
    store.create(folder.database, rows).close()
    source = RecordedSource(folder.path)
    await source.open()
    assert source.verdict == "✖ event 9 was changed: its body and its hash do not fit"
    assert source.last == len(FACTS) - 1
    await source.close()


async def test_what_is_no_session_is_said(tmp_path: Path) -> None:
    (tmp_path / "session.duckdb").write_text("no database")
    with pytest.raises(DamagedSession):
        await RecordedSource(tmp_path / "session.duckdb").open()
    with pytest.raises(Missing):
        await RecordedSource(tmp_path / "nowhere").open()


async def test_the_copy_is_gone_after_closing(
    folder: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    source = RecordedSource(folder.path)
    await source.open()
    assert len(list(aside.iterdir())) == 1
    await source.close()
    await asyncio.sleep(0)
    assert list(aside.iterdir()) == []
