"""One private engine and one base image for all Docker tests; skipped aloud where none can be had.

Where ``SCANFLOW_REQUIRE`` names docker or podman, its absence fails the tests.
``SCANFLOW_DOCKER_WAY`` (ssh or tls) leads every test of the adapter to the engine that way.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from scanflow_tui.engine.docker.address import Address
from tests.docker import certificates, host_image, private_ssh
from tests.docker.bench import DockerBench
from tests.docker.certificates import Authority
from tests.docker.private_engine import PrivateEngine, why_not
from tests.docker.private_ssh import PrivateSsh


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates of an engine and of its client."""
    require("docker", certificates.why_not())
    return certificates.make(tmp_path_factory.mktemp("certificates") / "one")


@pytest.fixture(scope="session")
def tls_port() -> int:
    """Where the private engine answers with TLS."""
    return private_ssh.free_port()


@pytest.fixture(scope="session")
def docker_engine(authority: Authority, tls_port: int) -> Iterator[PrivateEngine]:
    """A running engine that belongs to the tests; it answers at a socket, and with TLS."""
    require("docker", why_not())
    engine = PrivateEngine(*authority.flags(tls_port))
    try:
        engine.start()
        yield engine
    finally:
        engine.remove()
    assert engine.remains() == []


@pytest.fixture(scope="session")
def through_tls(docker_engine: PrivateEngine, authority: Authority, tls_port: int) -> Address:
    """The private engine over TCP with TLS."""
    return Address(f"tcp://127.0.0.1:{tls_port}", "a test", authority.client)


@pytest.fixture(scope="session")
def ssh_host(
    docker_engine: PrivateEngine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrivateSsh]:
    """A host ``lab`` whose docker command finds the private engine."""
    require("docker", private_ssh.why_not())
    host = PrivateSsh(tmp_path_factory.mktemp("host") / "ssh", docker_engine.url)
    try:
        yield host.start()
    finally:
        host.stop()


@pytest.fixture
def through_ssh(ssh_host: PrivateSsh, monkeypatch: pytest.MonkeyPatch) -> Address:
    """The private engine through the ssh client and server of this machine."""
    monkeypatch.setenv("PATH", str(ssh_host.programs), prepend=":")
    return Address(f"ssh://{private_ssh.HOST}", "a test")


@pytest.fixture
def way(request: pytest.FixtureRequest) -> Address | None:
    """How the adapter reaches the engine; None for its socket."""
    name = os.environ.get("SCANFLOW_DOCKER_WAY", "")
    found: Address | None = request.getfixturevalue(f"through_{name}") if name else None
    return found


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
def bench(
    tmp_path: Path, docker_engine: PrivateEngine, base_image: str, way: Address | None
) -> Iterator[DockerBench]:
    """The Docker adapter over the private engine, and a folder for one attempt."""
    made = DockerBench(tmp_path, url=docker_engine.url, way=way)
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
