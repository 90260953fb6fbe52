"""The mirror as a process of its own: one a root, and nothing kept that it did not do."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.mirror.making import closed_session

pytestmark = pytest.mark.slow
pytest.importorskip("mlflow", reason="the mirror needs the extra [mlflow]")
WAIT_S = 180


def mirror(root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "scanflow_tui.mirror", str(root), "--once"])


def test_a_second_mirror_leaves_at_once(tmp_path: Path) -> None:
    closed_session(tmp_path, "trained")
    with open(tmp_path / ".mirror.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert mirror(tmp_path).wait(WAIT_S) == 0
    assert not (tmp_path / ".mirror").exists() and not (tmp_path / "mlflow.db").exists()


def test_two_mirrors_at_once_mirror_every_run_once(tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    entry = closed_session(tmp_path, "clean")
    both = [mirror(tmp_path) for _ in range(2)]
    assert [one.wait(WAIT_S) for one in both] == [0, 0]
    log = tmp_path / ".mirror" / "mirror.log"
    assert log.read_text() == ""
    cursor = json.loads((tmp_path / ".mirror" / "demo.json").read_text())
    assert (cursor["seq"], cursor["head"]) == (entry.seq, entry.head)
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("scanflow/demo")
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.data.tags["scanflow.run"] for run in runs) == ["1", "2"]
    assert (tmp_path / "mlflow.db").stat().st_mode & 0o077 == 0
