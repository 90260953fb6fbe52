"""Podman's Docker-compatible service: the same contract cases, and what is known to differ."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from scanflow_tui.contract import loglines
from scanflow_tui.contract.limits import MIB
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.docker import doctor
from scanflow_tui.engine.docker.doctor import PODMAN_DIFFERS, HostFacts
from scanflow_tui.engine.protocol import Running, StartRefused
from tests.contract_cases.benches import NAME, Program, observe, record, run, until_exit
from tests.contract_cases.engine_cases import CASES, Case
from tests.docker.bench import DockerBench
from tests.docker.conftest import require
from tests.docker.private_podman import IMAGE, PrivatePodman, why_not

pytestmark = pytest.mark.docker
HAS = frozenset({"steps"})
LOOK = """\
import ctypes, json, socket
libc = ctypes.CDLL(None)
seen = {"namespaces": libc.unshare(0x10000000) == 0}
seen["interfaces"] = [name for _, name in socket.if_nameindex()]
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def podman(base_image_tar: Path) -> Iterator[PrivatePodman]:
    """A running service that belongs to these tests."""
    require("podman", why_not())
    service = PrivatePodman()
    try:
        yield service.start(base_image_tar)
    finally:
        service.remove()
    assert service.remains() == []


@pytest.fixture(scope="module")
def facts(podman: PrivatePodman) -> HostFacts:
    """Asked once: Podman takes its time to tell what it is."""
    client = docker.APIClient(base_url=podman.url)
    try:
        return doctor.host_facts(client.info(), client.version())
    finally:
        client.close()


@pytest.fixture
def bench(tmp_path: Path, podman: PrivatePodman, facts: HostFacts) -> Iterator[DockerBench]:
    made = DockerBench(tmp_path, url=podman.url, image=IMAGE, facts=facts)
    yield made
    made.clear()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if case.needs <= HAS]
)
def test_podman_keeps_the_contract(case: Case, bench: DockerBench) -> None:
    case.check(bench)


def test_it_is_known_as_podman(bench: DockerBench, facts: HostFacts) -> None:
    assert facts.is_podman
    assert set(PODMAN_DIFFERS.values()) <= set(bench.engine.doctor())


def test_a_step_has_no_network_but_itself(bench: DockerBench) -> None:
    assert look(bench)["interfaces"] == ["lo"]


def test_what_is_missing_is_refused_and_not_made(bench: DockerBench) -> None:
    gone = bench.folder / "gone"
    refused = bench.engine.start(replace(bench.spec(Program()), code=str(gone)))
    assert isinstance(refused, StartRefused) and str(gone) in refused.reason
    assert not gone.exists()


def test_a_step_outlives_the_service(bench: DockerBench, podman: PrivatePodman) -> None:
    spec = bench.spec(Program(stdout=b"before\n", waits=True, code_on_term=5))
    bench.engine.start(spec)
    bench.until_ready()
    podman.kill()
    podman.launch()
    assert isinstance(observe(bench, bench.reopen()), Running)
    bench.engine.cancel(NAME, spec.folder, 60)
    seen = until_exit(bench)
    assert (seen.code, seen.cancelled) == (5, True)
    assert loglines.rebuild(record(bench))["stdout"] == b"before\n"


def look(bench: DockerBench) -> dict[str, Any]:
    """What a step sees of itself."""
    spec = replace(bench.spec(Program()), argv=("python", "-c", LOOK))
    bench.engine.start(spec)
    assert until_exit(bench).code == 0
    seen: dict[str, Any] = json.loads(loglines.rebuild(record(bench))["stdout"])
    return seen


def _memory(bench: DockerBench) -> bool:
    """Whether nobody says that memory ran out."""
    seen = run(bench, Program(before="x = b'x' * (300 << 20)"), StepLimits(memory_bytes=64 * MIB))
    assert (seen.code, seen.signal) == (None, 9)
    return seen.hit == ""


def _signals(bench: DockerBench) -> bool:
    """Whether a 0 after somebody else's signal is not doubted."""
    bench.engine.start(bench.spec(Program(waits=True, code_on_term=0)))
    bench.until_ready()
    client = bench.client()
    client.stop(NAME, timeout=30)
    client.close()
    seen = until_exit(bench)
    return seen.code == 0 and not seen.doubt


def _gpus(bench: DockerBench) -> bool:
    """Whether a step that asks for a GPU is refused, whatever there is."""
    refused = bench.engine.start(bench.spec(Program(), StepLimits(gpus=1)))
    return isinstance(refused, StartRefused) and bench.inspect() is None


def _namespaces(bench: DockerBench) -> bool:
    """Whether a step may make a user namespace."""
    return bool(look(bench)["namespaces"])


PROBES: dict[str, Callable[[DockerBench], bool]] = {
    "memory": _memory,
    "signals": _signals,
    "gpus": _gpus,
    "namespaces": _namespaces,
}


def test_every_known_difference_is_looked_at() -> None:
    assert PROBES.keys() == PODMAN_DIFFERS.keys()


@pytest.mark.parametrize("what", PODMAN_DIFFERS)
def test_what_doctor_says_of_podman_is_true(what: str, bench: DockerBench) -> None:
    assert PROBES[what](bench)
