"""Whatever stands in a pipeline.yaml: a graph, or InputError with places. Never anything else."""

import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from scanflow_tui.contract.errors import InputError
from scanflow_tui.workflow import export
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.lint import check, read
from scanflow_tui.workflow.order import order
from scanflow_tui.workflow.plan import PlanFacts, plan
from tests.unit.workflow.pipelines import LOOP

LINE = re.compile(r"p:[1-9][0-9]*:[1-9][0-9]*: \S.*")
SIGNS = [*"{}[]:,'\"\n\t|>#=", "  ", "- ", "? ", "&a ", "*a", "!!x ", "<<: ", "---\n", "%YAML 9"]
SCALARS = ["null", "true", "1e999", "-1", "0x", "12:30:00", "2020-01-01", "\x00", "\ud800", "é"]
STARTS = ["\u2028", "file:", "champion.", "node.", "when: "]
PIECES = st.sampled_from([*SIGNS, *SCALARS, *STARTS])
WORDS = sorted(set(re.findall(r"\b[a-z_]+\b", LOOP)))


def judged(text: str) -> Multigraph | None:
    """The graph, or None after the refusal was looked at."""
    try:
        graph = read(text, "p")
    except InputError as error:
        assert error.findings
        assert all(LINE.fullmatch(line) for line in error.findings), error.findings
        assert error.sentence()
        return None
    assert not [one for one in check(text, "p") if one.severity == "error"]
    return graph


def used(graph: Multigraph) -> None:
    """What is read can be planned and drawn."""
    assert len(order(graph).ids) == len(graph.nodes)
    facts = PlanFacts("c", "p", "e", {}, lambda key: None)
    for batch in (None, "b"):
        made = plan(graph, facts, batch=batch, champion={"model": "m", "reference": "r"})
        assert len(made.nodes) == len(graph.nodes)
    assert export.text(graph) and export.mermaid(graph) and export.dot(graph)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, len(LOOP)), st.integers(0, 30), PIECES)
def test_a_piece_put_anywhere(at: int, cut: int, piece: str) -> None:
    graph = judged(LOOP[:at] + piece + LOOP[at + cut :])
    if graph is not None:
        used(graph)


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(WORDS), st.sampled_from(WORDS), st.integers(0, 5))
def test_a_word_for_another(before: str, after: str, nth: int) -> None:
    places = [hit.start() for hit in re.finditer(rf"\b{before}\b", LOOP)]
    at = places[nth % len(places)]
    graph = judged(LOOP[:at] + after + LOOP[at + len(before) :])
    if graph is not None:
        used(graph)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.one_of(PIECES, st.sampled_from(WORDS)), max_size=30).map("".join))
@example("a: &a [*a]")
@example("scanflow: 1\nnodes: {a: {run: !!binary x}}")
def test_pieces_alone(text: str) -> None:
    judged(text)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, len(LOOP.splitlines()) - 1), max_size=30))
def test_lines_in_any_order(picked: list[int]) -> None:
    lines = LOOP.splitlines(keepends=True)
    judged("".join(lines[at] for at in picked))
