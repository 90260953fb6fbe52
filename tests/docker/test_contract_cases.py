"""The Docker engine against every case that applies to it."""

from __future__ import annotations

import pytest

from tests.contract_cases.engine_cases import CASES, Case
from tests.docker.bench import DockerBench

pytestmark = pytest.mark.docker
HAS = frozenset({"steps"})


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name) for case in CASES if case.needs <= HAS]
)
def test_docker_keeps_the_contract(case: Case, bench: DockerBench) -> None:
    case.check(bench)
