"""Nodes that a run never came to are told so, with what stood in their way."""

from __future__ import annotations

import pytest

from scanflow_tui.contract.states import NodeState, RunState
from scanflow_tui.session.state import NodeView, RunView
from scanflow_tui.session.unreached import named, state_shown, unreached


def run_of(state: RunState, **nodes: NodeState) -> RunView:
    views = {name: NodeView(name, node, "run", "planned so") for name, node in nodes.items()}
    return RunView(1, None, None, "c", "e", {}, 0, state, 0, views)


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (run_of("running", a="failed", z="waiting"), ""),
        (run_of("failed", a="failed", z="waiting"), "not run: a failed"),
        (run_of("failed", a="timed_out", z="waiting"), "not run: a timed out"),
        (run_of("failed", a="lost", z="waiting"), "not run: a was lost"),
        (run_of("failed", a="failed", b="doubt", z="waiting"), "not run: a and b failed"),
        (run_of("cancelled", a="cancelled", z="waiting"), "not run: the run was cancelled"),
        (run_of("superseded", a="done", z="waiting"), "not run: the run was superseded"),
        (run_of("failed", a="failed", z="skipped"), ""),
    ],
)
def test_what_was_not_run_says_why(run: RunView, said: str) -> None:
    node = run.nodes["z"]
    assert unreached(run, node) == said
    assert state_shown(run, node) == ("not_run" if said else node.state)


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_many_are_counted(nodes: list[str], said: str) -> None:
    assert named(nodes) == said
