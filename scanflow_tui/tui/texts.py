"""Erasable texts of the session (notes, reasons) by digest: read once, shown when they came."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import ScanflowError

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp

LOADING = "…"


class Texts:
    """``ready`` is called when a text came."""

    def __init__(self, app: ScanflowApp, ready: Callable[[], None]) -> None:
        self._app = app
        self._ready = ready
        self._known: dict[str, str] = {}

    def text(self, digest: str) -> str:
        """The text, ``…`` while it is read, or why it is not there; empty without a digest."""
        if digest and digest not in self._known:
            self._known[digest] = LOADING
            self._app.run_worker(self._read(digest), exit_on_error=False)
        return self._known.get(digest, "")

    async def whole(self, digest: str) -> str:
        """The text once it is there; empty without a digest, or where it cannot be read."""
        if not digest:
            return ""
        if self._known.get(digest, LOADING) == LOADING:
            await self._read(digest)
        return self._known.get(digest, "")

    async def _read(self, digest: str) -> None:
        source = self._app.source
        if source is None:
            return
        try:
            chunk = await source.read(Ref("content", digest))
            self._known[digest] = chunk.data.decode("utf-8", "replace") or chunk.note
        except ScanflowError as error:
            self._known[digest] = f"({error.what})"
        self._ready()
