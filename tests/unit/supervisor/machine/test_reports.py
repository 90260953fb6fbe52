"""Report files: what counts, what is left out, and how metrics are coalesced."""

from __future__ import annotations

import json

from scanflow_tui.contract import limits
from scanflow_tui.supervisor.machine.reports import Tail, coalesce


def lines(*said: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in said)


def metric(value: float, name: str = "loss", step: int | None = None) -> dict[str, object]:
    return {"metric": name, "value": value, "step": step}


def test_progress_is_the_latest_and_within_bounds() -> None:
    tail = Tail()
    tail.feed(lines({"progress": 0.1, "text": "a"}, {"progress": 7, "text": "b"}))
    assert (tail.progress, tail.text) == (1.0, "b")


def test_half_a_line_waits_for_its_end() -> None:
    tail = Tail()
    whole = lines(metric(1.0))
    tail.feed(whole[:10])
    assert tail.metrics == [] and tail.offset == 0
    tail.feed(whole)
    assert tail.metrics == [("loss", 1.0, None)] and tail.offset == len(whole)


def test_a_last_line_without_end_counts_once_the_step_ended() -> None:
    tail = Tail()
    tail.feed(lines(metric(1.0))[:-1], ended=True)
    assert tail.metrics == [("loss", 1.0, None)]


def test_what_is_no_object_or_no_finite_number_is_left_out_and_counted() -> None:
    tail = Tail()
    tail.feed(b'nonsense\n[1]\n{"metric": "a", "value": NaN}\n{"metric": "a", "value": 1e999}\n')
    assert tail.metrics == [] and tail.n_bad == 4


def test_a_line_over_the_limit_is_left_out() -> None:
    tail = Tail()
    tail.feed(lines({"metric": "a" * limits.REPORT_LINE_BYTES_MAX, "value": 1}, metric(2.0)))
    assert tail.metrics == [("loss", 2.0, None)] and tail.n_bad == 1


def test_a_deep_line_does_no_harm() -> None:
    tail = Tail()
    tail.feed(b"[" * 50_000 + b"\n" + lines(metric(2.0)))
    assert tail.metrics == [("loss", 2.0, None)]


def test_control_characters_and_lone_surrogates_are_replaced() -> None:
    tail = Tail()
    tail.feed(b'{"progress": 0.5, "text": "a\\u001b[2J\\ud800b"}\n')
    assert "\x1b" not in tail.text
    tail.text.encode("utf-8")


def test_what_an_earlier_supervisor_handed_on_is_not_handed_on_again() -> None:
    tail = Tail(n_metrics=2, n_messages=1)
    said = [metric(1.0), metric(2.0), metric(3.0)]
    tail.feed(lines(*said, {"message": "m", "to": "x", "text": "1"}, {"message": "m", "to": "x"}))
    first, metrics, first_message, messages = tail.take(10)
    assert (first, first_message) == (2, 1)
    assert metrics == (("loss", 3.0, None, 0),) and messages == (("m", "x", ""),)


def test_counters_go_on_from_what_was_taken() -> None:
    tail = Tail()
    tail.feed(lines(metric(1.0), metric(2.0)))
    tail.take(10)
    tail.feed(lines(metric(3.0)))
    assert tail.take(10)[0] == 2 and tail.n_metrics == 3


def test_the_error_of_a_report_is_kept() -> None:
    tail = Tail()
    tail.feed(lines({"error": {"what": "no data", "where": "data/train", "hint": "fetch it"}}))
    assert tail.error is not None and tail.error.what == "no data"


def test_few_metrics_are_not_coalesced() -> None:
    assert coalesce([("a", 1.0, None)], 10) == (("a", 1.0, None, 0),)


def test_coalesced_counts_add_up_and_the_last_is_kept() -> None:
    given = [("a", float(n), n) for n in range(95)] + [("b", 1.0, None)] * 5
    kept = coalesce(given, 10)
    assert len(kept) <= 10
    assert sum(1 + more for *_, more in kept) == len(given)
    assert [item for item in kept if item[0] == "a"][-1][:3] == ("a", 94.0, 94)


def test_more_names_than_the_rate_keep_one_each() -> None:
    kept = coalesce([(f"m{n}", 1.0, None) for n in range(30)] * 2, 10)
    assert len(kept) == 30 and sum(1 + more for *_, more in kept) == 60
