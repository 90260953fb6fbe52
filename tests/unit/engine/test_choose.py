from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Missing, UsageError
from scanflow_tui.engine.choose import open_engine


@pytest.fixture(autouse=True)
def no_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Somebody at a Unix socket who answers a ping."""
    path = tmp_path / "d.sock"
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                dialled, _ = listening.accept()
            except OSError:
                return
            with dialled:
                dialled.recv(4096)
                dialled.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    thread = threading.Thread(target=serve)
    thread.start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    yield str(path)
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def test_auto_takes_processes_without_an_image_and_says_why() -> None:
    engine, reason = open_engine("auto")
    assert engine.name == "process"
    assert "names no image" in reason


def test_auto_says_why_an_image_is_not_used() -> None:
    engine, reason = open_engine("auto", "mnist:1")
    assert engine.name == "process"
    assert "image is not used: no Docker engine listens at unix://" in reason


def test_auto_takes_docker_where_it_answers_and_there_is_an_image(answering: str) -> None:
    engine, reason = open_engine("auto", "mnist:1")
    assert engine.name == "docker"
    assert "answers" in reason
    assert "mnist:1" in reason
    assert open_engine("auto")[0].name == "process"


def test_docker_that_does_not_answer_is_missing_with_exit_code_5() -> None:
    with pytest.raises(
        Missing, match=r"no Docker engine listens at unix://.*DOCKER_HOST"
    ) as caught:
        open_engine("docker")
    assert caught.value.exit_code == 5


def test_a_session_is_opened_while_its_engine_is_away() -> None:
    assert open_engine("docker", must_answer=False)[0].name == "docker"


def test_a_context_that_does_not_exist_is_not_the_default_socket(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("DOCKER_CONTEXT", "lab")
    with pytest.raises(Missing, match="context 'lab' does not exist"):
        open_engine("docker")
    assert "context 'lab' does not exist" in open_engine("auto", "mnist:1")[1]


def test_an_unknown_engine_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'slurm'.*process"):
        open_engine("slurm")


def test_an_engine_is_imported_when_it_is_chosen() -> None:
    code = "import sys, scanflow_tui.engine.choose as c; before = set(sys.modules)\n"
    code += "assert 'scanflow_tui.engine.process' not in before; c.open_engine()\n"
    code += (
        "assert 'scanflow_tui.engine.process' in sys.modules; assert 'docker' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
