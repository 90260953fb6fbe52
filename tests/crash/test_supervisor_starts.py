"""Supervisors that are killed while they come up: the client that waits starts another one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scanflow_tui.client.start import KILLED_MAX
from scanflow_tui.client.starting import Killed
from scanflow_tui.contract.commands import StartRun
from tests.crash.toy import Toy, end, kill, until

pytestmark = pytest.mark.slow

DIES = """\
import os
import signal
import sys

PLACE = {place!r}


def die(moment):
    marks = sorted(name for name in os.listdir(PLACE) if name.startswith(moment))
    if marks and "scanflow_tui.supervisor" in sys.orig_argv:
        os.unlink(os.path.join(PLACE, marks[0]))
        os.kill(os.getpid(), signal.SIGKILL)


die("started")
os.register_at_fork(after_in_child=lambda: die("forked"))
"""


@pytest.fixture
async def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Toy]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Toy(tmp_path)
    marks, code = tmp_path / "marks", tmp_path / "code"
    marks.mkdir()
    code.mkdir()
    (code / "sitecustomize.py").write_text(DIES.format(place=str(marks)))
    monkeypatch.setenv("PYTHONPATH", str(code))
    yield made
    made.open_gate()
    await end(made)


def let_die(tmp_path: Path, moment: str, times: int) -> None:
    """The next supervisors of the session are killed at this moment of their start."""
    for number in range(times):
        (tmp_path / "marks" / f"{moment}{number}").touch()


def n_left(tmp_path: Path) -> int:
    return len(list((tmp_path / "marks").iterdir()))


@pytest.mark.parametrize("moment", ["started", "forked"])
async def test_a_run_goes_on_although_the_next_supervisor_is_killed_as_it_comes_up(
    toy: Toy, tmp_path: Path, moment: str
) -> None:
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    let_die(tmp_path, moment, 2)
    await kill(source)
    assert n_left(tmp_path) == 0
    toy.open_gate()
    state = await until(source, lambda state: state.runs[1].state == "done")
    assert (len(state.runs[1].nodes["train"].attempts), toy.ran("train")) == (1, 1)
    await source.close()


async def test_supervisors_that_never_come_up_are_said(toy: Toy, tmp_path: Path) -> None:
    await end(toy)
    let_die(tmp_path, "forked", KILLED_MAX)
    with pytest.raises(Killed, match="ended as it started; its log"):
        await toy.source().open()
    assert n_left(tmp_path) == 0
