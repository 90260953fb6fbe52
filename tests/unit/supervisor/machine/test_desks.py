"""Label desks between sittings: a place is kept, a finished desk is opened again."""

from __future__ import annotations

import json

from scanflow_tui.contract import commands as cmd
from scanflow_tui.labels.files import label_files
from scanflow_tui.session import events as ev
from scanflow_tui.session.state import desk_key
from scanflow_tui.supervisor.machine.effects import StoreLabels
from scanflow_tui.supervisor.machine.progress import sayings
from scanflow_tui.supervisor.machine.turn import Turn
from tests.simulator.world import OTHER, OWNER
from tests.unit.supervisor.machine.test_commands import Calm, answer


def place(run: int, sample: str, **given: object) -> cmd.KeepPlace:
    return cmd.KeepPlace(run, "label", sample, "random", single=True, zoom=2, **given)  # type: ignore[arg-type]


def test_a_place_is_kept_for_each_person() -> None:
    world = Calm("label")
    run, _ = world.asked()
    world.give(place(run.number, "s1"), "c1:0")
    desk = world.machine.state.desks[desk_key(run.number, "label")]
    kept = desk.places[OWNER]
    assert (kept.sample, kept.order, kept.single, kept.zoom) == ("s1", "random", True, 2)


def test_a_draft_stands_beside_the_log_until_its_note_is_given() -> None:
    world = Calm("label")
    run, _ = world.asked()
    turn = world.give(place(run.number, "s1", drafted="s1", draft="smudged, perh"), "c1:0")
    assert turn.contents[0].data == b"smudged, perh"
    assert b"smudged" not in ev.encode(turn.events[0])
    desk = world.machine.state.desks[desk_key(run.number, "label")]
    assert desk.drafts[OWNER] == {"s1": turn.contents[0].digest}
    world.give(cmd.WriteNote(run.number, "label", "s1", "smudged, perhaps a 3"), "c1:1")
    assert desk.drafts[OWNER] == {}


def test_a_place_outside_the_queue_is_refused() -> None:
    world = Calm("label")
    run, _ = world.asked()
    turn = world.give(place(run.number, "nobody"), "c1:0")
    assert "not in the queue" in str(answer(turn).error)


def test_labelling_is_opened_again_until_a_decision_is_taken() -> None:
    world = Calm("decide")
    run, _ = world.asked()
    turn = world.give(cmd.ReopenLabelling(run.number, "label"), "c1:0")
    assert answer(turn).error is None
    _, node = world.asked()
    assert node.form == "label"
    assert run.offer is None
    world.give(cmd.GiveLabel(run.number, "label", "s0", "class", 1), "c1:1")
    world.give(cmd.FinishLabelling(run.number, "label"), "c1:2")
    world.settle()
    again, node = world.asked()
    assert (again.number, node.form) == (run.number, "decide")
    assert run.offer is not None


def test_labels_that_were_decided_on_stay_finished() -> None:
    world = Calm("approve")
    run, _ = world.asked()
    turn = world.give(cmd.ReopenLabelling(run.number, "label"), "c1:0")
    assert "was decided on these labels" in str(answer(turn).error)


def test_labelling_that_goes_on_is_not_opened() -> None:
    world = Calm("label")
    run, _ = world.asked()
    turn = world.give(cmd.ReopenLabelling(run.number, "label"), "c1:0")
    assert "not finished" in str(answer(turn).error)


def test_a_class_that_was_rejected_is_no_label_in_the_files() -> None:
    world = Calm("label")
    run, node = world.asked()
    world.give(cmd.GiveLabel(run.number, "label", "s1", "rejected", 2), "c1:0")
    turn = Turn(world.machine, world.at, bytes(16))
    lines = label_files(sayings(turn, run, node))["labels"].splitlines()
    line = json.loads(lines[0])
    assert (line["kind"], line["label"], line["rejected"]) == ("rejected", None, 2)


def files(world: Calm) -> dict[str, list[dict[str, object]]]:
    run, node = world.asked()
    made = label_files(sayings(Turn(world.machine, world.at, bytes(16)), run, node))
    return {name: [json.loads(line) for line in data.splitlines()] for name, data in made.items()}


def test_what_people_dispute_repairs_nothing_until_the_owner_looks_again() -> None:
    world = Calm("label")
    run, _ = world.asked()
    for at, (actor, value) in enumerate(((OWNER, 0), (OTHER, 1))):
        world.give(cmd.GiveLabel(run.number, "label", "s1", "class", value), f"c{at}:0", actor)
        world.give(cmd.GiveLabel(run.number, "label", "s2", "class", 1), f"c{at}:1", actor)
    disputed, agreed = files(world)["labels"]
    assert (disputed["kind"], disputed["label"]) == ("unsure", None)
    assert (agreed["kind"], agreed["label"], agreed["by"]) == ("class", 1, "u1000 u1001")
    look = cmd.GiveLabel(run.number, "label", "s1", "class", 1, order="second look")
    assert "is the owner's" in str(answer(world.give(look, "c1:2", OTHER)).error)
    world.give(look, "c0:2", OWNER)
    settled = files(world)["labels"][0]
    assert (settled["kind"], settled["label"], settled["by"]) == ("class", 1, "u1000")


def test_what_is_shown_again_is_a_word_of_its_own_and_no_line_of_the_files() -> None:
    world = Calm("label")
    run, _ = world.asked()
    world.give(cmd.GiveLabel(run.number, "label", "s1", "class", 0), "c0:0")
    turn = world.give(cmd.GiveLabel(run.number, "label", "s1~2", "class", 1), "c0:1")
    assert answer(turn).error is None
    assert [line["label"] for line in files(world)["labels"]] == [0]
    turn = world.give(cmd.FinishLabelling(run.number, "label"), "c0:2")
    finished = next(e.fact for e in turn.events if isinstance(e.fact, ev.LabellingFinished))
    assert (finished.n_labelled, finished.n_left) == (1, len(run.check.queue) - 1)
    turn = world.give(cmd.GiveLabel(run.number, "label", "nobody~2", "class", 1), "c0:3")
    assert answer(turn).error is not None


def test_what_labels_come_to_is_worked_out_once_and_outside_the_machine() -> None:
    world = Calm("label")
    run, _ = world.asked()
    turns = [
        world.give(cmd.FinishLabelling(run.number, "label"), "c1:0"),
        world.give(cmd.KeepPlace(run.number, "label", "s1"), "c1:1"),
    ]
    asked = [effect for turn in turns for effect in turn.effects if isinstance(effect, StoreLabels)]
    assert [effect.said.queue for effect in asked] == [run.check.queue if run.check else ()]
