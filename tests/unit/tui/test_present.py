"""Presenters by value: times, chrome, the graph, help, the transport."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from scanflow_tui.session.folds import replay
from scanflow_tui.tui import keys, transport
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present import chrome, detail, graph, story, times
from scanflow_tui.tui.present.attempts import attempts_of, first_to_read, run_in_view
from scanflow_tui.tui.present.help import help_rows
from scanflow_tui.tui.present.replay import slider
from scanflow_tui.tui.widgets.graphpicture import Picture
from scanflow_tui.workflow.layout import layout
from scanflow_tui.workflow.load import load
from tests.fakes.demo_events import PIPELINE, demo_events, training


def test_elapsed_grows_its_units() -> None:
    assert [times.elapsed(s) for s in (4.9, 72, 3725, 100_000)] == [
        "4 s", "01:12", "1:02:05", "1 d 3 h",
    ]  # fmt: skip


def test_ago_is_rough() -> None:
    minute, day = 60_000_000, 86_400_000_000
    assert times.ago(0, 0) == "now"
    assert times.ago(0, 2 * minute) == "2 min ago"
    assert times.ago(0, day) == "yesterday"


def test_the_top_bar_drops_the_clock_then_the_calm_link_then_the_status() -> None:
    def bar(width: int) -> str:
        crumbs, link = ("mnist-demo", "Logs"), ("saved", "dim")
        return chrome.topbar(crumbs, "follow", link, "14:02 local", width).plain

    assert bar(80).endswith("follow · saved · 14:02 local")
    assert bar(46).endswith("follow · saved")
    assert bar(38).endswith("follow")
    assert "follow" not in bar(30)


def test_a_lost_link_stays_in_the_bar_the_longest() -> None:
    link = ("⚠ reconnecting 3 s", "bad")
    text = chrome.topbar(("mnist-demo", "Logs"), "follow", link, "14:02 local", 50).plain
    assert text.endswith("⚠ reconnecting 3 s")


def test_the_footer_is_cut_from_the_right_but_keeps_help_and_all() -> None:
    entries = chrome.footer_entries(keys.actions_of("workflow"), "workflow")
    text = chrome.footer(entries, 40).plain
    assert text.startswith(" enter open") and text.rstrip().endswith("? help  ctrl+p all")
    assert len(text.rstrip()) <= 40


def test_equal_words_share_a_footer_entry() -> None:
    entries = dict(chrome.footer_entries(keys.actions_of("drift"), "drift"))
    assert entries["[ ]"] == "batch"


def test_folding_the_agents_bridges_what_led_through_them() -> None:
    whole = load(PIPELINE)
    steps = graph.folded(whole, "supervision")
    assert "check" not in steps.ids() and "evaluate" in steps.ids()
    assert "evaluate" in steps.downstream("base")
    assert graph.folded(whole, None) is whole


def test_moves_follow_edges() -> None:
    picture = layout(load(PIPELINE))
    assert graph.neighbour(picture, "check", "right") == "label"
    assert graph.neighbour(picture, "label", "left") == "check"
    assert graph.neighbour(picture, "check", "down") == "base"
    assert graph.neighbour(picture, "approve", "right") == "approve"


@pytest.mark.parametrize("form", graph.FORMS)
def test_a_relabelled_box_is_as_painted_anew(form: graph.Form) -> None:
    whole = load(PIPELINE)
    labels = dict.fromkeys(whole.ids(), ("·", "waiting"))
    changed, anew = Picture(whole, form, {}), Picture(whole, form, {})
    changed.paint(labels, ascii=False)
    changed.relabel("check", ("▶", "00:12 31%"), ascii=False)
    anew.paint(labels | {"check": ("▶", "00:12 31%")}, ascii=False)
    assert changed.painted is not None and anew.painted is not None
    assert changed.painted.rows == anew.painted.rows
    assert any("00:12 31%"[:8] in row for row in changed.painted.rows)


def test_the_most_urgent_node_comes_first() -> None:
    state = replay(demo_events("asked"))
    assert graph.active(state.runs[3]) == ["label"]


def test_the_asking_run_is_in_view() -> None:
    state = replay(demo_events("asked"))
    run = run_in_view(state, None)
    assert run is not None and run.number == 3
    chosen = run_in_view(state, 2)
    assert chosen is not None and chosen.number == 2


def test_the_running_attempt_is_read_first() -> None:
    attempts = attempts_of(replay(training()).runs[1])
    assert attempts[first_to_read(attempts, None)][0] == "train"


def test_detail_says_why_with_hashes_and_limits() -> None:
    state = replay(demo_events())
    rows = detail.rows(state.runs[3], "retrain", load(PIPELINE), Known(), state.at)
    text = "\n".join(row.plain for row in rows)
    for part in ("✔ done", "exit 0", "out       model", "limits", "retries 0"):
        assert part in text


def test_detail_says_what_a_step_asks_for_beyond_the_default() -> None:
    state = replay(demo_events())
    graph_ = load(PIPELINE.replace("time: 10m", "time: 10m, network: true, gpus: 1"))
    rows = detail.rows(state.runs[1], "train", graph_, Known(), state.at)
    assert "asks for  network, 1 GPU" in "\n".join(row.plain for row in rows)


def test_a_flat_line_has_a_sparkline_too() -> None:
    assert detail.sparkline([1, 1, 1]) == "▄▄▄"
    assert detail.sparkline([0, 1])[0] < detail.sparkline([0, 1])[1]


def test_every_event_of_a_session_has_a_sentence() -> None:
    for event in demo_events():
        symbol, where, what = story.sentence(event)
        assert symbol and (where or what) and what != event.kind


def test_help_says_why_something_does_not_work_now() -> None:
    actions = keys.actions_of("workflow")
    rows = help_rows(actions, "workflow", lambda action: "nothing runs" * (action.id == "cancel"))
    assert any("Cancel" in row.plain and "(nothing runs)" in row.plain for row in rows)


def test_help_is_filtered_by_words() -> None:
    found = help_rows(keys.actions_of("workflow"), "workflow", lambda action: "", "try the node")
    assert [row.plain.split()[0] for row in found] == ["Do", "t"]


def test_the_slider_reaches_both_ends() -> None:
    assert slider(0, 10, 12) == "◀●─────────▶"
    assert slider(10, 10, 12) == "◀─────────●▶"
    assert len(slider(3, 10, 40)) == 40


def test_long_silences_are_played_short() -> None:
    stamps = [0, 3_600_000_000, 3_600_500_000]
    assert transport.wait_s(stamps, 0, 1) == transport.GAP_S_MAX
    assert transport.due(stamps, 0, 2.0, 1) == 1
    assert transport.due(stamps, 0, 2.6, 1) == 2
    assert transport.due(stamps, 0, 1.3, 2) == 2


def test_decisions_before_and_after() -> None:
    assert transport.decision_before([3, 9], 9) == 3
    assert transport.decision_after([3, 9], 3) == 9
    assert transport.decision_after([3, 9], 9) is None


def test_a_link_that_is_lost_is_said_even_where_its_reason_has_no_room() -> None:
    link = ("⚠ closed: this session is not shared with you", "bad")
    text = chrome.topbar(("toy", "Label"), "3 of 13", link, "14:02 local", 44).plain
    assert "⚠ closed: this" in text and text.rstrip().endswith("…")
    assert cell_len(text) <= 44
    assert "closed" not in chrome.topbar(("toy", "Label"), "3", link, "", 30).plain
