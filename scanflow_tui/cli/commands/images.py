"""``scanflow images build|list|prune``: the images that steps run in."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from scanflow_tui.cli import output
from scanflow_tui.cli.commands.lint import pipeline_text
from scanflow_tui.cli.storing import size_text
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.engine.images import images, needs
from scanflow_tui.engine.images import tag as images_tag
from scanflow_tui.engine.images.images import Built, Image
from scanflow_tui.workflow.lint import read

ACTS = ("build", "list", "prune")


def execute(act: str, pipeline: str, base: str, remove: bool, every: bool, as_json: bool) -> int:
    """Exit 5 where no engine answers or something is missing, 2 where an instruction failed."""
    if act not in ACTS:
        raise UsageError(f"there is no act {act!r}", hint=f"One of {', '.join(ACTS)}.")
    if act != "prune" and (remove or every):
        raise UsageError("--yes and --all belong to `scanflow images prune`")
    if act == "build":
        return _build(pipeline, base, as_json)
    return _list(as_json) if act == "list" else _prune(remove, every, as_json)


def build_with_progress(pipeline: str | Path, base: str = "") -> Built:
    """Build a pipeline's image, unless it is there; progress goes to stderr."""
    tag = images_tag.tag_of(pipeline, base)
    with images.image_store() as store:
        there = images.find(store, tag)
        if there is not None:
            return there
        with output.progress(f"building {tag}") as tell:
            return images.build(store, pipeline, tell, base)


def have_image(pipeline: Path) -> None:
    """Before a session is made whose steps run in containers: build what its Dockerfile says."""
    text, where = pipeline_text(str(pipeline))
    if read(text, where).dockerfile:
        built = build_with_progress(pipeline)
        output.note(f"steps run in {built.tag}")


def _build(pipeline: str, base: str, as_json: bool) -> int:
    pipeline_text(pipeline)
    built = build_with_progress(pipeline, base)
    if as_json:
        output.write_json(
            {"tag": built.tag, "id": built.id, "bytes": built.size_bytes, "new": built.is_new}
        )
        return 0
    said = f"{size_text(built.size_bytes)}, {_short(built.id)}"
    output.write(f"{built.tag}: {said}" if built.is_new else f"{built.tag}: is there, {said}")
    if base and base != os.environ.get(images_tag.BASE_VARIABLE, ""):
        output.note(
            f"A run takes it with {images_tag.BASE_VARIABLE}={base}, or with that base in the "
            "Dockerfile."
        )
    return 0


def _list(as_json: bool) -> int:
    with images.image_store() as store:
        found = images.images(store)
    if as_json:
        output.write_json({"images": [_json(image) for image in found]})
    elif not found:
        output.write("ScanFlow has built no image in this engine yet (scanflow images build).")
    else:
        _table(found)
    return 0


def _prune(remove: bool, every: bool, as_json: bool) -> int:
    kept: list[tuple[Image, str]] = []
    with images.image_store() as store:
        found = images.images(store)
        gone = [it for it in found if not it.users] if every else images.superseded(found)
        if remove:
            # What was built on another comes first: an image that others need stays.
            for image in gone:
                why = images.remove(store, image)
                if why:
                    kept.append((image, why))
    cache = needs.cache_folder(os.environ, Path.home())
    n_wheels = needs.forget(cache) if every and remove else needs.size_of(cache)
    stayed = [image for image, _ in kept]
    removed = [image for image in gone if image not in stayed] if remove else []
    if as_json:
        output.write_json(
            {
                "removed": remove,
                "images": [_json(image) for image in (removed if remove else gone)],
                "kept": [{"id": image.id, "why": why} for image, why in kept],
                "wheels_bytes": n_wheels if every else 0,
            }
        )
        return 0
    if not gone:
        output.write("Nothing to remove: each image is its pipeline's newest, or is in use.")
    else:
        _table(gone)
    for image, why in kept:
        output.write(f"{_short(image.id)} stays: {why}")
    if remove:
        wheels = f", and {size_text(n_wheels)} of wheels" if every else ""
        output.write(f"{len(removed)} images removed{wheels}")
    elif gone:
        output.write("nothing was removed: scanflow images prune --yes does")
    return 0


def _table(found: list[Image]) -> None:
    output.table(
        ("image", "id", "size", "built", "base", "used by"),
        [
            (
                ", ".join(image.tags) or "(left of a build)",
                _short(image.id),
                size_text(image.size_bytes),
                _built_at(image),
                image.base or "-",
                f"{len(image.users)} containers" if image.users else "-",
            )
            for image in found
        ],
    )


def _built_at(image: Image) -> str:
    at = datetime.fromtimestamp(image.created_us / 1_000_000).astimezone()
    return at.strftime("%Y-%m-%d %H:%M %Z")


def _json(image: Image) -> dict[str, Any]:
    return {
        "id": image.id,
        "tags": list(image.tags),
        "pipeline": image.pipeline,
        "base": image.base,
        "bytes": image.size_bytes,
        "created_s": image.created_us // 1_000_000,
        "users": list(image.users),
    }


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]
