"""The demo's loop in containers beside the same loop as processes: same tables, same facts?

    python benchmarks/docker_loop.py [--sessions FOLDER] [--base IMAGE] [--json FILE]

Both run here, one after the other, headless, with the same seeds; the image is built by the
project's own command. Without ``--base`` a private engine is started (it needs root and the
programs of a Docker engine) with a base image made of this machine's own Python; with it, the
engine that this user's surroundings name is taken. A session that lies in FOLDER already is not
played again: its events are compared as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from report import Row, save, show
from scanflow_tui.contract import canonical
from tests.docker import host_image
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine, why_not

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("docker", "process")
SESSION = "mnist-demo"

ENGINE_KINDS = {"AttemptAccepted", "AttemptQueued", "EngineSeen", "SupervisorStarted"}
"""Events about an engine or a supervisor, and none about the work."""

BY_THE_CLOCK = {"SupervisorLeft", "VitalSampled", "MetricReported"}
"""Events whose number or moment hangs on the clock; metrics are compared by their last values."""

ENGINE_FIELDS = {
    *("engine", "engine_reason", "environment", "image", "image_id"),
    *("name", "key", "origin", "ref", "session"),
}
"""Fields that name an engine, or that are made of its image, or of the session's own id."""

CLOCK_FIELDS = {"at", "claimed_at", "cpu_s", "log", "ms", "not_before", "seconds"}
HEAD_FIELDS = {"head", "place", "upto"}
SALTED = ("_content", "thumbnails")
"""Digests of what may be erased: each has a salt of its own."""

BY_PEOPLE = {"label", "decide"}
"""Nodes whose outputs hold the moment of what a person did; they are compared without it."""


@dataclass(frozen=True)
class Loop:
    """One session: its events, and the evaluations in them."""

    events: list[dict[str, Any]]
    seconds: float | None
    store: Path

    @property
    def tables(self) -> list[str]:
        """Every result table, as JSON."""
        told = [item for item in self.events if item["kind"] == "EvaluationMade"]
        return [json.dumps(item["payload"]["table"], sort_keys=True) for item in told]

    def facts(self) -> Counter[str]:
        """What is told of the work, without its moments and without what is the engine's."""
        left_out = ENGINE_KINDS | BY_THE_CLOCK
        names = self._timeless() | {self.events[0]["payload"]["session"].lower(): "SESSION"}
        found: Counter[str] = Counter()
        for item in self.events:
            if item["kind"] in left_out:
                continue
            text = json.dumps(_bare(item["payload"]), sort_keys=True)
            for name, other in names.items():
                text = text.replace(name, other)
            found[f"{item['kind']} {_actor(item)} {text}"] += 1
        return found

    def _timeless(self) -> dict[str, str]:
        """The hash of each file that a person's act made → the hash of it without its moments.

        A reason is there as a salted digest.
        """
        found = {}
        for item in self.events:
            if item["kind"] == "NodeEnded" and item["payload"]["node"] in BY_PEOPLE:
                for made in item["payload"]["outputs"].values():
                    sha = made["sha"]
                    lines = (self.store / sha[:2] / sha).read_text().splitlines()
                    told = [_bare(json.loads(line) | {"reason": ""}) for line in lines]
                    found[sha] = f"timeless:{canonical.digest(told)}"
        return found

    def metrics(self) -> dict[str, float]:
        """The last value of each metric."""
        told = [item["payload"] for item in self.events if item["kind"] == "MetricReported"]
        return {f"{it['run']} {it['node']} {it['name']}": it["value"] for it in told}

    def artifacts(self) -> dict[str, str]:
        """Each output by its hash."""
        found = {}
        for item in self.events:
            if item["kind"] == "AttemptEnded":
                it = item["payload"]
                for name, made in it["outputs"].items():
                    found[f"{it['run']} {it['node']} {name}"] = made["sha"]
        return found


def _actor(item: dict[str, Any]) -> str:
    return "engine" if item["actor"].startswith("engine:") else str(item["actor"])


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _bare(item)
            for key, item in value.items()
            if key not in ENGINE_FIELDS | CLOCK_FIELDS | HEAD_FIELDS and not key.endswith(SALTED)
        }
    return [_bare(item) for item in value] if isinstance(value, list) else value


def scanflow(arguments: list[str], env: dict[str, str]) -> str:
    """The real program; its standard output."""
    program = [sys.executable, "-m", "scanflow_tui", *arguments]
    done = subprocess.run(program, stdout=subprocess.PIPE, text=True, env=env, check=False)
    if done.returncode:
        raise SystemExit(f"scanflow {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


def play(engine: str, sessions: Path, env: dict[str, str]) -> Loop:
    """Play the demo at an engine, unless it was played; its events."""
    root = sessions / engine
    seconds = None
    if not (root / SESSION / "session.duckdb").exists():
        start = time.perf_counter()
        scanflow(["demo", "--headless", "--json", "--engine", engine, "--sessions", str(root)], env)
        seconds = time.perf_counter() - start
    lines = scanflow(["export", SESSION, "--sessions", str(root)], env).splitlines()
    events = [json.loads(json.loads(line)["body"]) for line in lines]
    return Loop(events, seconds, root / "store" / "objects")


@contextmanager
def engine_of(base: str) -> Iterator[dict[str, str]]:
    """The surroundings in which an engine with a base image is found."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "SCANFLOW_NO_MIRROR": "1"}
    if base:
        yield env | {"SCANFLOW_BASE": base}
        return
    reason = why_not()
    if reason:
        raise SystemExit(f"no private Docker engine ({reason}); name an image with --base")
    engine = PrivateEngine(memory_bytes=0)
    try:
        engine.start()
        with tempfile.TemporaryDirectory() as folder:
            tar = Path(folder) / "base.tar"
            host_image.write(tar)
            load_base_image(engine.url, tar)
        yield env | {"DOCKER_HOST": engine.url, "SCANFLOW_BASE": host_image.BASE}
    finally:
        engine.remove()


def compare(docker: Loop, process: Loop) -> list[Row]:
    """The rows: tables, facts, metrics, artifacts."""
    same_tables = docker.tables == process.tables and bool(docker.tables)
    only_docker = docker.facts() - process.facts()
    only_process = process.facts() - docker.facts()
    n_facts = sum(docker.facts().values())
    n_other = sum((only_docker | only_process).values())
    kinds = [Counter(item["kind"] for item in loop.events) for loop in (docker, process)]
    made, other = docker.artifacts(), process.artifacts()
    n_same = sum(other.get(name) == sha for name, sha in made.items())
    taken = [item["payload"] for item in docker.events if item["kind"] == "RunPlanned"]
    images = sorted({f"{it['image']} {it['image_id'][:19]}" for it in taken})
    return [
        Row(
            "the demo's loop with --engine docker: same result table as with processes",
            "equal",
            f"{len(docker.tables)} and {len(process.tables)} tables, "
            f"{'equal' if same_tables else 'they differ'}",
            same_tables,
            {"docker": docker.tables, "process": process.tables},
        ),
        Row(
            "same session events but for engine facts (and the clock's)",
            "equal",
            f"{n_facts} facts, {n_other} differ; kinds that are compared: "
            f"{len({fact.split()[0] for fact in docker.facts()})}",
            not only_docker and not only_process,
            {
                "only_docker": sorted(only_docker),
                "only_process": sorted(only_process),
                "kinds": {"docker": dict(kinds[0]), "process": dict(kinds[1])},
            },
        ),
        Row(
            "last value of each metric",
            "-",
            f"{len(docker.metrics())} metrics, "
            f"{'equal' if docker.metrics() == process.metrics() else 'they differ'}",
            None,
            {"docker": docker.metrics(), "process": process.metrics()},
        ),
        Row(
            "outputs with the same bytes",
            "-",
            f"{n_same} of {len(made)}; image {', '.join(images)}",
            None,
            {name: [sha, other.get(name)] for name, sha in made.items()},
        ),
    ]


def main() -> int:
    """Play, compare, print; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=Path, help="where sessions are kept, or lie already")
    parser.add_argument("--base", default="", metavar="IMAGE", help="of an engine that runs")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sessions = (options.sessions or Path(folder)).resolve()
        played = [(sessions / name / SESSION / "session.duckdb").exists() for name in ENGINES]
        if all(played):
            env = os.environ | {"PYTHONPATH": str(ROOT), "SCANFLOW_NO_MIRROR": "1"}
            loops = [play(name, sessions, env) for name in ENGINES]
        else:
            with engine_of(options.base) as env:
                loops = [play(name, sessions, env) for name in ENGINES]
    rows = compare(*loops)
    about = {
        "machine": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "seconds": dict(zip(ENGINES, (loop.seconds for loop in loops), strict=True)),
    }
    show("The loop in containers", rows)
    if options.json:
        save(options.json, rows, about)
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
