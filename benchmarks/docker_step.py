"""One no-op step through the Docker adapter, beside bare ``docker run --rm`` of the same image.

    python benchmarks/docker_step.py [--rounds 25] [--network both|off|on] [--json FILE]

Root and Docker's programs are needed: it starts an engine of its own, without a registry, and
leaves nothing. Every round runs each way once, in rotating order; ratios are medians of the rounds'
own ratios. With the bridge off, a bare ``docker run`` has no network either; with it on, it has
one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rich.console import Console
from rich.progress import Progress

from report import Row, save, show
from scanflow_tui.cli.link import Link as SessionLink
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.commands import Leave, StartRun
from scanflow_tui.contract.errors import Refused
from scanflow_tui.contract.states import NODE_ENDED
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.docker.adapter import DockerEngine
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.link import Link
from scanflow_tui.engine.protocol import Exited, Spec
from scanflow_tui.session.copy import shared_lock
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import RunView, SessionState
from tests.docker import host_image
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine, why_not

BARE = "docker run --rm"
HARDENED = "docker run --rm, hardened by hand, --network none"
ADAPTER = "the adapter, hardened, to the outcome"
REMOVED = "the adapter, hardened, container removed too"
WHOLE = "plan to outcome committed, supervisor up"
COMMAND = ("sleep", "0")
TARGETS = {"off": {ADAPTER: 1.0, REMOVED: 1.0, WHOLE: 1.15}, "on": {ADAPTER: 0.5, WHOLE: 0.55}}
PIPELINE = """\
scanflow: 1
name: bench
image: {{name: '{image}'}}
nodes:
  step: {{run: [sleep, '0'], with: {{n: {n}}}, limits: {{memory: 256m}}}}
"""
BRIDGE_RANGE = "10.213.77.1/24"
NETWORKS = {"off": ("--bridge=none",), "on": (f"--bip={BRIDGE_RANGE}",)}
BY_HAND = (
    *("--init", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--network", "none", "--pids-limit", "512", "--memory", "256m", "--memory-swap", "256m"),
    *("--cpus", "1", "--user", "65534:65534", "--tmpfs", "/tmp", "--ulimit", "core=0"),
)


@dataclass
class Ways:
    """What is timed, on one engine. Each call runs one step to its end and says how long."""

    url: str
    folder: Path
    engine: DockerEngine
    n_runs: int = 0
    phases: dict[str, list[float]] = field(default_factory=dict)

    def bare(self, *options: str) -> float:
        """A container by the docker command, from its start to its end."""
        docker = shutil.which("docker") or "docker"
        words = [docker, "run", "--rm", *options, host_image.BASE, *COMMAND]
        environ = os.environ | {"DOCKER_HOST": self.url}
        start_s = time.perf_counter()
        done = subprocess.run(words, env=environ, capture_output=True, check=False)
        took_s = time.perf_counter() - start_s
        if done.returncode:
            raise SystemExit(f"docker run: {done.stderr.decode()}")
        return took_s

    def adapter(self, *, is_removed: bool) -> float:
        """A step by the adapter, until its outcome is on the disk, or its container is gone too."""
        spec = self._spec()
        hinted = threading.Event()
        self.engine.on_hint(hinted.set)
        start_s = time.perf_counter()
        self.engine.start(spec)
        started_s = time.perf_counter()
        while True:
            hinted.wait(0.5)
            seen = self.engine.watch({spec.name: spec.folder}).seen[spec.name]
            if isinstance(seen, Exited):
                break
        end_s = time.perf_counter()
        if seen.code != 0 or seen.doubt:
            raise SystemExit(f"the step did not end well: {seen}")
        self.engine.forget(spec.name, spec.folder)
        gone_s = time.perf_counter()
        for name, took_s in (
            ("create, attach, start", started_s - start_s),
            ("run, wait, inspect, record", end_s - started_s),
            ("remove", gone_s - end_s),
        ):
            self.phases.setdefault(name, []).append(took_s)
        return (gone_s if is_removed else end_s) - start_s

    def _spec(self) -> Spec:
        self.n_runs += 1
        name = f"sf-01bench-1-step-{self.n_runs}"
        place = self.folder / name
        (place / "out").mkdir(parents=True)
        (place / "step.json").write_text("{}")
        code = self.folder / "code"
        code.mkdir(exist_ok=True)
        limits = StepLimits(memory_bytes=256 << 20)
        spec = Spec(name, str(place), str(code), COMMAND, {}, limits)
        return replace(spec, image=host_image.BASE)


class Session:
    """A session whose supervisor stays up, with one step that is changed for every run."""

    def __init__(self, folder: Path, url: str) -> None:
        self._pipeline = folder / "pipeline"
        self._pipeline.mkdir()
        self._n_runs = 0
        os.environ |= {"DOCKER_HOST": url, "SCANFLOW_NO_MIRROR": "1"}
        os.environ |= {"XDG_STATE_HOME": str(folder / "state")}
        self._change()
        made = create_session(folder / "sessions", "bench", self._pipeline, "docker")
        self.link = SessionLink(LiveSource(made, "benchmark"), made)

    def run(self) -> float:
        """One run, from its plan to the event that its attempt ended, committed and seen."""
        self._change()
        self.link.send(StartRun())
        run = self.link.wait(self._latest)
        took_s = time.time() - run.planned_at / 1e6
        attempts = run.nodes["step"].attempts
        if [one.outcome or one.state for one in attempts] != ["done"]:
            raise SystemExit(f"the run did not end well: {attempts}")
        return took_s

    def _change(self) -> None:
        self._n_runs += 1
        text = PIPELINE.format(image=host_image.BASE, n=self._n_runs)
        (self._pipeline / "pipeline.yaml").write_text(text)

    def _latest(self, state: SessionState) -> RunView | None:
        run = state.runs.get(self._n_runs - 1)
        return run if run is not None and run.nodes["step"].state in NODE_ENDED else None


@contextlib.contextmanager
def opened(tar: Path, network: str) -> Iterator[Ways]:
    """A private engine with the base image, its ways, and afterwards nothing."""
    private = PrivateEngine(network=NETWORKS[network])
    folder = Path(tempfile.mkdtemp(prefix="sf-bench-"))
    engine = None
    try:
        private.start()
        load_base_image(private.url, tar)
        engine = DockerEngine(Link(Address(private.url, "the benchmark")))
        yield Ways(private.url, folder, engine)
    finally:
        if engine is not None:
            engine.close()
        private.remove()
        shutil.rmtree(folder)
        if network == "on":
            subprocess.run(["ip", "link", "del", "docker0"], capture_output=True, check=False)


@contextlib.contextmanager
def supervised(folder: Path, url: str) -> Iterator[Session]:
    """A session on an engine, and its supervisor's end."""
    place = folder / "supervised"
    place.mkdir()
    session = Session(place, url)
    try:
        with session.link:
            try:
                yield session
            finally:
                session.link.send(Leave())
    finally:
        _await_end(SessionFolder(session.link.folder))


def _await_end(folder: SessionFolder) -> None:
    """Until the session's supervisor has let go of its lock."""
    while True:
        try:
            with shared_lock(folder):
                return
        except Refused:
            time.sleep(0.01)


def measure(ways: Ways, session: Session, rounds: int, title: str) -> dict[str, list[float]]:
    """Every way once a round, after one round that is not counted; the order rotates."""
    acts: dict[str, Callable[[], float]] = {
        BARE: ways.bare,
        HARDENED: lambda: ways.bare(*BY_HAND),
        ADAPTER: lambda: ways.adapter(is_removed=False),
        REMOVED: lambda: ways.adapter(is_removed=True),
        WHOLE: session.run,
    }
    found: dict[str, list[float]] = {name: [] for name in acts}
    names = list(acts)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=rounds + 1)
        for number in range(rounds + 1):
            at = number % len(names)
            for name in names[at:] + names[:at]:
                took_s = acts[name]()
                if number:
                    found[name].append(took_s)
            bar.advance(task)
    return found


def rows_of(found: dict[str, list[float]], network: str) -> list[Row]:
    """A row for each way, beside the bare run of the same rounds."""
    rows = []
    for name, each in found.items():
        ratios = [mine / bare for mine, bare in zip(each, found[BARE], strict=True)]
        ratio = median(ratios)
        text = f"{median(each) * 1e3:.0f} ms (best {min(each) * 1e3:.0f}); x {ratio:.2f}"
        figures = {"ms": [round(took * 1e3, 1) for took in each], "ratio": round(ratio, 3)}
        target = TARGETS[network].get(name)
        rows.append(
            Row(
                f"bridge {network}: {name}",
                "printed" if target is None else f"at most {target} times bare",
                text,
                None if target is None else ratio <= target,
                figures,
            )
        )
    return rows


def main() -> int:
    """The command line; exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--network", choices=("both", "off", "on"), default="both")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    reason = why_not()
    if reason:
        raise SystemExit(f"no private Docker engine: {reason}")
    load = os.getloadavg()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="sf-bench-") as place:
        tar = Path(place) / "base.tar"
        host_image.write(tar)
        for network in ("off", "on") if given.network == "both" else (given.network,):
            try:
                with opened(tar, network) as ways, supervised(ways.folder, ways.url) as session:
                    found = measure(ways, session, given.rounds, f"bridge {network}")
                    rows += rows_of(found, network)
                    for name, each in ways.phases.items():
                        text = f"{median(each) * 1e3:.1f} ms"
                        rows.append(Row(f"bridge {network}: of it {name}", "printed", text))
            except AssertionError as error:
                rows.append(Row(f"bridge {network}", "not measured", str(error).splitlines()[0]))
    about = {
        "rounds": given.rounds,
        "load": load,
        "python": platform.python_version(),
        "command": COMMAND,
        "by_hand": BY_HAND,
        "networks": NETWORKS,
    }
    show(f"One no-op step in a container; {given.rounds} rounds, load {load[0]:.1f}", rows)
    if given.json:
        save(given.json, rows, about)
    return int(any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
