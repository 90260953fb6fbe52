"""Loads asyncio without ``ssl``, which it alone would load: 10 to 20 ms of a start.

No socket of ScanFlow's own speaks TLS by asyncio. Whoever needs ``ssl`` later loads it as usual.
"""

from __future__ import annotations

import sys
from typing import Any


def load() -> None:
    """Load asyncio now; nothing happens where it, or ``ssl``, is loaded already."""
    modules: dict[str, Any] = sys.modules
    if "asyncio" in modules or "ssl" in modules:
        return
    modules["ssl"] = None  # makes ``import ssl`` fail as on an interpreter that is built without
    try:
        import asyncio  # noqa: F401
    finally:
        del modules["ssl"]
