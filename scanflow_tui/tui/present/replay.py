"""The replay transport as two rows. Pure."""

from __future__ import annotations

from rich.text import Text

from scanflow_tui.session.events import Event
from scanflow_tui.tui.present.story import sentence
from scanflow_tui.tui.present.times import clock
from scanflow_tui.tui.theme import TONES
from scanflow_tui.tui.transport import Playing, Transport


def tape_rows(source: Transport, playing: Playing, event: Event | None, width: int) -> Text:
    """The event at the cursor; then the slider, the position, the speed and the verdict."""
    text = Text(no_wrap=True, overflow="ellipsis", end="")
    if source.last < 0:
        return text.append(" ⠋ reading and verifying the session…", TONES["dim"])
    if event is not None and event.seq == source.seq:
        symbol, where, what = sentence(event)
        text.append(f" {clock(event.at, seconds=True)} ", TONES["dim"])
        text.append(f"{symbol} {where}  ", TONES["strong"])
        text.append(what, TONES["plain"])
        text.truncate(width, overflow="ellipsis")
    elif 0 <= source.seq < len(source.times):
        text.append(f" {clock(source.times[source.seq], seconds=True)}", TONES["dim"])
    text.append("\n ")
    state = "▶" if playing.on else "■"
    tail = f"  {state} event {source.seq:,} of {source.last:,} · {playing.speed}x"
    verdict = source.verdict
    good = verdict.startswith("✔")
    room = width - 4 - len(tail) - len(verdict) - 3
    if room < 10:
        verdict = verdict.split(" ")[0] + (" verified" if good else " not verified")
        room = max(width - 4 - len(tail) - len(verdict) - 3, 8)
    text.append(slider(source.seq, source.last, room), TONES["active"])
    text.append(tail, TONES["plain"])
    text.append(" · ", TONES["dim"])
    text.append(verdict, TONES["good" if good else "bad"])
    return text


def slider(seq: int, last: int, width: int) -> str:
    """``◀───●────▶``, width cells in all."""
    inner = max(width - 2, 1)
    at = round(seq / last * (inner - 1)) if last > 0 else 0
    return "◀" + "─" * at + "●" + "─" * (inner - 1 - at) + "▶"
