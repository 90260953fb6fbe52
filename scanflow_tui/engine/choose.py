"""Which engine runs the steps: asked for by name, or the best that is here, and why.

An engine's module is imported when it is chosen, never before.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from scanflow_tui.contract.errors import Missing, ScanflowError, UsageError
from scanflow_tui.engine.protocol import Engine

AUTO = "auto"
DOCKER = "docker"
PROCESS = "process"
IMAGES = "scanflow_tui.engine.images.tag"
ENGINES = {PROCESS: "scanflow_tui.engine.process", DOCKER: "scanflow_tui.engine.docker.adapter"}


def open_engine(
    name: str = AUTO, image: str = "", *, pipeline: Path | None = None, must_answer: bool = True
) -> tuple[Engine, str]:
    """The engine and the reason for it, a sentence.

    ``image`` is what the pipeline runs in, if anything; ``pipeline`` its folder where a Dockerfile
    there says it. A session that is opened again takes its
    engine even while it is away: then ``must_answer`` is False.
    Raises Missing where the engine asked for does not answer, UsageError for a name that no engine
    has.
    """
    if name == AUTO:
        return _best(image, pipeline)
    if name not in ENGINES:
        known = ", ".join([AUTO, *ENGINES])
        raise UsageError(f"there is no engine {name!r}", hint=f"choose one of {known}")
    if name == DOCKER and must_answer:
        silent = _why_docker_is_silent()
        if silent:
            raise Missing(silent.rstrip("."), hint="Start it, or choose --engine process.")
    return _open(name), f"the {name} engine was asked for"


def image_of(engine: Engine, pipeline: Path, image: str, dockerfile: str) -> str:
    """What steps run in at an engine: the image named, or the one that the Dockerfile makes.

    Empty for an engine that needs none. Raises Missing or InputError for a bad Dockerfile.
    """
    if engine.name == PROCESS or not dockerfile:
        return image if engine.name != PROCESS else ""
    return str(importlib.import_module(IMAGES).tag_of(pipeline))


def _best(image: str, pipeline: Path | None) -> tuple[Engine, str]:
    """Docker where the pipeline has an image and an engine answers, else processes."""
    if not image and pipeline is None:
        return _open(PROCESS), "the pipeline names no image, so its steps run as processes"
    try:
        silent = _why_docker_is_silent()
    except Missing as error:
        silent = error.sentence()
    if silent:
        return _open(PROCESS), f"the pipeline's image is not used: {silent.rstrip('.')}"
    if pipeline is not None:
        image, lacking = _built(pipeline)
        if lacking:
            return _open(PROCESS), lacking
    return _open(DOCKER), f"a Docker engine answers and the pipeline has the image {image}"


def _built(pipeline: Path) -> tuple[str, str]:
    """The image that a folder's Dockerfile makes, or why it is not to be had, as a sentence."""
    images = importlib.import_module(IMAGES)
    try:
        tag = str(images.tag_of(pipeline))
        is_built = images.is_built(tag)
    except ScanflowError as error:
        return "", f"the pipeline's image is not used: {error.sentence()}"
    if not is_built:
        return "", "the pipeline's image is not built (scanflow images build): processes are used"
    return tag, ""


def _why_docker_is_silent() -> str:
    """Why no Docker engine answers; empty where one does. Raises Missing for no such context."""
    looked = importlib.import_module("scanflow_tui.engine.docker.link")
    link = looked.here()
    try:
        return str(link.why_silent())
    finally:
        link.close()


def _open(name: str) -> Engine:
    engine: Engine = importlib.import_module(ENGINES[name]).create()
    return engine
