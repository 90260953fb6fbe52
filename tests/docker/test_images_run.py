"""From the command line: a session's image is built when Docker is asked for, and recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.engine.images import images
from tests.crash.commandline import Commandline, end_supervisor
from tests.docker.private_engine import PrivateEngine

pytestmark = pytest.mark.docker
DOCKERFILE = "ARG BASE=127.0.0.1:9/scanflow-no-such:1\nFROM ${BASE}\nRUN echo made > /made\n"


@pytest.fixture
def scanflow(
    tmp_path: Path,
    docker_engine: PrivateEngine,
    base_image: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Commandline]:
    one = Commandline(tmp_path)
    one.change("name: toy\n", "name: toy\nimage: {dockerfile: Dockerfile}\n")
    one.write("Dockerfile", DOCKERFILE)
    one.env |= {"DOCKER_HOST": docker_engine.url, "SCANFLOW_BASE": base_image}
    yield one
    one.end()
    monkeypatch.setenv("DOCKER_HOST", docker_engine.url)
    with images.image_store() as store:
        for image in images.images(store):
            images.remove(store, image)


def bodies(scanflow: Commandline) -> list[dict[str, Any]]:
    lines = scanflow("export").stdout.splitlines()
    return [json.loads(json.loads(line)["body"]) for line in lines]


def test_run_builds_the_image_and_records_its_id(scanflow: Commandline) -> None:
    done = scanflow("run", "--engine", "docker", "--json")
    assert (done.returncode, done.json()["state"]) == (0, "done"), done.stderr
    assert "building scanflow/toy:" in done.stderr
    assert "step 3 of" in done.stderr
    listed = scanflow("images", "list", "--json").json()["images"]
    planned = next(item["payload"] for item in bodies(scanflow) if item["kind"] == "RunPlanned")
    assert {"id": planned["image_id"], "tags": [planned["image"]]} in [
        {"id": image["id"], "tags": image["tags"]} for image in listed
    ]


def test_auto_takes_processes_until_the_image_is_built(scanflow: Commandline) -> None:
    assert scanflow("run", "--json").returncode == 0
    first = scanflow("status", "--json").json()
    assert first["engine"] == "process"
    built = scanflow("images", "build", "--json").json()
    assert built["new"] and built["tag"].startswith("scanflow/toy:")
    assert scanflow("run", "second", "--json").returncode == 0
    assert scanflow("status", "second", "--json").json()["engine"] == "docker"
    asyncio.run(end_supervisor(scanflow.sessions / "second"))


def test_a_changed_dockerfile_is_said_before_a_step_starts(scanflow: Commandline) -> None:
    assert scanflow("run", "--engine", "docker").returncode == 0
    scanflow.write("Dockerfile", DOCKERFILE + "RUN echo more > /more\n")
    refused = scanflow("run", "--json")
    assert refused.returncode == 5
    assert "is not in the Docker engine" in refused.stderr
    assert "scanflow images build" in refused.stderr
    assert scanflow("images", "build").returncode == 0
    assert scanflow("run", "--json").returncode == 0


def test_a_base_that_is_not_there_makes_no_session(scanflow: Commandline) -> None:
    del scanflow.env["SCANFLOW_BASE"]
    refused = scanflow("run", "--engine", "docker")
    assert refused.returncode == 5
    assert "the base image '127.0.0.1:9/scanflow-no-such:1' is not in" in refused.stderr
    assert not scanflow.folder.exists()


def test_a_failed_instruction_ends_with_2_and_its_last_lines(scanflow: Commandline) -> None:
    scanflow.write("Dockerfile", DOCKERFILE + "RUN echo because; exit 4\n")
    failed = scanflow("images", "build")
    assert failed.returncode == 2
    assert "\n  because\n" in failed.stderr
    assert "RUN echo because; exit 4: The command" in failed.stderr


def test_prune_shows_then_removes(scanflow: Commandline) -> None:
    scanflow("images", "build")
    scanflow.write("Dockerfile", DOCKERFILE + "RUN echo more > /more\n")
    newest = scanflow("images", "build", "--json").json()["id"]
    shown = scanflow("images", "prune", "--json").json()
    assert [image["pipeline"] for image in shown["images"]] == ["toy"]
    assert not shown["removed"]
    removed = scanflow("images", "prune", "--yes", "--json").json()
    assert [image["id"] for image in removed["images"]] == [shown["images"][0]["id"]]
    assert [image["id"] for image in scanflow("images", "list", "--json").json()["images"]] == [
        newest
    ]
