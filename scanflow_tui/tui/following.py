"""Following one source at a time: what it says becomes ``known``, commands and seeks go to it.

The only part of the TUI that speaks to a source on its own; screens read bytes through it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.transport import Playing, Transport

if TYPE_CHECKING:
    from scanflow_tui.client.source import Reply, Source, Update
    from scanflow_tui.contract.commands import Command
    from scanflow_tui.session.events import Event
    from scanflow_tui.tui.app import ScanflowApp


class Following:
    """``source`` is None on the list of sessions alone, or until ``opens`` made it.

    ``opens`` makes a live one: what that loads, the first paint need not wait for.
    """

    def __init__(
        self,
        app: ScanflowApp,
        source: Source | None,
        name: str,
        opens: Callable[[], Source] | None = None,
    ) -> None:
        self.app = app
        self.source = source
        self._opens = opens
        self.known = Known(name=name, writable=source is None or source.writable)
        self.playing = Playing()
        self.last_event: Event | None = None
        self.refusal: ScanflowError | None = None
        self._update: Update | None = None
        self._is_dirty = False
        self._target: int | None = None

    @property
    def transport(self) -> Transport | None:
        """The source's cursor, where it has one."""
        source = self.source
        if source is None or source.writable or not isinstance(source, Transport):
            return None
        return source

    def begin(self) -> None:
        """Open the source and follow it to its end, in the app's one worker for it."""
        if self.source is None and self._opens is not None:
            self.source = self._opens()
        if self.source is not None:
            self.app.run_worker(self._follow(self.source), group="source", exclusive=True)

    async def take(self, source: Source, name: str) -> None:
        """Let the open source go and follow another."""
        if self.source is not None:
            self.app.workers.cancel_group(self.app, "source")
            await self.source.close()
        self.source = source
        self.known = Known(name=name, writable=source.writable)
        self.playing, self.last_event = Playing(), None
        self.begin()

    async def _follow(self, source: Source) -> None:
        try:
            self.known.hear_state(await source.open())
            transport = self.transport
            if transport is not None:
                self.last_event = await transport.event(transport.seq)
                if transport.verdict.startswith("✖"):
                    self.app.say(transport.verdict, "bad")
            self._heard(None)
            async for update in source.updates():
                self._heard(update)
        except ScanflowError as error:
            self.known.error = error.sentence()
            self.app.refresh_place(None)

    def _heard(self, update: Update | None) -> None:
        if update is not None:
            self.known.hear(update, self.app.steady_s())
            if update.events:
                self.last_event = update.events[-1]
            if not self._is_dirty and _took(self.app, update):
                return
        if not self._is_dirty:
            # A burst of updates costs one rendering.
            self.app.call_later(self._render)
        self._is_dirty = True
        self._update = update or self._update

    def _render(self) -> None:
        update, self._update, self._is_dirty = self._update, None, False
        self.app.refresh_place(update)

    async def send(self, command: Command) -> Reply | None:
        """Give a command; None where it was refused, which the footer says."""
        if self.source is None:
            return None
        known = self.known
        known.unsaved += 1
        self.app.refresh_bars()
        try:
            return await self.source.send(command)
        except ScanflowError as error:
            self.refusal = error
            self.app.say(f"✖ {error.sentence()}", "bad")
            return None
        finally:
            known.unsaved -= 1
            self.app.refresh_bars()

    @property
    def heading(self) -> int:
        """Where the replay's cursor is, or is on its way to."""
        transport = self.transport
        if transport is None:
            return -1
        return transport.seq if self._target is None else self._target

    def head_for(self, seq: int) -> bool:
        """Where the replay's cursor shall be; whether somebody has to ``arrive`` there.

        It holds at once: keys that come faster than events are folded all count.
        """
        under_way = self._target is not None
        self._target = seq if self.transport is not None else None
        return self._target is not None and not under_way

    async def arrive(self) -> None:
        """Move the cursor to where it heads for, however often that changes on the way."""
        transport = self.transport
        if transport is None:
            return
        try:
            while self._target is not None and self._target != transport.seq:
                self.known.hear_state(await transport.seek(self._target))
                # It may head for elsewhere by now: asked again before the way is at its end.
                self.last_event = await transport.event(transport.seq)
        except ScanflowError as error:
            self.app.say(f"✖ {error.sentence()}", "bad")
        finally:
            self._target = None
        self._heard(None)


def _took(app: ScanflowApp, update: Update) -> bool:
    """Whether the place on top took an update in, and draws it with what comes next."""
    hears = getattr(app.screen, "hears", None)
    return hears is not None and bool(hears(update))
