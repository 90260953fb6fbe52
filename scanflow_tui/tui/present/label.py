"""What the Label screen says: tiles, the line about an image, class keys, counts and pace. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rich.text import Text

from scanflow_tui.contract.evidence import QueueEntry
from scanflow_tui.images.protocol import Box
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.labelling.queue import Word
from scanflow_tui.tui.labelling.tally import Counts
from scanflow_tui.tui.present.class_keys import BOTH, ClassKeys
from scanflow_tui.tui.present.faces import waiting
from scanflow_tui.tui.present.numbers import p_value, share
from scanflow_tui.tui.theme import TONES

KIND_WORDS = {
    "unsure": "unsure",
    "skip": "skip",
    "invalid": "no image",
    "rejected": "not",
    "class": "",
}
SHORT_WORDS = {"unsure": ("un",), "skip": ("sk",), "invalid": ("no img", "no")}
"""Where a tile has no room for the whole word."""

EMPTY = "Nothing to label."
DONE = "Every image has its word. F finishes: the options are worked out from these labels."
HINTS = (
    "Press the class key; the next image comes by itself. {undo} undoes.",
    "Press the class key; {undo} undoes.",
)
"""In as many words as fit."""

HINT_UNTIL = 5
SIDE_COLUMNS_MIN = 24
INFO_ROWS_MAX = 6
ROOM_MIN = (40, 12)
"""Columns and rows of a screen on which a picture and what is said of it can be told apart."""

CLASS_CHARACTERS = frozenset(BOTH)
WIDE = 100
PACE_STEPS_MIN = 4
SLOW_S = 30.0
"""A pause as long as this is no part of the pace."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the body is cut: tiles of ``tile_width`` by ``tile_height`` cells, frames included."""

    columns: int
    rows: int
    tile_width: int
    tile_height: int
    single: bool

    @property
    def page(self) -> int:
        """Tiles on a page."""
        return self.columns * self.rows


def hint(undo: str, width: int) -> str:
    """What somebody who is new here reads first."""
    said = [one.format(undo=undo) for one in HINTS]
    return next((one for one in said if len(one) < width), said[-1])


def too_small(width: int, height: int) -> str:
    """Why nothing can be labelled on a screen of so many cells; empty where it can."""
    if width >= ROOM_MIN[0] and height >= ROOM_MIN[1]:
        return ""
    return f"{ROOM_MIN[0]}x{ROOM_MIN[1]} cells needed: too small a screen to label on"


def grid_fits(width: int, height: int, picture: tuple[int, int]) -> bool:
    """Whether a grid of at least four tiles of a picture (columns, rows of cells) has room."""
    layout = grid_layout(width, height, picture)
    return layout.page >= 4


def grid_layout(width: int, height: int, picture: tuple[int, int]) -> Layout:
    """As many tiles as fit above three lines of text."""
    tile_width, tile_height = picture[0] + 2, picture[1] + 2
    columns = max(1, width // tile_width)
    rows = max(1, (height - 3) // tile_height)
    return Layout(columns, rows, tile_width, tile_height, single=False)


def single_layout(width: int, height: int, picture: tuple[int, int]) -> Layout:
    """One picture, enlarged by a whole number as far as the side and three lines leave room."""
    room = single_room(width, height)
    room_x, room_y = room.columns, room.rows
    scale = max(1, min(room_x // max(picture[0], 1), room_y // max(picture[1], 1)))
    tile_width = min(picture[0] * scale, room_x) + 2
    tile_height = min(picture[1] * scale, room_y) + 2
    return Layout(1, 1, tile_width, tile_height, single=True)


def single_room(width: int, height: int) -> Box:
    """The cells that the side and three lines leave to one picture."""
    return Box(max(4, width - SIDE_COLUMNS_MIN - 2), max(2, height - 5))


def caption(
    entry: QueueEntry, word: Word | None, keys: ClassKeys, *, hidden: bool, room: int = 80
) -> Text:
    """A tile's foot: ``3 ✓`` saved, ``3 …`` on its way, ``3? .41`` a guess, ``·`` nothing yet.

    In a small ``room`` words become shorter; the mark stays, for … is what is not saved.
    """
    if word is None:
        if hidden:
            return Text("·", TONES["dim"])
        guess = f"{keys.code(entry.guess)}?"
        return Text(_fitting((f"{guess} {share(entry.confidence)}", guess), room), TONES["dim"])
    mark = "✓" if word.saved else "…"
    words = _fitting((said(word, keys), *_shorter(word, keys)), room - len(f" {mark}"))
    return Text(f"{words} {mark}", TONES["active" if word.saved else "you"])


def _shorter(word: Word, keys: ClassKeys) -> tuple[str, ...]:
    if word.kind == "rejected":
        return (f"!{keys.code(word.value) or keys.name(word.value)}",)
    return SHORT_WORDS.get(word.kind, ())


def _fitting(forms: Sequence[str], room: int) -> str:
    """The first form that has room, else as much of the last as has."""
    return next((form for form in forms if len(form) <= room), forms[-1][: max(room, 1)])


def said(word: Word, keys: ClassKeys) -> str:
    """A word as a few characters."""
    if word.kind in ("class", "rejected"):
        code = keys.code(word.value) or keys.name(word.value)
        return code if word.kind == "class" else f"not {code}"
    return KIND_WORDS[word.kind]


def said_fully(word: Word | None, keys: ClassKeys, me: str) -> str:
    """A word with the class's name, whether it is saved, and who said it if not I."""
    if word is None:
        return "no label yet"
    what = KIND_WORDS[word.kind]
    if word.kind in ("class", "rejected"):
        what = f"{what} {_named(word.value, keys)}".lstrip()
    by = "" if word.by == me else f" by {word.by.removeprefix('human:')}"
    return f"{what}{by} {'✓ saved' if word.saved else '… not yet saved'}"


def _named(index: int | None, keys: ClassKeys) -> str:
    code, name = keys.code(index), keys.name(index)
    return name if code in ("", name) else f"{code} {name}"


def guess_text(entry: QueueEntry, keys: ClassKeys) -> str:
    """The model's guess with its confidence: ``3 three .41``."""
    return f"{_named(entry.guess, keys)} {share(entry.confidence)}"


def line(entry: QueueEntry, word: Word | None, keys: ClassKeys, *, hidden: bool, note: str,
         me: str) -> Text:  # fmt: skip
    """The grid's line about the image under the cursor."""
    text = Text(" ", no_wrap=True, end="")
    text.append(said_fully(word, keys, me), TONES["strong"])
    if note:
        text.append(f" · note: {note}", TONES["plain"])
    parts = ["guess hidden"] if hidden else [f"guess {guess_text(entry, keys)}", *why(entry, keys)]
    for part in parts if note else [*parts, "note: —"]:
        text.append(f" · {part}", TONES["dim"])
    return text


def near_words(entry: QueueEntry, keys: ClassKeys) -> str:
    """The classes of the training images most like it, the nearest first."""
    return " ".join(keys.code(label) or keys.name(label) for _, label in entry.near)


def why(entry: QueueEntry, keys: ClassKeys | None = None) -> list[str]:
    """Why a sample is in the queue; with the keys, what it is most like."""
    parts = [] if entry.why.startswith("p ") else [f"p {p_value(entry.p)}"]
    if entry.why:
        parts.append(entry.why)
    if entry.near and keys is not None:
        parts.append(f"most like {near_words(entry, keys)}")
    if entry.risk:
        parts.append(f"risk {share(entry.risk)}")
    if entry.flagged and "flagged" not in entry.why:
        parts.append("flagged by the check")
    return parts


def side(
    entry: QueueEntry, word: Word | None, keys: ClassKeys, *, hidden: bool, note: str, me: str,
    look: str, place: str, last: str,
) -> list[Text]:  # fmt: skip
    """The single view's column beside the picture."""
    rows = [_row("label", said_fully(word, keys, me), "strong"), Text("")]
    if hidden:
        rows.append(_row("guess", "hidden", "dim"))
    else:
        rows.append(_row("guess", guess_text(entry, keys), "plain"))
        others = "  ".join(
            f"{keys.code(at) or keys.name(at)} {share(p)}" for at, p in entry.next_guesses[:3]
        )
        if others:
            rows.append(_row("next", others, "plain"))
        for at, part in enumerate(why(entry)):
            rows.append(_row("" if at else "why", part, "plain"))
        if entry.near:
            rows.append(_row("near", f"{near_words(entry, keys)}   e shows them", "plain"))
    rows += [_row("note", note or "—", "plain")]
    rows += [Text(""), _row("image", place, "dim")]
    if last:
        rows.append(_row("before", last, "dim"))
    if look:
        rows.append(_row("look", look, "you"))
    return rows


def _row(name: str, value: str, tone: str) -> Text:
    text = Text(f"  {name:<7}", TONES["dim"], no_wrap=True, overflow="ellipsis", end="")
    text.append(value, TONES[tone])
    return text


@lru_cache(maxsize=32)
def command_lines(
    entries: tuple[tuple[str, str], ...], width: int, rows: int
) -> tuple[list[Text], int]:
    """Keys with their words on so many lines, for a screen with room to spare, and how many of
    them have room: the footer names the others.
    """
    flows = [
        Text.assemble((key, TONES["key"]), (f" {word}", TONES["dim"])) for key, word in entries
    ]
    n_entries = len(flows)
    while n_entries and len(flowed(flows[:n_entries], width, " · ")) > rows:
        n_entries -= 1
    return flowed(flows[:n_entries], width, " · ") if n_entries else [], n_entries


def flowed(entries: Sequence[Text], width: int, gap: str) -> list[Text]:
    """Entries one after another on as many lines as they need."""
    lines = [Text(" ", no_wrap=True, end="")]
    for entry in entries:
        first = lines[-1].cell_len <= 1
        if not first and lines[-1].cell_len + len(gap) + entry.cell_len > width:
            lines.append(Text(" ", no_wrap=True, end=""))
            first = True
        if not first:
            lines[-1].append(gap, TONES["dim"])
        lines[-1].append_text(entry)
    return lines


def pace(times_s: Sequence[float]) -> float | None:
    """Labels a minute over the last 20, pauses left out; None before the fifth."""
    recent = list(times_s)[-21:]
    steps = [b - a for a, b in pairwise(recent) if b - a < SLOW_S]
    if len(steps) < PACE_STEPS_MIN or sum(steps) <= 0:
        return None
    return 60 * len(steps) / sum(steps)


def status(counts: Counts, per_minute: float | None, *, blind: bool, order: str, width: int) -> str:
    """The top bar: how far, how fast, how long yet; few words where the screen is narrow."""
    narrow = width < WIDE
    parts = [f"{counts.done} of {counts.total}"]
    if per_minute is not None:
        parts.append(f"{per_minute:.0f}/min")
        if counts.open:
            minutes = max(1, round(counts.open / per_minute))
            parts.append(f"{minutes} min" if narrow else f"{minutes} min left")
    if order != "typical":
        parts.append(order)
    if blind or not narrow:
        parts.append(f"blind {'on' if blind else 'off'}")
    return " · ".join(parts)


def finish_body(counts: Counts, n_bare: int | None = None) -> str:
    """What the finish dialog says first. ``n_bare`` samples have nobody's word, where several
    label; those left may have another's.
    """
    rows = [
        f"{counts.labelled} labelled · {counts.unsure} unsure · {counts.skipped} skipped · "
        f"{counts.invalid} no image · {counts.left} left",
    ]
    if counts.rejected:
        rows.append(f"{counts.rejected} guesses were rejected and no class given instead.")
    n_bare = counts.left if n_bare is None else n_bare
    if counts.left > n_bare:
        rows.append(f"{counts.left - n_bare} of those left have another's word, not yours.")
    if n_bare:
        rows.append(f"{n_bare} of {counts.total} have no label; the run goes on without them.")
    rows.append("The planner starts at once; R labels on, until a decision is taken.")
    return "\n".join(rows)


def accept_text(entries: Sequence[QueueEntry], keys: ClassKeys) -> str:
    """What accepting the page would do, class by class, and the keys that answer."""
    by_class: dict[int, int] = {}
    for entry in entries:
        by_class[entry.guess] = by_class.get(entry.guess, 0) + 1
    parts = ", ".join(f"{keys.code(at)} ×{n}" for at, n in sorted(by_class.items()))
    return f"[a] accept {len(entries)} framed ══: {parts} · [esc] nothing"


def nothing(
    known: Known, batch: str, *, may_reopen: bool = False, waits: str = "", n_queue: int = 1
) -> list[Text]:
    """The faces with nothing to label: an error, loading, empty, a part that is being dealt."""
    if known.error or known.state is None:
        return waiting(known)
    if waits:
        return [Text(""), Text(f"  {waits}", TONES["plain"])]
    said = f" Batch {batch} is done: [enter] evidence." if batch else " No batch asks for labels."
    if batch and not n_queue:
        said = f" The check of batch {batch} put no image into the queue: [enter] evidence."
    rows = [Text(""), Text(f"  {EMPTY}{said}", TONES["plain"])]
    if may_reopen:
        more = "  [R] labels on: labelling stays open until a decision is taken."
        rows.append(Text(more, TONES["plain"]))
    return rows
