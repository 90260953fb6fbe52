"""The conversation of agents and people as a timeline. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.tui.present.times import clock
from scanflow_tui.tui.theme import TONES

if TYPE_CHECKING:
    from scanflow_tui.session.state import MessageView

EMPTY = "Nothing was said yet. The first message comes with the first batch."


def message_rows(messages: Sequence[MessageView]) -> list[Text]:
    """One row a message, oldest first, with the batch's arrival at its head."""
    wide = max((len(f"{m.sender} → {m.receiver}") for m in messages), default=0)
    rows = []
    for message in messages:
        row = Text(f" {clock(message.at, seconds=True)} ", TONES["dim"], no_wrap=True, end="")
        row.append(f"run {message.run:<3} ", TONES["dim"])
        row.append(f"{message.sender} → {message.receiver}".ljust(wide + 2), TONES["active"])
        row.append(f"{message.topic}  ", TONES["strong"])
        row.append(message.text, TONES["plain"])
        rows.append(row)
    return rows


def message_text(message: MessageView) -> Text:
    """One message in full, for reading."""
    text = Text()
    text.append(f"{message.sender} → {message.receiver}\n", TONES["active"])
    text.append(f"{message.topic}\n\n", TONES["strong"])
    text.append(f"{message.text}\n\n", TONES["plain"])
    when = clock(message.at, seconds=True)
    text.append(f"event {message.seq:,} · run {message.run} · {when} local", TONES["dim"])
    return text
