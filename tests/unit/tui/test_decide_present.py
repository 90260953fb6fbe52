"""What the Decide and Result screens say, and what a decision would run."""

from __future__ import annotations

from dataclasses import replace

from scanflow_tui.contract.evidence import Interval
from scanflow_tui.session.folds import fold
from scanflow_tui.session.state import SessionState
from scanflow_tui.tui.present import asked
from scanflow_tui.tui.present import decide as show
from scanflow_tui.tui.present import result as judged
from scanflow_tui.tui.present.class_keys import class_keys
from scanflow_tui.tui.present.numbers import change, count, p_value, seconds, share
from scanflow_tui.tui.present.pipeline import graph_of, read
from scanflow_tui.tui.present.what_runs import limits_text, what_runs
from tests.fakes.demo_events import CLASSES, demo_events, options, table

KEYS = class_keys(CLASSES)


def state(chapter: str) -> SessionState:
    found = SessionState()
    for event in demo_events(chapter):
        fold(found, event)
    return found


def test_numbers_are_written_as_people_read_them() -> None:
    assert [share(x) for x in (0.41, 1.0, 0.0, None)] == [".41", "1.00", ".00", "—"]
    assert [p_value(x) for x in (0.0003, 0.00001, 0.004, 0.41)] == [
        ".0003", "< .0001", ".004", ".41",
    ]  # fmt: skip
    assert [seconds(x) for x in (12.4, 0.0, 240.0, None)] == ["~12 s", "ready", "~4 min", "—"]
    assert count(1, "batch", "batches") == "1 batch"
    assert count(1200, "label") == "1,200 labels"


def test_a_change_carries_its_sign_and_its_interval() -> None:
    assert change(Interval(0.12, 0.07, 0.17, 50)) == "+.12 ±.05"
    assert change(Interval(-0.03, -0.04, -0.02, 50)) == "-.03 ±.01"
    assert change(Interval(0.0, -0.01, 0.01, 50)) == ".00 ±.01"


def test_rows_of_options_fit_a_small_screen_but_for_the_reason() -> None:
    for row in show.option_rows(options().options, 0):
        assert row.plain[show.TITLE_WIDTH + 2 + sum(show.COLUMNS) - 1] == " "


def test_an_option_that_is_not_measurable_says_so() -> None:
    first = options().options[0]
    seen = replace(first.evidence, after=None, why="")
    row = show.option_rows([replace(first, evidence=seen)], 0)[0].plain
    assert "not measurable yet" in row
    assert ".52 → ?" in row


def test_undecided_names_the_rival_where_there_is_room() -> None:
    option = options().options[0]
    seen = replace(option.evidence, undecided_against="filter", why="")
    undecided = replace(option, evidence=seen)
    assert "undecided against filter" in show.option_rows([undecided], 0)[0]
    assert show.option_rows([undecided], 0, 78)[0].plain.endswith(" undecided")


def test_the_whole_reason_stands_in_the_details() -> None:
    option = options().options[0]
    seen = replace(option.evidence, undecided_against="filter", why="fixed 19, broke 2")
    told = show.details(replace(option, evidence=seen), KEYS, 78)
    assert told[0].plain.endswith(": undecided against filter; fixed 19, broke 2")
    assert not any("fixed 19" in row.plain for row in told[1:])


def test_a_decision_runs_its_branch_and_skips_the_other() -> None:
    found = state("decide")
    run = asked.decide_run(found)
    graph = graph_of(found, run)
    assert run is not None
    assert graph is not None
    fates = {item.node: item.fate for item in what_runs(graph, run, "decide", "filter")}
    assert fates == {
        "retrain": "skipped", "filter": "run", "evaluate": "run", "approve": "asks you",
    }  # fmt: skip


def test_ignoring_skips_everything_behind_it() -> None:
    found = state("decide")
    run = asked.decide_run(found)
    graph = graph_of(found, run)
    assert run is not None
    assert graph is not None
    coming = what_runs(graph, run, "decide", "ignore")
    assert all(item.fate == "skipped" for item in coming), coming
    option = options().options[3]
    assert "Nothing is started" in show.dialog_body(option, coming, "process", "why not")


def test_limits_are_said_in_words() -> None:
    node = read(state("opened").pipelines[0])
    assert node is not None
    assert limits_text(node.node("train").limits) == "2 CPUs, 2.0 GiB, at most 10 min"


def test_a_pipeline_that_cannot_be_read_is_no_graph() -> None:
    assert read("nodes: [") is None


def test_a_gain_whose_interval_holds_zero_is_a_warning_once() -> None:
    found = table()
    row = replace(found.rows[0], delta=Interval(0.02, -0.03, 0.07, 20))
    said = judged.warnings(replace(found, rows=(row,)))
    assert said[-1] == "the gain on drifted may be none: its interval is -.03 to +.07"
    assert judged.warnings(found) == list(found.gate.warnings)


def test_the_version_before_is_never_a_later_one() -> None:
    found = state("promoted")
    assert judged.version_before(found) == 1
    assert judged.version_before(state("trained")) is None


def test_standing_says_what_became_of_the_candidate() -> None:
    found = state("evaluated")
    run = asked.result_run(found)
    assert run is not None
    assert judged.standing(found, run) == "v2 not promoted"
    found = state("promoted")
    run = asked.result_run(found)
    assert run is not None
    assert judged.standing(found, run) == "v2 in production"


def test_the_run_that_asks_comes_before_the_latest() -> None:
    found = state("decide")
    run = asked.decide_run(found)
    assert run is not None
    assert run.number == found.conversation
    assert asked.label_desk(state("clean")) is None
    assert [check.batch for check in asked.checks(found)] == ["b0001", "b0002"]
