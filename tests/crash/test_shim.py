"""The shim by itself: a second one, a full disk, a closed terminal, a fork that fails."""

from __future__ import annotations

import ast
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.contract import loglines
from scanflow_tui.engine import attempt, procfs
from scanflow_tui.engine import shim as module
from scanflow_tui.engine.process import SHIM
from tests.contract_cases.benches import ENVIRONMENT, PYTHON
from tests.contract_cases.engine_cases import START_IN_A_PROCESS
from tests.waiting import until


def spec_file(folder: Path, argv: list[str], **changes: Any) -> Path:
    spec: dict[str, Any] = {
        "name": "sf-x",
        "argv": argv,
        "cwd": str(folder),
        "env": {"PATH": "/usr/bin:/bin"},
        "time_s": 600.0,
        "grace_s": 60.0,
        "log_bytes": 1 << 30,
        "line_bytes": 16384,
        "heartbeat_s": 0.05,
    }
    path = folder / attempt.SPEC
    path.write_text(json.dumps(spec | changes))
    return path


def shim(spec: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-S", "-E", str(SHIM), str(spec)]
    return subprocess.run(command, capture_output=True, check=False, env={})


@contextmanager
def running(spec: Path) -> Iterator[attempt.Claim]:
    """A shim beside the test, from its claim to its end."""
    command = [sys.executable, "-S", "-E", str(SHIM), str(spec)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, env={}):
        until(lambda: attempt.read_claim(spec.parent), "the claim")
        claim = attempt.read_claim(spec.parent)
        assert claim is not None
        yield claim


def exit_record(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / attempt.EXIT).read_bytes())
    return found


def test_in_the_foreground_it_ends_with_its_step(tmp_path: Path) -> None:
    done = shim(spec_file(tmp_path, ["sh", "-c", "echo out; echo err >&2; exit 7"]))
    assert (done.returncode, done.stderr) == (0, b"")
    assert exit_record(tmp_path)["code"] == 7
    rebuilt = loglines.rebuild((tmp_path / attempt.LOG).read_bytes())
    assert rebuilt == {"stdout": b"out\n", "stderr": b"err\n"}


def test_whoever_finds_a_claim_touches_nothing(tmp_path: Path) -> None:
    (tmp_path / attempt.CLAIM).write_text("another's")
    spec = spec_file(tmp_path, ["sh", "-c", "echo x > ran"])
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert shim(spec).returncode == 0
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_claim_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = [module.claim({"name": "sf-x"}) for _ in range(2)]
    assert made[0] is not None
    assert made[1] is None


def test_it_leads_a_session_of_its_own(tmp_path: Path) -> None:
    with running(spec_file(tmp_path, ["sleep", "600"])) as claim:
        found = procfs.process(claim.pid)
        os.kill(claim.pid, signal.SIGTERM)
    assert found is not None
    assert found.session == claim.pid


def test_without_a_spec_it_says_so_and_claims_nothing(tmp_path: Path) -> None:
    done = shim(tmp_path / attempt.SPEC)
    assert done.returncode == 1
    assert b"No such file" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_the_log_and_keeps_the_exit_code(tmp_path: Path) -> None:
    (tmp_path / attempt.LOG).symlink_to("/dev/full")
    shim(spec_file(tmp_path, ["sh", "-c", "seq 100000; exit 9"]))
    record = exit_record(tmp_path)
    assert record["code"] == 9
    assert "No space left" in record["log_error"]


def test_a_log_that_grows_no_more_ends_at_a_whole_line(tmp_path: Path) -> None:
    spec = spec_file(tmp_path, ["sh", "-c", "seq 100000; exit 9"])
    limited = "import os, resource, sys\n"
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))\n"
    limited += "os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", limited, sys.executable, "-S", "-E", str(SHIM), str(spec)]
    subprocess.run(command, check=True)
    record = exit_record(tmp_path)
    assert record["code"] == 9
    assert "File too large" in record["log_error"]
    data = (tmp_path / attempt.LOG).read_bytes()
    assert data.endswith(b"\n")
    numbers = loglines.rebuild(data)["stdout"].split()
    assert numbers == [b"%d" % number for number in range(1, len(numbers) + 1)]


def test_the_claim_is_taken_back_where_it_cannot_be_written(tmp_path: Path) -> None:
    spec = spec_file(tmp_path, ["true"])
    limited = "import os, resource, sys\n"
    limited += "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    limited += "os.execv(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", limited, sys.executable, "-S", "-E", str(SHIM), str(spec)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1
    assert not attempt.has_claim(tmp_path)


def test_a_term_to_the_shim_is_a_cancel(tmp_path: Path) -> None:
    with running(spec_file(tmp_path, ["sleep", "600"])) as claim:
        os.kill(claim.pid, signal.SIGTERM)
    record = exit_record(tmp_path)
    assert record["cancelled"] is True
    assert record["signal"] in (None, signal.SIGTERM)


def test_a_cancel_file_alone_is_a_cancel(tmp_path: Path) -> None:
    with running(spec_file(tmp_path, ["sleep", "600"])):
        attempt.write_cancel(tmp_path, asked_at=0, grace_s=60.0)
    assert exit_record(tmp_path)["cancelled"] is True


def test_a_step_outlives_its_terminal(tmp_path: Path) -> None:
    spec = spec_file(tmp_path, ["sh", "-c", "until [ -e go ]; do sleep 0.01; done; exit 4"])
    spec.unlink()
    pid, terminal = pty.fork()
    if pid == 0:
        argv = ["sh", "-c", "until [ -e go ]; do sleep 0.01; done; exit 4"]
        script = START_IN_A_PROCESS + "sys.stdin.read()"
        command = [PYTHON, "-c", script, "sf-x", str(tmp_path), str(tmp_path), *argv]
        os.execve(PYTHON, command, ENVIRONMENT)
    os.write(terminal, b"go\n")
    until(lambda: attempt.read_claim(tmp_path), "the claim")
    os.close(terminal)
    os.waitpid(pid, 0)
    (tmp_path / "go").touch()
    until((tmp_path / attempt.EXIT).exists, "the exit record")
    assert exit_record(tmp_path)["code"] == 4


def test_it_imports_nothing_of_the_package_and_nothing_heavy() -> None:
    code = "import runpy, sys\nrunpy.run_path(sys.argv[1], run_name='shim')\n"
    code += "print([m for m in sys.modules if m.split('.')[0] in sys.argv[2:]])"
    heavy = ["scanflow_tui", "asyncio", "typing_extensions", "pathlib", "subprocess", "dataclasses"]
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", code, str(SHIM), *heavy],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_its_syntax_is_that_of_python_3_9() -> None:
    ast.parse(SHIM.read_text(encoding="utf-8"), feature_version=(3, 9))
