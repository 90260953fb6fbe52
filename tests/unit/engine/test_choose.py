from __future__ import annotations

import subprocess
import sys

import pytest

from scanflow_tui.contract.errors import Missing, UsageError
from scanflow_tui.engine.choose import open_engine


def test_auto_takes_processes_and_says_why() -> None:
    engine, reason = open_engine("auto")
    assert engine.name == "process"
    assert "only one" in reason


def test_auto_says_that_an_image_is_not_used() -> None:
    assert "image is not used" in open_engine("auto", "mnist:1")[1]


def test_docker_is_missing_with_a_sentence_and_exit_code_5() -> None:
    with pytest.raises(Missing) as caught:
        open_engine("docker")
    assert caught.value.exit_code == 5
    assert caught.value.sentence() == (
        "the docker engine is not part of this version. choose --engine process, or auto"
    )


def test_an_unknown_engine_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"'slurm'.*process"):
        open_engine("slurm")


def test_an_engine_is_imported_when_it_is_chosen() -> None:
    code = "import sys, scanflow_tui.engine.choose as c; before = set(sys.modules)\n"
    code += "assert 'scanflow_tui.engine.process' not in before; c.open_engine()\n"
    code += "assert 'scanflow_tui.engine.process' in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
