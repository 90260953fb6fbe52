"""The private engine itself: it runs the host-made image, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from tests.docker import host_image
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine

pytestmark = pytest.mark.docker


def test_base_image_has_python_pip_and_a_shell(
    docker_engine: PrivateEngine, base_image: str
) -> None:
    script = "python3 -c 'import ssl, sqlite3, ctypes' && pip --version && id -u"
    client = docker.DockerClient(base_url=docker_engine.url)
    said = client.containers.run(base_image, ["sh", "-c", script], remove=True)
    client.close()
    assert said.startswith(b"pip ")
    assert said.endswith(b"\n0\n")


def test_nothing_is_left_after_a_kill(docker_engine: PrivateEngine, base_image_tar: Path) -> None:
    engine = PrivateEngine("--live-restore")
    try:
        engine.start()
        load_base_image(engine.url, base_image_tar)
        client = docker.DockerClient(base_url=engine.url)
        client.containers.run(host_image.BASE, ["sleep", "600"], detach=True, init=True)
        client.close()
        engine.kill()
        assert any(found.startswith("process") for found in engine.remains())
    finally:
        engine.remove()
    assert engine.remains() == []
    assert docker_engine.answers()
