"""What a node's latest attempt was made of, so that a plan can name what changed since."""

from __future__ import annotations

from dataclasses import replace

from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import SessionState
from scanflow_tui.supervisor.machine.production import parts_of
from scanflow_tui.supervisor.machine.turn import Machine, Turn
from scanflow_tui.workflow.graph import Node
from scanflow_tui.workflow.keys import difference


def test_an_edited_command_is_named_and_so_is_what_no_word_stands_for() -> None:
    made = Turn(Machine(SessionState(), Capacity(None, None), "human:u1"), 10, b"0" * 16)
    made.emit(ev.SessionOpened("S", "s", "", "", "", "", ""))
    made.emit(ev.PipelineRead("scanflow: 1\nnodes: {a: {run: old}}"))
    made.emit(ev.RunPlanned(1, None, None, "c", "e", {}, (ev.PlannedNode("a", "run", ""),)))
    made.emit(ev.AttemptIntended(1, "a", 1, "sf-s-1-a-1", "key", {}, {}, {}, ("old",), "", 0))
    before = parts_of(made.state)["a"]
    node = Node("a", "step")
    assert difference(node, before, before) == ""
    assert difference(node, before, replace(before, argv=("new",), key="k2")) == (
        "the command changed"
    )
    assert "seed" in difference(node, before, replace(before, key="k2"))
