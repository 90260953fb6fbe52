"""Records that a session could export, drawn at random: any text, any time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from scanflow_tui.labels.interchange.judge import Ground
from scanflow_tui.labels.interchange.record import NOTE, WITH_CLASS, Record, SampleCard

NOW_US = 1_800_000_000_000_000
SAMPLES = ("s0", "s1", "b.2_x-y", "S3")
DIGESTS = {sample: f"{at:064x}" for at, sample in enumerate(SAMPLES, start=1)}
CLASSES = (
    "zero", "a,b", 'say "x"', "two\nlines", "=SUM(A1)", "'=x", "''", "ünïcode ☃", " edge ", "1",
    "+1", "@x", "\ttab", "\rreturn", "-", "null", "[]", "{", "＝wide", "\x1b[31mred",
)  # fmt: skip
SESSIONS = ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "01BX5ZZKBKACTAV9WEVGEMMVRZ", "")
CARDS = tuple(SampleCard(sample, DIGESTS[sample]) for sample in SAMPLES)

NASTY = st.sampled_from([*CLASSES, "human:u1000", "a\x00b", "\u2028", "'", '"', "''=x", "é\u0301"])
TEXTS = st.one_of(NASTY, st.text(st.characters(codec="utf-8"), min_size=1, max_size=40))


def ground(now_us: int = NOW_US) -> Ground:
    """What a session knows that has these samples and classes and no label."""
    return Ground(DIGESTS, CLASSES, now_us)


@st.composite
def record(draw: st.DrawFn) -> Record:
    """One word in force, by itself."""
    kind = draw(st.sampled_from(["class", "class", "unsure", "skip", "invalid", "rejected", NOTE]))
    sample = draw(st.sampled_from(SAMPLES))
    value = draw(st.integers(0, len(CLASSES) - 1)) if kind in WITH_CLASS else None
    made = Record(
        sample,
        kind,
        value,
        "" if value is None else CLASSES[value],
        draw(TEXTS),
        draw(st.sampled_from(SESSIONS)),
        draw(st.integers(1, NOW_US)),
        digest=DIGESTS[sample],
    )
    if kind == NOTE:
        return replace(made, note=draw(TEXTS), state=draw(st.sampled_from(["in_force", "undone"])))
    if draw(st.booleans()):
        made = replace(
            made,
            key=draw(st.sampled_from(["", "3", "space", "A a", "/", "="])),
            view=draw(st.sampled_from(["", "single", "grid 8x5", "judging, grid 12x1"])),
            place=draw(st.integers(-1, 99_999)),
            look=draw(st.sampled_from(["", "zoom 1.5", "zoom 2 · inverted", "after the filter"])),
            way=draw(st.sampled_from(["", "kitty", "half"])),
            picture=draw(st.sampled_from(["", "0f" * 32])),
        )
    return replace(
        made,
        ms=draw(st.integers(0, 10**9)),
        guess=draw(st.none() | st.integers(0, len(CLASSES) - 1)),
        guess_shown=draw(st.none() | st.booleans()),
        order=draw(st.sampled_from(["", "typical", "class by class"])),
        state=draw(st.sampled_from(["in_force", "in_force", "undone"])),
    )


@st.composite
def history(draw: st.DrawFn) -> list[Record]:
    """A history as it is exported: by time, each superseded where its author said more later."""
    authors = draw(st.lists(TEXTS, min_size=1, max_size=3))
    found = draw(st.lists(record(), max_size=15))
    found = [replace(one, author=draw(st.sampled_from(authors))) for one in found]
    kept = {(one.author, one.session, one.sample, one.kind == NOTE, one.at): one for one in found}
    records = sorted(kept.values(), key=lambda one: one.at)
    last = {
        (one.author, one.session, one.sample, one.kind == NOTE): one
        for one in records
        if one.state != "undone"
    }
    return [
        replace(one, state="superseded")
        if one.state != "undone"
        and last[one.author, one.session, one.sample, one.kind == NOTE] is not one
        else one
        for one in records
    ]
