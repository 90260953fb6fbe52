from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from scanflow_tui.engine.docker import place
from scanflow_tui.engine.docker.client import Daemon, EngineRefused
from scanflow_tui.engine.docker.lived import has_lived
from scanflow_tui.engine.docker.place import Claim
from scanflow_tui.engine.docker.truth import State

STARTED = 1_700_000_000_000_000
ENDED = State("exited", 0, False, "", STARTED, STARTED + 5_000_000)
PODMAN = {"Components": [{"Name": "Podman Engine"}]}


@dataclass
class Engine:
    """What an engine elsewhere says of itself, and which of its starts it remembers."""

    remembers: bool = False
    refuses: bool = False
    goes_on: bool = False
    told: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, float, float]] = field(default_factory=list)

    def info(self) -> dict[str, Any]:
        now = {"SystemTime": "2023-11-14T22:14:20Z"}
        return now | {"LiveRestoreEnabled": self.goes_on}

    def version(self) -> dict[str, Any]:
        return self.told

    def past(self, container: str, event: str, since_s: float, until_s: float) -> list[Any]:
        if self.refuses:
            raise EngineRefused("no events")
        self.asked.append((event, since_s, until_s))
        return [{"Action": event}] if self.remembers else []


def judged(engine: Engine, *, was_followed: bool) -> bool:
    return has_lived(cast(Daemon, engine), "c1", ENDED, was_followed=was_followed)


def test_an_engine_that_remembers_the_start_was_not_restarted_since() -> None:
    engine = Engine(remembers=True, goes_on=True)
    assert judged(engine, was_followed=False)
    # By the engine's own clock: asked for what is to come, it would not answer.
    assert engine.asked == [("start", 1_699_999_999.0, 1_700_000_060.0)]


@pytest.mark.parametrize(
    ("engine", "was_followed", "lived"),
    [
        (Engine(), True, True),
        (Engine(), False, False),
        (Engine(goes_on=True), True, False),
        (Engine(told=PODMAN), True, False),
        (Engine(refuses=True), True, False),
    ],
)
def test_a_start_that_fell_out_of_memory(engine: Engine, was_followed: bool, lived: bool) -> None:
    assert judged(engine, was_followed=was_followed) is lived


@pytest.mark.parametrize(
    ("ahead_s", "began"),
    [(0.4, STARTED + 400_000), (-5, STARTED - 5_000_000), (3600, STARTED), (-3600, STARTED)],
)
def test_a_limit_of_time_goes_by_this_machines_clock(ahead_s: float, began: int) -> None:
    claim = Claim("c1", "", STARTED)
    assert place.began_at(claim, STARTED + int(ahead_s * 1e6)) == began


def test_without_a_claim_the_engines_word_is_all_there_is() -> None:
    assert place.began_at(None, STARTED) == STARTED
