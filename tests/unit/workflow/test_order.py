from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.load import load
from scanflow_tui.workflow.order import cycle, order, reach
from tests.unit.workflow.pipelines import LOOP, steps


def test_every_node_comes_after_what_it_waits_for() -> None:
    walk = order(read(LOOP))
    place = {node_id: at for at, node_id in enumerate(walk.ids)}
    assert len(place) == 11
    assert all(place[up] < place[node] for node in place for up in walk.parents[node])


def test_a_cycle_is_left_out_and_named() -> None:
    walk = order(load(steps("a: {run: x, after: b}", "b: {run: x, after: a}", "c: {run: x}")))
    assert walk.ids == ("c",)
    assert set(cycle(walk)) == {"a", "b"}


def test_reach_goes_all_the_way() -> None:
    walk = order(read(LOOP))
    assert reach(["evaluate"], walk.children) == {"evaluate", "approve"}


def test_conditions_are_parsed_once() -> None:
    walk = order(read(LOOP))
    assert walk.reads["label"] == {("check", "verdict")}
    assert set(walk.when) == {"label", "retrain", "filter"}
