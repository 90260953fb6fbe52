"""Effects in threads: what nobody waits for is done whatever went wrong before it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor.carry import Carrier, Hands
from scanflow_tui.supervisor.machine.effects import ForgetAttempt
from scanflow_tui.supervisor.machine.reports import Tail
from scanflow_tui.supervisor.workplace import Workplace


class Forgetful:
    """An engine that forgets attempts, but for one that it has a defect with."""

    def __init__(self) -> None:
        self.forgot: list[str] = []

    def forget(self, name: str, folder: str) -> None:
        if name == "sf-x-1-bad-1":
            raise ZeroDivisionError
        self.forgot.append(name)


async def test_after_a_defect_the_rest_is_forgotten_all_the_same(tmp_path: Path) -> None:
    engine = Forgetful()
    defects: list[BaseException] = []
    told = asyncio.Event()

    def defect(error: BaseException) -> None:
        defects.append(error)
        told.set()

    hands = Hands(
        answer=lambda answer: None,
        stop=lambda: None,
        offer=lambda stimulus: None,
        tail=lambda effect: Tail(),
        head=lambda: (0, ""),
        look_again=lambda name: None,
        defect=defect,
    )
    folder = SessionFolder(tmp_path / "sessions" / "x")
    place = Workplace("x", folder, tmp_path, cast("Any", engine), tmp_path)
    carrier = Carrier(place, hands)
    for node in ("bad", "good", "late"):
        if node == "late":
            async with asyncio.timeout(10):
                await told.wait()
                while carrier.n_active:
                    await asyncio.sleep(0)
        carrier.carry(ForgetAttempt(f"sf-x-1-{node}-1", 1, node, 1))
    async with asyncio.timeout(10):
        while carrier.n_active:
            await asyncio.sleep(0)
    carrier.close()
    assert engine.forgot == ["sf-x-1-good-1", "sf-x-1-late-1"]
    assert [type(error) for error in defects] == [ZeroDivisionError]
