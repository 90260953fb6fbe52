"""Every engine against every case that applies to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from tests.contract_cases.benches import Bench, FakeBench, ProcessBench
from tests.contract_cases.engine_cases import CASES, Case


class Make(Protocol):
    def __call__(self, folder: Path) -> FakeBench | ProcessBench: ...


@dataclass(frozen=True)
class Kind:
    """An engine under test; ``has`` are the needs of cases that it meets."""

    name: str
    make: Make
    has: frozenset[str]


KINDS = [
    Kind("fake", FakeBench, frozenset()),
    Kind("process", ProcessBench, frozenset({"steps", "processes"})),
]
PAIRS = [
    pytest.param(kind, case, id=f"{kind.name}-{case.name}")
    for kind in KINDS
    for case in CASES
    if case.needs <= kind.has
]


@pytest.fixture
def bench(kind: Kind, tmp_path: Path) -> Iterator[Bench]:
    made = kind.make(tmp_path)
    yield made
    made.clear()


@pytest.mark.parametrize(("kind", "case"), PAIRS)
def test_engine_keeps_the_contract(kind: Kind, case: Case, bench: Bench) -> None:
    case.check(bench)
