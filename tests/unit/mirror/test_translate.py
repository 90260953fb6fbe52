"""Events to what MLflow should hold, by value."""

from __future__ import annotations

from typing import Any

import pytest

from scanflow_tui.mirror import translate as op
from scanflow_tui.session import events as ev
from tests.fakes.demo_events import demo_events

AT_US = 5_000_000
AT_MS = 5_000


def told(fact: Any, actor: str = "supervisor") -> list[op.Operation]:
    return list(op.translate([ev.Event(7, AT_US, actor, fact)]))


def intended(**params: Any) -> ev.AttemptIntended:
    return ev.AttemptIntended(2, "train", 1, "sf-x", "k", {}, {}, params, ("x",), "first run")


def ended(state: Any) -> ev.AttemptEnded:
    return ev.AttemptEnded(2, "train", 1, state, 0, None, "", 1.5, 1.0, {}, {})


def test_a_plan_becomes_a_run_with_its_batch() -> None:
    planned = ev.RunPlanned(2, "b0001", 1, "c", "e", {}, ())
    tags = {"scanflow.code": "c", "scanflow.champion": "1", "scanflow.batch": "b0001"}
    assert told(planned) == [op.Run(2, AT_MS, tags)]


def test_parameters_are_named_by_their_node() -> None:
    assert told(intended(epochs=5)) == [op.Param(2, "train.epochs", "5")]


def test_a_metric_keeps_its_step_and_time() -> None:
    metric = ev.MetricReported(2, "train", 1, "loss", 0.5, 3)
    assert told(metric) == [op.Metric(2, "train.loss", 0.5, AT_MS, 3)]


def test_an_attempt_that_failed_has_no_duration_to_compare() -> None:
    assert told(ended("failed")) == []
    assert told(ended("done")) == [op.Metric(2, "train.seconds", 1.5, AT_MS, 0)]


@pytest.mark.parametrize(
    ("state", "status"),
    [("done", "FINISHED"), ("failed", "FAILED"), ("cancelled", "KILLED"), ("superseded", "KILLED")],
)
def test_a_run_ends_as_mlflow_calls_it(state: Any, status: str) -> None:
    assert told(ev.RunEnded(2, state, "")) == [op.Ended(2, AT_MS, status)]


def test_a_promotion_makes_a_version_and_moves_the_alias() -> None:
    model = ev.Artifact("a" * 64, 1, 1)
    promoted = ev.ModelPromoted(3, 2, "retrain", {"model": model}, 2, "", "retrain")
    version, alias = told(promoted, "human:u1000")
    assert isinstance(version, op.ModelVersion)
    assert (version.run, version.seq, version.version, version.model) == (2, 7, 3, "a" * 64)
    assert alias == op.Alias(3)


def test_a_roll_back_moves_the_alias_alone() -> None:
    back = ev.ModelRolledBack(1, 2, "")
    assert told(back, "human:u1000") == [op.Alias(1)]


def test_the_whole_demo_names_every_run_before_it_is_used() -> None:
    known: set[int] = set()
    kinds = set()
    for item in op.translate(demo_events("promoted")):
        kinds.add(type(item).__name__)
        if isinstance(item, op.Run):
            known.add(item.run)
        elif not isinstance(item, op.Alias | op.Head):
            assert item.run in known
    assert kinds == {"Run", "Param", "Metric", "Tags", "Ended", "ModelVersion", "Alias"}
