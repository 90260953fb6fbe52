"""Where the app meets the terminal: its answers, and frames with pictures of real pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.screen import Screen

from scanflow_tui.tui.terminal import framing
from scanflow_tui.tui.terminal.asking import AskingDriver

if TYPE_CHECKING:
    from rich.console import RenderableType

    from scanflow_tui.tui.app import ScanflowApp
    from scanflow_tui.tui.pixels.imagelayer import ImageLayer
    from scanflow_tui.tui.terminal.answered import Answered


def ask(app: ScanflowApp) -> None:
    """Ask the terminal what it can show; keys that label wait a moment for its answers."""
    driver = app._driver
    if isinstance(driver, AskingDriver):
        driver.last_words = lambda: app.showing.layer.ended() if app.showing.layer else ""
        if driver.ask():
            app.showing.asked(app.steady_s())


def ahead(app: ScanflowApp, sheet: int) -> None:
    """Let a terminal that keeps pictures have one that is shown soon; between two frames."""
    layer, driver = app.showing.layer, app._driver
    if layer is None or driver is None or app.is_headless or not sheet:
        return
    text = layer.ahead(sheet)
    if text:
        driver.write(text)


def answered(app: ScanflowApp, message: Answered) -> None:
    """Choose the way to show pictures, and paint again where it is another, or nothing stands."""
    driver, layer = app._driver, app.showing.layer
    if not isinstance(driver, AskingDriver):
        return
    if message.is_cleared:
        if layer is not None:
            _cleared(app, driver, layer)
        return
    from scanflow_tui.images.window import surroundings

    if not message.is_open:
        app.showing.closed()
    if app.showing.answered(message.replies, surroundings(driver.fileno)):
        app.refresh_place(None)
        app.refresh(layout=True)


def redraw(app: ScanflowApp) -> None:
    """Paint the whole screen, whatever stands there."""
    driver, layer = app._driver, app.showing.layer
    if isinstance(driver, AskingDriver) and layer is not None:
        _cleared(app, driver, layer)
        return
    app.refresh(layout=True)


def _cleared(app: ScanflowApp, driver: AskingDriver, layer: ImageLayer) -> None:
    """Nothing that was painted stands there, and a cell may be another size: fonts are zoomed."""
    from scanflow_tui.images.window import surroundings

    driver.write(layer.forget(*app.size))
    if app.showing.resized(surroundings(driver.fileno)):
        driver.write(layer.ended())
        app.refresh_place(None)
    app.refresh(layout=True)


def painted(app: ScanflowApp, screen: Screen[Any], renderable: RenderableType | None) -> bool:
    """Paint a frame through the image layer; False where the framework has to."""
    layer, driver = app.showing.layer, app._driver
    if layer is None or driver is None or driver.is_inline or app.is_headless:
        return False
    if not isinstance(renderable, LayoutUpdate | ChopsUpdate):
        return False
    if app._batch_count or not app._running or app._closed:
        return False
    size = screen.outer_size
    text = layer.painted(renderable, (size.width, size.height), app.console._color_system)
    x, y = size.clamp_offset(app.cursor_position)
    framing.send(app, f"{text}\x1b[{y + 1};{x + 1}H")
    app.post_display_hook()
    return True
