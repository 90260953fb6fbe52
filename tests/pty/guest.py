"""``scanflow`` as another Unix user, for tests that are root: ``python -m tests.pty.guest UID GID
ARGUMENTS``. All modules are loaded before the user changes, who may not read where they lie.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import pkgutil
import sys

PACKAGES = ("scanflow_tui", "textual", "rich", "PIL", "encodings", "concurrent", "asyncio")
LEFT_OUT = ("scanflow_tui.steps", "scanflow_tui.mirror", "scanflow_tui.__main__", "textual.demo")


def load_all() -> None:
    """Import what the program may load later on."""
    for name in PACKAGES:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}.", onerror=lambda _: None):
            if found.name.startswith(LEFT_OUT) or found.name.endswith("__main__"):
                continue
            # Some are made for other machines, or not installed whole; some print.
            with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                importlib.import_module(found.name)


def main(uid: int, gid: int, arguments: list[str]) -> None:
    """Become the user, then be the program."""
    load_all()
    os.setgroups([gid] if gid else [])
    os.setgid(uid)
    os.setuid(uid)
    os.chdir("/")
    os.environ |= {"HOME": "/nonexistent", "XDG_STATE_HOME": "/nonexistent/state"}
    from scanflow_tui.cli.main import main as scanflow

    sys.argv = ["scanflow", *arguments]
    scanflow()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
