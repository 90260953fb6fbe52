"""The one table of keys, and what is made from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.tui import keys

DOCUMENT = Path(__file__).parents[3] / "docs" / "keys.md"


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == keys.document(), (
        "run: python -m scanflow_tui.tui.keys > docs/keys.md"
    )


@pytest.mark.parametrize("place", keys.PLACES)
def test_no_key_of_a_place_means_two_things(place: str) -> None:
    assert keys.clashes(place) == []


def test_letters_belong_to_the_task_on_label() -> None:
    assert keys.action_of("label", "w") is None
    assert keys.action_of("label", "q") is None
    back = keys.action_of("label", "escape")
    assert back is not None and back.id == "back"


def test_the_places_own_action_wins_over_that_of_everywhere() -> None:
    action = keys.action_of("workflow", ".")
    assert action is not None and action.id == "jump"


def test_in_a_replay_the_transport_wins() -> None:
    action = keys.action_of("workflow", ".", replay=True)
    assert action is not None and action.id == "step_on"


def test_every_action_has_a_sentence_and_an_own_id() -> None:
    ids = [action.id for action in (*keys.ACTIONS, *keys.TRANSPORT)]
    assert len(ids) == len(set(ids))
    assert all(action.says and action.label for action in keys.ACTIONS)


def test_a_letter_on_label_is_offered_by_palette_alone() -> None:
    ids = {action.id for action in keys.actions_of("label")}
    assert "go_workflow" not in ids and "help" in ids
