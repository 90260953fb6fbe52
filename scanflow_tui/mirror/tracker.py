"""The only importer of MLflow: applies operations to one SQLite database, each at most once.

MLflow repeats metrics with the same time and step without harm, but makes a second run or version
when asked twice: those are looked up by their tags first. Its telemetry is switched off.
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")

from mlflow.entities import Metric as MlflowMetric
from mlflow.entities import Param as MlflowParam
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from scanflow_tui.mirror import translate as op

BATCH_METRICS_MAX = 1000


class Tracker:
    """One session's experiment, runs and registered model in MLflow.

    ``objects`` is the store in which promoted models lie, ``artifacts`` where MLflow puts its own.
    """

    def __init__(self, uri: str, objects: Path, artifacts: Path, session: str, name: str) -> None:
        self._client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        self._session = session
        self._name = name
        self._objects = objects
        self._experiment = self._ensure_experiment(f"scanflow/{name}", artifacts)
        self._runs: dict[int, str] = {}

    def apply(self, operations: list[op.Operation]) -> None:
        """Apply operations in order; metrics and params of a run travel together."""
        metrics: dict[int, list[MlflowMetric]] = {}
        for item in operations:
            if isinstance(item, op.Metric):
                metrics.setdefault(item.run, []).append(
                    MlflowMetric(item.name, item.value, item.at_ms, item.step)
                )
            else:
                self._one(item)
        for run, values in metrics.items():
            for start in range(0, len(values), BATCH_METRICS_MAX):
                self._client.log_batch(
                    self._run(run), metrics=values[start : start + BATCH_METRICS_MAX]
                )

    def _one(self, item: op.Operation) -> None:
        match item:
            case op.Run():
                self._ensure_run(item)
            case op.Param():
                self._param(item)
            case op.Tags():
                for key, value in item.tags.items():
                    self._client.set_tag(self._run(item.run), key, value)
            case op.Ended():
                self._client.set_terminated(self._run(item.run), item.status, item.at_ms)
            case op.ModelVersion():
                self._ensure_version(item)
            case op.Alias():
                self._alias(item.version)
            case op.Head():
                # By session: another one of the same name must not wipe this one's anchor.
                key = f"scanflow.head.{self._session}"
                self._client.set_experiment_tag(self._experiment, key, f"{item.seq}:{item.head}")

    def _ensure_experiment(self, name: str, artifacts: Path) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        tags = {"scanflow.session": self._session}
        return str(self._client.create_experiment(name, artifacts.as_uri(), tags=tags))

    def _find_run(self, run: int) -> str | None:
        if run in self._runs:
            return self._runs[run]
        found = self._client.search_runs(
            [self._experiment],
            f"tags.`scanflow.session` = '{self._session}' and tags.`scanflow.run` = '{run}'",
            max_results=1,
        )
        if not found:
            return None
        self._runs[run] = str(found[0].info.run_id)
        return self._runs[run]

    def _run(self, run: int) -> str:
        known = self._find_run(run)
        if known is None:
            self._ensure_run(op.Run(run, 0, {}))
            known = self._runs[run]
        return known

    def _ensure_run(self, item: op.Run) -> None:
        if self._find_run(item.run) is not None:
            return
        tags = {
            "scanflow.session": self._session,
            "scanflow.run": str(item.run),
            "mlflow.runName": f"run {item.run}",
            **item.tags,
        }
        made = self._client.create_run(self._experiment, start_time=item.at_ms or None, tags=tags)
        self._runs[item.run] = str(made.info.run_id)

    def _param(self, item: op.Param) -> None:
        try:
            params = [MlflowParam(item.name, item.value)]
            self._client.log_batch(self._run(item.run), params=params)
        except MlflowException:
            # A retried node with another value: MLflow never changes a parameter.
            self._client.set_tag(self._run(item.run), f"scanflow.param.{item.name}", item.value)

    def _ensure_version(self, item: op.ModelVersion) -> None:
        if self._version(item.version) is not None:
            return
        if not self._client.search_registered_models(f"name = '{self._name}'", max_results=1):
            self._client.create_registered_model(self._name)
        source = self._objects / item.model[:2] / item.model
        self._client.create_model_version(
            self._name,
            source.as_uri(),
            run_id=self._run(item.run),
            tags={"scanflow.session": self._session, **item.tags},
        )

    def _version(self, version: int) -> str | None:
        """MLflow's own number of a version of the session."""
        for found in self._client.search_model_versions(f"name = '{self._name}'"):
            tags = found.tags
            if (tags.get("scanflow.session"), tags.get("scanflow.version")) == (
                self._session,
                str(version),
            ):
                return str(found.version)
        return None

    def _alias(self, version: int) -> None:
        known = self._version(version)
        if known is not None:
            self._client.set_registered_model_alias(self._name, "champion", known)
