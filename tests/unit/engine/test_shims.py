"""The fork server: steps outlive it, another one takes its place, nothing is left of it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine import attempt, procfs
from scanflow_tui.engine.process import ProcessEngine
from scanflow_tui.engine.protocol import Accepted, Exited, Observation, Spec, StartRefused
from scanflow_tui.engine.shims import Shims
from tests.contract_cases.benches import ProcessBench, Program, until_exit
from tests.waiting import until

LEAVES_ITS_SESSION = """\
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        with open(folder + "/orphan", "w") as file:
            file.write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not os.path.exists(folder + "/orphan") or not os.path.getsize(folder + "/orphan"):
    time.sleep(0.001)
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ProcessBench]:
    made = ProcessBench(tmp_path)
    yield made
    made.clear()


def shims_of(bench: ProcessBench) -> Shims:
    assert isinstance(bench.engine, ProcessEngine)
    return bench.engine.shims


def server_of(bench: ProcessBench) -> procfs.Process:
    pid = shims_of(bench).server_pid
    found = None if pid is None else procfs.process(pid)
    assert found is not None
    return found


def is_gone(one: procfs.Process) -> bool:
    return not procfs.is_alive(one.pid, one.start)


def begun(bench: ProcessBench) -> procfs.Process:
    """A step that waits, and the server behind it."""
    assert isinstance(bench.engine.start(bench.spec(Program(waits=True))), Accepted)
    bench.until_ready()
    return server_of(bench)


def test_no_server_before_the_first_step(bench: ProcessBench) -> None:
    assert shims_of(bench).server_pid is None


def test_a_step_outlives_the_fork_server(bench: ProcessBench) -> None:
    server = begun(bench)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: is_gone(server), "the server to be gone")
    claim = attempt.read_claim(bench.folder / "attempt")
    assert claim is not None
    assert procfs.is_alive(claim.pid, claim.start)
    os.kill(claim.pid, signal.SIGTERM)
    assert until_exit(bench).cancelled


def test_after_a_server_that_died_another_one_forks(bench: ProcessBench) -> None:
    server = begun(bench)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: is_gone(server), "the server to be gone")
    second = bench.folder / "second"
    second.mkdir()
    spec = Spec("sf-x-1-two-1", str(second), str(second), ("true",), {}, StepLimits())
    assert isinstance(bench.engine.start(spec), Accepted)
    assert server_of(bench).pid != server.pid
    until(lambda: attempt.read_exit(second), "the exit record")


def test_a_closed_engine_leaves_no_server_and_every_step(bench: ProcessBench) -> None:
    server = begun(bench)
    bench.engine.close()
    until(lambda: is_gone(server), "the server to be gone")
    claim = attempt.read_claim(bench.folder / "attempt")
    assert claim is not None
    assert procfs.is_alive(claim.pid, claim.start)


def test_a_stopped_server_is_not_waited_for_for_ever(bench: ProcessBench) -> None:
    server = begun(bench)
    os.kill(server.pid, signal.SIGSTOP)
    asked = shims_of(bench).ask("sf-x-1-two-1", b'{"spec": {"name": "sf-x-1-two-1"}}', 0.05)
    os.kill(server.pid, signal.SIGKILL)
    assert asked.word == ""


def test_what_a_server_was_asked_when_it_died_is_not_known(bench: ProcessBench) -> None:
    server = begun(bench)
    os.kill(server.pid, signal.SIGSTOP)
    killer = threading.Timer(0.01, os.kill, (server.pid, signal.SIGKILL))
    killer.start()
    asked = shims_of(bench).ask("sf-x-1-two-1", b'{"spec": {"name": "sf-x-1-two-1"}}', 60)
    killer.join()
    assert asked.word == "ended"


def test_a_folder_that_is_gone_is_told_by_the_child(bench: ProcessBench) -> None:
    begun(bench)
    request = b'{"folder": "/nonexistent", "spec": {"name": "sf-x-1-two-1"}}'
    asked = shims_of(bench).ask("sf-x-1-two-1", request, 60)
    assert (asked.word, asked.text) == ("failed", "No such file or directory (errno 2)")


def test_a_hint_comes_when_a_step_has_ended(bench: ProcessBench) -> None:
    heard: list[bool] = []
    assert isinstance(bench.engine, ProcessEngine)
    record = bench.folder / "attempt" / attempt.EXIT
    bench.engine.on_hint(lambda: heard.append(record.exists()))
    bench.engine.start(bench.spec(Program()))
    until(lambda: heard, "the hint")
    assert heard == [True]


def test_an_end_is_told_with_its_record_where_somebody_takes_it(bench: ProcessBench) -> None:
    told: list[tuple[str, Observation]] = []
    hints: list[bool] = []
    assert isinstance(bench.engine, ProcessEngine)
    bench.engine.on_hint(lambda: hints.append(True))
    bench.engine.on_seen(lambda name, seen: told.append((name, seen)))
    spec = bench.spec(Program(code=3))
    bench.engine.start(spec)
    until(lambda: told, "what became of it")
    [(name, seen)] = told
    assert name == spec.name and isinstance(seen, Exited) and seen.code == 3 and not hints


def test_what_left_group_and_session_is_ended_with_its_step(bench: ProcessBench) -> None:
    bench.engine.start(bench.spec(Program(code=3, before=LEAVES_ITS_SESSION)))
    assert until_exit(bench).code == 3
    orphan = int((bench.folder / "attempt" / "orphan").read_text())
    until(lambda: procfs.process(orphan) is None, "the orphan to be gone")


def test_the_server_gets_no_environment(bench: ProcessBench) -> None:
    server = begun(bench)
    environ = Path(f"/proc/{server.pid}/environ").read_bytes()
    assert b"PATH=" not in environ.replace(b"LD_LIBRARY_PATH=", b"")


def test_a_refusal_is_not_a_start(bench: ProcessBench) -> None:
    spec = bench.spec(Program())
    missing = Spec(spec.name, "/nonexistent", spec.code, spec.argv, {}, spec.limits)
    assert isinstance(bench.engine.start(missing), StartRefused)
    assert shims_of(bench).server_pid is None
