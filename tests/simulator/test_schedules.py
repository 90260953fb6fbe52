"""10,000 seeded schedules of the real state machine; the number is set by SCANFLOW_SCHEDULES.

A failing seed replays: ``SCANFLOW_SEED=n pytest tests/simulator``.
"""

from __future__ import annotations

import os

import pytest

from tests.simulator.invariants import check_always, check_log, check_settled
from tests.simulator.world import World

SCHEDULES = int(os.environ.get("SCANFLOW_SCHEDULES", "300"))
STEPS = 120
CALM_STEPS = 6000


def play(seed: int) -> World:
    """One schedule: a wild time, then a calm one in which everything has to settle."""
    world = World(seed)
    for _ in range(STEPS):
        world.step()
        check_always(world)
    world.disk_full = False
    world.commit()
    world.calm = True
    for index in range(CALM_STEPS):
        world.step()
        if index % 20 == 0 and settled(world):
            break
    check_log(world)
    check_settled(world)
    return world


def settled(world: World) -> bool:
    try:
        check_settled(world)
    except AssertionError:
        return False
    return not world.pending


@pytest.mark.parametrize("block", range(10))
def test_every_invariant_holds_in_seeded_schedules(block: int) -> None:
    first = int(os.environ.get("SCANFLOW_SEED", "0"))
    if "SCANFLOW_SEED" in os.environ:
        play(first)
        return
    for seed in range(block, SCHEDULES, 10):
        try:
            play(seed)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
