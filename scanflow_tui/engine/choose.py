"""Which engine runs the steps: asked for by name, or the best that is here, and why.

An engine's module is imported when it is chosen, never before.
"""

from __future__ import annotations

import importlib

from scanflow_tui.contract.errors import Missing, UsageError
from scanflow_tui.engine.protocol import Engine

AUTO = "auto"
DOCKER = "docker"
PROCESS = "process"
ENGINES = {PROCESS: "scanflow_tui.engine.process", DOCKER: "scanflow_tui.engine.docker"}


def open_engine(
    name: str = AUTO, image: str = "", *, must_answer: bool = True
) -> tuple[Engine, str]:
    """The engine and the reason for it, a sentence.

    ``image`` is what the pipeline runs in, if anything. A session that is opened again takes its
    engine even while it is away: then ``must_answer`` is False.
    Raises Missing where the engine asked for does not answer, UsageError for a name that no engine
    has.
    """
    if name == AUTO:
        return _best(image)
    if name not in ENGINES:
        known = ", ".join([AUTO, *ENGINES])
        raise UsageError(f"there is no engine {name!r}", hint=f"choose one of {known}")
    if name == DOCKER and must_answer:
        silent = _why_docker_is_silent()
        if silent:
            raise Missing(silent.rstrip("."), hint="Start it, or choose --engine process.")
    return _open(name), f"the {name} engine was asked for"


def _best(image: str) -> tuple[Engine, str]:
    """Docker where the pipeline has an image and an engine answers, else processes."""
    if not image:
        return _open(PROCESS), "the pipeline names no image, so its steps run as processes"
    try:
        silent = _why_docker_is_silent()
    except Missing as error:
        silent = error.sentence()
    if silent:
        return _open(PROCESS), f"the pipeline's image is not used: {silent.rstrip('.')}"
    return _open(DOCKER), f"a Docker engine answers and the pipeline has the image {image}"


def _why_docker_is_silent() -> str:
    """Why no Docker engine answers; empty where one does. Raises Missing for no such context."""
    looked = importlib.import_module("scanflow_tui.engine.docker_link")
    link = looked.here()
    try:
        return str(link.why_silent())
    finally:
        link.close()


def _open(name: str) -> Engine:
    engine: Engine = importlib.import_module(ENGINES[name]).create()
    return engine
