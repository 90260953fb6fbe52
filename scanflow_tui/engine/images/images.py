"""Images of pipelines: built unless they are there, listed, pruned.

An image's tag is the hash of all that goes in. Only images with ScanFlow's label are ever removed,
and never by force.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scanflow_tui import __version__
from scanflow_tui.contract.errors import InputError, Missing, Refused
from scanflow_tui.engine.docker.client import (
    EngineAway,
    EngineRefused,
    NoSuchContainer,
    NoSuchImage,
)
from scanflow_tui.engine.docker.link import here
from scanflow_tui.engine.docker.truth import time_us
from scanflow_tui.engine.images import needs, recipe
from scanflow_tui.engine.images import rows as images_rows
from scanflow_tui.engine.images.client import ImageStore
from scanflow_tui.engine.images.context import SENT_DOCKERFILE, Context, write_tar
from scanflow_tui.engine.images.needs import Interpreter
from scanflow_tui.engine.images.rows import Tell
from scanflow_tui.engine.images.tag import context_of
from scanflow_tui.engine.images.wheel import own_wheel


@dataclass(frozen=True, slots=True)
class Image:
    """An image that ScanFlow built. ``tags`` is empty for what a build left; ``users`` are
    containers.
    """

    id: str
    tags: tuple[str, ...]
    pipeline: str
    base: str
    size_bytes: int
    created_us: int
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Built:
    """A pipeline's image in the engine; ``is_new`` where this call made it."""

    tag: str
    id: str
    size_bytes: int
    is_new: bool


@contextmanager
def image_store() -> Iterator[ImageStore]:
    """The engine's images. Raises Missing, in one sentence, where no engine answers."""
    link = here()
    store = ImageStore(link)
    try:
        silent = link.why_silent()
        if silent:
            raise Missing(silent.rstrip("."), hint="Start one, or name it in DOCKER_HOST.")
        yield store
    except (EngineAway, EngineRefused, NoSuchContainer) as error:
        raise Missing(str(error), where=link.address.url) from None
    finally:
        store.close()


def find(store: ImageStore, tag: str) -> Built | None:
    """The image of this name, if it was built. Raises Refused where it is none of ScanFlow's."""
    try:
        found = store.inspect(tag)
    except NoSuchImage:
        return None
    labels = (found.get("Config") or {}).get("Labels") or {}
    if recipe.LABEL not in labels:
        raise Refused(f"there is an image {tag!r} that ScanFlow did not build", where=tag)
    return Built(tag, str(found["Id"]), int(found.get("Size") or 0), is_new=False)


def build(store: ImageStore, pipeline: str | Path, tell: Tell, base: str = "") -> Built:
    """Build the image of a pipeline's folder, unless it is there.

    Raises the ScanflowError that says what is missing, or which instruction failed.
    """
    context = context_of(pipeline, base)
    made = context.recipe
    if base and made.base != base:
        raise InputError(
            f"the Dockerfile takes no other base image ({base!r} was asked for)",
            where=str(context.folder),
            hint=f"It has to begin with `ARG {recipe.BASE}=...` and `FROM ${{{recipe.BASE}}}`.",
        )
    there = find(store, made.tag)
    if there is not None:
        return there
    begins = recipe.bases(context.instructions, made.base)
    base_ids = [_have_base(store, name, tell) for name in begins]
    wheels: list[Path] = []
    if made.requirements:
        python = _python_of(store, begins[-1])
        cache = needs.cache_folder(os.environ, Path.home())
        wheels = needs.needs(made.requirements, python, context.folder, cache, tell)
    labels = {
        recipe.LABEL: recipe.SCHEMA,
        recipe.PIPELINE_LABEL: made.name,
        recipe.BASE_LABEL: " ".join(begins),
        recipe.BASE_ID_LABEL: " ".join(base_ids),
        recipe.NEEDS_LABEL: needs.digest_of(wheels),
        recipe.VERSION_LABEL: __version__,
    }
    _send(store, context, wheels, labels, tell)
    built = find(store, made.tag)
    if built is None:
        raise Missing(f"the engine built {made.tag!r}, and has no such image", where=made.tag)
    return Built(built.tag, built.id, built.size_bytes, is_new=True)


def images(store: ImageStore) -> list[Image]:
    """Every image that ScanFlow built, the newest first; what is left of a build has no tag."""
    found = []
    for row in store.labelled(recipe.LABEL):
        try:  # its row tells whole seconds only: two builds may share one
            created_us = time_us(str(store.inspect(str(row["Id"])).get("Created") or ""))
        except NoSuchImage:
            continue
        labels = row.get("Labels") or {}
        tags = tuple(tag for tag in row.get("RepoTags") or () if tag != "<none>:<none>")
        found.append(
            Image(
                id=str(row["Id"]),
                tags=tags,
                pipeline=str(labels.get(recipe.PIPELINE_LABEL, "")),
                base=str(labels.get(recipe.BASE_LABEL, "")),
                size_bytes=int(row.get("Size") or 0),
                created_us=created_us,
                users=tuple(store.users(str(row["Id"]))),
            )
        )
    return sorted(found, key=lambda image: (-image.created_us, image.id))


def superseded(found: list[Image]) -> list[Image]:
    """What prune takes: left-overs of builds, and all but the newest image of each pipeline.

    What a container uses is kept.
    """
    newest: set[str] = set()
    gone = []
    for image in found:
        is_newest = bool(image.tags) and image.pipeline not in newest
        if is_newest:
            newest.add(image.pipeline)
        if not is_newest and not image.users:
            gone.append(image)
    return gone


def remove(store: ImageStore, image: Image) -> str:
    """Remove one image; why it stays, where the engine keeps it.

    A name that somebody else gave it stays, and the image with it.
    """
    own = [tag for tag in image.tags if recipe.is_own(tag)]
    if image.tags and not own:
        return f"it is called {', '.join(image.tags)} by somebody else"
    try:
        for name in own if image.tags else (image.id,):
            store.remove(name)
    except NoSuchImage:
        return ""
    except EngineRefused as error:
        return str(error)
    return ""


def _have_base(store: ImageStore, name: str, tell: Tell) -> str:
    """The id of a base image, pulled where it is not there. Raises Missing with the reason."""
    try:
        return str(store.inspect(name)["Id"])
    except NoSuchImage:
        tell(None, f"pulling {name}")
    try:
        images_rows.follow_pull(store.pull(name), name, tell)
        return str(store.inspect(name)["Id"])
    except (EngineAway, EngineRefused, NoSuchImage, NoSuchContainer) as error:
        raise images_rows.no_base(name, str(error)) from None


def _python_of(store: ImageStore, base: str) -> Interpreter:
    """The base's Python. Raises Missing where it has none."""
    labels = {recipe.LABEL: recipe.SCHEMA}
    for program in ("python", "python3"):
        try:
            code, said = store.say(base, [program, "-c", needs.PROBE], labels)
        except (EngineRefused, NoSuchContainer):
            continue
        if code == 0:
            return Interpreter(*json.loads(said.splitlines()[-1]))
    raise Missing(
        f"the base image {base!r} has no Python",
        hint="requirements.txt is installed by the base image's own pip.",
    )


def _send(
    store: ImageStore, context: Context, wheels: list[Path], labels: dict[str, str], tell: Tell
) -> None:
    made = context.recipe
    own = own_wheel()
    if made.own and own.digest != made.own:
        raise Missing(
            "ScanFlow's own files changed while this process runs", hint="Build once more."
        )
    try:
        with tempfile.TemporaryFile() as tar:
            write_tar(tar, context, wheels, own)
            tell(None, f"sending {tar.tell() / 1e6:.0f} MB to the engine")
            tar.seek(0)
            args = {recipe.BASE: made.base} if made.base else {}
            rows = store.build(tar, SENT_DOCKERFILE, made.tag, args, labels)
            images_rows.follow_build(rows, str(context.folder / "Dockerfile"), tell)
    except OSError as error:
        raise Missing(f"the build context cannot be written: {error.strerror or error}") from None
