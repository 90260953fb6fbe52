"""How the image of a pipeline's folder is called, and whether it is built: without the docker
package, since a plan asks for it.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine.docker.client import Daemon, EngineRefused, NoSuchImage
from scanflow_tui.engine.docker.http import EngineAway
from scanflow_tui.engine.docker.link import here
from scanflow_tui.engine.images.context import Context, read_context
from scanflow_tui.engine.images.recipe import LABEL
from scanflow_tui.engine.images.wheel import own_digest

BASE_VARIABLE = "SCANFLOW_BASE"


def tag_of(pipeline: str | Path, base: str = "") -> str:
    """The name that the image of a pipeline's folder has; it need not have been built.

    ``base`` replaces the Dockerfile's own base image; else ``$SCANFLOW_BASE`` does. Raises Missing
    where the pipeline has no Dockerfile, InputError where it cannot be used.
    """
    return context_of(pipeline, base).recipe.tag


def context_of(pipeline: str | Path, base: str = "") -> Context:
    """All that an image is made of, from a pipeline's folder or its ``pipeline.yaml``."""
    folder = Path(pipeline)
    folder = folder if folder.is_dir() else folder.parent
    return read_context(folder, base or os.environ.get(BASE_VARIABLE, ""), _own())


def is_built(tag: str) -> bool:
    """Whether ScanFlow built an image of this name in the engine. Raises Missing."""
    link = here()
    daemon = Daemon(link)
    try:
        found = daemon.image(tag)
    except NoSuchImage:
        return False
    except (EngineAway, EngineRefused) as error:
        raise Missing(str(error), where=link.address.url) from None
    finally:
        daemon.close()
    return LABEL in ((found.get("Config") or {}).get("Labels") or {})


@functools.cache
def _own() -> str:
    """Of the sources that this process runs: they do not change under it."""
    return own_digest()
