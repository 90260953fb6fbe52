"""What holds for every plan and every run, on random graphs."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.contract.states import NodeState
from scanflow_tui.contract.step import Scalar
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.load import load
from scanflow_tui.workflow.order import order
from scanflow_tui.workflow.plan import CacheEntry, PlanFacts, Skip, plan, ready

CHAMPION = {"model": "m", "reference": "r"}


@st.composite
def graphs(draw: st.DrawFn) -> Multigraph:
    """Up to 12 steps behind a batch, a file or a champion, with conditions and lists."""
    lines = ["scanflow: 1", "champion: n0", "nodes:", "  batches: {input: batches}"]
    lines.append("  n0: {run: x, out: [model, reference, o], values: {v: number}}")
    for at in range(1, draw(st.integers(2, 12))):
        ins = []
        for number in range(draw(st.integers(0, 3))):
            earlier = st.sampled_from([f"n{before}.o" for before in range(at)])
            single = st.one_of(earlier, st.sampled_from(["batches", "champion.model", "file:f"]))
            several = st.lists(earlier, min_size=1, max_size=3, unique=True)
            source = draw(st.one_of(single, several))
            shown = source if isinstance(source, str) else "[" + ", ".join(source) + "]"
            ins.append(f"i{number}: {shown}")
        line = f"run: x, out: [o], values: {{v: number}}, in: {{{', '.join(ins)}}}"
        if draw(st.booleans()):
            line += f", when: n{draw(st.integers(0, at - 1))}.v > {draw(st.integers(0, 1))}"
        lines.append(f"  n{at}: {{{line}}}")
    return load("\n".join(lines))


def outputs(graph: Multigraph, node_id: str, value: int) -> CacheEntry:
    made = {name: f"{node_id}.{name}" for name in graph.node(node_id).outputs}
    return CacheEntry(f"sf-{node_id}", made, {"v": value})


def facts(found: dict[str, CacheEntry]) -> PlanFacts:
    return PlanFacts("c", "p", "e", {"f": "1"}, found.get)


@settings(deadline=None, max_examples=200)
@given(graphs(), st.booleans(), st.booleans())
def test_each_node_has_one_verdict_and_a_sentence(
    graph: Multigraph, has_batch: bool, has_champion: bool
) -> None:
    batch = "b" if has_batch else None
    made = plan(graph, facts({}), batch=batch, champion=CHAMPION if has_champion else None)
    assert [one.node for one in made.nodes] == list(graph.ids())
    assert all(one.reason for one in made.nodes)


@settings(deadline=None, max_examples=200)
@given(graphs())
def test_nothing_planned_lacks_a_required_input(graph: Multigraph) -> None:
    made = plan(graph, facts({}), batch="b", champion=CHAMPION).verdicts()
    for node in graph.nodes:
        if made[node.id] != "skipped":
            for item in node.inputs:
                nodes = [source.node for source in item.sources if source.kind == "node"]
                if len(nodes) == len(item.sources):
                    assert any(made[name] != "skipped" for name in nodes)


@settings(deadline=None, max_examples=100)
@given(graphs(), st.data())
def test_after_a_run_everything_that_ran_is_cached(graph: Multigraph, data: st.DataObject) -> None:
    """Plan, run as the plan and the conditions allow, plan again: nothing is left to run."""
    values = {node.id: data.draw(st.integers(0, 1)) for node in graph.nodes}
    found: dict[str, CacheEntry] = {}
    for _ in graph.nodes:
        made = plan(graph, facts(found), batch="b", champion=CHAMPION)
        for one in made.nodes:
            if one.verdict == "run" and one.key:
                found[one.key] = outputs(graph, one.node, values[one.node])
    made = plan(graph, facts(found), batch="b", champion=CHAMPION)
    assert [one.node for one in made.nodes if one.verdict == "run"] == ["batches"]


@settings(deadline=None, max_examples=100)
@given(graphs(), st.data())
def test_every_run_comes_to_its_end_in_order(graph: Multigraph, data: st.DataObject) -> None:
    walk = order(graph)
    states: dict[str, NodeState] = dict.fromkeys(graph.ids(), "waiting")
    values: dict[tuple[str, str], Scalar] = {}
    while decided := ready(graph, states, values, order=walk):
        one = data.draw(st.sampled_from(decided))
        if isinstance(one, Skip):
            assert one.reason
            states[one.node] = "skipped"
            continue
        assert all(states[up] in ("done", "skipped") for up in walk.parents[one.node])
        states[one.node] = "done"
        values[one.node, "v"] = data.draw(st.integers(0, 1))
    assert set(states.values()) <= {"done", "skipped"}
