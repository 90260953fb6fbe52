"""Bad pipelines and bad words on the command line: one sentence, the exit code, no session made."""

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


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("nodes:", "nodes: [", "pipeline.yaml:"),
        ("agent: checker\n", "agnet: checker\n", "did you mean 'agent'?"),
        (
            "in: {model: champion.model, batch: batches}",
            "in: {batch: label.labels}",
            "wait for one another",
        ),
        ("labels: label.labels,", "labels: label.lables,", "did you mean 'labels'?"),
        ("{run: [sh, train.sh], out: [model, reference]}", "{out: [model, reference]}", "train"),
        ("name: toy", "name: ../toy", "name"),
    ],
)
def test_a_pipeline_with_errors_makes_no_session(
    scanflow: Commandline, old: str, new: str, said: str
) -> None:
    scanflow.change(old, new)
    for command in ("lint", "run"):
        done = scanflow(command)
        assert done.returncode == 2
        assert said in done.stdout + done.stderr
        assert "pipeline.yaml:" in done.stdout + done.stderr
    assert not scanflow.folder.exists()


def test_lint_tells_its_findings_as_json(scanflow: Commandline) -> None:
    scanflow.change("agent: checker\n", "agnet: checker\n")
    done = scanflow("lint", "--json")
    assert done.returncode == 2
    found = done.json()
    assert not found["ok"] and found["findings"][0]["line"] == 9


def test_an_input_file_that_is_not_there_is_named(scanflow: Commandline) -> None:
    scanflow.change("run: [sh, train.sh], out", "run: [sh, train.sh], in: {d: file:no.csv}, out")
    done = scanflow("run", "--engine", "process")
    assert done.returncode in (2, 5)
    assert "no.csv" in done.stderr and len(done.stderr.strip().splitlines()) <= 2


def test_no_pipeline_here_says_what_makes_one(scanflow: Commandline, tmp_path: Path) -> None:
    done = scanflow("lint", tmp_path / "nowhere.yaml")
    assert done.returncode == 5
    assert "nowhere.yaml: there is no pipeline here; scanflow init makes one." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["status"], 2, "there is no session in"),
        (["toy"], 2, "there is no session 'toy'"),
        (["logs", "train"], 2, "there is no session in"),
        (["run", "--no-such"], 2, "No such option"),
        (["logs"], 2, "Missing argument"),
        (["run", "sessions"], 2, "a session may not be called 'sessions'"),
        (["verify", "--head", "x"], 2, "'x' is no head"),
        (["verify", "/nonexistent/x.duckdb"], 5, "/nonexistent/x.duckdb: there is no session file"),
        (["run", "--sessions", "/dev/null/x"], 5, "the session's folder cannot be made"),
        (["images", "build", "/nonexistent"], 5, "/nonexistent: there is no pipeline here"),
        (["graph", "--format", "png"], 2, "there is no format 'png'"),
        (["run", "--engine", "slurm"], 2, "slurm"),
        (["init", "x", "--pipeline", "nosuch"], 2, "there is no pipeline 'nosuch'"),
        (["demo", "--action", "pray"], 2, "there is no action 'pray'"),
    ],
)
def test_a_word_that_means_nothing_is_answered_with_one_sentence(
    scanflow: Commandline, arguments: list[str], code: int, said: str
) -> None:
    done = scanflow(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr and len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "command", [["sessions"], ["doctor"], ["graph"], ["lint"], ["verify", "SHIPPED"]]
)
def test_json_without_a_session_is_one_value(scanflow: Commandline, command: list[str]) -> None:
    from scanflow_tui.cli.shipped import shipped_sessions

    shipped = str(shipped_sessions()[0])
    done = scanflow(*[shipped if word == "SHIPPED" else word for word in command], "--json")
    assert done.returncode == 0 and done.json()


def test_a_gpu_that_is_not_there_is_said_by_plan_doctor_and_run(scanflow: Commandline) -> None:
    scanflow.env["CUDA_VISIBLE_DEVICES"] = ""
    old = "{run: [sh, train.sh], out: [model, reference]}"
    scanflow.change(old, old.replace("]}", "], limits: {gpus: 1}}"))
    assert "No GPU was found" in scanflow("doctor", "--engine", "process").stdout
    done = scanflow("run", "--engine", "process")
    assert done.returncode == 3
    said = "it asks for 1 GPU (limits: gpus), and this machine has no GPU"
    assert said in done.stdout + done.stderr
    assert f"train cannot run here: {said}." in scanflow("plan").stdout
    told = {item["node"]: item["cannot_run"] for item in scanflow("plan", "--json").json()}
    assert told["train"] == said and told["check"] == ""


def test_a_run_says_its_engine_and_why_and_the_session_keeps_it(scanflow: Commandline) -> None:
    scanflow.env["DOCKER_HOST"] = "unix:///nonexistent/d.sock"
    line = "engine process: the pipeline names no image, so its steps run as processes"
    assert line in scanflow("run").stderr
    assert line in scanflow("status").stdout
    told = scanflow("status", "--json").json()
    assert told["engine_answers"] and told["engine_reason"] in line
    for engine in ("docker", "slurm"):
        done = scanflow("run", "--engine", engine)
        assert done.returncode == 2 and "with the process engine, and keeps it" in done.stderr
    done = scanflow("run", "toy", "--pipeline", "/nonexistent")
    assert done.returncode == 2 and "is of the pipeline in" in done.stderr
    done = scanflow("run", "--pipeline", "/nonexistent")
    assert done.returncode == 5 and "there is no pipeline here" in done.stderr


def test_doctor_tells_of_docker_though_it_is_not_taken(scanflow: Commandline) -> None:
    scanflow.env["DOCKER_HOST"] = "unix:///nonexistent/d.sock"
    said = scanflow("doctor").stdout
    assert "engine process: the pipeline names no image" in said
    assert "Docker: no Docker engine listens at unix:///nonexistent/d.sock" in said
    del scanflow.env["DOCKER_HOST"]
    scanflow.env["DOCKER_CONTEXT"] = "nowhere"
    assert "the Docker context 'nowhere' does not exist" in scanflow("doctor").stdout


def test_doctor_says_what_sessions_share(scanflow: Commandline) -> None:
    said = scanflow("doctor", "--engine", "process").stdout
    assert f"share this machine ({scanflow.env['SCANFLOW_SLOTS']}): no step runs." in said
