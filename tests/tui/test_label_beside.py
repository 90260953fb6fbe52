"""What stands beside an image to label: most like it, before and after the filter, the guide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event
from scanflow_tui.tui.present.label_order import arranged, is_hidden
from tests.driver import LARGE, drive
from tests.fakes.demo_events import PIPELINE, demo_events, queue, sha
from tests.fakes.people import PeopleSource, png, squares

NEAR = ((12, 3), (40, 5), (7, 3))
ENTRIES = tuple(replace(entry, near=NEAR) for entry in queue())
ORDER = arranged(ENTRIES, "typical")
MADE = sha("filtered")
GUIDELINES = "guidelines: {three: Two bows open to the left.}\n"


def source(*, filtered: bool = False) -> PeopleSource:
    """The demo at its label node, with what a check of today writes."""
    made = list(demo_events("asked"))
    grey = png(np.full((28, 28), 90, np.uint8))
    reads = squares()
    beside = {f"near/{number}": sha(f"near {number}") for number, _ in NEAR}
    beside |= {f"examples/3-{number}": sha(f"example {number}") for number in range(3)}
    for digest in beside.values():
        reads["content", digest, ""] = grey
    for entry in ENTRIES:
        reads["artifact", MADE, f"{entry.id}.png"] = grey
    for at, event in enumerate(made):
        fact = event.fact
        if isinstance(fact, ev.PipelineRead):
            text = PIPELINE.replace("out: [filter]\n", "out: [filter, filtered]\n", 1)
            fact = ev.PipelineRead(text.replace("nodes:\n", f"{GUIDELINES}nodes:\n", 1))
        elif isinstance(fact, ev.CheckFound) and fact.queue:
            thumbnails = fact.thumbnails | beside
            fact = ev.CheckFound(fact.run, fact.node, fact.batch, fact.finding, ENTRIES, thumbnails)
        elif isinstance(fact, ev.NodeCached) and (fact.run, fact.node) == (3, "base") and filtered:
            outputs = fact.outputs | {"filtered": ev.Artifact(MADE, 1, 1)}
            fact = ev.NodeCached(
                fact.run, fact.node, fact.key, fact.origin, outputs, {}, fact.reason
            )
        made[at] = Event(event.seq, event.at, event.actor, fact)
    return PeopleSource(made, reads=reads)


async def test_the_grid_names_what_an_image_is_most_like() -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        assert not is_hidden(ORDER[0])
        it.expect_text("most like 3 5 3")


async def test_the_training_images_stand_beside_a_single_one_when_asked_for() -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("enter")
        it.expect_rows("near", "3 5 3", "e shows them")
        it.expect_no_text("─ 5 ─")
        await it.press("e")
        await it.until("─ 5 ─")
        await it.press("e")
        it.expect_no_text("─ 5 ─")


async def test_an_image_that_hides_its_guess_hides_what_it_is_like() -> None:
    hidden = next(at for at, entry in enumerate(ORDER) if is_hidden(entry))
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("enter", "e", *["right"] * hidden)
        it.expect_text(f"img {ORDER[hidden].id}", "hidden")
        it.expect_no_text("3 5 3", "─ 5 ─")


async def test_the_same_image_after_the_filter_is_one_key_away_and_recorded() -> None:
    made = source(filtered=True)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("f")
        it.expect_text("after the filter")
        await it.press("3", "f", "4")
        looks = [c.look for c in made.done if isinstance(c, cmd.GiveLabel)]
        assert looks == ["after the filter", ""]
        assert any(ref.id == MADE for ref, _ in made.asked)


async def test_filtered_images_that_are_not_made_yet_are_said_so() -> None:
    async with drive(source(), start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("f")
        it.expect_footer("node base has not made them")


async def test_the_guide_shows_words_and_examples_class_by_class() -> None:
    made = source()
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press("G")
        it.expect_text("0 zero   1 of 10", "no words on this class")
        await it.press("3")
        it.expect_text("3 three   4 of 10", "Two bows open to the left.", "─ three ─")
        await it.press("right")
        it.expect_text("4 four   5 of 10", "no example images of this class")
        await it.press("escape")
        it.expect_no_text("4 four   5 of 10")
        assert made.done == []
