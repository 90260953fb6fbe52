"""The list of sessions as rows, and what is known of the chosen one. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import set_cell_size
from rich.text import Text

from scanflow_tui.session.index import Entry
from scanflow_tui.tui.present.times import ago, clock, short, size
from scanflow_tui.tui.theme import TONES, face

EMPTY = (
    "No sessions yet. [c] starts one from pipeline.yaml here; scanflow demo shows the whole loop."
)

URGENCY = ("needs_you", "running", "waiting", "failed")


def ordered(entries: Sequence[Entry], needle: str = "") -> list[Entry]:
    """What needs a person first, then what runs, then the newest; filtered by name or words."""
    low = needle.lower()
    kept = [e for e in entries if not low or low in f"{e.name} {e.pipeline} {e.summary}".lower()]

    def rank(entry: Entry) -> tuple[int, int]:
        at = URGENCY.index(entry.state) if entry.state in URGENCY else len(URGENCY)
        return (at if at < 2 else 2, -entry.at)

    return sorted(kept, key=rank)


def session_rows(entries: Sequence[Entry], now_us: int, width: int, *, ascii: bool) -> list[Text]:
    """One row a session: symbol, name, what it waits for or came to, when."""
    name_width = min(max((len(entry.name) for entry in entries), default=0), 24) + 1
    when_width = 13
    room = max(width - name_width - when_width - 4, 10)
    rows = []
    for entry in entries:
        row = Text(" ", no_wrap=True, end="")
        if entry.damaged:
            symbol, tone, summary = "✖", "bad", entry.damaged
        else:
            symbol, word, tone = face(entry.state, ascii=ascii)
            summary = entry.summary or word
        row.append(f"{symbol} ", TONES[tone])
        row.append(set_cell_size(entry.name, name_width), TONES["strong"])
        row.append(fitted(summary, room), TONES[tone if tone in ("you", "bad") else "plain"])
        row.append(f" {ago(entry.at, now_us) if entry.at else '':>{when_width - 1}}", TONES["dim"])
        rows.append(row)
    return rows


def fitted(text: str, width: int) -> str:
    """The text in exactly so many cells."""
    if len(text) <= width:
        return text.ljust(width)
    return text[: max(width - 1, 0)] + "…"


def session_detail(entry: Entry, now_us: int) -> list[Text]:
    """What the index says of one session."""
    if entry.damaged:
        return [Text(f" ✖ {entry.damaged}", TONES["bad"])]
    facts = [
        ("pipeline", entry.pipeline or "unknown"),
        ("runs", f"{entry.n_runs}"),
        ("batches", f"{entry.n_batches}"),
        ("labels", f"{entry.n_labels}"),
        ("model", "none yet" if entry.champion is None else f"v{entry.champion} in production"),
        ("waits for you", f"{entry.needs}" if entry.needs else "no"),
        ("last event", _last(entry, now_us)),
        ("file", size(entry.bytes)),
        ("head", short(entry.head) if entry.head else "unknown"),
        ("verified", "[v] verifies it"),
        ("id", entry.ulid),
    ]
    rows = []
    for name, value in facts:
        row = Text(f" {name:<14}", TONES["dim"], no_wrap=True, end="")
        row.append(value, TONES["plain"])
        rows.append(row)
    return rows


def _last(entry: Entry, now_us: int) -> str:
    if entry.seq < 0:
        return "none yet"
    return f"{entry.seq:,}, {ago(entry.at, now_us)} ({clock(entry.at)} local)"
