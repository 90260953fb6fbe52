"""A supervisor among others: stale socket, busy lock, claimed identity, slow reader, no room."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from scanflow_tui.client.connection import Connection
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.client.source import Ref
from scanflow_tui.client.starting import BUSY_CODE, create_session, launch
from scanflow_tui.contract import limits, wire
from scanflow_tui.contract.commands import AddBatch, Leave, StartRun, to_json
from scanflow_tui.contract.errors import InputError, Missing, Refused
from scanflow_tui.session import events as ev
from scanflow_tui.session import index
from scanflow_tui.session.places import SessionFolder
from tests.crash.toy import PIPELINE, WAIT_S, Toy, end, is_free, until

pytestmark = pytest.mark.slow


@pytest.fixture
async def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Toy]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Toy(tmp_path)
    made.open_gate()
    yield made
    await end(made)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 MB, where one may be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(folder)]
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk can be mounted by root alone")
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_a_stale_socket_is_replaced(toy: Toy) -> None:
    await end(toy)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(toy.folder / "sock"))
    stale.close()
    source = toy.source()
    assert (await source.open()).name == "toy"
    await source.close()


async def test_a_second_supervisor_leaves_with_a_code_of_its_own(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    assert await asyncio.to_thread(launch, toy.folder) is False
    assert (await source.verify())["holds"]
    await source.close()


async def test_a_reader_that_copies_only_delays_a_supervisor(toy: Toy) -> None:
    await end(toy)
    reader = os.open(toy.folder / "lock", os.O_RDONLY)
    fcntl.flock(reader, fcntl.LOCK_SH)
    starting = asyncio.create_task(asyncio.to_thread(launch, toy.folder))
    await asyncio.sleep(0.2)
    os.close(reader)
    assert await starting is True


async def test_a_lock_that_stays_busy_is_said_by_the_code(toy: Toy) -> None:
    await end(toy)
    holder = os.open(toy.folder / "lock", os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    assert await asyncio.to_thread(launch, toy.folder) is False
    os.close(holder)
    assert BUSY_CODE == 75


async def test_a_claimed_identity_is_ignored(toy: Toy) -> None:
    connection = await Connection.dial(
        toy.folder / "sock", str(uuid.uuid4()), "test", lambda frame: None
    )
    command = to_json(AddBatch(str(toy.batch)))
    reply = await connection.ask(
        "command", id=0, command=command, actor="human:u4242", uid=4242, user="mallory"
    )
    assert reply["ok"]
    await connection.close()
    await end(toy)
    actors = {event.actor for event in toy.events() if event.kind == "BatchArrived"}
    assert actors == {f"human:u{os.getuid()}"}


async def test_another_user_is_turned_away_with_a_sentence(toy: Toy) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    for folder in (toy.folder, *list(toy.folder.parents)[:-1]):
        folder.chmod(folder.stat().st_mode | 0o711)
    (toy.folder / "sock").chmod(0o666)
    program = (
        "import os, socket, struct, sys\n"
        "os.setuid(65534)\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
        "size, = struct.unpack('>I', s.recv(4)); sys.stdout.buffer.write(s.recv(size))\n"
    )
    said = await asyncio.to_thread(
        subprocess.run,
        ["/usr/bin/env", "python3", "-c", program, str(toy.folder / "sock")],
        capture_output=True,
        timeout=WAIT_S,
        check=False,
    )
    error = wire.error_from(json.loads(said.stdout))
    assert isinstance(error, Refused) and "65534" in error.what
    toy.folder.chmod(0o700)


async def test_a_subscriber_that_does_not_read_is_dropped_and_blocks_nobody(toy: Toy) -> None:
    slow = socket.socket(socket.AF_UNIX)
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(str(toy.folder / "sock"))
    slow.sendall(
        wire.pack({"kind": "hello", "version": wire.PROTOCOL, "client": str(uuid.uuid4())})
    )
    slow.sendall(wire.pack({"kind": "subscribe", "req": 1, "after": -1}))
    source = toy.source()
    await source.open()
    n = limits.SUBSCRIBER_FRAMES_MAX + 300
    for _ in range(n):
        with contextlib.suppress(InputError):
            await source.send(StartRun(batch="b" * 2000))
    assert source.state.seq >= n
    slow.setblocking(False)
    reader, writer = await asyncio.open_unix_connection(sock=slow)
    last, dropped = -1, None
    while dropped is None:
        frame = await asyncio.wait_for(wire.receive(reader), WAIT_S)
        if frame["kind"] == "events":
            last = frame["events"][-1][0]
        elif frame["kind"] == "dropped":
            dropped = frame["after"]
    assert dropped == last < source.state.seq
    writer.write(wire.pack({"kind": "subscribe", "req": 2, "after": dropped}))
    while last < source.state.seq:
        frame = await asyncio.wait_for(wire.receive(reader), WAIT_S)
        if frame["kind"] == "events":
            assert frame["events"][0][0] == last + 1
            last = frame["events"][-1][0]
    writer.close()
    await source.close()


async def test_a_full_disk_is_said_and_nothing_acknowledged_is_lost(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    toy = Toy(small_disk)
    source = toy.source()
    await source.open()
    other = toy.source()
    await other.open()
    ballast = small_disk / "ballast"
    with open(ballast, "wb", buffering=0) as out, contextlib.suppress(OSError):
        while True:
            out.write(bytes(65536))
    enough = asyncio.Event()
    sending = asyncio.create_task(_give_until(source, enough))
    await other.until(lambda: "disk full" in other.stuck)
    enough.set()
    with pytest.raises(Missing, match="disk full"):
        await other.send(StartRun())
    ballast.unlink()
    await other.until(lambda: other.stuck == "")
    acknowledged = await sending
    acknowledged.append(await _refused(other))
    await source.close()
    await other.close()
    await end(toy)
    kept = {event.seq for event in toy.events() if event.kind == "CommandRefused"}
    assert set(acknowledged) <= kept
    assert toy.verified().holds


async def _give_until(source: LiveSource, enough: asyncio.Event) -> list[int]:
    """Give commands that are refused by events; the numbers of those that were acknowledged."""
    acknowledged: list[int] = []
    while not enough.is_set():
        with contextlib.suppress(Missing):
            acknowledged.append(await _refused(source))
    return acknowledged


async def _refused(source: LiveSource) -> int:
    with pytest.raises(InputError):
        await source.send(StartRun(batch="b" * 50_000))
    return source.state.seq


async def test_sigterm_commits_leaves_and_removes_the_socket(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    updates = source.updates()
    os.kill(source.card["pid"], signal.SIGTERM)
    async for update in updates:
        if update.link == "closed":
            break
    await is_free(toy)
    assert not (toy.folder / "sock").exists()
    assert isinstance(toy.events()[-1].fact, ev.SupervisorLeft)
    await source.close()


async def test_a_command_after_a_supervisor_left_starts_another(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(Leave())
    await is_free(toy)
    await source.send(StartRun())
    assert source.state.supervisors == 2
    await until(source, lambda state: state.runs[1].state == "done")
    await source.close()


async def test_a_pipeline_with_errors_makes_no_session(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "pipeline.yaml").write_text(PIPELINE.replace("label.labels", "x") + "x: 1\n")
    with pytest.raises(InputError, match=r"pipeline\.yaml"):
        create_session(tmp_path / "sessions", "toy", tmp_path / "p", "process")
    assert not (tmp_path / "sessions" / "toy").exists()


async def test_a_session_at_another_path_is_refused(toy: Toy) -> None:
    await end(toy)
    moved = toy.folder.with_name("moved")
    shutil.copytree(toy.folder, moved)
    with pytest.raises(Refused, match="belongs to"):
        await asyncio.to_thread(launch, moved)


async def test_a_replay_beside_a_living_supervisor_asks_it(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    state = await until(source, lambda state: state.runs[1].state == "done" and bool(state.heads))
    replay = RecordedSource(toy.folder)
    await replay.open()
    assert replay.last == state.seq and replay.verdict.startswith("✔")
    name = state.runs[1].nodes["train"].attempts[0].name
    live, recorded = await source.read(Ref("log", name)), await replay.read(Ref("log", name))
    assert live == recorded and b"begun" in live.data
    assert (await replay.seek(1)).seq == 1
    await replay.close()
    await source.close()


async def test_a_log_that_is_gone_is_read_from_its_kept_ends(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    state = await until(source, lambda state: state.runs[1].state == "done")
    ref = Ref("log", state.runs[1].nodes["train"].attempts[0].name)
    before = await source.read(ref)
    shutil.rmtree(toy.folder / "runs" / "1")
    after = await source.read(ref)
    assert after.data == before.data and "gone" in after.note
    await source.close()


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b", "\0"])
async def test_no_path_leads_out_of_an_artifact(toy: Toy, path: str) -> None:
    source = toy.source()
    await source.open()
    await source.send(AddBatch(str(toy.batch)))
    sha = source.state.batches["b0001"].artifact
    assert (await source.read(Ref("artifact", sha, "images"))).data == b"pixels"
    with pytest.raises((InputError, Missing)):
        await source.read(Ref("artifact", sha, path))
    await source.close()


async def test_an_idle_supervisor_leaves(toy: Toy) -> None:
    await end(toy)
    assert await asyncio.to_thread(launch, toy.folder, "--idle-s", "0.2") is True
    await is_free(toy)
    assert "nothing to do" in toy.events()[-1].fact.reason  # type: ignore[union-attr]


async def test_the_list_of_sessions_is_told_without_opening_the_file(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await until(source, lambda state: state.runs[1].state == "done")
    await source.close()
    await end(toy)
    entry = index.read(SessionFolder(toy.folder))
    assert (entry.state, entry.pipeline, entry.champion, entry.n_runs) == ("done", "toy", 1, 1)
    assert entry.seq == toy.events()[-1].seq
