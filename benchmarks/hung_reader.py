"""Readers that hang while a step writes: does the step wait for them?

    python benchmarks/hung_reader.py [--engine process|docker] [--rounds 5] [--json FILE]

Each round runs the same step twice, with three readers that are stopped by SIGSTOP before its first
line: the terminal UI on that step's log, ``scanflow logs -f``, and a client that has subscribed,
asked for much, and reads no answer. Once they are killed just before that line (the step is alone),
once they hang until its end. It writes 40,000 lines, a write each, and tells how long that took.
``docker`` starts a private engine (as root).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from docker_crashes import engine_of
from logs import Screen, dismiss
from report import Row, save, show
from scanflow_tui.cli.link import Link
from scanflow_tui.client.connection import Connection
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract import limits
from scanflow_tui.contract.commands import StartRun
from scanflow_tui.contract.loglines import Decoder, Line
from scanflow_tui.engine.attempt import read_log
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import AttemptView, SessionState
from tests.docker import host_image

N_LINES = 40_000
N_QUESTIONS = 200
READY_S_MAX = 60.0
NAME = "chatter"
TALK = """\
import os, time
from pathlib import Path

out = Path(os.environ["SCANFLOW_STEP"]).parent / "out"
os.write(1, b"ready\\n")
while not (out / "go").exists():
    time.sleep(0.01)
(out / "go").unlink()
start_s = time.perf_counter()
for number in range(%d):
    os.write(1, b"line %%07d of many\\n" %% number)
took_s = time.perf_counter() - start_s
os.write(1, b"took %%.6f\\n" %% took_s)
(out / "done").write_text("")
"""


def pipeline(folder: Path, rounds: int, image: str) -> tuple[Path, list[str]]:
    """The pipeline, and its steps in their order: alone and hung take turns in being first."""
    steps = []
    for at in range(1, rounds + 1):
        pair = [f"alone_{at}", f"hung_{at}"]
        steps += pair if at % 2 else pair[::-1]
    rows = ["scanflow: 1", f"name: {NAME}"]
    rows += [f"image: {{name: '{image}'}}"] if image else []
    rows.append("nodes:")
    program = "python3" if image else "python"
    for before, step in zip(["", *steps], steps, strict=False):
        after = f", after: {before}" if before else ""
        rows.append(f"  {step}: {{run: {program} talk.py {step}, out: [done]{after}}}")
    made = folder / "pipeline"
    made.mkdir()
    (made / "pipeline.yaml").write_text("\n".join(rows) + "\n")
    (made / "talk.py").write_text(TALK % N_LINES)
    return made, steps


async def ask_and_hang(session: Path, attempt: str) -> None:
    """Subscribe, ask for the log again and again, and stop: no answer is read."""
    connection = await Connection.dial(
        session / "sock", str(uuid.uuid4()), "hung", lambda frame: None
    )
    connection.tell("subscribe", after=-1)
    connection.tell("vitals")
    for _ in range(N_QUESTIONS):
        ref = {"kind": "log", "id": attempt}
        connection.tell("read", ref=ref, offset=0, length=limits.READ_BYTES_MAX)
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGSTOP)


@contextmanager
def hung(session: Path, node: str, attempt: str) -> Iterator[None]:
    """Three readers of a step's log that are stopped while this lasts."""
    screen = Screen(session)
    scanflow = str(Path(sys.executable).parent / "scanflow")
    follow = [scanflow, "logs", node, "-f", "--sessions", str(session.parent), "--session", NAME]
    ask = [sys.executable, __file__, "--ask", str(session), attempt]
    readers = [subprocess.Popen(words, stdout=subprocess.PIPE) for words in (follow, ask)]
    try:
        screen.node(node)
        screen.press("o")
        screen.until("Logs", "ready")
        os.kill(screen.pid, signal.SIGSTOP)
        assert readers[0].stdout is not None
        readers[0].stdout.readline()
        readers[0].send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, readers[1].pid, os.WSTOPPED | os.WNOWAIT)
        yield
    finally:
        screen.kill()
        for reader in readers:
            reader.kill()
            reader.wait()


def lines_of(folder: Path) -> list[Line]:
    """What is stored of a step's log."""
    decoder = Decoder()
    data = read_log(folder, 0, 64 * limits.MIB).data
    return decoder.feed(data) + decoder.flush()


def one_step(link: Link, session: Path, node: str) -> tuple[float, float]:
    """Seconds that the step wrote, and from its first line until its end was in the session."""

    def begun(state: SessionState) -> AttemptView | None:
        tries = state.runs[1].nodes[node].attempts if 1 in state.runs else []
        return tries[0] if tries and tries[0].claimed_at else None

    def ended(state: SessionState) -> AttemptView | None:
        one = begun(state)
        return one if one is not None and one.ended_at else None

    name = link.wait(begun).name
    folder = SessionFolder(session).attempt(1, node, 1)
    end_s = time.monotonic() + READY_S_MAX
    while not lines_of(folder):
        if time.monotonic() > end_s:
            raise SystemExit(f"{node} is not ready after {READY_S_MAX:.0f} s")
        time.sleep(0.01)
    with ExitStack() as readers:
        readers.enter_context(hung(session, node, name))
        if node.startswith("alone"):
            readers.close()
        (folder / "out" / "go").touch()
        attempt = link.wait(ended)
    lines = lines_of(folder)
    told = [line.text for line in lines]
    wanted = [b"line %07d of many" % number for number in range(N_LINES)]
    if attempt.state != "done" or told[1:-1] != wanted:
        raise SystemExit(f"{node} ended as {attempt.state} with {len(lines):,} lines stored")
    assert attempt.ended_at is not None
    return float(told[-1].split()[1]), (attempt.ended_at - lines[1].at_us) / 1e6


def measured(engine: str, rounds: int, folder: Path) -> list[Row]:
    """All rounds with one engine."""
    image = host_image.BASE if engine == "docker" else ""
    made, steps = pipeline(folder, rounds, image)
    os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
    session = create_session(folder / "sessions", NAME, made, engine)
    took: dict[str, tuple[float, float]] = {}
    with Link(LiveSource(session, "benchmark"), session) as link:
        link.send(StartRun())
        for step in steps:
            took[step] = one_step(link, session, step)
        link.wait(lambda state: state.runs[1].ended_at)
    dismiss(session)
    rows = []
    for place, what in enumerate(("the step writes", "first line to the end in the session")):
        alone = [took[f"alone_{at}"][place] for at in range(1, rounds + 1)]
        beside = [took[f"hung_{at}"][place] for at in range(1, rounds + 1)]
        ratio = median(two / one for one, two in zip(alone, beside, strict=True))
        figure = f"{median(beside):.3f} s beside, {median(alone):.3f} s alone, {ratio:.2f} times"
        claim = f"{engine}, {N_LINES:,} lines, three hung readers: {what}"
        # A step that waited would not have ended, and no row would be here.
        target = "ends, every line stored"
        rows.append(Row(claim, target, figure, True, {"alone": alone, "hung": beside}))
    return rows


def main() -> int:
    """Measure and print. A step that waits for a reader ends the program with a sentence."""
    if sys.argv[1:2] == ["--ask"]:
        asyncio.run(ask_and_hang(Path(sys.argv[2]), sys.argv[3]))
        return 0
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--engine", choices=("process", "docker"), default="process")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as name,
        engine_of() if asked.engine == "docker" else nullcontext(),
    ):
        rows = measured(asked.engine, asked.rounds, Path(name))
    load = os.getloadavg()[0]
    show(f"Readers that hang, {asked.rounds} rounds, load {load:.1f}", rows)
    if asked.json is not None:
        save(asked.json, rows, {"load": load, "python": platform.python_version()})
    return 0


if __name__ == "__main__":
    sys.exit(main())
