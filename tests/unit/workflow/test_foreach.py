"""``foreach``: what is written once becomes one node a value, and others may take all of them."""

import pytest

from scanflow_tui.contract import limits
from scanflow_tui.contract.step import CONTRACT, Step, StepFile
from scanflow_tui.workflow import when
from scanflow_tui.workflow.export import text as drawn
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.keys import cache_key
from scanflow_tui.workflow.lint import check, read
from scanflow_tui.workflow.plan import PlanFacts, plan
from scanflow_tui.workflow.progress import Skip, ready
from tests.unit.workflow.pipelines import steps

TUNE = "tune: {foreach: {lr: [0.1, 0.01]}, run: 't --rate {lr} {x}', out: [model]}"
BEST = "best: {run: b, in: {models: tune.model}}"


def tuned(*more: str) -> Multigraph:
    return read(steps(TUNE, *more))


def errors(*lines: str) -> list[str]:
    return [one.text("p") for one in check(steps(*lines)) if one.severity == "error"]


def test_each_value_is_a_node_with_the_parameter_and_the_command_filled_in() -> None:
    graph = tuned()
    assert graph.ids() == ("tune_1", "tune_2")
    assert [node.params for node in graph.nodes] == [{"lr": 0.1}, {"lr": 0.01}]
    assert graph.node("tune_2").run == ("t", "--rate", "0.01", "{x}")
    assert {node.group for node in graph.nodes} == {"tune"}


def test_several_lists_make_every_combination_the_last_fastest() -> None:
    graph = read(steps("a: {foreach: {x: [1, 2], y: [b, c]}, run: r}"))
    found = [(node.params["x"], node.params["y"]) for node in graph.nodes]
    assert found == [(1, "b"), (1, "c"), (2, "b"), (2, "c")]


def test_a_node_that_takes_the_output_takes_all_of_them_in_order() -> None:
    best = tuned(BEST).node("best")
    assert [item.sources[0].text() for item in best.inputs] == ["tune_1.model", "tune_2.model"]
    assert best.lists == {"models": ("models_1", "models_2")}
    assert tuned(BEST).upstream("best") == {"tune_1", "tune_2"}


def test_a_node_over_the_same_list_takes_the_same_value() -> None:
    graph = tuned("test: {foreach: tune, run: t, in: {m: tune.model}}")
    assert graph.upstream("test_2") == {"tune_2"}
    assert graph.node("test_2").params == {"lr": 0.01}
    assert graph.node("test_2").lists == {}


def test_a_node_over_another_list_takes_all() -> None:
    graph = tuned("test: {foreach: {k: [1, 2, 3]}, run: t, in: {m: tune.model}}")
    assert graph.upstream("test_3") == {"tune_1", "tune_2"}


def test_one_of_them_may_be_named() -> None:
    assert tuned("b: {run: b, in: {m: tune_2.model}}").upstream("b") == {"tune_2"}


def test_after_means_all_and_the_same_value_over_the_same_list() -> None:
    graph = tuned("a: {run: a, after: [tune]}", "b: {foreach: tune, run: b, after: [tune]}")
    assert graph.upstream("a") == {"tune_1", "tune_2"}
    assert graph.upstream("b_1") == {"tune_1"}


def test_a_message_reaches_every_agent_of_a_list() -> None:
    graph = read(
        "scanflow: 1\nnodes:\n  a: {agent: tracker, run: a}\n"
        "  b: {agent: improver, foreach: {x: [1, 2]}, run: b}\nmessages: ['a -> b: go']\n"
    )
    assert [edge.target for edge in graph.edges if edge.kind == "message"] == ["b_1", "b_2"]


def test_a_listed_seed_is_the_seed() -> None:
    graph = read(steps("a: {foreach: {seed: [7, 8]}, run: r}"))
    assert [node.seed for node in graph.nodes] == [7, 8]


def test_places_lead_to_what_was_written() -> None:
    graph = tuned(BEST)
    assert graph.places["best.in.models_2"].line == 4
    assert graph.places["tune_2.foreach"].line == 3


def test_a_key_follows_the_value_and_not_the_number() -> None:
    def keys(values: str) -> dict[float, str]:
        graph = read(steps(f"a: {{foreach: {{x: {values}}}, run: r}}"))
        known = {"code": "c", "package_version": "1", "environment": "e", "inputs": {}}
        return {node.params["x"]: cache_key(node, **known) for node in graph.nodes}

    short, long = keys("[1, 2]"), keys("[0, 1, 2]")
    assert short[1] == long[1] and short[2] == long[2] and len(set(long.values())) == 3


def test_what_takes_all_is_skipped_when_one_is() -> None:
    decided = ready(tuned(BEST), {"tune_1": "done", "tune_2": "skipped"}, {})
    assert [type(one) for one in decided] == [Skip]


def test_it_is_planned_and_drawn_like_any_node() -> None:
    facts = PlanFacts("c", "1", "e", {}, lambda key: None)
    made = plan(tuned(BEST), facts, batch=None, champion=None)
    assert made.verdicts() == dict.fromkeys(("tune_1", "tune_2", "best"), "run")
    assert "tune_2" in drawn(tuned(BEST))


def test_a_value_of_one_member_may_be_read() -> None:
    graph = read(
        steps(
            "a: {foreach: {x: [1, 2]}, run: r, values: {acc: number}}",
            "b: {run: b, when: a_2.acc > 0.5}",
        )
    )
    assert when.names(when.parse(graph.node("b").when)) == {("a_2", "acc")}


def test_a_step_finds_the_paths_of_all() -> None:
    inputs = {"models_1": "/s/a", "models_2": "/s/b", "data": "/s/d"}
    lists = {"models": ("models_1", "models_2")}
    file = StepFile(CONTRACT, "sf", 1, "best", 1, inputs, {}, {}, {}, 0, (), "r", "v", lists=lists)
    step = Step(StepFile.from_json(file.to_json()))
    assert [str(path) for path in step.inputs("models")] == ["/s/a", "/s/b"]
    assert [str(path) for path in step.inputs("data")] == ["/s/d"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["a: {foreach: {}, run: x}"], "'foreach' is empty"),
        (["a: {foreach: {x: 1}, run: x}"], "'foreach' 'x' is a list of values"),
        (["a: {foreach: {x: []}, run: x}"], "'foreach' 'x' is a list of values"),
        (["a: {foreach: [1, 2], run: x}"], "'foreach' is a mapping, not a list"),
        (["a: {foreach: {X: [1]}, run: x}"], "'foreach' has 'X', which is no name"),
        (["a: {foreach: zz, run: x}"], "'zz' is no foreach node"),
        (["a: {foreach: a, run: x}"], "'a' comes back to itself"),
        (["a: {foreach: {x: [1]}, with: {x: 2}, run: x}"], "stands in 'with' and in 'foreach'"),
        (["a: {foreach: {x: [1]}, run: x}", "a_1: {run: x}"], "that id stands there already"),
        (["a" * 39 + ": {foreach: {x: [1]}, run: x}"], "that id is too long"),
        ([TUNE, "b: {run: x, in: {i: [tune.model]}}"], "take all of it by tune.model, alone"),
        ([TUNE, "b: {run: x, in: {i: tune.model, i_1: tune_1.model}}"], "has two inputs 'i_1'"),
        ([TUNE, "b: {run: x, in: {i: tune.modle}}"], "did you mean 'model'?"),
        ([TUNE, "b: {run: x, when: tune.acc > 1}"], "unknown node 'tune'"),
        (["c: {agent: checker, foreach: {x: [1]}, run: x}"], "a checker cannot be a foreach"),
        (["h: {human: label, foreach: {x: [1]}}"], "a human node takes no 'foreach'"),
        (["a: {matrix: {x: [1]}, run: x}"], "unknown key 'matrix'; did you mean 'foreach'?"),
        (
            [
                "a: {foreach: {x: [1, 2]}, run: x, out: [table]}",
                "h: {human: approve, in: {t: a.table}}",
            ],
            "a person is shown one 'table'",
        ),
    ],
)
def test_a_mistake_gets_its_sentence(lines: list[str], sentence: str) -> None:
    assert any(sentence in line for line in errors(*lines)), errors(*lines)


def test_a_list_that_is_too_long_is_refused() -> None:
    values = list(range(limits.FOREACH_MAX + 1))
    assert any(
        "at most 1000" in line for line in errors(f"a: {{foreach: {{x: {values}}}, run: x}}")
    )


def test_more_nodes_than_a_graph_may_have_are_refused() -> None:
    values = list(range(limits.FOREACH_MAX))
    lines = [f"a{at}: {{foreach: {{x: {values}}}, run: x}}" for at in range(6)]
    assert any("6000 nodes" in line for line in errors(*lines))


def test_more_inputs_than_anybody_needs_are_refused() -> None:
    values = list(range(limits.FOREACH_MAX))
    takes = [f"b{at}: {{run: x, in: {{i: a.o}}}}" for at in range(101)]
    found = errors(f"a: {{foreach: {{x: {values}}}, run: x, out: [o]}}", *takes)
    assert any("more than 100000 inputs" in line for line in found)


def test_a_warning_about_a_list_is_said_once() -> None:
    lines = "a: {foreach: {x: [1, 2, 3]}, run: r, out: [o], limits: {network: true}}"
    found = [one.sentence for one in check(steps(lines))]
    assert found[0] == "nothing reads a.o" and found[1].startswith("'a' asks for less hardening")
    assert len(found) == 2


def test_a_list_of_which_one_is_read_is_read() -> None:
    lines = "a: {foreach: {x: [1, 2]}, run: r, out: [o]}"
    assert check(steps(lines, "b: {run: b, in: {i: a_1.o}}")) == []
