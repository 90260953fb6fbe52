"""The code snapshot of a run: the pipeline's folder without what is no code.

Left out: pipeline.yaml, the sessions root, ``file:`` paths, version control and caches, and what
``.gitignore`` or ``.scanflowignore`` in the folder name. Of their syntax: ``#``, ``!``, ``/`` at
either end, ``*``, ``?``, ``[…]`` and ``**``; the last pattern that matches wins. Files in
sub-folders are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.records import dataclass
from scanflow_tui.session.artifacts import ingest
from scanflow_tui.session.events import Artifact

ALWAYS = (
    ".git/",
    ".hg/",
    ".svn/",
    "__pycache__/",
    "*.pyc",
    ".venv/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    "/.gitignore",
    "/.scanflowignore",
    "/pipeline.yaml",
)
IGNORE_FILES = (".gitignore", ".scanflowignore")
IGNORE_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file."""

    regex: re.Pattern[str]
    folders_only: bool
    takes_back: bool


def snapshot(folder: Path, objects: Path, leave_out: Iterable[Path] = ()) -> Artifact:
    """Copy a pipeline folder's code into the store. ``leave_out``: sessions, ``file:`` paths.

    Raises InputError at a link (with what to do), Missing when the disk is full.
    """
    base = folder.resolve()
    out = _relative(base, leave_out)
    patterns = [*parse(ALWAYS), *_ignore_files(base)]

    def skip(path: str, is_folder: bool) -> bool:
        return path in out or ignored(patterns, path, is_folder=is_folder)

    try:
        return ingest(base, objects, skip)
    except InputError as error:
        raise InputError(
            f"the pipeline's folder cannot be copied: {error.what}",
            where=error.where,
            hint="Name it in .scanflowignore if no step needs it.",
        ) from None


def parse(lines: Iterable[str]) -> list[Pattern]:
    """Patterns from the lines of an ignore file; a line that is none is left out."""
    return [pattern for line in lines if (pattern := _pattern(line)) is not None]


def ignored(patterns: Iterable[Pattern], path: str, *, is_folder: bool) -> bool:
    """Whether a path (relative, with '/') is left out; its folder is asked before it."""
    out = False
    for pattern in patterns:
        if (is_folder or not pattern.folders_only) and pattern.regex.fullmatch(path):
            out = not pattern.takes_back
    return out


def _pattern(line: str) -> Pattern | None:
    text = line.rstrip("\r\n").rstrip(" ")
    if not text or text.startswith("#"):
        return None
    takes_back = text.startswith("!")
    text = text[1:] if takes_back else text
    folders_only = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    if not text:
        return None
    try:
        regex = re.compile(("" if anchored else "(?:.*/)?") + _regex(text))
    except re.error:
        return None
    return Pattern(regex, folders_only, takes_back)


def _regex(text: str) -> str:
    made = ""
    while text:
        if text.startswith("**/"):
            made, text = made + "(?:.*/)?", text[3:]
        elif text == "/**":
            made, text = made + "/.+", ""
        elif text.startswith("**"):
            made, text = made + ".*", text[2:]
        elif found := re.match(r"\[([!^]?)(\]?[^\]]*)\]", text):
            inner = found[2].replace("\\", "\\\\").replace("[", "\\[")
            made, text = made + f"[{'^/' if found[1] else ''}{inner}]", text[found.end() :]
        elif text.startswith("\\") and len(text) > 1:
            made, text = made + re.escape(text[1]), text[2:]
        else:
            made += {"*": "[^/]*", "?": "[^/]"}.get(text[0], re.escape(text[0]))
            text = text[1:]
    return made


def _ignore_files(base: Path) -> list[Pattern]:
    patterns = []
    for name in IGNORE_FILES:
        file = base / name
        if file.is_file() and not file.is_symlink():
            text = file.read_bytes()[:IGNORE_BYTES_MAX].decode("utf-8", "replace")
            patterns += parse(text.splitlines())
    return patterns


def _relative(base: Path, paths: Iterable[Path]) -> frozenset[str]:
    """The paths as the walk names them: as written below the folder, and as resolved."""
    found = set()
    for path in paths:
        for absolute in (base / path, (base / path).resolve()):
            if absolute != base and absolute.is_relative_to(base):
                found.add(absolute.relative_to(base).as_posix())
    return frozenset(found)
