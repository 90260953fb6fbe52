"""The Label screen of several people: a guest's own part, the owner's second look."""

from __future__ import annotations

from scanflow_tui.contract import commands as cmd
from scanflow_tui.labels.assign import AGAIN, part_of
from scanflow_tui.session import events as ev
from scanflow_tui.tui.present.label_order import arranged
from tests.driver import LARGE, drive, work_of
from tests.fakes.demo_events import demo_events, queue, sha
from tests.fakes.people import ME, PeopleSource, squares

OWNER, BEN = "human:u64000", "human:u64002"


def shared(owner: str) -> PeopleSource:
    made = PeopleSource(demo_events("asked"), reads=squares())
    made.feed(ev.SessionShared(64000, sha("group")), actor=owner)
    return made


def said(made: PeopleSource, actor: str, sample: str, value: int) -> None:
    made.feed(ev.LabelGiven(3, "label", sample, "class", value, 10, False, "typical"), actor=actor)


async def test_a_guest_asks_for_a_part_and_labels_that_alone() -> None:
    made = shared(OWNER)
    made.feed(ev.AnnotatorJoined(3, "label", sha("ben")), actor=BEN)
    mine = part_of(queue(), [BEN, ME], ME)
    async with drive(made, start="label") as it:
        await it.until("img")
        work = work_of(it)
        assert [c for c in made.done if isinstance(c, cmd.TakePart)] == [cmd.TakePart(3, "label")]
        assert {entry.id for entry in work.entries} == {entry.id for entry in mine.entries}
        assert len(work.entries) < len(queue())
        order = [entry.id for entry in work.entries]
        await it.press("3", "4")
        given = [(c.sample, c.value) for c in made.done if isinstance(c, cmd.GiveLabel)]
        assert given == [(order[0], 3), (order[1], 4)]
        await it.press("F")
        it.expect_text("the owner ends the labelling")


async def test_who_joins_takes_no_image_from_under_the_cursor() -> None:
    made = shared(OWNER)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        alone = {entry.id for entry in part_of(queue(), [ME], ME).entries}
        left = {entry.id for entry in part_of(queue(), [BEN, ME], ME).entries}
        await it.press("O", "down", "down", "enter", "i", "enter")
        while work_of(it).entry.id in left:
            await it.press("right")
        here = work_of(it).entry.id
        made.feed(ev.AnnotatorJoined(3, "label", sha("ben")), actor=BEN)
        await it.settle()
        work = work_of(it)
        assert {entry.id for entry in work.entries} == left | {here} and here in alone
        it.expect_text(f"img {here}", "random", "inverted")
        await it.press("5")
        given = [(c.sample, c.value) for c in made.done if isinstance(c, cmd.GiveLabel)]
        assert given == [(here, 5)]


async def test_who_joins_while_a_class_is_picked_takes_no_label_away() -> None:
    made = shared(ME)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        here = work_of(it).entry.id
        await it.press("/")
        await it.until("type to find")
        made.feed(ev.AnnotatorJoined(3, "label", sha("ben")), actor=BEN)
        await it.settle()
        await it.type("seven")
        await it.press("enter")
        await it.until("> 2 people")
        given = [(c.sample, c.value) for c in made.done if isinstance(c, cmd.GiveLabel)]
        assert given == [(here, 7)]
        it.expect_text("1 of 70")


async def test_what_others_say_of_a_guests_samples_is_not_shown() -> None:
    made = shared(OWNER)
    for entry in queue()[:40]:
        said(made, BEN, entry.id, 1)
    made.feed(ev.AnnotatorJoined(3, "label", sha("ben")), actor=BEN)
    async with drive(made, start="label") as it:
        await it.until("img")
        work = work_of(it)
        assert work.queue.tally.counts().done == 0


async def test_a_sample_shown_again_bears_no_mark_and_has_its_picture() -> None:
    made = shared(OWNER)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        work = work_of(it)
        again = [entry for entry in work.entries if entry.id.endswith(AGAIN)]
        assert again
        work.single = True
        work.go(work.entries.index(again[0]), 0.0)
        await it.press("left", "right")
        assert AGAIN not in it.text()
        it.expect_text(f"img {again[0].id.removesuffix(AGAIN)}")
        await it.press("5")
        given = [c for c in made.done if isinstance(c, cmd.GiveLabel)]
        assert given[-1].sample == again[0].id
        it.expect_text("before")
        assert AGAIN not in it.text()
        work.go(work.entries.index(again[0]), 0.0)
        await it.press("n")
        await it.until("note on image")
        assert AGAIN not in it.text()


async def test_the_owner_looks_again_at_what_is_disputed() -> None:
    made = shared(ME)
    first, second = queue()[0].id, queue()[1].id
    for actor, value in ((OWNER, 1), (BEN, 2)):
        said(made, actor, first, value)
        said(made, actor, second, 3)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("O")
        await it.until("second look")
        it.expect_text("(1)")
        await it.type("second")
        await it.press("enter")
        await it.until("said so far")
        work = work_of(it)
        assert [entry.id for entry in work.entries] == [first]
        it.expect_text("u64000: one", "u64002: two")
        await it.press("7")
        given = [c for c in made.done if isinstance(c, cmd.GiveLabel)]
        assert (given[-1].sample, given[-1].value, given[-1].order) == (first, 7, "second look")
        assert made.state.desks["3.label"].labels[first][ME].settles


async def test_a_second_look_goes_on_where_the_owner_left_it() -> None:
    made = shared(ME)
    again = [entry.id for entry in queue()[:3]]
    for sample in again:
        said(made, OWNER, sample, 1)
        said(made, BEN, sample, 2)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("O")
        await it.until("second look")
        await it.type("second")
        await it.press("enter")
        await it.until("0 of 3 looked at again")
        await it.press("7", "escape")
        await it.until("once more leaves")
        left = [entry.id for entry in work_of(it).entries[1:]]
    async with drive(PeopleSource(made.events, reads=made.reads), start="label", size=LARGE) as it:
        await it.until("looked at again · said so far")
        work = work_of(it)
        assert (work.order, [entry.id for entry in work.entries]) == ("second look", left)
        assert work.cursor == 0


async def test_one_alone_is_offered_no_second_look() -> None:
    made = PeopleSource(demo_events("asked"), reads=squares())
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        assert [entry.id for entry in work_of(it).entries] == [
            entry.id for entry in arranged(queue(), "typical")
        ]
        await it.press("O")
        await it.until("class by class")
        assert "second look" not in it.text()


async def test_the_owner_who_finishes_reads_how_far_guests_are_and_what_nobody_labelled() -> None:
    made = shared(ME)
    made.feed(ev.AnnotatorJoined(3, "label", sha("ben")), actor=BEN)
    mine = part_of(queue(), [BEN], BEN)
    for entry in mine.entries[:5]:
        said(made, BEN, entry.id, 1)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("> 2 people")
        n_left = len(work_of(it).entries) - work_of(it).queue.tally.counts().done
        n_bare = len(queue()) - sum(not e.id.endswith(AGAIN) for e in mine.entries[:5])
        await it.press("F")
        await it.until("Guests with their parts")
        it.expect_text(f"5 of {len(mine.entries)}", f"{n_bare} of 70 have no label")
        if n_left > n_bare:
            it.expect_text(f"{n_left - n_bare} of those left have another's word")


async def test_a_guest_is_not_told_to_finish() -> None:
    made = shared(OWNER)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("> your part")
        assert "finish" not in it.text()


async def test_others_notes_are_not_shown_to_a_guest_nor_beside_a_hidden_guess() -> None:
    made = shared(OWNER)
    sample = arranged(part_of(queue(), [ME], ME).entries, "typical")[0].id
    made.reads["content", sha("three"), ""] = b"looks like a three"
    made.feed(ev.NoteWritten(3, "label", sample, sha("three")), actor=BEN)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("no label yet")
        await it.settle()
        assert work_of(it).entry.id == sample
        assert "looks like" not in it.text()


async def test_the_first_screen_is_left_by_esc_twice() -> None:
    async with drive(shared(ME), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("escape")
        it.expect_text("esc once more leaves")
        assert it.app.return_value is None
        await it.press("escape")
        assert it.app.return_value == 0


async def test_who_was_a_guest_stays_one_when_the_session_is_shared_no_more() -> None:
    made = shared(OWNER)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("> your part")
        made.feed(ev.SessionUnshared(64000), actor=OWNER)
        await it.settle()
        it.expect_text("> your part")
        await it.press("F")
        it.expect_text("the owner ends the labelling")
