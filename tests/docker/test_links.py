"""Engines reached through a real ssh client and server, and over TCP with TLS.

A link that breaks is not an engine that restarts; who is not let in, or finds another host there,
is told so, and never lands at the default socket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from scanflow_tui.contract import loglines
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.link import Link
from scanflow_tui.engine.images.client import ImageStore
from scanflow_tui.engine.protocol import Running, StartRefused
from tests.contract_cases.benches import (
    NAME,
    Program,
    attempt_folder,
    observe,
    record,
    run,
    until_exit,
)
from tests.docker import certificates, private_ssh
from tests.docker.bench import DockerBench
from tests.docker.certificates import Authority
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine
from tests.docker.private_ssh import PrivateSsh
from tests.docker.relay import Relay
from tests.waiting import until

pytestmark = pytest.mark.docker
COUNTS = """\
import time
def count(begin, end):
    for number in range(begin, end):
        print(f"line {number}", flush=True)
        time.sleep(0.002)
count(0, 50)
while not os.path.exists(folder + "/go"):
    time.sleep(0.005)
count(50, 100)
"""
LINES = b"".join(b"line %d\n" % number for number in range(100))


@dataclass(frozen=True)
class Way:
    """An address, and how its link is cut, closed and opened again."""

    address: Address
    cut: Callable[[], int]
    close: Callable[[], object]
    open: Callable[[], object]


@pytest.fixture(params=["ssh", "tls"])
def broken(request: pytest.FixtureRequest) -> Iterator[Way]:
    """A way to the engine that can be cut."""
    address: Address = request.getfixturevalue(f"through_{request.param}")
    if request.param == "ssh":
        host: PrivateSsh = request.getfixturevalue("ssh_host")
        yield Way(address, host.cut, host.stop, host.start)
        if not host.listens():
            host.start()
        return
    relay = Relay(int(address.url.rpartition(":")[2]))

    def close() -> None:
        relay.refuse(is_refused=True)
        relay.cut()

    yield Way(
        replace(address, url=f"tcp://127.0.0.1:{relay.port}"),
        relay.cut,
        close,
        lambda: relay.refuse(is_refused=False),
    )
    relay.close()


def along(bench: DockerBench, way: Way) -> DockerBench:
    """The same bench, by another way."""
    bench.way = way.address
    bench.engine = bench.reopen()
    return bench


def test_a_step_runs_by_either_way(bench: DockerBench, broken: Way) -> None:
    along(bench, broken)
    seen = run(bench, Program(stdout=b"a\xffb\n" * 1000, stderr=b"no newline", code=3))
    assert (seen.code, seen.doubt) == (3, "")
    rebuilt = loglines.rebuild(record(bench))
    assert (rebuilt["stdout"], rebuilt["stderr"]) == (b"a\xffb\n" * 1000, b"no newline")


def test_a_link_that_is_cut_costs_no_line_and_no_doubt(bench: DockerBench, broken: Way) -> None:
    along(bench, broken)
    bench.engine.start(bench.spec(Program(before=COUNTS)))
    until(lambda: b"line 49" in record(bench), "the first half")
    assert broken.cut() > 0
    until(lambda: b"Read on from the engine's own log" in record(bench), "the log to go on")
    (bench.folder / "attempt" / "go").touch()
    seen = until_exit(bench)
    assert (seen.code, seen.doubt) == (0, "")
    assert loglines.rebuild(record(bench))["stdout"] == LINES
    assert bench.n_runs() == 1


def test_a_step_that_ends_while_nobody_can_see_it(bench: DockerBench, broken: Way) -> None:
    along(bench, broken)
    bench.engine.start(bench.spec(Program(before=COUNTS, code=6)))
    until(lambda: b"line 49" in record(bench), "the first half")
    broken.close()
    away = until(lambda: unreachable(bench), "the engine to be seen as away")
    assert "does not answer" in away
    (bench.folder / "attempt" / "go").touch()
    until(lambda: bench.inspect()["State"]["Status"] == "exited", "the container to end")
    broken.open()
    seen = until_exit(bench)
    assert (seen.code, seen.doubt) == (6, "")
    assert loglines.rebuild(record(bench))["stdout"] == LINES


def test_a_cancel_that_the_link_did_not_carry_is_carried_out_later(
    bench: DockerBench, broken: Way
) -> None:
    along(bench, broken)
    bench.engine.start(bench.spec(Program(waits=True)))
    bench.until_ready()
    broken.close()
    bench.engine.cancel(NAME, attempt_folder(bench), 60)
    until(lambda: unreachable(bench), "the engine to be seen as away")
    broken.open()
    assert until_exit(bench).cancelled


def test_files_that_an_engine_elsewhere_does_not_see_are_said(
    bench: DockerBench, through_tls: Address
) -> None:
    bench.way = through_tls
    bench.engine = bench.reopen()
    spec = replace(bench.spec(Program()), reads=(str(bench.folder / "here alone"),))
    answer = bench.engine.start(spec)
    assert isinstance(answer, StartRefused)
    assert "does not exist" in answer.reason
    assert answer.reason.endswith("must see the sessions' folder at the same path")


def test_a_restart_behind_a_link_is_doubted(
    bench: DockerBench, base_image_tar: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PrivateEngine("--live-restore")
    host = PrivateSsh(tmp_path / "ssh", engine.url)
    monkeypatch.setenv("PATH", str(host.programs), prepend=":")
    try:
        engine.start()
        host.start()
        load_base_image(engine.url, base_image_tar)
        other = DockerBench(tmp_path / "other", url=engine.url, way=Address("ssh://lab", "a test"))
        other.folder.mkdir()
        other.engine.start(other.spec(Program(before=COUNTS)))
        until(lambda: b"line 49" in record(other), "the first half")
        # Nobody is there to see it.
        other.engine.close()
        engine.kill()
        engine.start()
        other.engine = other.reopen()
        until(lambda: isinstance(observe(other), Running), "the adoption")
        (other.folder / "attempt" / "go").touch()
        seen = until_exit(other)
        assert seen.code == 0 and "may have been restarted" in seen.doubt
        other.clear()
    finally:
        host.stop()
        engine.remove()


def test_who_is_not_let_in_by_ssh_is_told(through_ssh: Address, ssh_host: PrivateSsh) -> None:
    ssh_host.trust("stranger")
    try:
        assert "root@127.0.0.1: Permission denied (publickey)." in silence(through_ssh)
    finally:
        ssh_host.trust("user")


def test_another_host_in_the_place_of_the_known_one_is_told(
    through_ssh: Address, ssh_host: PrivateSsh
) -> None:
    ssh_host.know("stranger")
    try:
        assert "Host key verification failed." in silence(through_ssh)
    finally:
        ssh_host.know("host")


def test_a_socket_that_is_not_there_on_the_host_is_never_the_default_one(
    through_ssh: Address,
) -> None:
    nowhere = replace(through_ssh, url=f"ssh://{private_ssh.HOST}/nowhere/d.sock")
    assert "/nowhere/d.sock: connect: no such file or directory." in silence(nowhere)


def test_a_path_in_the_address_is_the_socket_on_the_host(
    through_ssh: Address, docker_engine: PrivateEngine
) -> None:
    path = docker_engine.url.removeprefix("unix://")
    assert silence(replace(through_ssh, url=f"ssh://{private_ssh.HOST}{path}")) == ""


def test_certificates_that_do_not_fit_are_told(
    through_tls: Address, authority: Authority, tmp_path: Path
) -> None:
    strangers = certificates.make(tmp_path / "strangers").client
    assert silence(through_tls) == ""
    wrong = silence(replace(through_tls, tls=strangers))
    assert "its certificate does not hold: unable to get local issuer certificate" in wrong
    assert f"checked with {strangers}/ca.pem" in wrong
    unknown = silence(replace(through_tls, tls=strangers, verify=False))
    assert f"it does not accept the client certificate {strangers}/cert.pem." in unknown
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "ca.pem").write_bytes((authority.client / "ca.pem").read_bytes())
    nameless = silence(replace(through_tls, tls=tmp_path / "bare"))
    assert "it asks for a client certificate (cert.pem and key.pem)." in nameless
    host = through_tls.url.replace("127.0.0.1", "localhost")
    assert "certificate is not valid for 'localhost'" in silence(replace(through_tls, url=host))
    assert "speaks TLS alone" in silence(replace(through_tls, tls=None))


@pytest.mark.parametrize("name", ["ssh", "tls"])
def test_images_are_reached_by_the_same_way(
    name: str, request: pytest.FixtureRequest, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address: Address = request.getfixturevalue(f"through_{name}")
    # What is set for the web must not be what the engine is checked with.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/bundle.pem")
    store = ImageStore(Link(address))
    try:
        assert base_image in store.inspect(base_image)["RepoTags"]
    finally:
        store.close()


def silence(address: Address) -> str:
    link = Link(address)
    try:
        return link.why_silent()
    finally:
        link.close()


def unreachable(bench: DockerBench) -> str:
    return bench.engine.watch({NAME: attempt_folder(bench)}).engine.text
