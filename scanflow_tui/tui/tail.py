"""The last lines of an attempt's log for a detail pane, read once for each length."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.states import ATTEMPT_ENDED

if TYPE_CHECKING:
    from scanflow_tui.client.source import AttemptVital, Source
    from scanflow_tui.session.state import AttemptView
    from scanflow_tui.tui.present.logwindow import Row

TAIL_BYTES = 4096
KEPT_MAX = 64


@dataclass(slots=True)
class Tail:
    """Tails by attempt, with what they were read at."""

    kept: dict[str, list[Row]] = field(default_factory=dict)
    read_at: dict[str, object] = field(default_factory=dict)
    wanted: dict[str, object] = field(default_factory=dict)

    def lines(self, attempt: str) -> list[Row]:
        """What was read of an attempt."""
        return self.kept.get(attempt, [])

    def wants(self, attempt: AttemptView, vital: AttemptVital | None) -> bool:
        """Whether there may be more than was read; asked at most once for each length."""
        mark: object = "ended" if attempt.state in ATTEMPT_ENDED else "running"
        if mark == "running" and vital is not None:
            mark = vital.log_bytes
        if self.wanted.get(attempt.name) == mark:
            return False
        self.wanted[attempt.name] = mark
        return True

    async def read(self, source: Source, attempt: str) -> bool:
        """Read the end of the log; whether it brought other lines."""
        # Events and the log's codec: loaded with the first log, not before the first paint.
        from scanflow_tui.client.source import Ref
        from scanflow_tui.tui.present.log import tail_rows

        try:
            size = (await source.read(Ref("log", attempt), 0, 1)).size
            start = max(size - TAIL_BYTES, 0)
            chunk = await source.read(Ref("log", attempt), start, TAIL_BYTES)
        except ScanflowError:
            return False
        rows = tail_rows(chunk.data, is_cut=start > 0)
        before = self.kept.get(attempt)
        if len(self.kept) >= KEPT_MAX and attempt not in self.kept:
            self.kept.pop(next(iter(self.kept)))
        self.kept[attempt] = rows
        return rows != before
