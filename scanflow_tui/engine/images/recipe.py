"""Reads a Dockerfile and names the image that it makes: a hash of everything that goes in (pure).

Only what both builders of Docker understand counts; heredocs and ``RUN --mount`` are the business
of whoever writes them.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError

LABEL = "scanflow.image"
SCHEMA = "1"
PIPELINE_LABEL = "scanflow.pipeline"
BASE_LABEL = "scanflow.base"
BASE_ID_LABEL = "scanflow.base.id"
NEEDS_LABEL = "scanflow.needs"
VERSION_LABEL = "scanflow.version"

BASE = "BASE"
WHEELS_DIR = "wheels"
NEEDS = "needs"
OWN = "scanflow"
TAG_DIGITS = 16
SCRATCH = "scratch"
PREFIX = "scanflow/"

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?-([^}]*))?\}|(\w+))")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*([\\`])\s*", re.IGNORECASE)
_REPOSITORY = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its word in capitals, the rest as one line, where it begins and ends."""

    word: str
    rest: str
    line: int
    end: int


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file of the pipeline's folder that goes into the build context.

    ``sha`` is of its bytes, or of a link's target; ``kind`` is ``file``, ``program`` or ``link``.
    """

    path: str
    kind: str
    sha: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that an image is made of. ``name`` is the pipeline's, ``own`` ScanFlow's own content.

    ``requirements`` and ``own`` are empty where the build asks for no such wheels.
    """

    name: str
    dockerfile: str
    base: str
    requirements: str
    files: tuple[CopiedFile, ...]
    own: str

    @property
    def digest(self) -> str:
        """Changes with every byte that goes in, and with nothing else."""
        return canonical.digest(
            {
                "schema": SCHEMA,
                "dockerfile": self.dockerfile,
                "base": self.base,
                "requirements": self.requirements,
                "files": [[item.path, item.kind, item.sha] for item in self.files],
                "own": self.own,
            }
        )

    @property
    def repository(self) -> str:
        """The image's name without its tag."""
        return f"{PREFIX}{_REPOSITORY.sub('-', self.name.lower()).strip('-') or 'pipeline'}"

    @property
    def tag(self) -> str:
        """The image's whole name."""
        return f"{self.repository}:{self.digest[:TAG_DIGITS]}"


def is_own(tag: str) -> bool:
    """Whether this is a name that ScanFlow gives; Podman writes a registry's before it."""
    return tag.removeprefix("localhost/").removeprefix("docker.io/").startswith(PREFIX)


def parse(text: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile, in order."""
    lines = text.splitlines()
    told = _ESCAPE.fullmatch(lines[0].strip()) if lines else None
    escape = told[1] if told else "\\"
    found: list[Instruction] = []
    parts: list[str] = []
    start = 0
    for number, line in enumerate(lines, start=1):
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            continue
        start = start if parts else number
        bare = line.rstrip()
        goes_on = bare.endswith(escape)
        parts.append(bare.removesuffix(escape).strip())
        if not goes_on:
            _add(found, parts, start, number)
            parts = []
    _add(found, parts, start, len(lines))
    return tuple(found)


def _add(found: list[Instruction], parts: list[str], start: int, end: int) -> None:
    word, _, rest = " ".join(parts).strip().partition(" ")
    if word:
        found.append(Instruction(word.upper(), rest.strip(), start, end))


def default_base(instructions: tuple[Instruction, ...]) -> str | None:
    """What ``ARG BASE=...`` before the first FROM says; None where there is no such argument."""
    return _arguments(instructions).get(BASE)


def bases(instructions: tuple[Instruction, ...], base: str) -> tuple[str, ...]:
    """The images that the build begins from, without its own stages.

    Raises InputError where there is none, or one is named by an argument without a value.
    """
    known = _arguments(instructions) | ({BASE: base} if base else {})
    stages: set[str] = set()
    found: dict[str, None] = {}
    for item in instructions:
        if item.word != "FROM":
            continue
        words = [word for word in item.rest.split() if not word.startswith("--")]
        name = _expand(words[0], known) if words else ""
        if not name:
            raise InputError("FROM names no image", where=f"Dockerfile:{item.line}")
        if name.lower() not in stages and name != SCRATCH:
            found[name] = None
        if len(words) == 3 and words[1].upper() == "AS":
            stages.add(words[2].lower())
    if not found:
        raise InputError("no FROM names an image to begin from", where="Dockerfile")
    return tuple(found)


def copied(instructions: tuple[Instruction, ...]) -> tuple[tuple[str, int], ...]:
    """What COPY and ADD take from the folder: path or pattern, and the line that names it.

    A name that an argument completes may be anything: it stands for the whole folder.
    """
    named = _named(instructions)
    return tuple((path, line) for path, line in named if path.split("/")[0] != WHEELS_DIR)


def wheels(instructions: tuple[Instruction, ...]) -> frozenset[str]:
    """Which wheels the build asks for: ``needs``, ``scanflow``, both or none."""
    found: set[str] = set()
    for path, _ in _named(instructions):
        parts = path.split("/")
        if path == "." or parts == [WHEELS_DIR]:
            found |= {NEEDS, OWN}
        elif parts[0] == WHEELS_DIR:
            found |= {parts[1]} & {NEEDS, OWN}
    return frozenset(found)


def _named(instructions: tuple[Instruction, ...]) -> list[tuple[str, int]]:
    """What COPY and ADD take from the build context, with the line that names it."""
    found: list[tuple[str, int]] = []
    for item in instructions:
        if item.word not in ("COPY", "ADD"):
            continue
        flags, words = _words(item)
        if any(flag.startswith("--from") for flag in flags):
            continue
        for word in words[:-1]:
            if "://" not in word:
                path = word.lstrip("/").removeprefix("./").rstrip("/") or "."
                found.append(("." if "$" in path else path, item.line))
    return found


def labelled(text: str, labels: dict[str, str]) -> str:
    """The Dockerfile with labels in every stage, so that what a build leaves is found again."""
    words = " ".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
    ends = {item.end for item in parse(text) if item.word == "FROM"}
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        lines.append(line)
        if number in ends:
            lines.append(f"LABEL {words}")
    return "\n".join(lines) + "\n"


def _words(item: Instruction) -> tuple[list[str], list[str]]:
    rest, flags = item.rest, []
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        flags.append(flag)
        rest = rest.lstrip()
    if rest.startswith("["):
        try:
            told = json.loads(rest)
        except ValueError:
            told = None
        if isinstance(told, list) and all(isinstance(word, str) for word in told):
            return flags, told
    try:
        return flags, shlex.split(rest)
    except ValueError as error:
        raise InputError(
            f"{item.word} cannot be read: {error}", where=f"Dockerfile:{item.line}"
        ) from None


def _arguments(instructions: tuple[Instruction, ...]) -> dict[str, str]:
    """Arguments before the first FROM, with their defaults."""
    found: dict[str, str] = {}
    for item in instructions:
        if item.word == "FROM":
            break
        if item.word == "ARG":
            for word in shlex.split(item.rest):
                name, _, value = word.partition("=")
                found[name] = _expand(value, found)
    return found


def _expand(text: str, known: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda it: known.get(it[1] or it[3], "") or it[2] or "", text)
