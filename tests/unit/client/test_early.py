"""A state that is asked for before anything else is loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from scanflow_tui.client.early import Early
from scanflow_tui.contract import wire


async def serve(folder: Path, *answers: bytes) -> asyncio.Server:
    """A socket that gives these answers, one a request, and then hangs up."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await wire.receive(reader)
            writer.write(answer)
        await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(attend, folder / "sock")


WELCOME = wire.pack({"kind": "welcome", "req": 0})
SNAPSHOT = {"kind": "snapshot", "req": 1, "seq": 3, "n_bytes": 9}


async def test_the_state_is_there_when_it_is_wanted(tmp_path: Path) -> None:
    pushed = wire.pack({"kind": "stuck", "text": "no room"})
    server = await serve(tmp_path, WELCOME, pushed + wire.pack(SNAPSHOT) + b'{"seq":3}')
    async with server:
        frame = await asyncio.to_thread(Early(tmp_path, "test").take)
    assert frame is not None
    assert (frame["seq"], bytes(frame["data"])) == (3, b'{"seq":3}')


async def test_without_a_supervisor_there_is_nothing(tmp_path: Path) -> None:
    assert Early(tmp_path, "test").take() is None
    assert Early(tmp_path / "nowhere", "test").take() is None


async def test_what_is_refused_or_cut_off_is_nothing(tmp_path: Path) -> None:
    refusal = wire.pack({"kind": "error", "req": 0, "what": "not shared"})
    none = wire.pack(SNAPSHOT | {"seq": -1, "n_bytes": 4}) + b"null"
    cut = wire.pack(SNAPSHOT) + b'{"s'
    for number, answers in enumerate(((refusal,), (WELCOME, none), (WELCOME, cut), (WELCOME,))):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with await serve(folder, *answers):
            assert await asyncio.to_thread(Early(folder, "test").take) is None


async def test_a_frame_of_wrong_types_is_nothing_and_nothing_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = b'{"seq":3}'
    wrong: list[dict[str, object]] = [
        {"seq": "three"}, {"seq": None}, {"seq": [3]}, {"n_bytes": "9"}, {"n_bytes": -1},
        {"n_bytes": None}, {"n_bytes": 1 << 80}, {"kind": "error", "what": []},
    ]  # fmt: skip
    frames = [wire.pack(SNAPSHOT | one) for one in wrong]
    frames += [wire.pack({"kind": "snapshot", "req": 1}), _framed(b"[" * 100_000), _framed(b"[3]")]
    for number, frame in enumerate(frames):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with await serve(folder, WELCOME, frame + data):
            assert await asyncio.to_thread(Early(folder, "test").take) is None
    assert capfd.readouterr().err == ""


def _framed(data: bytes) -> bytes:
    return wire.HEADER.pack(len(data)) + data
