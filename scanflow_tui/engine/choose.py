"""Which engine runs the steps: asked for by name, or the best that is here, and why.

An engine's module is imported when it is chosen, never before.
"""

from __future__ import annotations

import importlib

from scanflow_tui.contract.errors import Missing, UsageError
from scanflow_tui.engine.protocol import Engine

AUTO = "auto"
DOCKER = "docker"
ENGINES = {"process": "scanflow_tui.engine.process"}


def open_engine(name: str = AUTO, image: str = "") -> tuple[Engine, str]:
    """The engine and the reason for it, a sentence.

    Raises Missing where the engine asked for is not part of this version, UsageError for a name
    that no engine has.
    """
    if name == AUTO:
        why = "the process engine is the only one in this version"
        if image:
            why += "; the pipeline's image is not used"
        return _open("process"), why
    if name in ENGINES:
        return _open(name), f"the {name} engine was asked for"
    if name == DOCKER:
        raise Missing(
            "the docker engine is not part of this version",
            hint="choose --engine process, or auto",
        )
    known = ", ".join([AUTO, *ENGINES])
    raise UsageError(f"there is no engine {name!r}", hint=f"choose one of {known}")


def _open(name: str) -> Engine:
    engine: Engine = importlib.import_module(ENGINES[name]).create()
    return engine
