"""An attempt's surroundings once more, on a copy of what it left: for a person who looks for the
fault. The attempt itself, and the store, are only read.
"""

from __future__ import annotations

import os
import shutil
import stat
from dataclasses import replace
from pathlib import Path

from scanflow_tui.contract.errors import Missing
from scanflow_tui.contract.step import OUT_DIR, REPORT_FILE, VALUES_FILE
from scanflow_tui.engine.protocol import Spec
from scanflow_tui.session import artifacts
from scanflow_tui.session.places import SessionFolder, objects_of
from scanflow_tui.session.state import AttemptView, NodeView, RunView
from scanflow_tui.supervisor.effects_attempt import spec_of, write_step
from scanflow_tui.supervisor.machine.progress import start_of
from scanflow_tui.workflow.graph import Multigraph


def copy_of(
    folder: SessionFolder,
    graph: Multigraph,
    run: RunView,
    node: NodeView,
    attempt: AttemptView,
    target: Path,
) -> Spec:
    """Lay an attempt out again below ``target``: its outputs, half made or whole, and step.json.

    Raises Missing where the store no longer has its code or an input.
    """
    objects = objects_of(folder.root)
    effect = start_of(graph, run, graph.node(node.id), attempt)
    inputs = {name: artifacts.path_of(objects, sha) for name, sha in attempt.inputs.items()}
    code = artifacts.path_of(objects, effect.code)
    for what, path in (("the snapshot of the code", code), *_named(inputs)):
        if not path.exists():
            raise Missing(f"{what} is not in the store any more", where=str(path))
    source = folder.attempt(run.number, node.id, attempt.number)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    _copy(source / OUT_DIR, target / OUT_DIR)
    for name, made in node.outputs.items():
        if attempt is node.attempts[-1] and not os.path.lexists(target / OUT_DIR / name):
            _copy(artifacts.path_of(objects, made.sha), target / OUT_DIR / name)
    for name in (REPORT_FILE, VALUES_FILE):
        _copy(source / name, target / name)
    write_step(effect, target, inputs)
    return replace(spec_of(effect, target, code, inputs), gpus=attempt.gpus)


def _named(inputs: dict[str, Path]) -> list[tuple[str, Path]]:
    return [(f"input {name!r}", path) for name, path in inputs.items()]


def _copy(source: Path, target: Path) -> None:
    """Copy what a step made: links as links, regular files and folders, nothing else."""
    try:
        mode = source.lstat().st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        shutil.copytree(source, target, symlinks=True, ignore=_special)
        for folder, _, files in os.walk(target):
            _open_up(Path(folder))
            for name in files:
                _open_up(Path(folder, name))
    elif stat.S_ISREG(mode):
        shutil.copyfile(source, target, follow_symlinks=False)
        _open_up(target)


def _open_up(path: Path) -> None:
    """Read and write for whoever looks; root's containers run as nobody, so there for all.

    The folder around the copy is closed to others.
    """
    if not path.is_symlink():
        everybody = 0o666 if os.geteuid() == 0 else 0o600
        runs = path.lstat().st_mode & 0o111
        path.chmod(0o111 | everybody if path.is_dir() else everybody | runs)


def _special(folder: str, names: list[str]) -> list[str]:
    """Sockets, devices and pipes: they are not copied, for reading one may block for ever."""
    found = []
    for name in names:
        mode = Path(folder, name).lstat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)):
            found.append(name)
    return found
