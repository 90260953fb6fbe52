"""Starts the MLflow mirror of a sessions root beside a supervisor, and forgets it.

The mirror leaves when nothing comes, so it is started again with later commits; one that finds
another at work ends at once. Nothing here waits for it, and nothing fails because of it.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import scanflow_tui

AGAIN_S = 60.0
"""Less than a mirror stays without news, so an event of this span is always seen by one."""

OFF = "SCANFLOW_NO_MIRROR"


class Child(Protocol):
    """A started process."""

    def poll(self) -> int | None:
        """Its exit status, None while it runs."""


class Mirroring:
    """The mirror of one sessions root, started at most once a minute."""

    def __init__(self, root: Path, start: Callable[[Path], Child] | None = None) -> None:
        self._root = root
        self._start = start or start_mirror
        self._is_wanted = start is not None or is_wanted()
        self._started_s: float | None = None
        self._child: Child | None = None

    def wake(self, now_s: float) -> None:
        """Events were committed: see to it that a mirror looks at them. ``now_s`` is monotonic."""
        if not self._is_wanted:
            return
        if self._started_s is not None and now_s - self._started_s < AGAIN_S:
            return
        if self._child is not None and self._child.poll() is None:
            return
        self._started_s = now_s
        try:
            self._child = self._start(self._root)
        except OSError:
            self._child = None


def start_mirror(root: Path) -> subprocess.Popen[bytes]:
    """Start a mirror in a session of its own, without any of our descriptors. Raises OSError."""
    package = str(Path(scanflow_tui.__file__).parents[1])
    path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "scanflow_tui.mirror", str(root)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        close_fds=True,
        cwd="/",
        env=os.environ | {"PYTHONPATH": path},
    )


def is_wanted() -> bool:
    """Whether MLflow is installed and nobody switched the mirror off."""
    if os.environ.get(OFF):
        return False
    return importlib.util.find_spec("mlflow") is not None
