"""One session's new events into a tracker, and the cursor after them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.contract.errors import DamagedSession
from scanflow_tui.mirror import cursor
from scanflow_tui.mirror import translate as op
from scanflow_tui.mirror.carrying import carry
from scanflow_tui.mirror.cursor import Cursor
from tests.fakes.demo_events import SESSION
from tests.unit.mirror.making import Noting, closed_session, rows


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / cursor.FOLDER_NAME).mkdir()
    return tmp_path


def test_the_head_that_leaves_is_the_chains(root: Path) -> None:
    entry, noting = closed_session(root, "trained"), Noting()
    at = carry(root, entry, lambda session, name: noting)
    assert at == Cursor(SESSION, entry.seq, entry.head)
    assert noting.applied[0][-1] == op.Head(entry.seq, entry.head)


def test_only_what_is_new_is_carried(root: Path) -> None:
    noting = Noting()
    carry(root, closed_session(root, "trained"), lambda session, name: noting)
    entry = closed_session(root, "clean")
    assert carry(root, entry, lambda session, name: noting).head == entry.head
    second = list(op.translate(event for event in _events("clean") if event.seq > _n("trained")))
    assert noting.applied[1][:-1] == second


def test_without_news_nothing_is_applied(root: Path) -> None:
    entry, noting = closed_session(root, "trained"), Noting()
    for _ in range(2):
        carry(root, entry, lambda session, name: noting)
    assert len(noting.applied) == 1


def test_a_failure_leaves_the_cursor_and_is_made_up_for(root: Path) -> None:
    entry, noting = closed_session(root, "trained"), Noting(n_failures=1)
    with pytest.raises(OSError, match="no room"):
        carry(root, entry, lambda session, name: noting)
    assert cursor.read(cursor.path_of(root, "demo")) == Cursor()
    carry(root, entry, lambda session, name: noting)
    assert noting.applied[0][-1] == op.Head(entry.seq, entry.head)


def test_a_session_that_became_shorter_is_not_followed(root: Path) -> None:
    longer, noting = closed_session(root, "clean"), Noting()
    carry(root, longer, lambda session, name: noting)
    with pytest.raises(DamagedSession, match=f"--head {longer.seq}:{longer.head}"):
        carry(root, closed_session(root, "trained"), lambda session, name: noting)
    assert len(noting.applied) == 1


def _events(chapter: str) -> list[op.ev.Event]:
    from tests.fakes.demo_events import demo_events

    return demo_events(chapter)


def _n(chapter: str) -> int:
    return rows(chapter)[-1].seq
