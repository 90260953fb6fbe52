"""Fitting a place to the terminal: its panes, small and wide layouts, turning to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widget import Widget

if TYPE_CHECKING:
    from scanflow_tui.tui.screens.place import Place

SMALL_COLUMNS = 60
SMALL_ROWS = 16
WIDE_COLUMNS = 100


def panes(place: Place) -> list[Widget]:
    """The panes that can be shown, in order."""
    return [pane for pane in place.query(".pane") if not pane.has_class("-off")]


def fit(place: Place) -> None:
    """``-small`` shows one pane at a time (of several: ``-turning``), ``-wide`` has room for a
    second column.
    """
    width, height = place.app.size
    small = width < SMALL_COLUMNS or height < SMALL_ROWS
    place.set_class(small, "-small")
    place.set_class(width >= WIDE_COLUMNS and not small, "-wide")
    found = panes(place)
    place.set_class(small and len(found) > 1, "-turning")
    current = place.focused if place.focused in found else next(iter(found), None)
    for pane in found:
        pane.set_class(pane is current, "-current")


def stands(place: Place) -> bool:
    """Whether a place's widgets are there: not before its first paint, nor once the app ends."""
    return place.is_made and not place.app._exit


def settle(place: Place) -> None:
    """Show again where a pane's size is another than when it was last shown.

    It may be asked after the next repaint, when a place that was left has no widgets any more.
    """
    if not stands(place):
        return
    sizes = tuple(widget.size for widget in place.query_one("#body").walk_children(Widget))
    if sizes != place.sizes:
        place.sizes = sizes
        place.show(None)


def tick(place: Place) -> None:
    """The clock; and what another size left behind while a place was not on top."""
    if place.is_typing is not None and place.is_typing():
        # The next key's frame says what time changed; one between two keys would delay it.
        return
    place.scanflow.direct.do(place, place.paint_bars)
    if place.is_current:
        settle(place)


def turn(place: Place, step: int) -> None:
    """Focus the pane ``step`` further on; on a small terminal also show it."""
    found = panes(place)
    if not found:
        return
    at = found.index(place.focused) if place.focused in found else -step
    go_to(place, found[(at + step) % len(found)])


def go_to(place: Place, target: Widget) -> None:
    """Focus a pane; on a small terminal it is the one that is shown."""
    for pane in panes(place):
        pane.set_class(pane is target, "-current")
    target.focus()
