"""Readers of a log that hang while its step writes: the step ends, and every line is stored."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract import limits, wire
from scanflow_tui.contract.commands import Leave, StartRun
from scanflow_tui.contract.loglines import rebuild
from scanflow_tui.engine.attempt import read_log
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import SessionState
from tests.crash.toy import until

pytestmark = pytest.mark.slow

N_LINES = 40_000
N_QUESTIONS = 200
PIPELINE = """\
scanflow: 1
name: toy
nodes:
  talk: {{run: [sh, -c, 'echo ready; read go < {gate}; seq {n}']}}
"""


@contextmanager
def stopped_follower(session: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``scanflow logs -f`` that has shown the first line and then hangs."""
    words = ["logs", "talk", "-f", "--sessions", str(session.parent), "--session", session.name]
    program = [sys.executable, "-m", "scanflow_tui", *words]
    with subprocess.Popen(program, stdout=subprocess.PIPE) as follower:
        try:
            assert follower.stdout is not None
            assert b"ready" in follower.stdout.readline()
            follower.send_signal(signal.SIGSTOP)
            yield follower
        finally:
            follower.kill()


@contextmanager
def deaf_client(session: Path, attempt: str) -> Iterator[socket.socket]:
    """A client that has subscribed, asks for the log again and again, and reads no answer."""
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(str(session / "sock"))
        hello = {"kind": "hello", "version": wire.PROTOCOL, "client": str(uuid.uuid4())}
        frames = [hello, {"kind": "subscribe", "req": 1, "after": -1}]
        ref = {"kind": "log", "id": attempt}
        asked = {"kind": "read", "ref": ref, "offset": 0, "length": limits.READ_BYTES_MAX}
        frames += [{"req": 2 + at} | asked for at in range(N_QUESTIONS)]
        deaf.sendall(b"".join(map(wire.pack, frames)))
        yield deaf


def is_begun(state: SessionState) -> bool:
    run = state.runs.get(1)
    return run is not None and any(one.claimed_at for one in run.nodes["talk"].attempts)


async def test_a_step_never_waits_for_readers_that_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    gate, pipeline = tmp_path / "gate", tmp_path / "pipeline"
    os.mkfifo(gate)
    pipeline.mkdir()
    text = PIPELINE.format(gate=gate, n=N_LINES)
    (pipeline / "pipeline.yaml").write_text(text)
    session = create_session(tmp_path / "sessions", "toy", pipeline, "process")
    source = LiveSource(session, "test")
    await source.open()
    await source.send(StartRun())
    state = await until(source, is_begun)
    name = state.runs[1].nodes["talk"].attempts[0].name
    with stopped_follower(session) as follower, deaf_client(session, name):
        gate.write_text("go\n")
        state = await until(source, lambda state: state.runs[1].ended_at is not None)
        assert follower.poll() is None
        assert state.runs[1].state == "done"
        record = read_log(SessionFolder(session).attempt(1, "talk", 1), 0, limits.LOG_BYTES_MAX)
        wanted = [b"ready", *(str(number).encode() for number in range(1, N_LINES + 1)), b""]
        assert rebuild(record.data)["stdout"] == b"\n".join(wanted)
    await source.send(Leave())
    await source.close()
