"""What the engine tells of our containers as it happens: who was sent a signal, and who ended.

Hints: the end of a container is asked for afterwards, always. A stream that breaks makes everybody
who counted on it ask instead.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from scanflow_tui.engine.docker.client import Daemon, EngineAway, EngineRefused, signal_of
from scanflow_tui.engine.docker.http import Stream
from scanflow_tui.engine.docker.spec import LABEL, SCHEMA

KINDS = ("kill", "die", "died")
"""Podman filters by a name of its own, and tells Docker's."""


@dataclass(slots=True)
class Told:
    """What was told of one container since it was expected; ``is_whole`` while nothing broke."""

    signals: list[int] = field(default_factory=list)
    has_died: bool = False
    is_whole: bool = True


class Events:
    """One stream for all containers of an engine, opened when the first is expected."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._expected: dict[str, Told] = {}
        self._news = threading.Condition()
        self._opening = threading.Lock()
        self._stream: Stream | None = None

    def expect(self, container: str) -> None:
        """From now on nothing of this container is missed. Raises EngineAway, EngineRefused."""
        with self._opening:
            if self._stream is None:
                stream = self._daemon.events(f"{LABEL}={SCHEMA}", KINDS)
                self._stream = stream
                threading.Thread(
                    target=self._read, args=(stream,), name="docker-events", daemon=True
                ).start()
        with self._news:
            self._expected[container] = Told()

    def await_end(self, container: str, patience_s: float) -> Told | None:
        """What was told of an expected container, once it ended; None where that is unknown."""
        end_s = time.monotonic() + patience_s
        with self._news:
            told = self._expected.get(container)
            while told is not None and told.is_whole and not told.has_died:
                left_s = end_s - time.monotonic()
                if left_s <= 0:
                    return None
                self._news.wait(left_s)
            return told if told is not None and told.is_whole else None

    def forget(self, container: str) -> None:
        """This container is of no interest any more."""
        with self._news:
            self._expected.pop(container, None)

    def close(self) -> None:
        """End the stream."""
        with self._opening:
            stream, self._stream = self._stream, None
        if stream is not None:
            stream.end()

    def _read(self, stream: Stream) -> None:
        rest = b""
        try:
            for data in stream:
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self._take(line)
        except (EngineAway, EngineRefused):
            pass
        finally:
            with self._opening:
                if self._stream is stream:
                    self._stream = None
            with self._news:
                for told in self._expected.values():
                    told.is_whole = False
                self._news.notify_all()

    def _take(self, line: bytes) -> None:
        try:
            row: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        with self._news:
            told = self._expected.get(str((row.get("Actor") or {}).get("ID", "")))
            if told is None:
                return
            number = signal_of(row)
            if row.get("Action") == "kill" and number is not None:
                told.signals.append(number)
            elif row.get("Action") == "die":
                told.has_died = True
                self._news.notify_all()
