"""Odd pictures and odd screens on the Label screen: a sentence each, and nothing is lost."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from msgspec import structs
from PIL import Image

from scanflow_tui.contract import commands as cmd
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import needs
from scanflow_tui.tui.present.label_order import arranged
from tests.driver import LARGE, drive
from tests.fakes.demo_events import demo_events, queue, thumbnail
from tests.fakes.people import PeopleSource, squares

ORDER = arranged(queue(), "typical")
TINY, HUGE = (20, 5), (500, 150)


def saved(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def bomb() -> bytes:
    """The head of a picture of 3.6 thousand million pixels."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n\0\0\0\r" + chunk + struct.pack(">I", zlib.crc32(chunk))


def animated() -> bytes:
    frames = [Image.new("L", (28, 28), grey) for grey in (10, 200)]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


UNREADABLE: dict[str, Callable[[], bytes]] = {
    "corrupt": lambda: saved(Image.effect_noise((64, 64), 90))[:300],
    "no picture": lambda: b"hello",
    "a bomb": bomb,
}
READABLE: dict[str, Callable[[], bytes]] = {
    "animated": animated,
    "16-bit": lambda: saved(Image.fromarray(np.full((28, 28), 40_000, np.uint16))),
    "CMYK": lambda: saved(Image.new("CMYK", (28, 28), (0, 200, 50, 0)), "JPEG"),
    "transparent": lambda: saved(Image.new("RGBA", (28, 28), (255, 0, 0, 0))),
    "1x1": lambda: saved(Image.new("L", (1, 1), 90)),
    "1x5000": lambda: saved(Image.new("L", (1, 5000), 90)),
    "5000x1": lambda: saved(Image.new("L", (5000, 1), 90)),
}


def source(first: bytes | None = None) -> PeopleSource:
    """The demo that asks for labels; the picture of its first sample is another."""
    made = PeopleSource(demo_events("asked"), reads=squares())
    if first is not None:
        made.reads["content", thumbnail(ORDER[0].id), ""] = first
    return made


def labels(of: PeopleSource) -> list[tuple[str, int | None]]:
    return [(c.sample, c.value) for c in of.done if isinstance(c, cmd.GiveLabel)]


@pytest.mark.parametrize("view", ["grid", "single"])
@pytest.mark.parametrize("kind", UNREADABLE)
async def test_what_cannot_be_shown_is_said_and_the_rest_goes_on(kind: str, view: str) -> None:
    made = source(UNREADABLE[kind]())
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("0 zero")
        await it.press(*(["enter"] if view == "single" else []))
        await it.until("✖")
        await it.press("x", "4")
        assert labels(made) == [(ORDER[0].id, None), (ORDER[1].id, 4)]


@pytest.mark.parametrize("kind", READABLE)
async def test_an_odd_picture_is_shown_in_both_views(kind: str) -> None:
    made = source(READABLE[kind]())
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("▀")
        await it.press("enter")
        await it.until(f"img {ORDER[0].id}")
        await it.until("▀")
        it.expect_no_text("✖", "loading")
        await it.press("3")
        assert labels(made) == [(ORDER[0].id, 3)]


async def test_a_screen_that_shows_no_picture_takes_no_label() -> None:
    made = source()
    async with drive(made, start="label", size=TINY) as it:
        await it.until("40x12 cells needed:")
        await it.press("3", "space", "x", "u")
        assert labels(made) == []
        await it.pilot.resize_terminal(*LARGE)
        await it.settle()
        await it.until("0 zero")
        await it.press("3")
        assert labels(made) == [(ORDER[0].id, 3)]


async def test_a_very_large_screen_shows_the_whole_queue() -> None:
    made = source()
    async with drive(made, start="label", size=HUGE) as it:
        await it.until("0 zero")
        await it.press("3", "4")
        assert labels(made) == [(ORDER[0].id, 3), (ORDER[1].id, 4)]
        await it.press("enter")
        await it.until(f"img {ORDER[2].id}")


def without_samples(*, has_ended: bool) -> PeopleSource:
    """The demo that asks for labels, but its check put no image into the queue."""
    made = []
    for event in demo_events("asked"):
        if isinstance(event.fact, ev.CheckFound):
            fact = structs.replace(event.fact, queue=(), thumbnails={})
            event = structs.replace(event, fact=fact)
        made.append(event)
    if has_ended:
        ends = ev.NodeEnded(3, "label", "done", {}, {})
        made.append(structs.replace(made[-1], seq=len(made), fact=ends))
    return PeopleSource(made)


@pytest.mark.parametrize("size", [(80, 24), LARGE])
async def test_a_queue_without_samples_is_said_and_leads_on(size: tuple[int, int]) -> None:
    made = without_samples(has_ended=True)
    async with drive(made, start="label", size=size) as it:
        await it.until("put no image into the queue")
        it.expect_no_text("[R]", "0 zero")
        await it.press("3", "space", "F", "R", "u")
        assert made.sent == []
        await it.press("enter")
        it.expect_place("decide")


async def test_a_label_node_without_samples_asks_nobody() -> None:
    made = without_samples(has_ended=False)
    async with drive(made, start="label", size=LARGE) as it:
        await it.until("Nothing to label.")
        await it.press("3", "F")
        assert made.sent == []
    assert needs(made.state) == []
