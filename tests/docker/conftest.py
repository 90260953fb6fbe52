"""One private engine and one base image for all Docker tests; skipped aloud where none can be had.

Where ``SCANFLOW_REQUIRE`` names docker or podman, its absence fails the tests.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.docker import host_image
from tests.docker.bench import DockerBench
from tests.docker.private_engine import PrivateEngine, why_not


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[PrivateEngine]:
    """A running engine that belongs to the tests."""
    require("docker", why_not())
    engine = PrivateEngine()
    try:
        engine.start()
        yield engine
    finally:
        engine.remove()
    assert engine.remains() == []


@pytest.fixture(scope="session")
def base_image_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The base image as a file, for engines that a test starts by itself."""
    path = tmp_path_factory.mktemp("image") / "base.tar"
    host_image.write(path)
    return path


@pytest.fixture(scope="session")
def base_image(docker_engine: PrivateEngine, base_image_tar: Path) -> str:
    """The tag of an image with this machine's Python, in the private engine."""
    load_base_image(docker_engine.url, base_image_tar)
    return host_image.BASE


@pytest.fixture
def bench(tmp_path: Path, docker_engine: PrivateEngine, base_image: str) -> Iterator[DockerBench]:
    """The Docker adapter over the private engine, and a folder for one attempt."""
    made = DockerBench(tmp_path, url=docker_engine.url)
    yield made
    made.clear()


def require(what: str, reason: str) -> None:
    """Go on where there is no reason against it; else fail where it is required, or skip aloud."""
    if reason and what in os.environ.get("SCANFLOW_REQUIRE", "").split(","):
        pytest.fail(f"SCANFLOW_REQUIRE names {what}, but {reason}")
    if reason:
        pytest.skip(f"no private engine ({what}): {reason}")


def load_base_image(url: str, tar: Path) -> None:
    """Import the base image into an engine."""
    client = docker.APIClient(base_url=url)
    repository, tag = host_image.BASE.split(":")
    try:
        client.import_image_from_file(
            str(tar), repository=repository, tag=tag, changes=host_image.CHANGES
        )
    finally:
        client.close()
