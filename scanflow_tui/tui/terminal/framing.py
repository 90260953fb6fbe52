"""What is sent for a frame: one write, between the marks of one where the terminal knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.segment import Segment

    from scanflow_tui.tui.app import ScanflowApp

BEGINS, ENDS = "\x1b[?2026h", "\x1b[?2026l"


def painted(app: ScanflowApp, spans: Iterable[tuple[int, int, Iterable[Segment]]]) -> bool:
    """Paint segments where they stand; False where the framework has to. No cursor is shown."""
    layer, driver = app.showing.layer, app._driver
    if layer is None or driver is None or driver.is_inline or app.is_headless:
        return False
    if app._batch_count or not app._running or app._closed:
        return False
    size = app.size
    text = layer.painted_spans(spans, (size.width, size.height), app.console._color_system)
    if text:
        send(app, text)
    return True


def send(app: ScanflowApp, text: str) -> None:
    """Send a frame."""
    if app._driver is not None:
        app._driver.write(f"{BEGINS}{text}{ENDS}" if app._sync_available else text)
        app._driver.flush()
