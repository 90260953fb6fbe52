"""Which nodes are looked at: those whose parents just ended, all of a run that is not known."""

from __future__ import annotations

from scanflow_tui.session import events as ev
from scanflow_tui.session.state import NodeView, RunView
from scanflow_tui.supervisor.machine import frontier
from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.order import Order, order
from scanflow_tui.workflow.plan import Ready

PIPELINE = """\
scanflow: 1
name: diamond
nodes:
  a: {run: x, out: [o]}
  b: {run: x, in: {i: a.o}, out: [o]}
  c: {run: x, in: {i: a.o}, out: [o]}
  d: {run: x, in: {i: b.o, j: c.o}, out: [o]}
"""


def walk() -> Order:
    return order(read(PIPELINE))


def run_of(**states: str) -> RunView:
    nodes = {name: NodeView(name, states.get(name, "waiting"), "run", "") for name in "abcd"}  # type: ignore[arg-type]
    return RunView(1, None, None, "", "", {}, 0, "running", 0, nodes)


def test_a_run_that_is_not_known_is_looked_at_whole() -> None:
    frontiers: frontier.Frontiers = {}
    assert frontier.decide(frontiers, run_of(a="done"), walk()) == [Ready("b"), Ready("c")]
    assert frontiers == {1: {"b", "c"}}


def test_a_node_that_ended_brings_its_children_into_view() -> None:
    frontiers = {1: {"c"}}
    frontier.heard(frontiers, ev.NodeSkipped(1, "b", "no"), lambda run: walk())
    assert frontiers == {1: {"c", "d"}}


def test_of_a_run_without_an_order_nothing_is_known() -> None:
    frontiers = {1: {"c"}}
    frontier.heard(frontiers, ev.NodeSkipped(1, "b", "no"), lambda run: None)
    assert frontiers == {}


def test_after_a_retry_all_is_looked_at_again() -> None:
    frontiers = {1: {"c"}, 2: {"a"}}
    frontier.heard(frontiers, ev.RetryAsked(1, None), lambda run: walk())
    assert frontiers == {2: {"a"}}


def test_only_the_frontier_is_decided_and_what_is_ready_stays() -> None:
    frontiers = {1: {"c", "d"}}
    run = run_of(a="done", b="done", c="waiting")
    assert frontier.decide(frontiers, run, walk()) == [Ready("c")]
    assert frontiers == {1: {"c"}}
