from scanflow_tui.contract.states import NodeState
from scanflow_tui.contract.step import Scalar
from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.order import order
from scanflow_tui.workflow.progress import Ready, Skip, inputs_of, ready
from tests.unit.workflow.pipelines import LOOP

GRAPH = read(LOOP)
ORDER = order(GRAPH)


def decisions(
    values: dict[tuple[str, str], Scalar] | None = None, **states: NodeState
) -> dict[str, str]:
    """Ready or the reason to skip, by node; nodes not named are waiting."""
    full: dict[str, NodeState] = dict.fromkeys(GRAPH.ids(), "waiting")
    found = ready(GRAPH, full | states, values or {}, order=ORDER)
    return {one.node: "ready" if isinstance(one, Ready) else one.reason for one in found}


def test_what_waits_for_nothing_is_ready() -> None:
    assert decisions() == {"batches": "ready", "train": "ready", "base": "ready"}


def test_a_node_is_ready_when_its_parents_ended_well() -> None:
    found = decisions(train="skipped", base="cached", batches="done")
    assert found == {"check": "ready"}


def test_a_condition_that_holds_makes_ready() -> None:
    seen: dict[tuple[str, str], Scalar] = {("check", "verdict"): "drift"}
    assert decisions(seen, train="done", base="done", batches="done", check="done") == {
        "label": "ready"
    }


def test_a_condition_that_fails_skips_with_its_value() -> None:
    seen: dict[tuple[str, str], Scalar] = {("check", "verdict"): "clean"}
    found = decisions(seen, train="done", base="done", batches="done", check="done")
    assert found == {
        "label": "when: check.verdict == 'drift' does not hold (check.verdict is 'clean')"
    }


def test_a_value_that_never_came_skips() -> None:
    found = decisions(train="done", base="done", batches="done", check="done")
    assert "cannot be decided: check gave no 'verdict'" in found["label"]


def test_what_takes_from_a_skipped_node_is_skipped_at_once() -> None:
    found = decisions(label="skipped", base="running")
    assert found["plan"] == "input label.labels is not made: label is skipped"


def test_a_list_needs_one_of_its_sources() -> None:
    ended: dict[str, NodeState] = dict.fromkeys(GRAPH.ids(), "done")
    assert decisions(**(ended | {"filter": "skipped", "evaluate": "waiting"})) == {
        "evaluate": "ready"
    }
    both: dict[str, NodeState] = {"filter": "skipped", "retrain": "skipped", "evaluate": "waiting"}
    assert decisions(**(ended | both)) == {
        "evaluate": "none of retrain.model, filter.model is made"
    }


def test_behind_a_failed_node_nothing_is_decided() -> None:
    found = decisions(train="done", base="done", batches="done", check="failed")
    assert found == {}


def test_only_those_asked_about_are_looked_at() -> None:
    states: dict[str, NodeState] = dict.fromkeys(GRAPH.ids(), "waiting")
    assert ready(GRAPH, states, {}, among=["train"]) == [Ready("train")]


def test_decisions_can_be_matched_by_position() -> None:
    match Skip("a", "why"):
        case Skip(node, reason):
            assert (node, reason) == ("a", "why")


def test_inputs_come_from_files_champion_batch_and_nodes() -> None:
    inputs, sources = inputs_of(
        GRAPH.node("base"),
        outputs={},
        files={"data/train": "f"},
        champion={"model": "m"},
        batch=None,
    )
    assert inputs == {"model": "m", "data": "f"}
    assert sources == {"model": "champion.model", "data": "file:data/train"}
    inputs, sources = inputs_of(
        GRAPH.node("check"), outputs={}, files={}, champion={"model": "m"}, batch="b"
    )
    assert inputs["batch"] == "b" and sources["batch"] == "batches"


def test_of_a_list_the_one_that_was_made_is_taken() -> None:
    made = {("filter", "model"): "fm", ("label", "audit"): "a"}
    inputs, sources = inputs_of(
        GRAPH.node("evaluate"), outputs=made, files={}, champion={}, batch="b"
    )
    assert inputs == {"candidate": "fm", "audit": "a"}
    assert sources["candidate"] == "filter.model"
