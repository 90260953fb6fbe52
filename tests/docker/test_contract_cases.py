"""The Docker engine against every case that applies to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract_cases.engine_cases import CASES, Case
from tests.docker.bench import DockerBench
from tests.docker.private_engine import PrivateEngine

pytestmark = pytest.mark.docker
HAS = frozenset({"steps"})


@pytest.fixture
def bench(tmp_path: Path, docker_engine: PrivateEngine, base_image: str) -> Iterator[DockerBench]:
    made = DockerBench(tmp_path, url=docker_engine.url)
    yield made
    made.clear()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if case.needs <= HAS]
)
def test_docker_keeps_the_contract(case: Case, bench: DockerBench) -> None:
    case.check(bench)
