"""The tracker against a real SQLite database of MLflow's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.mirror import translate as op
from tests.fakes.demo_events import SESSION, demo_events
from tests.unit.mirror.making import rows

pytestmark = pytest.mark.slow
mlflow = pytest.importorskip("mlflow", reason="the mirror needs the extra [mlflow]")


def operations() -> list[op.Operation]:
    """What the whole demo says, and its head."""
    last = rows("promoted")[-1]
    return [*op.translate(demo_events("promoted")), op.Head(last.seq, last.hash)]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """MLflow's content after the first and after the second time, the second by a new tracker."""
    from scanflow_tui.mirror.tracker import Tracker

    root = tmp_path_factory.mktemp("root")
    uri = f"sqlite:///{root / 'mlflow.db'}"
    seen = []
    for _ in range(2):
        tracker = Tracker(uri, root / "store" / "objects", root / "mlruns", SESSION, "demo")
        tracker.apply(operations())
        seen.append(content(uri))
    assert not Path("mlruns").exists() and not Path("mlflow.db").exists()
    return seen[0], seen[1]


def content(uri: str) -> dict[str, Any]:
    """What a reader of the database sees."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("scanflow/demo")
    runs = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])
    metrics = {
        (run.data.tags["scanflow.run"], name): [
            (point.step, point.timestamp, point.value)
            for point in client.get_metric_history(run.info.run_id, name)
        ]
        for run in runs
        for name in run.data.metrics
    }
    versions = client.search_model_versions("name = 'demo'")
    return {
        "head": experiment.tags[f"scanflow.head.{SESSION}"],
        "runs": [(run.data.tags["scanflow.run"], run.info.status) for run in runs],
        "params": [run.data.params for run in runs],
        "tags": [run.data.tags for run in runs],
        "metrics": metrics,
        "versions": sorted((item.version, item.tags["scanflow.version"]) for item in versions),
        "champion": client.get_model_version_by_alias("demo", "champion").tags["scanflow.version"],
    }


def test_runs_params_metrics_versions_and_alias_are_there(twice: tuple[Any, Any]) -> None:
    first, _ = twice
    assert [run for run, _ in first["runs"]] == ["1", "2", "3"]
    assert {status for _, status in first["runs"]} == {"FINISHED"}
    assert first["params"][0]["train.epochs"] == "12"
    assert first["metrics"]["1", "train.seconds"]
    assert first["versions"] == [(1, "1"), (2, "2")]
    assert first["champion"] == "2"


def test_the_head_is_a_tag(twice: tuple[Any, Any]) -> None:
    last = rows("promoted")[-1]
    assert twice[0]["head"] == f"{last.seq}:{last.hash}"


def test_a_second_time_changes_nothing(twice: tuple[Any, Any]) -> None:
    first, second = twice
    assert first == second
