"""Whoever starts a step is killed at random moments; a new engine starts it again: it ran once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from scanflow_tui.engine.protocol import Accepted
from tests.contract_cases.benches import (
    ENVIRONMENT,
    NAME,
    ProcessBench,
    Program,
    observe,
    until_exit,
)

CRASHES = int(os.environ.get("SCANFLOW_CRASHES", "20"))
SPREAD_S = 0.12
STARTER = """\
import os, signal, sys, threading, time
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.process import ProcessEngine
from scanflow_tui.engine.protocol import Spec
name, folder, code, moment_s = sys.argv[1:5]
def crash():
    time.sleep(float(moment_s))
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=crash).start()
ProcessEngine().start(Spec(name, folder, code, tuple(sys.argv[5:]), {}, StepLimits()))
"""


@pytest.mark.parametrize("seed", range(CRASHES))
def test_a_start_that_was_cut_off_runs_the_step_once(seed: int, tmp_path: Path) -> None:
    moment_s = random.Random(seed).uniform(0, SPREAD_S)
    bench = ProcessBench(tmp_path)
    spec = bench.spec(Program(stdout=b"once\n", code=3))
    command = [sys.executable, "-c", STARTER, NAME, spec.folder, spec.code, str(moment_s)]
    cut = subprocess.run([*command, *spec.argv], env=ENVIRONMENT, check=False)
    assert cut.returncode == -9
    # The first shim may still be on its way to its claim: both may be, and one gets it.
    assert isinstance(bench.engine.start(spec), Accepted), observe(bench)
    assert until_exit(bench).code == 3
    assert bench.n_runs() == 1
