"""A slice of ``benchmarks/mutants.py``: ScanFlow and the independent check say the same."""

import pytest

from benchmarks.mutants import independent, judge, refusals
from benchmarks.mutants_make import sources

DOCUMENTS = sources()
N_SLICES, SLICE = 6, 8


@pytest.mark.parametrize("part", range(N_SLICES))
def test_mutants_are_judged_as_the_page_says(part: int) -> None:
    for seed in range(part * SLICE, (part + 1) * SLICE):
        one = judge(seed, DOCUMENTS)
        assert not one.wrong, (seed, one.how, one.wrong)
        assert one.agree, (seed, one.how, one.ours, one.theirs)


def test_what_is_mutated_is_a_pipeline_itself() -> None:
    for document in set(DOCUMENTS):
        assert refusals(document.encode()) == []
        assert independent(document.encode()) == []
