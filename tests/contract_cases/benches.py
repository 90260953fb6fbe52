"""What a contract case needs of an engine's surroundings, once for each engine.

A case says what a step does as a ``Program``; the process bench makes a real program of it, the
fake bench plays it.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine import attempt, procfs
from scanflow_tui.engine.process import ProcessEngine
from scanflow_tui.engine.protocol import Engine, Exited, Observation, Running, Spec
from tests.fakes.engine import FakeEngine, World
from tests.waiting import until

NAME = "sf-01jcase-1-train-1"


@dataclass(frozen=True)
class Program:
    """What a step does: writes, then ends with ``code`` or by ``signal``, or waits to be ended."""

    stdout: bytes = b""
    stderr: bytes = b""
    code: int = 0
    signal: int = 0
    waits: bool = False
    ignores_term: bool = False
    code_on_term: int | None = None
    before: str = ""


class Bench(Protocol):
    """An engine under test and a folder for its attempts."""

    engine: Engine
    folder: Path
    image: str

    def spec(self, program: Program, limits: StepLimits | None = None) -> Spec:
        """An attempt of this program, not yet started."""

    def reopen(self) -> Engine:
        """Another engine object over the same world, as after a restart."""

    def n_runs(self) -> int:
        """How often the program truly began."""

    def until_ready(self) -> None:
        """Wait until a program that waits has begun to wait."""


SOURCE = """\
import os, signal, sys
sys.dont_write_bytecode = True
folder = os.path.dirname(os.environ["SCANFLOW_STEP"])
with open(folder + "/runs", "ab", 0) as runs:
    runs.write(b".")
{before}
{on_term}
for stream, name in ((sys.stdout.buffer, "stdout"), (sys.stderr.buffer, "stderr")):
    with open(folder + "/" + name + ".bin", "rb") as data:
        stream.write(data.read())
    stream.flush()
if {waits}:
    open(folder + "/ready", "w").close()
    while True:
        signal.pause()
if {number}:
    os.kill(os.getpid(), {number})
os._exit({code})
"""


@dataclass
class ProcessBench:
    """Real processes, with a heartbeat and a patience that suit a test."""

    folder: Path
    engine: Engine = field(default_factory=lambda: ProcessEngine(heartbeat_s=0.05))
    image: str = ""

    def spec(self, program: Program, limits: StepLimits | None = None) -> Spec:
        code = self.folder / "code"
        code.mkdir(exist_ok=True)
        on_term = ""
        if program.ignores_term:
            on_term = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
        elif program.code_on_term is not None:
            on_term = f"signal.signal(signal.SIGTERM, lambda *_: os._exit({program.code_on_term}))"
        (code / "step.py").write_text(
            SOURCE.format(
                before=program.before,
                on_term=on_term,
                waits=program.waits,
                number=program.signal,
                code=program.code,
            )
        )
        place = self.folder / "attempt"
        place.mkdir(exist_ok=True)
        (place / "stdout.bin").write_bytes(program.stdout)
        (place / "stderr.bin").write_bytes(program.stderr)
        argv = ("python", "-S", "-E", "step.py")
        return Spec(NAME, str(place), str(code), argv, {}, limits or StepLimits())

    def reopen(self) -> Engine:
        return ProcessEngine(heartbeat_s=0.05)

    def n_runs(self) -> int:
        runs = self.folder / "attempt" / "runs"
        return len(runs.read_bytes()) if runs.exists() else 0

    def until_ready(self) -> None:
        until((self.folder / "attempt" / "ready").exists, "the step to wait")

    def clear(self) -> None:
        """End what a failed test left running."""
        self.engine.close()
        claim = attempt.read_claim(self.folder / "attempt")
        if claim is None:
            return
        if procfs.is_alive(claim.pid, claim.start):
            procfs.send(claim.pid, claim.start, signal.SIGKILL)
        marker = f"SCANFLOW_STEP={self.folder / 'attempt' / 'step.json'}".encode()
        procfs.end(session=claim.pid, not_before=claim.start, marker=marker)


@dataclass
class FakeBench:
    """The fake engine, which plays a program as soon as it is started."""

    folder: Path
    world: World = field(default_factory=World)
    programs: dict[str, Program] = field(default_factory=dict)
    engine: Engine = field(init=False)
    image: str = ""

    def __post_init__(self) -> None:
        self.engine = self.reopen()

    def spec(self, program: Program, limits: StepLimits | None = None) -> Spec:
        self.programs[NAME] = program
        return Spec(NAME, str(self.folder), str(self.folder), ("step",), {}, limits or StepLimits())

    def reopen(self) -> Engine:
        return FakeEngine(self.world, on_start=self._play)

    def n_runs(self) -> int:
        return len(self.world.started)

    def until_ready(self) -> None:
        assert isinstance(self.world.attempts[NAME].observation, Running)

    def clear(self) -> None:
        """Nothing runs."""

    def _play(self, engine: FakeEngine, spec: Spec) -> None:
        program = self.programs[spec.name]
        engine.world.attempts[spec.name].ignores_term = program.ignores_term
        engine.write(spec.name, "stdout", program.stdout)
        engine.write(spec.name, "stderr", program.stderr)
        engine.use(spec.name, cpu_s=0.5, rss_bytes=1 << 20)
        if program.waits:
            return
        if program.signal:
            engine.exit(spec.name, signal=program.signal)
        else:
            engine.exit(spec.name, program.code)


def observe(bench: Bench, engine: Engine | None = None) -> Observation:
    spec_folder = attempt_folder(bench)
    return (engine or bench.engine).watch({NAME: spec_folder}).seen[NAME]


def attempt_folder(bench: Bench) -> str:
    place = bench.folder / "attempt"
    return str(place if place.is_dir() else bench.folder)


def until_exit(bench: Bench, engine: Engine | None = None) -> Exited:
    """Wait for the end of the attempt; anything but running or exited on the way is a defect."""

    def look() -> Exited | None:
        seen = observe(bench, engine)
        assert isinstance(seen, Running | Exited), seen
        return seen if isinstance(seen, Exited) else None

    return until(look, "the step to end")


def run(bench: Bench, program: Program, limits: StepLimits | None = None) -> Exited:
    """Start a program and wait for its end."""
    bench.engine.start(bench.spec(program, limits))
    return until_exit(bench)


def record(bench: Bench) -> bytes:
    """The whole log record, read in pieces."""
    data = b""
    while True:
        chunk = bench.engine.log(NAME, attempt_folder(bench), len(data), 100_000)
        data += chunk.data
        if len(data) >= chunk.size:
            return data


PYTHON = sys.executable
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
