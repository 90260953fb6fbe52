"""Several Unix users at one session: who is admitted, what they may do; no word is lost."""

from __future__ import annotations

import asyncio
import grp
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scanflow_tui.client.live import LiveSource
from scanflow_tui.contract.commands import AddBatch, Share, StartRun, Unshare
from scanflow_tui.contract.errors import InputError, Refused
from scanflow_tui.session.folds import needs
from tests.crash.toy import WAIT_S, Toy, end, until
from tests.tidy.source import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.getuid() != 0, reason="only root can become other users"),
]

GROUP = grp.getgrgid(65534).gr_name
ANA, BEN, STRANGER = 64001, 64002, 64003
N = 20

PERSON = """
import asyncio, json, os, sys
from pathlib import Path
from scanflow_tui.client.live import LiveSource
from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.errors import ScanflowError
uid, gid, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
asyncio.run(asyncio.sleep(0))  # everything is loaded before the user changes
os.setgroups([gid] if gid else [])
os.setgid(uid)
os.setuid(uid)

async def main():
    source = LiveSource(Path(folder), "test")
    said = []
    try:
        state = await source.open()
        for line in sys.stdin:
            raw = json.loads(line)
            try:
                reply = await source.send(cmd.from_json(raw))
                said.append(["ok", reply.seq])
            except ScanflowError as error:
                said.append([type(error).__name__, error.sentence()])
        await source.close()
    except ScanflowError as error:
        said.append([type(error).__name__, error.sentence()])
    print(json.dumps(said))

asyncio.run(main())
"""


async def person(folder: Path, uid: int, commands: list[dict[str, object]], gid: int = 65534):  # type: ignore[no-untyped-def]
    """Be another user, connect, give these commands one by one; what came of each."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PERSON, str(uid), str(gid), str(folder),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/",
        env={"PYTHONPATH": str(ROOT), "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    lines = "".join(json.dumps(command) + "\n" for command in commands)
    async with asyncio.timeout(WAIT_S):
        out, _ = await running.communicate(lines.encode())
    return json.loads(out)


def label(run: int, sample: str, value: int) -> dict[str, object]:
    return {"act": "GiveLabel", "run": run, "node": "label", "sample": sample, "kind": "class",
            "value": value}  # fmt: skip


@pytest.fixture
async def toy(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Toy]:
    """A session whose parents everybody may pass through."""
    place = Path(tempfile.mkdtemp(prefix="sf-team-"))
    monkeypatch.setenv("XDG_STATE_HOME", str(place / "state"))
    place.chmod(0o711)
    made = Toy(place)
    made.folder.parent.chmod(0o711)
    made.open_gate()
    yield made
    await end(made)
    shutil.rmtree(place)


async def asked(toy: Toy) -> tuple[LiveSource, int]:
    """A client of the owner's at a run that asks for labels."""
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await until(source, lambda state: state.champion is not None)
    await source.send(AddBatch(str(toy.batch)))
    await until(source, lambda state: bool(needs(state)))
    return source, needs(source.state)[0][0]


async def test_two_users_label_at_once_and_every_word_is_kept(toy: Toy) -> None:
    source, run = await asked(toy)
    await source.send(Share(GROUP))
    part = {"act": "TakePart", "run": run, "node": "label"}
    samples = [f"s{number}" for number in range(N)]
    given = await asyncio.gather(
        person(toy.folder, ANA, [part, *(label(run, sample, 0) for sample in samples)]),
        person(toy.folder, BEN, [part, *(label(run, sample, 1) for sample in samples[::-1])]),
    )
    assert [[word for word, _ in said] for said in given] == [["ok"] * (N + 1)] * 2
    last = max(seq for said in given for _, seq in said)
    state = await until(source, lambda state: state.seq >= last)
    desk = state.desks[f"{run}.label"]
    assert sorted(desk.annotators) == [f"human:u{ANA}", f"human:u{BEN}"]
    said = {
        (sample, actor): word.value
        for sample, by in desk.labels.items()
        for actor, word in by.items()
    }
    assert said == {
        (sample, f"human:u{uid}"): value
        for sample in samples
        for uid, value in ((ANA, 0), (BEN, 1))
    }
    await source.close()
    await end(toy)
    assert toy.verified().holds


async def test_who_is_admitted_may_label_and_nothing_else(toy: Toy) -> None:
    source, run = await asked(toy)
    await source.send(Share(GROUP))
    owners = [
        {"act": "AddBatch", "path": "/etc"},
        {"act": "StartRun"},
        {"act": "FinishLabelling", "run": run, "node": "label"},
        {"act": "Decide", "run": run, "node": "x", "option": "x", "reason": "", "evidence": ""},
        {"act": "Approve", "run": run, "node": "approve", "champion": 1},
        {"act": "RollBack", "champion": 1},
        {"act": "Cancel", "run": run},
        {"act": "Share", "group": "root"},
        {"act": "Unshare"},
        {"act": "Leave"},
    ]
    said = await person(toy.folder, ANA, [*owners, label(run, "s0", 1)])
    assert [word for word, _ in said] == ["Refused"] * len(owners) + ["ok"]
    assert all("the owner's" in sentence for _, sentence in said[:-1])
    await source.close()


async def test_who_is_no_member_stays_outside(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(Share(GROUP))
    ((word, sentence),) = await person(toy.folder, STRANGER, [], gid=0)
    assert word == "Refused" and "not shared with you" in sentence
    (toy.folder / "sock").chmod(0o666)
    toy.folder.chmod(0o711)
    ((word, sentence),) = await person(toy.folder, STRANGER, [], gid=0)
    assert word == "Refused" and f"user {STRANGER} may not use this session" in sentence
    await source.close()


async def test_a_session_that_is_shared_no_more_ends_their_connections(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(Share(GROUP))
    assert (toy.folder.stat().st_mode & 0o777, toy.folder.stat().st_gid) == (0o710, 65534)
    assert ((toy.folder / "sock").stat().st_mode & 0o777) == 0o660
    assert await person(toy.folder, ANA, []) == []
    await source.send(Unshare())
    assert toy.folder.stat().st_mode & 0o777 == 0o700
    assert ((toy.folder / "sock").stat().st_mode & 0o777) == 0o600
    ((word, _),) = await person(toy.folder, ANA, [])
    assert word == "Refused"
    with pytest.raises(Refused, match="shared with nobody"):
        await source.send(Unshare())
    await source.close()


async def test_a_new_supervisor_opens_the_door_again_and_only_the_owner_starts_one(
    toy: Toy,
) -> None:
    source = toy.source()
    await source.open()
    await source.send(Share(GROUP))
    await source.close()
    await end(toy)
    ((word, sentence),) = await person(toy.folder, ANA, [])
    assert word == "Missing" and "its owner alone may start it" in sentence
    source = toy.source()
    await source.open()
    assert await person(toy.folder, ANA, []) == []
    assert source.state.shared is not None and source.state.shared.gid == 65534
    await source.close()


async def test_what_cannot_be_shared_says_why_and_changes_nothing(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    with pytest.raises(InputError, match="there is no group 'nobodies'"):
        await source.send(Share("nobodies"))
    toy.folder.parent.chmod(0o700)
    with pytest.raises(Refused, match="is closed to them") as told:
        await source.send(Share(GROUP))
    assert told.value.hint == f"chmod o+x {toy.folder.parent}"
    assert source.state.shared is None
    assert toy.folder.stat().st_mode & 0o777 == 0o700
    await source.close()
