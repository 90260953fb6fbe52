"""Asked before leaving while something is not saved yet: it goes by itself once all is."""

from __future__ import annotations

from collections.abc import Callable

from textual.widgets import Static

from scanflow_tui.tui.widgets.closing import close
from scanflow_tui.tui.widgets.dialog import Confirm

LOOK_S = 0.1


class Unsaved(Confirm):
    """True once nothing is unsaved, or where a person lets it go; ``n_unsaved`` is asked again."""

    def __init__(self, n_unsaved: Callable[[], int]) -> None:
        super().__init__(
            "Not everything is saved yet",
            _body(n_unsaved()),
            "discard",
            thing="what is not saved",
            keep="stay",
        )
        self._n_unsaved = n_unsaved

    def on_mount(self) -> None:
        """Look again and again: the supervisor may answer any moment."""
        self.set_interval(LOOK_S, self._look)

    def _look(self) -> None:
        n = self._n_unsaved()
        if n == 0:
            close(self, True)
        else:
            self.query_one("#dialog-body", Static).update(_body(n))


def _body(n: int) -> str:
    what = "1 thing you said waits" if n == 1 else f"{n} things you said wait"
    return f"{what} for the supervisor to save. This leaves by itself once all is saved."
