"""Foreach groups folded to one box: nodes, edges as written, and what the box says."""

from __future__ import annotations

import pytest

from scanflow_tui.session.folds import replay
from scanflow_tui.tui.present import groups
from scanflow_tui.workflow.layout import layout
from scanflow_tui.workflow.load import load
from scanflow_tui.workflow.paint import paint
from tests.driver import NOW_S
from tests.fakes.fan_events import fanned, pipeline

MEMBERS = tuple(f"tune_{at}" for at in range(1, 41))


def test_each_group_has_its_members_in_order() -> None:
    found = groups.groups_of(load(pipeline()))
    assert list(found) == ["tune", "test"]
    assert found["tune"] == MEMBERS


def test_a_folded_group_is_one_node_with_the_edges_as_written() -> None:
    small, boxes = groups.folded(load(pipeline()), ("tune", "test"))
    assert small.ids() == ("load", "tune ×40", "test ×40", "best")
    assert boxes["tune_7"] == "tune ×40"
    assert [(edge.source, edge.target, edge.label) for edge in small.edges] == [
        ("load", "tune ×40", "data"),
        ("tune ×40", "test ×40", "model"),
        ("tune ×40", "best", "model"),
        ("test ×40", "best", "score"),
    ]


def test_one_of_two_groups_may_be_folded() -> None:
    small, _ = groups.folded(load(pipeline(3)), ("tune",))
    assert small.ids() == ("load", "tune ×3", "test_1", "test_2", "test_3", "best")
    assert small.upstream("test_2") == frozenset({"tune ×3"})
    assert small.upstream("best") == frozenset({"tune ×3", "test_1", "test_2", "test_3"})


def test_a_graph_without_groups_is_left_as_it_is() -> None:
    whole = load(pipeline())
    assert groups.folded(whole, ())[0] is whole


def test_the_summary_counts_and_leads_with_what_failed() -> None:
    run = replay(fanned()).runs[1]
    told = groups.summary(run, MEMBERS, ascii=False)
    assert (told.symbol, told.words, told.tone) == ("✖", "12 of 40 done, 1 failed", "bad")
    assert told.brief == "12/40✔ 1✖"
    told = groups.summary(run, [f"test_{at}" for at in range(1, 41)], ascii=False)
    assert (told.symbol, told.words) == ("·", "all 40 waiting")


def test_what_runs_is_said_where_nothing_failed() -> None:
    run = replay(fanned(fails=False)).runs[1]
    assert groups.summary(run, MEMBERS, ascii=True).words == "12 of 40 done, 1 running"


@pytest.mark.parametrize("compact", [False, True])
def test_a_box_is_wide_enough_for_any_summary_of_its_members(compact: bool) -> None:
    run = replay(fanned()).runs[1]
    small, _ = groups.folded(load(pipeline()), ("tune", "test"))
    least = groups.least_widths({"tune ×40": MEMBERS}, compact=compact)
    picture = layout(small, compact=compact, worded=compact, least=least)
    told = groups.summary(run, MEMBERS, ascii=False)
    said = told.brief if compact else told.words
    rows = paint(picture, {"tune ×40": (told.symbol, said)}).rows
    assert any(said in row for row in rows)


def test_the_member_to_look_at_first_is_the_one_that_failed() -> None:
    run = replay(fanned()).runs[1]
    assert groups.urgent_member(run, MEMBERS) == "tune_13"
    assert groups.urgent_member(None, MEMBERS) == "tune_1"


def test_the_rows_begin_with_what_needs_somebody() -> None:
    run = replay(fanned()).runs[1]
    rows = groups.rows(run, load(pipeline()), MEMBERS, int(NOW_S * 1e6), ascii=False)
    assert rows[0].plain == " ✖ 26 waiting, 12 done, 1 failed, 1 running"
    assert rows[2].plain.split() == [
        "✖", "tune_13", "failed", "2.0", "s", "lr", "0.13", "loss", "is", "not", "a", "number",
    ]  # fmt: skip
    assert rows[3].plain.startswith("   ▶ tune_14 running")
    assert len(rows) == 42
