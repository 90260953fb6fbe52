"""Any keys against a supervisor that answers whenever it likes: what was shown is what is saved."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.tui.labelling.overlay import Pending
from tests.unit.tui.labelling.test_queue import ENTRIES, Desk

SAMPLES = [entry.id for entry in ENTRIES[:4]]
KEYS = st.one_of(
    st.tuples(st.just("give"), st.sampled_from(SAMPLES), st.integers(0, 3)),
    st.tuples(st.just("undo"), st.just(""), st.just(0)),
    st.tuples(st.just("redo"), st.just(""), st.just(0)),
    st.tuples(st.just("send"), st.just(""), st.just(0)),
    st.tuples(st.just("happen"), st.just(""), st.just(0)),
    st.tuples(st.just("answer"), st.just(""), st.just(0)),
    st.tuples(st.just("refuse"), st.just(""), st.just(0)),
)


class World:
    """One command is under way at a time, as the sender does it."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.under_way: Pending | None = None
        self.happened: int | None = None

    def do(self, what: str, sample: str, value: int) -> None:
        queue = self.desk.queue
        if what == "give":
            queue.give(sample, "class", value)
        elif what == "undo":
            queue.undo()
        elif what == "redo":
            queue.redo()
        elif what == "send" and self.under_way is None:
            self.under_way = queue.next_command()
        elif what == "happen" and self.under_way is not None and self.happened is None:
            self.happened = self.desk.do(self.under_way)
            queue.folded(self.desk.desk(), self.desk.state.seq)
        elif what == "answer" and self.under_way is not None and self.happened is not None:
            queue.acknowledged(self.under_way, self.happened)
            self.under_way, self.happened = None, None
        elif what == "refuse" and self.under_way is not None and self.happened is None:
            queue.refused(self.under_way)
            self.under_way = None

    def shown(self) -> dict[str, int | None]:
        words = {sample: self.desk.queue.word(sample) for sample in SAMPLES}
        return {sample: word.value for sample, word in words.items() if word is not None}

    def finish(self) -> None:
        for what in ("happen", "answer"):
            self.do(what, "", 0)
        while self.desk.queue.unsaved:
            before = self.desk.queue.unsaved
            for what in ("send", "happen", "answer"):
                self.do(what, "", 0)
            assert self.desk.queue.unsaved < before, "a command is never sent"


@settings(max_examples=300, deadline=None)
@given(st.lists(KEYS, max_size=40))
def test_what_was_shown_before_is_what_stands_when_all_is_saved(
    keys: list[tuple[str, str, int]],
) -> None:
    world = World()
    for key in keys:
        world.do(*key)
    shown = world.shown()
    world.finish()
    assert world.shown() == shown
    desk = world.desk.desk()
    saved = {
        sample: by_actor["human:u7"].value
        for sample, by_actor in desk.labels.items()
        if "human:u7" in by_actor
    }
    assert saved == shown


@settings(max_examples=100, deadline=None)
@given(st.lists(KEYS.filter(lambda key: key[0] != "refuse"), max_size=40))
def test_every_label_is_sent_once_in_order(keys: list[tuple[str, str, int]]) -> None:
    world = World()
    given_now: list[tuple[str, int]] = []
    for key in keys:
        if key[0] == "give":
            given_now.append((key[1], key[2]))
        world.do(*key)
    world.finish()
    done = [command for command in world.desk.given if command.redoes is None]
    assert [(command.sample, command.value) for command in done] == given_now


@settings(max_examples=100, deadline=None)
@given(st.lists(KEYS, max_size=40))
def test_counts_and_kinds_are_those_of_the_words(keys: list[tuple[str, str, int]]) -> None:
    world = World()
    queue = world.desk.queue
    for key in keys:
        before = {sample: queue.word(sample) for sample in queue.entries}
        stamps = {sample: queue.tally.stamp(sample) for sample in queue.entries}
        world.do(*key)
        words = {sample: queue.word(sample) for sample in queue.entries}
        kinds = {sample: word.kind for sample, word in words.items() if word is not None}
        assert queue.tally.kinds == kinds
        assert queue.tally.counts().left == len(queue.entries) - len(kinds)
        assert queue.tally.counts().labelled == list(kinds.values()).count("class")
        changed = {sample for sample in words if words[sample] != before[sample]}
        assert all(queue.tally.stamp(sample) != stamps[sample] for sample in changed)
