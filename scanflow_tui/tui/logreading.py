"""Reading one attempt's log as it grows: by offset, in pieces, from near the end of a long one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.tui.present.times import size

if TYPE_CHECKING:
    from scanflow_tui.client.source import Source

READ_BYTES = 256 * 1024
FIRST_BYTES_MAX = 8 * 1024 * 1024
"""Of a longer log the end alone is read; ``S`` saves the whole."""


@dataclass(slots=True, eq=False)
class LogReader:
    """``offset`` is what was read of the record; ``note`` says what is missing, ``problem`` why."""

    attempt: str
    offset: int = 0
    note: str = ""
    problem: str = ""
    is_read: bool = False
    is_reading: bool = False

    def wants(self, log_bytes: int | None, *, ended: bool) -> bool:
        """Whether there may be more: an ended attempt's log is read once more, to its end."""
        if self.is_reading or (self.is_read and ended):
            return False
        return ended or log_bytes is None or log_bytes > self.offset or self.offset == 0

    async def read(self, source: Source, *, ended: bool) -> AsyncIterator[bytes]:
        """What the record has beyond the offset."""
        from scanflow_tui.client.source import Ref

        try:
            while True:
                chunk = await source.read(Ref("log", self.attempt), self.offset, READ_BYTES)
                if self.offset == 0 and chunk.size > FIRST_BYTES_MAX:
                    self.offset = chunk.size - FIRST_BYTES_MAX
                    self.note = f"the first {size(self.offset)} are not shown: S saves all"
                    continue
                self.note = chunk.note or self.note
                self.offset += len(chunk.data)
                if chunk.data:
                    yield chunk.data
                if not chunk.data or self.offset >= chunk.size:
                    break
            self.problem = ""
        except ScanflowError as error:
            self.problem = error.sentence()
        self.is_read = self.is_read or ended
