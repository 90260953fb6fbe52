"""Times and sizes for people. Pure: now and the zone come in as arguments."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def elapsed(seconds: float) -> str:
    """A running time: ``4 s``, ``01:12``, ``2:03:40``, ``3 d 4 h``."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60:02}:{whole % 60:02}"
    if whole < 86400:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 86400} d {whole // 3600 % 24} h"


def duration(seconds: float) -> str:
    """How long something took: ``0.4 s``, ``41 s``, ``3:20``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    return elapsed(seconds) if seconds < 3600 else f"{seconds / 3600:.1f} h"


def ago(then_us: int, now_us: int) -> str:
    """How long ago: ``now``, ``2 min ago``, ``yesterday``, ``12 days ago``."""
    seconds = (now_us - then_us) / 1e6
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    days = int(seconds // 86400)
    return "yesterday" if days == 1 else f"{days} days ago"


def clock(at_us: int, zone: tzinfo | None = None, *, seconds: bool = False) -> str:
    """The time of day in a zone (None: the local one)."""
    moment = datetime.fromtimestamp(at_us / 1e6, UTC).astimezone(zone)
    return moment.strftime("%H:%M:%S" if seconds else "%H:%M")


def size(n_bytes: float | None) -> str:
    """Bytes in the nearest unit: ``312 B``, ``4.1 MB``; ``?`` where unknown."""
    if n_bytes is None:
        return "?"
    if n_bytes < 1000:
        return f"{n_bytes:.0f} B"
    for unit in ("kB", "MB", "GB"):
        n_bytes /= 1000
        if n_bytes < 1000:
            return f"{n_bytes:.1f} {unit}" if n_bytes < 10 else f"{n_bytes:.0f} {unit}"
    return f"{n_bytes / 1000:.1f} TB"


def short(digest: str) -> str:
    """A hash as people compare it: the first eight digits."""
    return digest[:8]
