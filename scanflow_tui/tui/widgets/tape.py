"""The replay transport under a place: the event at the cursor, the slider, and its keys.

Shown only over a source with a cursor; the same screens stand above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.text import Text
from textual.widget import Widget

from scanflow_tui.tui import transport as tape

if TYPE_CHECKING:
    from scanflow_tui.tui.app import ScanflowApp

TICK_S = 0.1


class Tape(Widget):
    """Two rows; hidden where there is nothing to replay."""

    DEFAULT_CSS = "Tape { height: 2; width: 1fr; display: none; }"

    def __init__(self) -> None:
        super().__init__(id="tape")
        self._text = Text("")
        self._held_s = 0.0

    @property
    def scanflow(self) -> ScanflowApp:
        """The app, typed."""
        return cast("ScanflowApp", self.app)

    def on_mount(self) -> None:
        """The clock of the tape."""
        self.set_interval(TICK_S, self._tick)

    def paint(self, width: int) -> None:
        """Show the cursor where it stands."""
        source = self.scanflow.transport
        if self.scanflow.current_place() == "sessions":
            source = None
        self.display = source is not None
        if source is not None:
            # Every event type is behind this; a live session's first paint does without.
            from scanflow_tui.tui.present.replay import tape_rows

            self._text = tape_rows(
                source, self.scanflow.following.playing, self.scanflow.following.last_event, width
            )
            self.refresh()

    def render(self) -> Text:
        """Both rows."""
        return self._text

    def act(self, action: str, key: str) -> None:
        """One of the transport's actions."""
        source, playing = self.scanflow.transport, self.scanflow.following.playing
        if source is None:
            return
        if action == "play":
            if not playing.on and source.seq >= source.last:
                self.scanflow.say("this is the last event: , and < go back")
            playing.on = not playing.on and source.seq < source.last
            self._held_s = 0.0
        elif action == "speed":
            playing.speed = int(key or "1")
        else:
            playing.on = False
            at = self.scanflow.following.heading
            target = {
                "step_back": at - 1,
                "step_on": at + 1,
                "decision_before": tape.decision_before(source.decisions, at),
                "decision_next": tape.decision_after(source.decisions, at),
            }[action]
            if target is None:
                self.scanflow.say("no further decision in that direction")
            elif 0 <= target <= source.last:
                self._seek(target)
        self.paint(self.app.size.width)

    def _seek(self, seq: int) -> None:
        following = self.scanflow.following
        if following.head_for(seq):
            self.run_worker(following.arrive(), group="seek")

    def _tick(self) -> None:
        source, playing = self.scanflow.transport, self.scanflow.following.playing
        if source is None or not playing.on or not self.screen.is_current:
            return
        self._held_s += TICK_S
        at = self.scanflow.following.heading
        seq = tape.due(source.times, at, self._held_s, playing.speed)
        if seq != at:
            self._held_s = 0.0
            self._seek(min(seq, source.last))
        if source.seq >= source.last:
            playing.on = False
            self.paint(self.app.size.width)
