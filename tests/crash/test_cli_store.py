"""``du`` and ``gc`` from the command line, on sessions that are real."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.commandline import HERE, Commandline

pytestmark = pytest.mark.slow

PIPELINE = "scanflow: 1\nname: toy\nnodes:\n  first: {run: [sh, first.sh], out: [o]}\n"


@pytest.fixture
def scanflow(tmp_path: Path) -> Iterator[Commandline]:
    made = Commandline(tmp_path)
    made.write("pipeline.yaml", PIPELINE)
    made.write("first.sh", HERE + 'echo m > "$D/out/o"\n')
    yield made
    made.end()


def test_what_a_removed_session_named_is_shown_then_removed(scanflow: Commandline) -> None:
    assert scanflow("run", "--engine", "process").returncode == 0
    shown = scanflow("du", "--json").json()
    assert [entry["session"] for entry in shown["entries"]] == ["toy"]
    assert shown["entries"][0]["alone"] > 0 and shown["store"]["unnamed"] == 0
    refused = scanflow("gc", "--yes")
    assert refused.returncode == 6 and "session toy is at work" in refused.stderr
    scanflow.end()
    assert scanflow("gc", "--yes", "--json").json()["items"] == []
    shutil.rmtree(scanflow.folder)
    young = scanflow("gc", "--json").json()
    assert young["items"] == []
    dry = scanflow("gc", "--age", "0", "--json").json()
    assert {item["kind"] for item in dry["items"]} == {"artifact", "result"}
    assert not dry["removed"]
    assert scanflow("gc", "--yes", "--age", "0").returncode == 0
    assert scanflow("du", "--json").json()["store"]["artifacts"] == 0


def test_a_session_that_cannot_be_read_stops_it(scanflow: Commandline) -> None:
    assert scanflow("run", "--engine", "process").returncode == 0
    scanflow.end()
    (scanflow.folder / "session.duckdb").write_bytes(os.urandom(4096))
    said = scanflow("gc", "--yes")
    assert said.returncode == 4 and "what it names is not known" in said.stderr
