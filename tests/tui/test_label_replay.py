"""A replay of labelling: each event goes to its image and shows it as it was shown then."""

from __future__ import annotations

import msgspec
import pytest

from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event
from scanflow_tui.tui.present.label_order import arranged, is_hidden
from tests.driver import LARGE, drive, work_of
from tests.fakes.demo_events import demo_events, queue, sha
from tests.fakes.source import FakeTape

ANA, BEN = "human:u64001", "human:u64002"
TYPICAL, RANDOM = arranged(queue(), "typical"), arranged(queue(), "random")
SHOWN = [entry for entry in TYPICAL if not is_hidden(entry)]
HIDDEN = next(entry for entry in TYPICAL if is_hidden(entry))
GIVEN = ev.LabelGiven(
    3, "label", SHOWN[0].id, "class", 4, 1800, True, "typical", None,
    "4", "grid 4x2", 0, "", "sixel", "ab" * 32,
)  # fmt: skip


def tape(*facts: tuple[str, ev.Kind]) -> FakeTape:
    """The session, and then this."""
    events = list(demo_events("asked"))
    for actor, fact in facts:
        events.append(Event(len(events), events[-1].at + 1, actor, fact))
    return FakeTape(events)


async def test_order_view_look_and_hidden_guess_are_those_of_the_label() -> None:
    single = msgspec.structs.replace(
        GIVEN, sample=SHOWN[3].id, order="random", view="single", look="zoom 2 · inverted",
        guess_shown=False,
    )  # fmt: skip
    async with drive(tape((ANA, GIVEN), (ANA, single)), start="label", size=LARGE) as it:
        await it.until("then: 1.8 s on screen · single")
        work = work_of(it)
        assert (work.order, work.single, work.blind) == ("random", True, True)
        assert (work.look.words(), work.entry.id) == ("zoom 2 · inverted", SHOWN[3].id)
        assert [entry.id for entry in work.entries] == [entry.id for entry in RANDOM]
        it.expect_text("hidden")
        await it.press(",")
        await it.until("then: 1.8 s on screen · grid 4x2")
        work = work_of(it)
        assert (work.order, work.single, work.blind) == ("typical", False, False)
        assert (work.look.words(), work.entry.id) == ("", SHOWN[0].id)
        it.expect_no_text("space accept guess")


@pytest.mark.parametrize("size", [(80, 24), (100, 40), LARGE])
async def test_what_was_on_screen_has_room(size: tuple[int, int]) -> None:
    async with drive(tape((ANA, GIVEN)), start="label", size=size) as it:
        await it.until("then: 1.8 s on screen · grid 4x2 · sixel · guess shown · key 4")


async def test_others_words_are_seen_where_nobody_labels() -> None:
    said = msgspec.structs.replace(GIVEN, sample=HIDDEN.id, guess_shown=False)
    async with drive(tape((BEN, said)), start="label", size=LARGE) as it:
        await it.until("4 ✓")
        it.expect_text("4 four by u64002", "key 4 · by u64002")
        await it.press("right")
        it.expect_no_text("then:")


async def test_an_undo_a_note_and_a_place_go_to_their_images() -> None:
    events = list(demo_events("asked"))
    seq = len(events)
    other = msgspec.structs.replace(GIVEN, sample=SHOWN[1].id, value=5)
    facts: list[tuple[str, ev.Kind, str, str]] = [
        (ANA, GIVEN, SHOWN[0].id, "1.8 s on screen"),
        (ANA, other, SHOWN[1].id, "1.8 s on screen"),
        (ANA, ev.LabelUndone(3, "label", SHOWN[1].id, seq + 1), SHOWN[1].id, "taken back"),
        (ANA, ev.LabelUndone(3, "label", SHOWN[0].id, seq), SHOWN[0].id, "taken back"),
        (ANA, ev.NoteWritten(3, "label", SHOWN[7].id, sha("blot")), SHOWN[7].id, "a note"),
        (
            ANA,
            ev.PlaceKept(
                3, "label", SHOWN[9].id, "random", True, True, 1, "plain", True, "", "",
                False, False, False,
            ),
            SHOWN[9].id,
            "the place was kept",
        ),
    ]  # fmt: skip
    async with drive(
        tape(*[(who, fact) for who, fact, _, _ in facts]), start="label", size=LARGE
    ) as it:
        await it.until("then: the place was kept")
        work = work_of(it)
        assert (work.order, work.single, work.blind) == ("random", True, True)
        assert work.look.words() == "zoom 1.5 · inverted"
        for _, _, sample, told in reversed(facts):
            assert work_of(it).entry.id == sample
            it.expect_text(told)
            await it.press(",")
