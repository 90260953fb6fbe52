"""The orders in which an annotator may see a queue."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scanflow_tui.contract.evidence import QueueEntry, Share
from scanflow_tui.labels.order import ORDERS, Order, ordered


def entry(number: int, share: Share) -> QueueEntry:
    return QueueEntry(
        id=f"{number:05d}",
        index=number,
        share=share,
        flagged=False,
        p=0.5,
        guess=number % 3,
        confidence=0.9,
        risk=(number * 7 % 11) / 11,
    )


QUEUE = tuple(entry(number, "repair") for number in range(40)) + tuple(
    entry(number, "audit") for number in range(40, 50)
)


def repair_of(entries: tuple[QueueEntry, ...]) -> list[QueueEntry]:
    return [each for each in entries if each.share == "repair"]


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_loses_and_adds_nothing(order: Order) -> None:
    assert sorted(ordered(QUEUE, order), key=lambda each: each.id) == list(QUEUE)


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_the_same_for_the_same_seed(order: Order) -> None:
    assert ordered(QUEUE, order, seed=5) == ordered(QUEUE, order, seed=5)


def test_typical_order_is_that_of_the_queue() -> None:
    assert repair_of(ordered(QUEUE, "typical")) == repair_of(QUEUE)


def test_ordering_again_gives_the_same_place_to_everything() -> None:
    once = ordered(QUEUE, "typical", seed=2)
    assert ordered(once, "typical", seed=2) == once


def test_error_risk_shows_the_most_doubtful_first() -> None:
    risks = [each.risk for each in repair_of(ordered(QUEUE, "error risk"))]
    assert risks == sorted(risks, reverse=True)


def test_class_by_class_goes_by_guess() -> None:
    guesses = [each.guess for each in repair_of(ordered(QUEUE, "class by class"))]
    assert guesses == sorted(guesses)


def test_random_order_depends_on_the_seed() -> None:
    assert ordered(QUEUE, "random", seed=1) != ordered(QUEUE, "random", seed=2)


@pytest.mark.parametrize("order", ORDERS)
def test_audit_samples_stand_anywhere_in_the_queue(order: Order) -> None:
    places = [
        place
        for seed in range(60)
        for place, each in enumerate(ordered(QUEUE, order, seed=seed))
        if each.share == "audit"
    ]
    fifths = [sum(low <= place < low + 10 for place in places) for low in range(0, 50, 10)]
    assert all(80 < count < 160 for count in fifths)


def test_a_queue_of_audit_samples_alone_is_ordered_too() -> None:
    assert len(ordered(QUEUE[40:], "random")) == 10


def test_ordering_does_not_load_numpy() -> None:
    code = "import sys, scanflow_tui.labels.order; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
