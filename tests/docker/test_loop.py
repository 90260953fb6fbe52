"""The whole loop from the command line in containers: the same facts as with processes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash.commandline import Commandline
from tests.docker import host_image
from tests.docker.private_engine import PrivateEngine

pytestmark = [pytest.mark.docker, pytest.mark.slow]
ENGINE_FACTS = frozenset({"AttemptAccepted", "AttemptQueued", "SupervisorStarted", "VitalSampled"})


@pytest.fixture
def make(tmp_path: Path, docker_engine: PrivateEngine, base_image: str) -> Iterator[Any]:
    made: list[Commandline] = []

    def new(name: str) -> Commandline:
        folder = tmp_path / name
        folder.mkdir()
        one = Commandline(folder)
        one.env["DOCKER_HOST"] = docker_engine.url
        one.change("name: toy\n", f"name: toy\nimage: {{name: '{base_image}'}}\n")
        made.append(one)
        return one

    yield new
    for one in made:
        one.end()


def walk(scanflow: Commandline, engine: str) -> list[dict[str, Any]]:
    """Train, check, label, decide, retrain, evaluate, approve; the session's events."""
    first = scanflow("run", "--engine", engine, "--json")
    assert (first.returncode, first.json()["state"]) == (0, "done"), first.stderr
    checked = scanflow("add-batch", scanflow.batch, "--wait", "--json")
    assert checked.returncode == 7, checked.stderr
    labels = scanflow.tmp / "labels.jsonl"
    labels.write_text('{"id":"s0","label":1}\n{"id":"s1","label":0}\n{"id":"s2","label":0}\n')
    scanflow("label", "--labels", labels, "--finish")
    scanflow.until_asked("decide")
    decided = scanflow("decide", "retrain", "--reason", "measured", "--json")
    states = {node["node"]: node["state"] for node in decided.json()["nodes"]}
    assert (states["evaluate"], states["approve"]) == ("done", "needs_you")
    approved = scanflow("approve", "--reason", "it helps", "--json")
    assert approved.returncode == 0 and approved.json()["promoted"]
    assert scanflow("logs", "train").stdout == "out begun\n"
    return [json.loads(json.loads(line)["body"]) for line in scanflow("export").stdout.splitlines()]


def facts(rows: list[dict[str, Any]]) -> list[str]:
    """Which facts about which nodes, in their order for each node."""
    told = [
        f"{row.get('node', '')} {row['kind']} {row.get('state', '')}"
        for row in (flat(row) for row in rows)
        if row["kind"] not in ENGINE_FACTS
    ]
    return sorted(told)


def flat(row: dict[str, Any]) -> dict[str, Any]:
    payload = row.get("payload")
    return {**row, **payload} if isinstance(payload, dict) else row


def test_the_loop_in_containers_tells_the_same_facts(
    make: Any, docker_engine: PrivateEngine
) -> None:
    in_containers = walk(make("docker"), "docker")
    as_processes = walk(make("process"), "process")
    assert facts(in_containers) == facts(as_processes)


def test_auto_takes_docker_and_leaves_no_container(make: Any, docker_engine: PrivateEngine) -> None:
    scanflow = make("auto")
    assert scanflow("run", "--json").returncode == 0
    status = scanflow("status", "--json").json()
    assert status["engine"] == "docker", status
    scanflow.end()
    assert docker_engine.containers() == []


def test_a_missing_image_is_said_with_exit_code_5(make: Any) -> None:
    scanflow = make("missing")
    scanflow.change(host_image.BASE, "scanflow-no-such:1")
    refused = scanflow("run", "--engine", "docker")
    assert refused.returncode == 5
    assert "the image 'scanflow-no-such:1' is not in the Docker engine" in refused.stderr
