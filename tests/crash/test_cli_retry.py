"""Resuming a failed run from the command line: nothing that succeeded is repeated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.commandline import HERE, Commandline

pytestmark = pytest.mark.slow

PIPELINE = """\
scanflow: 1
name: toy
nodes:
  first: {run: [sh, first.sh], out: [o]}
  second: {run: [sh, second.sh], in: {i: first.o}, out: [o]}
"""
MAKES = HERE + 'echo m > "$D/out/o"\n'


@pytest.fixture
def scanflow(tmp_path: Path) -> Iterator[Commandline]:
    made = Commandline(tmp_path)
    made.write("pipeline.yaml", PIPELINE)
    made.write("first.sh", MAKES)
    made.write("second.sh", HERE + "exit 3\n")
    yield made
    made.end()


def nodes(scanflow: Commandline) -> dict[str, tuple[str, int]]:
    found = scanflow("runs", "--json").json()[-1]["nodes"]
    return {node["node"]: (node["state"], node["attempts"]) for node in found}


def test_edited_code_is_said_then_taken_and_what_succeeded_stays(scanflow: Commandline) -> None:
    assert scanflow("run", "--engine", "process").returncode == 3
    assert nodes(scanflow) == {"first": ("done", 1), "second": ("failed", 1)}
    scanflow.write("second.sh", MAKES)
    asked = scanflow("retry", "second")
    assert asked.returncode == 6
    assert "second.sh changed since run 1 was planned" in asked.stderr
    assert "--code new" in asked.stderr and "--code frozen" in asked.stderr
    frozen = scanflow("retry", "--code", "frozen")
    assert frozen.returncode == 3
    assert nodes(scanflow) == {"first": ("done", 1), "second": ("failed", 2)}
    resumed = scanflow("retry", "--code", "new")
    assert resumed.returncode == 0, resumed.stderr
    assert "goes on with new second.sh" in resumed.stderr
    assert nodes(scanflow) == {"first": ("done", 1), "second": ("done", 3)}
    assert scanflow("verify").returncode == 0


def test_a_word_that_is_no_choice_is_a_usage_error(scanflow: Commandline) -> None:
    scanflow("run", "--engine", "process")
    said = scanflow("retry", "--code", "old")
    assert said.returncode == 2 and "frozen or new" in said.stderr


def test_one_node_for_each_value_and_one_that_takes_all(scanflow: Commandline) -> None:
    scanflow.write(
        "pipeline.yaml",
        "scanflow: 1\nname: toy\nnodes:\n"
        "  part:\n    foreach: {word: [red, green]}\n    run: sh part.sh {word}\n    out: [o]\n"
        "  all: {run: sh all.sh, in: {parts: part.o}, out: [o]}\n",
    )
    scanflow.write("part.sh", HERE + 'echo $1 > "$D/out/o"\n')
    scanflow.write("all.sh", HERE + 'cat "$D/step.json" >&2; cp "$D/step.json" "$D/out/o"\n')
    done = scanflow("run", "--engine", "process")
    assert done.returncode == 0, done.stderr
    assert set(nodes(scanflow)) == {"part_1", "part_2", "all"}
    assert '"lists":{"parts":["parts_1","parts_2"]}' in scanflow("logs", "all").stdout
    again = scanflow("run", "--engine", "process")
    assert "nothing to do" in again.stdout


def test_a_step_that_was_made_is_made_again_with_what_hangs_on_it(scanflow: Commandline) -> None:
    scanflow.write("first.sh", HERE + 'cat /proc/sys/kernel/random/uuid > "$D/out/o"\n')
    scanflow.write("second.sh", HERE + 'echo m > "$D/out/o"\n')
    assert scanflow("run", "--engine", "process").returncode == 0
    plain = scanflow("retry", "first")
    assert plain.returncode == 6 and "scanflow retry first --again" in plain.stderr
    assert scanflow("retry", "first", "--again").returncode == 0
    assert nodes(scanflow) == {"first": ("done", 2), "second": ("done", 2)}
    assert scanflow("retry", "--again").returncode == 2
    assert scanflow("verify").returncode == 0
