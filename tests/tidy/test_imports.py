"""What each entry loads, seen from inside a subprocess: the static graph is half the truth."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.source import ROOT

HEAVY = ("torch", "mlflow", "duckdb", "textual", "pydantic", "asyncio", "rich", "numpy", "PIL")

PROBE = """
import json, runpy, sys
sys.argv = json.loads(sys.argv[1])
try:
    runpy.run_module("scanflow_tui", run_name="__main__", alter_sys=False)
except SystemExit:
    pass
sys.stderr.write("\\nMODULES " + json.dumps(sorted(sys.modules)))
"""


def loaded(arguments: list[str], folder: Path) -> set[str]:
    """Top-level modules that ``scanflow ARGUMENTS`` has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(["scanflow", *arguments])],
        capture_output=True,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": "/usr/bin:/bin"},
        check=False,
        timeout=60,
    )
    modules = json.loads(done.stderr.rsplit("MODULES ", 1)[1])
    return {name.split(".")[0] for name in modules}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], HEAVY),
        (["sessions"], ("torch", "mlflow", "duckdb", "textual", "pydantic", "asyncio", "numpy")),
        (["lint", "pipeline.yaml"], ("torch", "mlflow", "duckdb", "textual", "pydantic", "numpy")),
    ],
)
def test_a_command_loads_no_more_than_it_needs(
    arguments: list[str], absent: tuple[str, ...], tmp_path: Path
) -> None:
    shipped = ROOT / "pipelines" / "mnist" / "pipeline.yaml"
    (tmp_path / "pipeline.yaml").write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    assert loaded(arguments, tmp_path) & set(absent) == set()


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("scanflow_tui.tui.app", ("torch", "mlflow", "duckdb", "pydantic", "numpy", "PIL")),
        ("scanflow_tui.cli.commands.open", ("duckdb", "msgspec", "yaml", "hashlib")),
        (
            "scanflow_tui.supervisor.machine.advance",
            ("torch", "mlflow", "duckdb", "textual", "asyncio"),
        ),
        ("scanflow_tui.client.live", ("torch", "mlflow", "duckdb", "textual", "numpy")),
        ("scanflow_tui.contract.step", ("msgspec", "yaml", "asyncio", "typing_extensions")),
        ("scanflow_tui.workflow.lint", ("msgspec", "numpy", "asyncio")),
    ],
)
def test_a_module_loads_no_more_than_it_needs(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, json, {module}; sys.stdout.write(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    tops = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert tops & set(absent) == set()


def test_the_shim_runs_without_the_package() -> None:
    shim = ROOT / "scanflow_tui" / "engine" / "shim.py"
    text = shim.read_text(encoding="utf-8")
    assert "scanflow_tui" not in [
        line.split()[1].split(".")[0]
        for line in text.splitlines()
        if line.startswith(("import ", "from "))
    ]
