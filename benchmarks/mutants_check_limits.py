"""The limits of a step by docs/pipeline.md: part of ``mutants_check``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.mutants_check_yaml import Tree, is_number, is_whole, raw, value_of, words_of

BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
MEASURES = {
    "memory": (BYTES, 2**20, 64 * 2**40),
    "log": (BYTES, 2**10, 2**40),
    "disk": (BYTES, 2**10, 2**40),
    "shm": (BYTES, 64 * 2**10, 2**40),
    "time": (SECONDS, 0.1, 365 * 86400),
    "grace": (SECONDS, 0, 3600),
    "backoff": (SECONDS, 0, 3600),
}


def limit_problems(told: Tree) -> Iterator[str]:
    if not isinstance(told, dict):
        yield "limits"
        return
    wholes = {"retries": (0, 10), "pids": (4, 4_194_304), "gpus": (0, 64)}
    for key, item in told.items():
        value = value_of(item)
        fine = False
        if key in MEASURES:
            units, low, high = MEASURES[key]
            amount = _amount(item, units)
            fine = amount is not None and low <= amount <= high
        elif key in wholes:
            fine = is_whole(item, *wholes[key])
        elif key == "cpus":
            fine = is_number(value) and 0.01 <= value <= 1024
        elif key == "network":
            fine = isinstance(value, bool)
        elif key == "mounts":
            paths = words_of(item)
            fine = paths is not None and all(_is_mount(one) for one in paths)
            fine = fine and len(set(paths or [])) == len(paths or []) <= 32
        if not fine:
            yield f"limit {key}"


def _amount(item: Tree, units: dict[str, float]) -> float | None:
    """Bytes or seconds: a number, or text with a unit."""
    value = value_of(item)
    if is_number(value):
        return float(value)
    hit = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)", (raw(item) or "").strip())
    if hit is None or not isinstance(value, str):
        return None
    unit = hit.group(2)
    if units is BYTES:
        unit = re.sub("(?<=.)i?b|^i?b", "", unit.lower())
    return float(hit.group(1)) * units[unit] if unit in units else None


def _is_mount(path: str) -> bool:
    """An absolute path; never kernel files, devices or sockets."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if (
        not path.startswith("/")
        or ".." in parts
        or not parts
        or re.search(r"[:,\\\0-\x1f\x7f]", path)
    ):
        return False
    if len(path) > 1001:
        return False
    closed = parts[0] in ("proc", "sys", "dev", "run") or parts[:2] == ["var", "run"]
    return not closed and parts != ["var"] and not parts[-1].endswith(".sock")
