"""Steps that go wrong, seen from the command line: what failed is said, and the log is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.commandline import HERE, Commandline, Said

pytestmark = pytest.mark.slow

MAKES = 'echo m > "$D/out/model"; echo r > "$D/out/reference"\n'


@pytest.fixture
def scanflow(tmp_path: Path) -> Iterator[Commandline]:
    made = Commandline(tmp_path)
    yield made
    made.end()


def trained(scanflow: Commandline, script: str) -> Said:
    """Run a session whose train step is this script."""
    scanflow.write("train.sh", HERE + script)
    return scanflow("run", "--engine", "process")


def outcome(scanflow: Commandline) -> str:
    """What the train node of the latest run came to."""
    nodes = scanflow("runs", "--json").json()[-1]["nodes"]
    found = next(node for node in nodes if node["node"] == "train")
    return f"{found['state']}: {found['outcome'] or found['reason']}"


@pytest.mark.parametrize(
    ("script", "state", "said"),
    [
        ("echo 'no such column' >&2; exit 3\n", "failed", "no such column"),
        ("kill -9 $$\n", "failed", "SIGKILL"),
        ("exit 0\n", "failed", "model"),
        (MAKES + 'ln -s /etc/passwd "$D/out/reference2"; rm "$D/out/reference"\n', "failed", "ref"),
        ('echo m > "$D/out/model"; ln -s /etc/passwd "$D/out/reference"\n', "failed", "link"),
    ],
)
def test_a_step_that_fails_ends_the_run_with_code_3_and_a_reason(
    scanflow: Commandline, script: str, state: str, said: str
) -> None:
    done = trained(scanflow, script)
    assert done.returncode == 3
    assert "run 1: failed" in done.stdout and "train" in done.stdout
    told = outcome(scanflow)
    assert told.startswith(state) and said in told
    assert said in done.stdout


def test_a_log_past_its_limit_is_cut_and_said(scanflow: Commandline) -> None:
    scanflow.change("out: [model, reference]}", "out: [model, reference], limits: {log: 4k}}")
    done = trained(scanflow, "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done\n")
    assert done.returncode == 3
    assert "log" in outcome(scanflow)
    shown = scanflow("logs", "train")
    assert shown.returncode == 0 and len(shown.stdout) < 3 * 4096


def test_escape_sequences_are_shown_and_not_obeyed(scanflow: Commandline) -> None:
    script = "printf '\\033]0;owned\\007\\033[31mred\\n'; printf '\\033[2Jgone\\n' >&2; exit 3\n"
    done = trained(scanflow, script)
    for said in (
        done,
        scanflow("logs", "train"),
        scanflow("status"),
        scanflow("runs", "--run", "1"),
    ):
        assert "\x1b" not in said.stdout + said.stderr
    shown = scanflow("logs", "train").stdout
    assert "\\x1b]0;owned\\x07\\x1b[31mred" in shown and "ERR" in shown
    assert "\x1b" not in scanflow("replay", "toy", "--text").stdout
    assert "\x1b" not in scanflow("logs", "train", "--json").stdout


def test_a_failed_node_is_tried_again_when_its_cause_is_gone(scanflow: Commandline) -> None:
    gate = scanflow.tmp / "gate"
    assert trained(scanflow, f"[ -e {gate} ] || exit 3\n{MAKES}").returncode == 3
    gate.touch()
    done = scanflow("retry", "train", "--json")
    assert done.returncode == 0
    assert done.json()["state"] == "done"


def test_a_run_is_followed_by_its_log_and_cancelled(scanflow: Commandline) -> None:
    scanflow.write("train.sh", HERE + "echo begun; sleep 600\n")
    assert scanflow("run", "--engine", "process", "--detach").returncode == 0
    log = scanflow.start("logs", "train", "--follow")
    assert log.stdout is not None and log.stdout.readline() == "out begun\n"
    assert scanflow("cancel", "--json").json()["cancelled"]
    assert log.wait(60) == 0
    log.communicate()
    assert scanflow.until_ended() == "cancelled"
    assert scanflow("status").returncode == 0
