"""Reads what an engine tells while it builds or pulls: how far it is, and why it failed (pure)."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from scanflow_tui.contract.errors import InputError, Missing

Tell = Callable[[float | None, str], None]

LINES_KEPT = 12
OF_THE_BUILDER = ("--->", "-->", "Removing intermediate container")
TEXT_MAX = 100
FULL = ("no space left on device", "disk quota exceeded")
_STEP = re.compile(r"STEP (\d+)/(\d+)\s*: (.*)", re.IGNORECASE)
_ESCAPES = re.compile(r"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|.)")


@dataclass
class Building:
    """Where a build is: its instruction, and the last lines that it printed."""

    instruction: str = ""
    share: float | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES_KEPT))
    image: str = ""

    def row(self, row: dict[str, Any]) -> str:
        """Take one row; what to show of it, empty where it says nothing."""
        if "aux" in row:
            self.image = str(row["aux"].get("ID") or self.image)
            return ""
        shown = ""
        for line in _ESCAPES.sub("", str(row.get("stream") or "")).replace("\r", "\n").splitlines():
            text = line.strip()
            step = _STEP.search(text)
            if step:
                self.instruction = f"step {step[1]} of {step[2]}: {step[3]}"
                self.share = (int(step[1]) - 1) / int(step[2])
                self.lines.clear()
                shown = self.instruction
            elif text and not text.startswith(OF_THE_BUILDER):
                self.lines.append(text)
                shown = text
        return shown[:TEXT_MAX]


def follow_build(rows: Iterable[dict[str, Any]], where: str, tell: Tell) -> str:
    """Follow a build to its end; the image's id as the engine told it, which may be empty.

    Raises Missing where the disk is full, InputError where an instruction failed, with its last
    lines.
    """
    building = Building()
    for row in rows:
        if "error" in row:
            raise _failed(building, str(row["error"]), where)
        shown = building.row(row)
        if shown:
            tell(building.share, shown)
    return building.image


def _failed(building: Building, said: str, where: str) -> Exception:
    last = "\n".join([*building.lines, said])
    if any(words in last.lower() for words in FULL):
        return Missing(
            "the Docker engine's disk is full, so the image was not built",
            where=where,
            hint="`scanflow images prune --yes` removes what ScanFlow no longer needs.",
        )
    at = building.instruction or "the Dockerfile"
    lines = [f"  {line}" for line in building.lines]
    what = f"the build failed at {at}: {said.strip()}"
    return InputError(what, where=where, findings=(*lines, f"{where}: {what}") if lines else ())


@dataclass
class Pulling:
    """How much of each layer has come."""

    layers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def row(self, row: dict[str, Any]) -> float | None:
        """Take one row; the share of what is known to come."""
        detail = row.get("progressDetail") or {}
        layer = str(row.get("id") or "")
        if row.get("status") == "Downloading" and detail.get("total"):
            self.layers[layer] = (int(detail.get("current") or 0), int(detail["total"]))
        elif row.get("status") in ("Download complete", "Pull complete") and layer in self.layers:
            total = self.layers[layer][1]
            self.layers[layer] = (total, total)
        total = sum(size for _, size in self.layers.values())
        return sum(come for come, _ in self.layers.values()) / total if total else None


def follow_pull(rows: Iterable[dict[str, Any]], name: str, tell: Tell) -> None:
    """Follow a pull to its end. Raises Missing with the engine's reason."""
    pulling = Pulling()
    for row in rows:
        if "error" in row:
            raise no_base(name, str(row["error"]))
        tell(pulling.row(row), f"pulling {name}")


def no_base(name: str, reason: str) -> Missing:
    """The error for a base image that is not there and cannot be had."""
    if any(words in reason.lower() for words in FULL):
        return Missing(f"the Docker engine's disk is full, so {name!r} was not pulled")
    return Missing(
        f"the base image {name!r} is not in the Docker engine and cannot be pulled "
        f"({reason.strip().rstrip('.')})",
        hint="--base NAME takes another one.",
    )
