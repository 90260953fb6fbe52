from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine.docker.address import DEFAULT_URL, Address, resolve
from scanflow_tui.engine.docker.link import Link


def add_context(
    config: Path, name: str, host: str, *, tls: bool = False, skips: bool = False
) -> Path:
    """A context as the docker command writes it; the folder of its certificates."""
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / key
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": skips}
    (meta / "meta.json").write_text(
        json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}), "ascii"
    )
    folder = config / "contexts" / "tls" / key / "docker"
    if tls:
        folder.mkdir(parents=True)
    return folder


def test_the_default_socket_without_a_word(tmp_path: Path) -> None:
    assert resolve({}, tmp_path) == Address(DEFAULT_URL, "the default socket")


def test_docker_host_wins_over_a_context(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "unix:///x.sock", "DOCKER_CONTEXT": "nowhere"}
    assert resolve(environ, tmp_path) == Address("unix:///x.sock", "DOCKER_HOST")


def test_docker_host_with_certificates(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "ca.pem").touch()
    environ = {"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1"}
    assert resolve(environ, tmp_path).tls == tmp_path / ".docker"
    environ |= {"DOCKER_CERT_PATH": "/certs", "DOCKER_TLS_VERIFY": "", "DOCKER_TLS": "1"}
    found = resolve(environ, tmp_path)
    assert (found.tls, found.verify, found.is_encrypted) == (Path("/certs"), False, True)


def test_a_folder_of_certificates_alone_asks_for_no_tls_as_for_the_docker_command(
    tmp_path: Path,
) -> None:
    environ = {"DOCKER_HOST": "tcp://h:2375", "DOCKER_CERT_PATH": "/certs"}
    assert resolve(environ, tmp_path) == Address("tcp://h:2375", "DOCKER_HOST")


def test_without_an_authority_nothing_is_taken_on_trust(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "tcp://h:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/no"}
    with pytest.raises(Missing, match=r"/no: DOCKER_TLS_VERIFY is set, and there is no ca\.pem"):
        resolve(environ, tmp_path)


def test_tls_that_is_asked_for_without_an_address_never_becomes_the_default_socket(
    tmp_path: Path,
) -> None:
    found = resolve({"DOCKER_TLS": "1", "DOCKER_CERT_PATH": "/certs"}, tmp_path)
    assert found == Address("tcp://localhost:2376", "DOCKER_TLS", Path("/certs"), verify=False)


@pytest.mark.parametrize("url", ["unix:///x.sock", "ssh://lab"])
def test_certificates_are_for_tcp_alone(tmp_path: Path, url: str) -> None:
    environ = {"DOCKER_HOST": url, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certs"}
    assert resolve(environ, tmp_path) == Address(url, "DOCKER_HOST")


def test_a_context_that_skips_the_check_is_encrypted_all_the_same(tmp_path: Path) -> None:
    add_context(tmp_path / ".docker", "lab", "tcp://lab:2376", skips=True)
    found = resolve({"DOCKER_CONTEXT": "lab"}, tmp_path)
    assert (found.tls, found.verify, found.is_encrypted) == (None, False, True)


def test_a_context_of_the_environment_wins_over_the_current_one(tmp_path: Path) -> None:
    config = tmp_path / ".docker"
    add_context(config, "lab", "ssh://me@lab")
    add_context(config, "old", "tcp://old:2375")
    (config / "config.json").write_text('{"currentContext": "old"}')
    assert resolve({}, tmp_path).url == "tcp://old:2375"
    named = resolve({"DOCKER_CONTEXT": "lab"}, tmp_path)
    assert (named.url, named.origin) == ("ssh://me@lab", "the context 'lab'")


def test_the_config_folder_can_be_elsewhere_and_certificates_lie_with_the_context(
    tmp_path: Path,
) -> None:
    folder = add_context(tmp_path / "other", "lab", "tcp://lab:2376", tls=True)
    environ = {"DOCKER_CONFIG": str(tmp_path / "other"), "DOCKER_CONTEXT": "lab"}
    assert resolve(environ, tmp_path).tls == folder


@pytest.mark.parametrize("text", ["", "{", "[]", '{"Endpoints": {"docker": {}}}'])
def test_a_context_that_cannot_be_used_is_an_error(tmp_path: Path, text: str) -> None:
    meta = tmp_path / "contexts" / "meta" / hashlib.sha256(b"lab").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(text)
    with pytest.raises(Missing, match=r"'lab' does not exist.*docker context ls"):
        resolve({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "lab"}, tmp_path)


def test_a_current_context_that_is_gone_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "gone"}')
    with pytest.raises(Missing, match=r"config\.json: the Docker context 'gone'"):
        resolve({}, tmp_path)


@pytest.mark.parametrize("text", ["{broken", "[]", "5"])
def test_a_configuration_that_is_broken_never_becomes_the_default_socket(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(text)
    with pytest.raises(Missing, match=r"config\.json: it is no JSON object.*DOCKER_HOST"):
        resolve({}, tmp_path)


@pytest.mark.parametrize("text", ["", "{}"])
def test_a_configuration_that_says_nothing_is_the_default_socket(tmp_path: Path, text: str) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text(text)
    assert resolve({}, tmp_path).url == DEFAULT_URL


@pytest.mark.parametrize(
    "url",
    [
        *("", "npipe://x", "/var/run/docker.sock", "unix://", "tcp://h:99999", "tcp://h:x"),
        *("tcp://h:0", "tcp://[::1", "ssh://h:99999"),
    ],
)
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(Missing, match=r"no address of a Docker engine"):
        Link(Address(url, "a test"))


@pytest.mark.parametrize("reason", ["socket is not there", "not running"])
def test_each_silence_has_its_sentence(tmp_path: Path, reason: str) -> None:
    path = tmp_path / "d.sock"
    if reason == "not running":
        with socket.socket(socket.AF_UNIX) as closed:
            closed.bind(str(path))
    said = Link(Address(f"unix://{path}", "a test")).why_silent()
    assert reason in said
    assert str(path) in said
