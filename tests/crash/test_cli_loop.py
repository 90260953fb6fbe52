"""The whole loop from the command line, and what every command says on the way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.commandline import Commandline

pytestmark = pytest.mark.slow


@pytest.fixture
def scanflow(tmp_path: Path) -> Iterator[Commandline]:
    made = Commandline(tmp_path)
    yield made
    made.end()


def reopen_and_finish(scanflow: Commandline, run: int) -> None:
    scanflow.until_asked("decide")
    assert scanflow("label", "--reopen", "--json").json() == {"run": run, "reopened": True}
    scanflow.until_asked("label")
    assert scanflow("label", "--finish", "--json").json()["finished"]


def test_the_loop_from_training_to_roll_back(scanflow: Commandline, tmp_path: Path) -> None:
    first = scanflow("run", "--engine", "process", "--json")
    assert first.returncode == 0 and first.json()["state"] == "done"
    again = scanflow("run")
    assert again.returncode == 0 and "nothing to do" in again.stdout
    verdicts = {item["node"]: item for item in scanflow("plan", "--json").json()}
    assert verdicts["train"]["verdict"] == "cached"

    checked = scanflow("add-batch", scanflow.batch, "--wait", "--json")
    assert checked.returncode == 7 and checked.json()["verdict"] == "drift"
    assert "needs you: scanflow label toy" in scanflow("status").stdout
    queue = scanflow("label", "--json")
    rows = queue.json()["queue"]
    assert queue.returncode == 7 and sorted(item["id"] for item in rows) == ["s0", "s1", "s2"]
    assert not any("share" in item for item in rows)
    assert all(("guess" in item) != item["guess_hidden"] for item in rows)

    labels = tmp_path / "labels.jsonl"
    labels.write_text('{"id":"s0","label":1}\n{"id":"s1","label":7}\nx\n{"id":"zz","label":1}\n')
    refused = scanflow("label", "--labels", labels)
    assert refused.returncode == 2
    for line in (2, 3, 4):
        assert f"{labels}:{line}: " in refused.stderr
    labels.write_text(
        '{"id":"s0","label":1}\n{"id":"s1","label":"zero"}\n{"id":"s2","kind":"skip"}\n'
    )
    given = scanflow("label", "--labels", labels, "--finish", "--json")
    assert given.json() == {"run": 3, "labels": 3, "finished": True}

    reopen_and_finish(scanflow, run=3)
    scanflow.until_asked("decide")
    offered = scanflow("decide", "--json")
    assert offered.returncode == 7 and offered.json()["recommended"] == "retrain"
    assert scanflow("decide", "nosuch", "--reason", "x").returncode == 2
    assert "needs a reason" in scanflow("decide", "retrain").stderr
    decided = scanflow("decide", "retrain", "--reason", "measured", "--json")
    assert decided.returncode == 7 and decided.json()["action"] == "retrain"
    assert "was decided on these labels" in scanflow("label", "--reopen").stderr
    states = {node["node"]: node["state"] for node in decided.json()["nodes"]}
    assert (states["evaluate"], states["approve"]) == ("done", "needs_you")

    assert scanflow("approve", "--show", "--json").json()["gate"]["passes"]
    approved = scanflow("approve", "--reason", "it helps", "--json")
    assert approved.returncode == 0 and approved.json()["promoted"]
    assert scanflow("rollback", "--reason", "too slow", "--json").json() == {"from": 2, "to": 1}
    nothing = scanflow("rollback")
    assert nothing.returncode == 6 and "nothing to go back to" in nothing.stderr
    assert scanflow("status", "--json").json()["champion"] == 1

    assert scanflow("sessions", "--json").json()["entries"][0]["name"] == "toy"
    assert scanflow("logs", "train").stdout == "out begun\n"
    assert scanflow("logs", "trian").stderr.endswith("Did you mean 'train'?\n")
    assert scanflow("verify", "--json").json()["holds"]
    exported = tmp_path / "out.jsonl"
    n = scanflow("export", "-o", exported, "--json").json()["events"]
    live = exported.read_bytes()
    assert live.count(b"\n") == n
    scanflow.end()
    assert scanflow("export").stdout.encode().startswith(live)


def test_an_unknown_session_is_answered_with_the_nearest(scanflow: Commandline) -> None:
    assert scanflow("run", "--engine", "process").returncode == 0
    for arguments in (["tyo"], ["status", "tyo"], ["cancel", "tyo"], ["verify", "tyo"]):
        done = scanflow(*arguments)
        assert done.returncode == 2
        assert done.stderr.endswith("Did you mean 'toy'?\n")


def test_what_has_ended_is_not_cancelled_or_tried_again(scanflow: Commandline) -> None:
    assert scanflow("run", "--engine", "process").returncode == 0
    assert scanflow("cancel").returncode == 6
    assert scanflow("retry", "train").returncode == 6
    assert scanflow("decide").returncode == 6
    assert scanflow("approve", "--show").returncode == 6
    assert scanflow("label").returncode == 6
    absent = scanflow("add-batch", "/nonexistent/batch")
    assert absent.returncode == 5 and "/nonexistent/batch" in absent.stderr
