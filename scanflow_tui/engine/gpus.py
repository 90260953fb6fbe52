"""Which GPUs this machine has, by names that CUDA and Docker both take; nothing is started for it.

Only what the driver says of itself is read, so it costs nothing where there is none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

VISIBLE = "CUDA_VISIBLE_DEVICES"
ROOT = Path("/")
_FACT = re.compile(r"^(GPU UUID|Device Minor):\s*(\S+)", re.MULTILINE)


def found(root: Path = ROOT, environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The GPUs in the order of the bus: UUIDs, or numbers from 0 where the driver tells none.

    ``CUDA_VISIBLE_DEVICES`` of whoever starts ScanFlow narrows them down, by number or UUID.
    """
    devices = {path.name[6:] for path in (root / "dev").glob("nvidia[0-9]*")}
    minors = sorted((name for name in devices if name.isdigit()), key=int)
    told = [_told(path) for path in sorted((root / "proc/driver/nvidia/gpus").glob("*"))]
    uuids = [uuid for uuid, minor in told if minor in minors and uuid.startswith("GPU-")]
    every = uuids if len(uuids) == len(minors) else [str(at) for at in range(len(minors))]
    wanted = (os.environ if environ is None else environ).get(VISIBLE)
    return tuple(every if wanted is None else _narrowed(every, wanted))


def _told(folder: Path) -> tuple[str, str]:
    """A GPU's UUID and the number of its device file, empty where they are not said."""
    try:
        text = (folder / "information").read_text("utf-8", "replace")
    except OSError:
        return "", ""
    facts = dict(_FACT.findall(text))
    uuid = facts.get("GPU UUID", "")
    return "" if "?" in uuid else uuid, facts.get("Device Minor", "")


def _narrowed(every: list[str], wanted: str) -> list[str]:
    """What CUDA would see: entries count up to the first that names no GPU, each once."""
    chosen: list[str] = []
    for word in wanted.split(","):
        word = word.strip()
        if word.isdigit():
            named = every[int(word) : int(word) + 1]
        else:
            named = [uuid for uuid in every if word and uuid.startswith(word)]
        if len(named) != 1 or named[0] in chosen:
            break
        chosen += named
    return chosen


def sentence(ids: tuple[str, ...]) -> str:
    """How many there are, for people."""
    if not ids:
        return "No GPU was found: a step that asks for one (limits: gpus) is refused."
    many = f"{len(ids)} GPUs were" if len(ids) > 1 else "1 GPU was"
    return f"{many} found: {', '.join(ids)}; each belongs to one step at a time."
