"""``scanflow init``: copy a shipped pipeline into a folder and make its data."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import scanflow_tui
from scanflow_tui.cli import output
from scanflow_tui.cli.shipped import shipped_pipelines
from scanflow_tui.contract.errors import Missing, Refused, ScanflowError, UsageError

BY_CODE = {5: Missing, 2: UsageError}


def execute(folder: str, pipeline: str, data: str | None, download: bool, as_json: bool) -> int:
    """Copy and make; what is there already is never overwritten."""
    target = Path(folder)
    copy_pipeline(pipeline, target)
    truth = target.parent / f".{target.resolve().name}-truth" / "stream.json"
    said = make_data(target, truth, data, download)
    if as_json:
        output.write_json({"pipeline": str(target), "data": said})
    else:
        output.write(f"{target}: pipeline {pipeline}, {said}")
        output.write("Next: scanflow lint, then scanflow run.")
    return 0


def copy_pipeline(name: str, target: Path) -> None:
    """Copy a shipped pipeline. Raises UsageError for an unknown name, Refused where one lies."""
    known = shipped_pipelines()
    if name not in known:
        raise UsageError(f"there is no pipeline {name!r}", hint=f"One of {', '.join(known)}.")
    if (target / "pipeline.yaml").exists():
        raise Refused("a pipeline lies here already", where=str(target))
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(known[name].iterdir()):
        if path.is_file():
            shutil.copyfile(path, target / path.name)


def make_data(folder: Path, truth: Path, data: str | None, download: bool) -> str:
    """Run the pipeline's ``data.py``; what it said. Its error is the user's to read."""
    command = [sys.executable, "data.py", "--out", "data", "--truth", str(truth.resolve())]
    if data:
        command += ["--data", str(Path(data).resolve())]
    if download:
        command.append("--download")
    return run_program(command, folder)


def run_program(command: list[str], folder: Path) -> str:
    """Run a shipped program in a folder; its last line, or its own sentence as an error."""
    root = str(Path(scanflow_tui.__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    ended = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (ended.stdout if ended.returncode == 0 else ended.stderr).strip().splitlines()
    last = lines[-1] if lines else ""
    if ended.returncode:
        raise BY_CODE.get(ended.returncode, ScanflowError)(
            last or f"{command[1]} ended with code {ended.returncode}"
        )
    return last
