"""Slots in one folder: held by whoever lives, free when he dies, shared by all sessions."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine import procfs
from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.supervisor import slots
from scanflow_tui.supervisor.machine.sharing import Ask, ask_of
from scanflow_tui.supervisor.slots import Slots, Taken, Waits, open_slots
from tests.waiting import until

MACHINE = Capacity(2.0, None, 2, ("GPU-a", "GPU-b"), is_here=True)
ONE, TWO, CARD = StepLimits(), StepLimits(cpus=2), StepLimits(gpus=1)
HOLD = """\
import sys
from pathlib import Path
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Capacity
from scanflow_tui.supervisor.slots import Slots
slots = Slots(Path(sys.argv[1]), "other", Capacity(2.0, None, 2, ("GPU-a", "GPU-b")))
print(type(slots.take("sf-other-1-n-1", "n", StepLimits(cpus=2))).__name__, flush=True)
sys.stdin.read()
"""
ENGINE = Path(procfs.__file__).parent
SHIM = """\
import sys
sys.path.insert(0, sys.argv[1])
import forkserver
held = [forkserver.hold(path) for path in sys.argv[2:]]
print(*held, flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds no room is told so at once."""
    monkeypatch.setattr(slots, "BRIEF_S", 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "shared"


@pytest.fixture
def one(folder: Path) -> Iterator[Slots]:
    made = Slots(folder, "one", MACHINE)
    yield made
    made.close()


@pytest.fixture
def two(folder: Path) -> Iterator[Slots]:
    made = Slots(folder, "two", MACHINE)
    yield made
    made.close()


@pytest.fixture
def another(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds two cores."""
    command = [sys.executable, "-c", HOLD, str(folder)]
    held = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None and held.stdout.readline() == "Taken\n"
    yield held
    held.kill()
    held.communicate()


def keep(of: Slots, *names: str, running: Ask | None = None) -> None:
    of.keep(dict.fromkeys(names).keys(), lambda name: running)


def test_two_sessions_share_the_cores(one: Slots, two: Slots) -> None:
    assert isinstance(one.take("sf-a", "n", TWO), Taken)
    waits = two.take("sf-b", "n", ONE)
    assert isinstance(waits, Waits) and waits.reason.startswith("session one uses")
    keep(one)
    assert isinstance(two.take("sf-b", "n", ONE), Taken)


def test_taking_twice_takes_once(one: Slots, two: Slots) -> None:
    assert one.take("sf-a", "n", CARD) == one.take("sf-a", "n", CARD)
    found = two.take("sf-b", "n", CARD)
    assert isinstance(found, Taken) and found.gpus == ("GPU-b",)


def test_who_is_killed_holds_nothing(one: Slots, another: subprocess.Popen[str]) -> None:
    assert isinstance(one.take("sf-a", "n", ONE), Waits)
    another.kill()
    another.wait()
    assert isinstance(one.take("sf-a", "n", ONE), Taken)
    assert [path.name for path in one.folder.glob("sf-*")] == ["sf-a"]


def shim_of(*paths: str) -> tuple[subprocess.Popen[str], str]:
    """A child of the fork server, as far as slots go, and whether it has each of its locks."""
    command = [sys.executable, "-S", "-E", "-c", SHIM, str(ENGINE), *paths]
    held = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    return held, held.stdout.readline()


def test_a_shim_holds_on_after_its_supervisor(one: Slots, two: Slots) -> None:
    taken = one.take("sf-a", "n", TWO)
    assert isinstance(taken, Taken)
    shim, has = shim_of(taken.path)
    assert has == "True\n"
    one.close()
    assert isinstance(two.take("sf-b", "n", ONE), Waits)
    shim.kill()
    shim.communicate()
    assert isinstance(two.take("sf-b", "n", ONE), Taken)


def test_a_shim_that_is_about_to_end_holds_nothing_any_more(one: Slots, two: Slots) -> None:
    taken = one.take("sf-a", "n", TWO)
    assert isinstance(taken, Taken)
    handle = os.open(taken.path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    keep(one)
    assert isinstance(two.take("sf-b", "n", ONE), Taken)
    os.close(handle)


def test_a_shim_whose_room_was_given_away_knows_it(one: Slots, two: Slots) -> None:
    taken = one.take("sf-a", "n", TWO)
    assert isinstance(taken, Taken)
    one.close()
    # It was asked for, and has not begun: who looks meanwhile finds the room free.
    assert isinstance(two.take("sf-b", "n", TWO), Taken)
    shim, has = shim_of(taken.path, "")
    shim.communicate()
    assert has == "False True\n"


def test_a_slot_that_somebody_else_looks_at_is_not_held(one: Slots) -> None:
    taken = one.take("sf-a", "n", TWO)
    assert isinstance(taken, Taken)
    one.close()
    looks = os.open(taken.path, os.O_RDONLY)
    fcntl.flock(looks, fcntl.LOCK_EX)
    shim, has = shim_of(taken.path)
    shim.communicate()
    os.close(looks)
    assert has == "False\n"


def test_a_slot_that_a_broom_took_is_made_again(one: Slots) -> None:
    taken = one.take("sf-a", "n", TWO)
    assert isinstance(taken, Taken)
    Path(taken.path).unlink()
    assert one.take("sf-a", "n", TWO) == taken and Path(taken.path).exists()


def test_what_runs_is_taken_up_by_the_next_supervisor(one: Slots, two: Slots, folder: Path) -> None:
    first = one.take("sf-a", "n", CARD)
    assert isinstance(first, Taken)
    one.close()
    again = Slots(folder, "one", MACHINE)
    running = ask_of("sf-a", "one", "n", CARD, 1)
    keep(again, "sf-a", running=running)
    found = two.take("sf-b", "n", CARD)
    assert isinstance(found, Taken) and found.gpus != first.gpus
    assert again.take("sf-a", "n", CARD) == first
    again.close()


def test_a_slot_whose_reply_was_lost_keeps_its_gpu(one: Slots, folder: Path) -> None:
    one.take("sf-0", "n", CARD)
    first = one.take("sf-a", "n", CARD)
    one.close()
    again = Slots(folder, "one", MACHINE)
    assert again.take("sf-a", "n", CARD) == first
    again.close()


def test_what_is_about_to_end_is_waited_for(
    one: Slots, two: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "BRIEF_S", 60.0)
    one.take("sf-a", "n", TWO)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(two.take, "sf-b", "n", ONE)
        until((one.folder / "sf-b").exists, "the other session to wait")
        keep(one)
        assert isinstance(waiting.result(), Taken)


def test_who_waits_is_told_when_something_changed(one: Slots, two: Slots) -> None:
    told: list[int] = []
    two.on_room = lambda: told.append(1)
    one.take("sf-a", "n", TWO)
    assert isinstance(two.take("sf-b", "n", ONE), Waits)
    assert not told
    keep(one)
    until(lambda: told, "the waiting session to be told")


def test_who_waited_first_is_not_overtaken(one: Slots, two: Slots) -> None:
    one.take("sf-a", "n", ONE)
    assert isinstance(two.take("sf-b", "n", TWO), Waits)
    assert isinstance(one.take("sf-c", "n", ONE), Waits)
    keep(one, "sf-c")
    assert isinstance(one.take("sf-c", "n", ONE), Waits)
    assert isinstance(two.take("sf-b", "n", TWO), Taken)


def test_who_has_not_asked_for_long_is_overtaken(one: Slots, two: Slots) -> None:
    one.take("sf-a", "n", ONE)
    two.take("sf-b", "n", TWO)
    os.utime(two.folder / "sf-b", (1.0, 1.0))
    assert isinstance(one.take("sf-c", "n", ONE), Taken)


def test_who_gives_up_waiting_holds_nobody_up(one: Slots, two: Slots) -> None:
    one.take("sf-a", "n", ONE)
    two.take("sf-b", "n", TWO)
    keep(two)
    assert isinstance(one.take("sf-c", "n", ONE), Taken)


def test_a_guard_that_stands_still_makes_nobody_hang(
    one: Slots, two: Slots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "PATIENCE_S", 0.0)
    with slots._guarded(one.folder) as is_mine:
        assert is_mine
        assert isinstance(two.take("sf-b", "n", ONE), Waits)
    assert isinstance(two.take("sf-b", "n", ONE), Taken)


@pytest.mark.parametrize("data", [b"", b"{", b"[1]", b'{"gpus": 3}', b"\xff\xfe"])
def test_a_slot_that_cannot_be_read_is_no_slot(one: Slots, data: bytes) -> None:
    one.folder.mkdir()
    (one.folder / "sf-x").write_bytes(data)
    holder = os.open(one.folder / "sf-x", os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_SH)
    assert isinstance(one.take("sf-a", "n", TWO), Taken)
    os.close(holder)


def test_to_look_removes_nothing(one: Slots) -> None:
    one.folder.mkdir()
    (one.folder / "sf-x").write_text("left")
    assert slots.found(one.folder) == []
    assert (one.folder / "sf-x").exists()


def test_memory_that_was_promised_counts_as_had(one: Slots, folder: Path) -> None:
    one.take("sf-a", "n", StepLimits(memory_bytes=1 << 20))
    assert Slots(folder, "two", Capacity(2.0, 5 << 20)).capacity.memory_bytes == 6 << 20
    everything = procfs.memory_bytes()
    assert everything is not None
    assert Slots(folder, "two", Capacity(2.0, everything)).capacity.memory_bytes == everything


def test_slots_of_a_queueing_or_distant_engine_are_not_shared(tmp_path: Path) -> None:
    assert open_slots(tmp_path / "own", "one", Capacity(None, None)) == (None, "")
    assert "elsewhere" in slots.sentence(Capacity(1.0, None))


def test_where_they_cannot_be_shared_a_session_keeps_its_own(tmp_path: Path) -> None:
    made, why = open_slots(tmp_path / "own", "one", MACHINE, {"SCANFLOW_SLOTS": "off"})
    assert made is not None and (made.folder, why) == (tmp_path / "own", "")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    environ = {"SCANFLOW_SLOTS": str(tmp_path / "open")}
    made, why = open_slots(tmp_path / "own", "one", MACHINE, environ)
    assert made is not None and made.folder == tmp_path / "own"
    assert "others may write" in why


def test_doctor_says_who_uses_what(
    one: Slots, two: Slots, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCANFLOW_SLOTS", str(folder))
    one.take("sf-a", "train", TWO)
    two.take("sf-b", "check", ONE)
    said = slots.sentence(MACHINE)
    assert "2 of 2 cores, 0 of 2 GPUs are in use by train of session one" in said
    assert "check of session two waits" in said
    monkeypatch.setenv("SCANFLOW_SLOTS", "off")
    assert "is off" in slots.sentence(MACHINE)
