"""Reads what a pipeline's image is made of, and writes it as a tar: the same content, the same
bytes.

Only what the Dockerfile copies goes in, with the wheels beside it; times, owners and the order of
a folder never count.
"""

from __future__ import annotations

import io
import os
import re
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scanflow_tui.contract import canonical, limits
from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.engine.images import recipe as images_recipe
from scanflow_tui.engine.images.recipe import CopiedFile, Instruction, Recipe
from scanflow_tui.engine.images.wheel import Wheel
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.lint import read

PIPELINE_FILE = "pipeline.yaml"
REQUIREMENTS_FILE = "requirements.txt"
IGNORE_FILE = ".dockerignore"
SENT_DOCKERFILE = "Dockerfile.scanflow"
NEEDS_DIR = f"{images_recipe.WHEELS_DIR}/{images_recipe.NEEDS}"
OWN_DIR = f"{images_recipe.WHEELS_DIR}/{images_recipe.OWN}"
TEXT_BYTES_MAX = limits.PIPELINE_BYTES_MAX

NEVER = re.compile(r"(^|/)(\.git|\.hg|\.svn|__pycache__|\.venv|\.(mypy|pytest|ruff)_cache)$|\.pyc$")
SESSIONS = "sessions"


@dataclass(frozen=True, slots=True)
class Context:
    """A pipeline's folder as its image sees it."""

    folder: Path
    recipe: Recipe
    instructions: tuple[Instruction, ...]


def read_context(folder: Path, base: str, own: str) -> Context:
    """What the image of a pipeline's folder is made of. ``base`` replaces the Dockerfile's own.

    Raises Missing where the pipeline has no Dockerfile, InputError where one cannot be used.
    """
    graph = read(_text(folder, PIPELINE_FILE), str(folder / PIPELINE_FILE))
    if not graph.dockerfile:
        what = "the pipeline has no Dockerfile"
        what += f": it names the image {graph.image!r}" if graph.image else ""
        hint = "" if graph.image else "Write one, and in pipeline.yaml `image: {dockerfile: ...}`."
        raise Missing(what, where=str(folder), hint=hint)
    dockerfile = _text(folder, graph.dockerfile)
    instructions = images_recipe.parse(dockerfile)
    default = images_recipe.default_base(instructions)
    chosen = base or default or "" if default is not None else ""
    images_recipe.bases(instructions, chosen)
    asked = images_recipe.wheels(instructions)
    if asked and os.path.lexists(folder / images_recipe.WHEELS_DIR):
        raise InputError(
            f"{images_recipe.WHEELS_DIR}/ is where ScanFlow puts wheels into the build",
            where=str(folder),
            hint="Give that folder another name.",
        )
    has_needs = images_recipe.NEEDS in asked and (folder / REQUIREMENTS_FILE).is_file()
    recipe = Recipe(
        name=graph.name,
        dockerfile=dockerfile,
        base=chosen,
        requirements=_text(folder, REQUIREMENTS_FILE) if has_needs else "",
        files=tuple(_files(folder, instructions, _inputs(graph))),
        own=own if images_recipe.OWN in asked else "",
    )
    return Context(folder, recipe, instructions)


def write_tar(out: IO[bytes], context: Context, needs: Iterable[Path], own: Wheel) -> None:
    """Write the whole build context. Raises InputError where a file changed since it was read."""
    labels = {images_recipe.LABEL: images_recipe.SCHEMA}
    dockerfile = images_recipe.labelled(context.recipe.dockerfile, labels)
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        _add(tar, SENT_DOCKERFILE, dockerfile.encode("utf-8"))
        for item in context.recipe.files:
            _add_copied(tar, context.folder, item)
        for name in (images_recipe.WHEELS_DIR, NEEDS_DIR, OWN_DIR):
            entry = _entry(name, 0o755)
            entry.type = tarfile.DIRTYPE
            tar.addfile(entry)
        for path in sorted(needs, key=lambda path: path.name):
            entry = _entry(f"{NEEDS_DIR}/{path.name}", 0o644)
            entry.size = path.stat().st_size
            with open(path, "rb") as source:
                tar.addfile(entry, source)
        if context.recipe.own:
            _add(tar, f"{OWN_DIR}/{own.name}", own.data)


def _text(folder: Path, name: str) -> str:
    path = folder / name
    try:
        with open(path, "rb") as source:
            data = source.read(TEXT_BYTES_MAX + 1)
    except OSError as error:
        kind = "Dockerfile" if name not in (PIPELINE_FILE, REQUIREMENTS_FILE) else "file"
        what = f"the {kind} cannot be read: {error.strerror}"
        raise Missing(what, where=str(path)) from None
    if len(data) > TEXT_BYTES_MAX:
        raise InputError("it is larger than 1 MiB", where=str(path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8", where=str(path)) from None


def _inputs(graph: Multigraph) -> set[str]:
    """``file:`` paths: steps get them mounted, so they are no part of the image."""
    found = {
        source.name
        for node in graph.nodes
        for item in node.inputs
        for source in item.sources
        if source.kind == "file"
    }
    champion = graph.champion
    return found | {path for path in (champion.model_file, champion.reference_file) if path}


def _files(
    folder: Path, instructions: tuple[Instruction, ...], leave_out: set[str]
) -> Iterator[CopiedFile]:
    """Every file that COPY and ADD name, once, by path."""
    patterns = _ignore_patterns(folder)
    found: dict[str, Path] = {}
    for pattern, line in images_recipe.copied(instructions):
        place = f"Dockerfile:{line}"
        if ".." in pattern.split("/"):
            raise InputError(f"{pattern!r} leaves the pipeline's folder", where=place)
        roots = [folder] if pattern == "." else sorted(folder.glob(pattern))
        n_before = len(found)
        for root in roots:
            for path in _below(folder, root, leave_out):
                name = path.relative_to(folder).as_posix()
                if not _ignored(patterns, name):
                    found[name] = path
        if len(found) == n_before and not any(name.startswith(pattern) for name in found):
            raise InputError(
                f"{pattern!r} is not in the pipeline's folder, or {IGNORE_FILE} names it",
                where=place,
            )
    for name in sorted(found):
        yield _copied(name, found[name])


def _below(folder: Path, root: Path, leave_out: set[str]) -> Iterator[Path]:
    """Files and links at or below ``root``; what is named itself is taken whatever it is."""
    if root.is_symlink() or not root.is_dir():
        yield root
        return
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        path = Path(entry.path)
        name = path.relative_to(folder).as_posix()
        if NEVER.search(name) or name in leave_out or name == SESSIONS:
            continue
        yield from _below(folder, path, leave_out)


def _copied(name: str, path: Path) -> CopiedFile:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return CopiedFile(name, "link", canonical.sha256(os.fsencode(path.readlink())))
        if not stat.S_ISREG(mode):
            raise InputError("it is no regular file, so no image can hold it", where=str(path))
        kind = "program" if mode & 0o111 else "file"
        return CopiedFile(name, kind, canonical.sha256(path.read_bytes()))
    except OSError as error:
        raise Missing(f"it cannot be read: {error.strerror}", where=str(path)) from None


def _add_copied(tar: tarfile.TarFile, folder: Path, item: CopiedFile) -> None:
    path = folder / item.path
    is_link = item.kind == "link"
    data = os.fsencode(path.readlink()) if is_link else path.read_bytes()
    if canonical.sha256(data) != item.sha:
        raise InputError("it changed while the image was made", where=str(path))
    if not is_link:
        _add(tar, item.path, data, 0o755 if item.kind == "program" else 0o644)
        return
    entry = _entry(item.path, 0o777)
    entry.type, entry.linkname = tarfile.SYMTYPE, os.fsdecode(data)
    tar.addfile(entry)


def _add(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    entry = _entry(name, mode)
    entry.size = len(data)
    tar.addfile(entry, io.BytesIO(data))


def _entry(name: str, mode: int) -> tarfile.TarInfo:
    """Owner root, no time: neither may count."""
    entry = tarfile.TarInfo(name)
    entry.mode = mode
    return entry


def _ignore_patterns(folder: Path) -> list[tuple[re.Pattern[str], bool]]:
    """The lines of .dockerignore: a pattern, and whether it takes back."""
    if not (folder / IGNORE_FILE).is_file():
        return []
    found = []
    for line in _text(folder, IGNORE_FILE).splitlines():
        text = line.strip()
        takes_back = text.startswith("!")
        text = text.removeprefix("!").strip().strip("/").removeprefix("./")
        if text and not text.startswith("#"):
            found.append((re.compile(_regex(text)), takes_back))
    return found


def _ignored(patterns: list[tuple[re.Pattern[str], bool]], name: str) -> bool:
    """Whether the last pattern that meets the path, or a folder above it, leaves it out."""
    parts = name.split("/")
    paths = ["/".join(parts[:n]) for n in range(1, len(parts) + 1)]
    out = False
    for pattern, takes_back in patterns:
        if any(pattern.fullmatch(path) for path in paths):
            out = not takes_back
    return out


def _regex(text: str) -> str:
    made = ""
    while text:
        if text.startswith("**/"):
            made, text = made + "(?:.*/)?", text[3:]
        elif text.startswith("**"):
            made, text = made + ".*", text[2:]
        elif found := re.match(r"\[\^?[^\]]+\]", text):
            made, text = made + found[0].replace("\\", "\\\\"), text[found.end() :]
        else:
            made += {"*": "[^/]*", "?": "[^/]"}.get(text[0], re.escape(text[0]))
            text = text[1:]
    return made
