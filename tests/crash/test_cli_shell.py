"""``scanflow shell``: one command where a failed attempt ran, on a copy of what it left."""

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
  second: {run: [sh, second.sh], in: {i: first.o}, out: [o, p], with: {x: 1}}
"""


@pytest.fixture
def scanflow(tmp_path: Path) -> Iterator[Commandline]:
    made = Commandline(tmp_path)
    made.write("pipeline.yaml", PIPELINE)
    made.write("first.sh", HERE + 'echo made > "$D/out/o"\n')
    made.write("second.sh", HERE + 'echo half > "$D/out/o"; mkfifo "$D/out/pipe"; exit 3\n')
    assert made("run", "--engine", "process").returncode == 3
    yield made
    made.end()


def test_code_inputs_and_half_made_outputs_are_there(scanflow: Commandline) -> None:
    look = 'D=${SCANFLOW_STEP%/step.json}; cat second.sh "$D/out/o"; ls "$D/out"; echo home=$HOME'
    done = scanflow("shell", "second", "-c", look)
    assert done.returncode == 0, done.stderr
    assert "echo half" in done.stdout and "\nhalf\n" in done.stdout
    assert "pipe" not in done.stdout.split("half\n")[-1]
    assert "the step was: sh second.sh" in done.stderr


def test_the_input_is_where_step_json_says(scanflow: Commandline) -> None:
    look = (
        'python3 -c "import json,os;'
        "print(open(json.load(open(os.environ['SCANFLOW_STEP']))['inputs']['i']).read())\""
    )
    assert "made" in scanflow("shell", "second", "-c", look).stdout


def test_the_attempt_itself_is_not_touched_and_the_copy_goes(scanflow: Commandline) -> None:
    spoil = 'D=${SCANFLOW_STEP%/step.json}; echo spoilt > "$D/out/o"; echo $D; exit 9'
    done = scanflow("shell", "second", "-c", spoil)
    assert done.returncode == 9
    assert not Path(done.stdout.strip()).exists()
    left = scanflow.folder / "runs" / "1" / "second" / "1" / "out" / "o"
    assert left.read_text() == "half\n"


def test_what_would_run_is_told_as_json_and_the_copy_stays(scanflow: Commandline) -> None:
    told = scanflow("shell", "second", "--json", "-c", "true").json()
    assert told["step"] == ["sh", "second.sh"] and told["argv"] == ["/bin/sh", "-c", "true"]
    assert Path(told["folder"], "step.json").exists()
    assert told["env"]["SCANFLOW_STEP"] == f"{told['folder']}/step.json"


def test_a_done_attempt_has_its_outputs_from_the_store(scanflow: Commandline) -> None:
    name = "first"
    done = scanflow("shell", name, "-c", "cat ${SCANFLOW_STEP%/step.json}/out/o")
    assert done.stdout == "made\n"


def test_what_is_not_there_is_one_sentence(scanflow: Commandline) -> None:
    for words, said in (
        (("third",), "has no node 'third'"),
        (("sf-x",), "there is no attempt 'sf-x'"),
        (("second", "--attempt", "7"), "has no attempt 7"),
        (("second",), "a shell needs a terminal"),
    ):
        done = scanflow("shell", *words)
        assert done.returncode == 2 and said in done.stderr
