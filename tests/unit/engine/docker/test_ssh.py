from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.link import Link
from scanflow_tui.engine.docker.ssh import Ssh


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a program lies that stands in for the ssh client."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program = tmp_path / "ssh"
    program.write_text('#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done\n')
    program.chmod(0o755)
    yield program


def asked(url: str) -> list[str]:
    """The words that the ssh client was started with, but for those that are always there."""
    ssh = Ssh(url)
    call = ssh.connect()
    with call.socket, call.socket.makefile() as answer:
        words = answer.read().splitlines()
    ssh.close()
    call.errors.close()
    assert words[words.index("-T") :][:3] == ["-T", "-o", "BatchMode=yes"]
    return words[: words.index("-T")] + words[words.index("--") :]


def test_nothing_is_said_that_the_address_does_not_say(client: Path) -> None:
    assert asked("ssh://Lab") == ["--", "Lab", "docker", "system", "dial-stdio"]


def test_user_and_port_and_an_address_of_numbers(client: Path) -> None:
    words = asked("ssh://me%40here@[::1]:2222")
    assert words[:6] == ["-l", "me@here", "-p", "2222", "--", "::1"]


def test_a_path_is_the_socket_there_and_no_shell_reads_it(client: Path) -> None:
    words = asked("ssh://lab/run/a%20b.sock")
    assert words[2:] == ["docker", "--host", "'unix:///run/a b.sock'", "system", "dial-stdio"]


def test_a_host_that_is_no_answer_ends_the_connection(client: Path) -> None:
    client.write_text('#!/bin/sh\necho "$@" | grep -o "ServerAliveInterval=[0-9]*"\n')
    ssh = Ssh("ssh://lab")
    call = ssh.connect()
    with call.socket, call.socket.makefile() as answer:
        assert answer.read() == "ServerAliveInterval=15\n"
    ssh.close()
    call.errors.close()


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("lab: no such host.", "lab: no such host"),
        (
            "Host key verification failed.\nConnection to lab closed.",
            "Host key verification failed",
        ),
    ],
)
def test_the_reason_is_what_ssh_said(client: Path, said: str, reason: str) -> None:
    client.write_text(f"#!/bin/sh\ncat >&2 <<END\n{said}\nEND\n")
    link = Link(Address("ssh://lab", "a test"))
    silent = link.why_silent()
    link.close()
    assert silent == f"no Docker engine can be reached at ssh://lab (a test): {reason}."


def test_a_library_dials_a_socket_of_this_user_alone_that_goes_again(client: Path) -> None:
    ssh = Ssh("ssh://lab")
    path = Path(ssh.listen().removeprefix("unix://"))
    assert ssh.listen() == f"unix://{path}"
    assert path.parent.stat().st_mode & 0o777 == 0o700
    ssh.close()
    assert not path.parent.exists()


def test_without_an_ssh_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="the ssh client is not installed"):
        Ssh("ssh://lab")


def test_no_host() -> None:
    with pytest.raises(Missing, match="names no host"):
        Ssh("ssh://me@")
