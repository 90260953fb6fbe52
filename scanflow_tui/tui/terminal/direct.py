"""The short way of a key: from the driver to the place on top, and from its lines to the terminal.

The framework takes a key through three queues, and its frame through two more and a timer. The
short way is for keys of a place that is ``quick``, while nothing that came before is under way, and
paints the lines that changed where they stand; all else goes the long way, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual import events
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.widget import Widget

from scanflow_tui.tui.screens.place import Place
from scanflow_tui.tui.terminal import framing

if TYPE_CHECKING:
    from textual.message import Message

    from scanflow_tui.tui.app import ScanflowApp
    from scanflow_tui.tui.widgets.kept import Kept

NAMED = frozenset(
    {"left", "right", "up", "down", "pageup", "pagedown", "home", "end", "space", "enter"}
)
"""Keys that a quick place knows beside characters; no binding of the framework's has them."""


class Direct:
    """One for the app: ``arrive`` gets all that the driver says."""

    still_s = 0.25
    """What came back of labels is drawn with the next key, or when no key came for so long."""

    def __init__(self, app: ScanflowApp) -> None:
        self._app = app
        self._placed: Mapping[Widget, object] = {}
        self._is_covered = False
        self._above: dict[Kept, list[Widget]] = {}
        """Each widget with all that it stands in, as the screen was laid out last."""

        self._touched: dict[Kept, list[Region]] | None = None
        self._n_under_way = 0

    # -- keys

    def arrive(self, message: Message) -> None:
        """Take a key at once, or put a message behind all others."""
        app = self._app
        if isinstance(message, events.Key) and app._running and not app._exit:
            place = app.screen_stack[-1] if app._screen_stacks.get(app.current_mode) else None
            if isinstance(place, Place) and self._may_take(place, message):
                app.app_focus = True
                self.do(place, lambda: place.on_key(message))
                return
        app.post_message(message)

    @contextmanager
    def long_way(self) -> Iterator[None]:
        """A key is on the framework's way; none may overtake it."""
        self._n_under_way += 1
        try:
            yield
        finally:
            self._n_under_way -= 1

    def _may_take(self, place: Place, key: events.Key) -> bool:
        app = self._app
        return (
            place.quick
            and place.is_made
            and not place.ahead.is_open
            and (key.is_printable or key.key in NAMED)
            and place.focused is None
            and not self._n_under_way
            and app._message_queue.empty()
            and place._message_queue.empty()
        )

    # -- frames

    def do(self, place: Place, act: Callable[[], object]) -> None:
        """Do something, and paint at once what it changed; what goes wrong ends the app."""
        if self._touched is not None:
            act()
            return
        self._touched = {}
        try:
            act()
        except Exception as error:
            self._app._handle_exception(error)
        finally:
            touched, self._touched = self._touched, None
            self._paint(place, touched)

    def now_s(self) -> float:
        """The clock of ``later``."""
        return asyncio.get_running_loop().time()

    def later(self, at_s: float, place: Place, act: Callable[[], object]) -> None:
        """Do something then, as ``do`` does it."""
        asyncio.get_running_loop().call_at(at_s, self._do_if_running, place, act)

    def _do_if_running(self, place: Place, act: Callable[[], object]) -> None:
        if self._app._running and not self._app._exit:
            self.do(place, act)

    def touch(self, widget: Kept, region: Region) -> bool:
        """Part of a widget looks otherwise; False where it has to be painted the long way."""
        if self._touched is None:
            return False
        self._touched.setdefault(widget, []).append(region)
        return True

    def _paint(self, place: Place, touched: dict[Kept, list[Region]]) -> None:
        if not touched:
            return
        is_settled = self._is_settled(place, touched)
        if not (is_settled and framing.painted(self._app, self._spans(place, touched))):
            for widget, regions in touched.items():
                widget.refresh(*regions)

    def _is_settled(self, place: Place, touched: dict[Kept, list[Region]]) -> bool:
        """Whether every widget stands where it stood when the screen was laid out last, uncovered
        and with its own colours.
        """
        app = self._app
        if app.showing.layer is None or app.screen is not place or _is_filtered(place):
            return False
        placed = place._compositor.visible_widgets
        if placed is not self._placed:
            self._placed = placed
            self._above.clear()
            self._is_covered = any(
                region.area and widget.layer.startswith("_")
                for widget, (region, _) in placed.items()
                if widget.parent is place
            )
        if self._is_covered:
            return False
        for widget in touched:
            above = self._above.get(widget)
            if above is None:
                nodes = widget.ancestors_with_self
                above = self._above[widget] = [one for one in nodes if isinstance(one, Widget)]
            for one in above:
                if one._layout_required:
                    return False
        return True

    def _spans(
        self, place: Place, touched: dict[Kept, list[Region]]
    ) -> list[tuple[int, int, Iterable[Segment]]]:
        """What changed, as cells of the screen."""
        placed = place._compositor.visible_widgets
        spans: list[tuple[int, int, Iterable[Segment]]] = []
        for widget, regions in touched.items():
            if widget not in placed:
                continue
            region, clip = placed[widget]
            seen = clip.intersection(region).translate((-region.x, -region.y))
            for part in regions:
                shows = part.intersection(seen)
                if shows:
                    spans += [
                        (region.x + x, region.y + y, strip) for x, y, strip in widget.spans(shows)
                    ]
        return spans


def _is_filtered(place: Place) -> bool:
    """Whether lines are changed before they are shown: without colours where none are wanted.

    What only translates into true colours finds nothing to do: our lines name no others.
    """
    filters = place.get_line_filters()
    return any(one.enabled and not isinstance(one, ANSIToTruecolor) for one in filters)
