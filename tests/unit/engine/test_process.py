"""What only the process engine has: heartbeats, shims that do not answer, claims without a name."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine import attempt, procfs, surroundings
from scanflow_tui.engine.attempt import Claim
from scanflow_tui.engine.process import ProcessEngine
from scanflow_tui.engine.protocol import Exited, Lost, Running, Spec, StartRefused
from tests.contract_cases.benches import NAME, ProcessBench, Program, observe, until_exit
from tests.waiting import until


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bench(tmp_path: Path, clock: Clock) -> Iterator[ProcessBench]:
    engine = ProcessEngine(
        heartbeat_s=0.05, heartbeat_lost_s=60, cancel_margin_s=0.1, clock_s=clock
    )
    made = ProcessBench(tmp_path, engine)
    yield made
    made.clear()


def stopped(bench: ProcessBench) -> Claim:
    """A running attempt whose shim stands still."""
    bench.engine.start(bench.spec(Program(waits=True)))
    bench.until_ready()
    claim = attempt.read_claim(bench.folder / "attempt")
    assert claim is not None
    os.kill(claim.pid, signal.SIGSTOP)
    until(lambda: is_stopped(claim), "the shim to stand still")
    return claim


def is_stopped(claim: Claim) -> bool:
    found = procfs.process(claim.pid)
    return found is not None and found.state == "T"


def test_a_heartbeat_that_stood_still_is_a_loss(bench: ProcessBench, clock: Clock) -> None:
    stopped(bench)
    assert isinstance(observe(bench), Running)
    clock.now_s += 61
    seen = observe(bench)
    assert isinstance(seen, Lost)
    assert "heartbeat stood still for 61 s" in seen.reason


def test_a_clock_that_jumped_loses_nothing(bench: ProcessBench, clock: Clock) -> None:
    bench.engine.start(bench.spec(Program(waits=True)))
    bench.until_ready()
    assert isinstance(observe(bench), Running)
    before = attempt.heartbeat(bench.folder / "attempt")
    until(lambda: attempt.heartbeat(bench.folder / "attempt") != before, "the next beat")
    clock.now_s += 1000
    assert isinstance(observe(bench), Running)


def test_a_cancel_is_carried_out_where_the_shim_does_not_answer(bench: ProcessBench) -> None:
    stopped(bench)
    bench.engine.cancel(NAME, str(bench.folder / "attempt"), 0.0)
    seen = until_exit(bench)
    assert (seen.signal, seen.cancelled) == (signal.SIGKILL, True)
    assert isinstance(observe(bench, bench.reopen()), Exited)


def test_a_claim_that_never_got_a_name_is_lost_in_the_end(
    bench: ProcessBench, clock: Clock
) -> None:
    bench.spec(Program())
    (bench.folder / "attempt" / attempt.CLAIM).touch()
    assert isinstance(observe(bench), Running)
    clock.now_s += 61
    assert isinstance(observe(bench), Lost)


def test_a_record_is_believed_before_the_claim(bench: ProcessBench) -> None:
    bench.spec(Program())
    place = bench.folder / "attempt"
    (place / attempt.CLAIM).write_text('{"pid": 1, "start": 1, "boot": "x", "claimed_at": 1}')
    attempt.write_exit(place, Exited(0, None, 1, 2))
    assert observe(bench) == Exited(0, None, 1, 2)


def test_no_command_is_refused(bench: ProcessBench, tmp_path: Path) -> None:
    spec = Spec(NAME, str(tmp_path), str(tmp_path), (), {}, StepLimits())
    assert isinstance(bench.engine.start(spec), StartRefused)


def test_a_folder_that_takes_no_claim_is_refused_with_the_reason(bench: ProcessBench) -> None:
    spec = bench.spec(Program())
    (bench.folder / "attempt" / surroundings.HOME_DIR).write_text("a file in the way")
    refused = bench.engine.start(spec)
    assert isinstance(refused, StartRefused)
    assert "File exists" in refused.reason


def test_no_zombie_is_left(bench: ProcessBench) -> None:
    bench.engine.start(bench.spec(Program()))
    until_exit(bench)
    claim = attempt.read_claim(bench.folder / "attempt")
    assert claim is not None
    until(lambda: procfs.process(claim.pid) is None, "the shim to be reaped")


def test_python_is_the_interpreter_that_runs_scanflow() -> None:
    assert surroundings.command(("python", "python", "x")) == [sys.executable, "python", "x"]
    assert surroundings.command(("sh", "-c")) == ["sh", "-c"]


def test_what_the_pipeline_lets_through_wins_but_for_the_step_file(tmp_path: Path) -> None:
    env = {"PATH": "/mine", "SCANFLOW_STEP": "/elsewhere"}
    spec = Spec(NAME, str(tmp_path), str(tmp_path), ("x",), env, StepLimits(cpus=0.5))
    built = surroundings.variables(spec)
    assert built["PATH"] == "/mine"
    assert built["SCANFLOW_STEP"] == str(tmp_path / "step.json")
    assert built["OMP_NUM_THREADS"] == "1"


def test_doctor_says_that_memory_is_not_limited(bench: ProcessBench) -> None:
    assert any("do not hold here: memory" in sentence for sentence in bench.engine.doctor())
