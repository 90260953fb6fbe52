"""The session's lock: the file at the path counts, not one that was taken away."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from scanflow_tui.supervisor import daemon


def test_a_lock_whose_file_was_taken_away_is_taken_at_the_file_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    held = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)

    def holder_ends(_: float) -> None:
        path.unlink()
        os.close(held)

    monkeypatch.setattr("scanflow_tui.session.locking.time.sleep", holder_ends)
    taken = daemon.take_lock(path, tmp_path / "sock")
    assert taken is not None
    with open(path) as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(taken)
