"""A pipe or a file in place of a terminal: one sentence and an exit code, and nothing waits."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.contract.commands import AddBatch, StartRun
from tests.crash.toy import Toy, end, until

pytestmark = pytest.mark.pty

SCANFLOW = str(Path(sys.executable).with_name("scanflow"))
NEEDS = "scanflow: the screens need a terminal, for input and output"
PATIENCE_S = 90


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toy]:
    """A session that waits for labels."""
    place = tmp_path_factory.mktemp("asked")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCANFLOW_NO_MIRROR", "1")
        patch.setenv("XDG_STATE_HOME", str(place / "state"))
        patch.setenv("SCANFLOW_SESSIONS", str(place / "sessions"))
        made = Toy(place)
        made.open_gate()

        async def ask() -> None:
            source = made.source()
            await source.open()
            await source.send(StartRun())
            await until(source, lambda state: state.champion == 1)
            await source.send(AddBatch(str(made.batch)))
            await until(source, lambda state: bool(state.desks))
            await source.close()

        asyncio.run(ask())
        yield made
        asyncio.run(end(made))


def at_screen(*arguments: str, typed: str = "/dev/null") -> tuple[str, int]:
    """What is printed on a terminal by a program that reads a file, and its exit code."""
    master, slave = pty.openpty()
    with open(typed, "rb") as given:
        child = subprocess.Popen([SCANFLOW, *arguments], stdin=given, stdout=slave, stderr=slave)
    os.close(slave)
    shown = b""
    try:
        while data := os.read(master, 65_536):
            shown += data
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(master)
    return shown.decode().replace("\r\n", "\n"), child.wait(PATIENCE_S)


def piped(*arguments: str, shell: str = "") -> subprocess.CompletedProcess[str]:
    """The same into a pipe; ``shell`` is written behind the command."""
    line = f'exec "$0" "$@" {shell}'
    return subprocess.run(
        ["sh", "-c", line, SCANFLOW, *arguments], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize(
    ("arguments", "instead"),
    [
        ((), "scanflow sessions, status and runs"),
        (("toy",), "scanflow sessions, status and runs"),
        (("label", "toy"), "--json prints the queue, --labels FILE takes labels"),
        (("replay",), "--text prints the events"),
    ],
)
def test_screens_without_an_input_say_so(
    arguments: tuple[str, ...], instead: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("0101\x1b\x1b")
    for typed in ("/dev/null", str(keys)):
        said, code = at_screen(*arguments, typed=typed)
        assert (said.count("\n"), code) == (1, 2), said
        assert said.startswith(NEEDS) and instead in said


@pytest.mark.usefixtures("toy")
def test_screens_into_a_pipe_say_so() -> None:
    for arguments in ((), ("toy",)):
        done = piped(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(NEEDS) and done.stderr.count("\n") == 1


@pytest.mark.usefixtures("toy")
def test_the_queue_goes_into_a_pipe_and_a_person_is_needed() -> None:
    done = piped("label", "toy")
    rows = done.stdout.splitlines()
    assert (done.returncode, done.stderr, len(rows)) == (7, "", 21)
    assert rows[0].split() == ["sample", "index"] and "\x1b" not in done.stdout
    assert len(json.loads(piped("label", "toy", "--json").stdout)["queue"]) == 20


@pytest.mark.usefixtures("toy")
def test_whoever_reads_may_go() -> None:
    done = piped("label", "toy", shell="| head -n 1")
    assert (done.stdout.split(), done.stderr) == (["sample", "index"], "")


def test_a_picture_into_a_pipe_is_text(tmp_path: Path) -> None:
    Image.fromarray(np.eye(9, dtype=np.uint8) * 255).save(tmp_path / "eye.png")
    done = piped("show", str(tmp_path / "eye.png"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "eye.png · 9x9 · L" in done.stdout and "@" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_picture_is_shown_by_a_program_without_input(tmp_path: Path) -> None:
    Image.fromarray(np.eye(9, dtype=np.uint8) * 255).save(tmp_path / "eye.png")
    said, code = at_screen("show", str(tmp_path / "eye.png"))
    assert code == 0 and "▀" in said
    assert "\x1b[c" not in said


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_end_no_command_in_a_defect(closed: str) -> None:
    assert piped("sessions", shell=closed).returncode == 0
    done = piped("toy", shell=closed)
    assert done.returncode == 2
    assert "2>" in closed or done.stderr.startswith(NEEDS)
