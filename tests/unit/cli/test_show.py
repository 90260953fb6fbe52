"""``scanflow show`` into a pipe: what is printed, and what is said of what cannot be."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.cli.commands.show import execute
from scanflow_tui.contract.errors import InputError, Missing, UsageError
from tests.tidy.source import ROOT
from tests.unit.images.sixel_decoder import decode

SESSION = str(ROOT / "sessions" / "mnist-demo.duckdb")


def show(*pictures: object, images: str | None = None, as_json: bool = False) -> int:
    return execute([str(one) for one in pictures], None, images, None, as_json)


@pytest.fixture
def ramp(tmp_path: Path) -> Path:
    """A grey picture of 16x8, dark on the left."""
    pixels = np.tile(np.arange(0, 256, 16, dtype=np.uint8), (8, 1))
    Image.fromarray(pixels).save(tmp_path / "ramp.png")
    return tmp_path / "ramp.png"


def test_a_pipe_gets_shades_without_an_escape(
    ramp: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert show(ramp) == 0
    said = capfdbinary.readouterr().out
    assert b"16x8 \xc2\xb7 L" in said
    assert b"@" in said
    assert b"\x1b" not in said


def test_half_blocks_can_be_asked_for(
    ramp: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert show(ramp, images="half") == 0
    assert "▀".encode() in capfdbinary.readouterr().out


def test_no_colour_is_shades(
    ramp: Path, capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert show(ramp) == 0
    assert b"\x1b" not in capfdbinary.readouterr().out


def test_sixel_shows_the_picture_enlarged(
    ramp: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert show(ramp, images="sixel") == 0
    said = capfdbinary.readouterr().out
    shown = decode(said[said.index(b"\x1bP") :].rstrip())
    assert shown.shape[1] == 2 * shown.shape[0]
    assert shown.shape[1] % 16 == 0
    assert (shown[..., 3] == 255).all()


@pytest.mark.parametrize(("way", "begins"), [("kitty", b"\x1b_Ga=T"), ("iterm", b"\x1b]1337;")])
def test_other_ways_are_sent_as_they_are(
    way: str, begins: bytes, ramp: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert show(ramp, images=way) == 0
    assert begins in capfdbinary.readouterr().out


def test_without_the_package_sixel_is_refused_in_a_sentence(
    ramp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Missing, match="the package sixel, which is not installed"):
        show(ramp, images="sixel")


def test_json_says_size_mode_digest_and_way(ramp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(ramp, as_json=True) == 0
    (told,) = json.loads(capsys.readouterr().out)["images"]
    assert (told["width"], told["height"], told["mode"], told["way"]) == (16, 8, "L", "ascii")
    assert len(told["digest"]) == 64


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(
    ramp: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(InputError) as caught:
        show(tmp_path / "no.png", tmp_path / "absent.png", tmp_path, ramp)
    assert "ramp.png" in capsys.readouterr().out
    words = "\n".join(caught.value.findings)
    assert "not an image of a known format" in words
    assert "No such file" in words
    assert "Is a directory" in words


def test_off_names_the_picture_alone(ramp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(ramp, images="off") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_an_unknown_way_is_named(ramp: Path) -> None:
    with pytest.raises(UsageError, match="no way to show pictures"):
        show(ramp, images="photo")


def test_a_sample_of_a_session(capsys: pytest.CaptureFixture[str]) -> None:
    from scanflow_tui.cli import reach

    with reach.reading_file(Path(SESSION)) as link:
        (sample, digest), *_ = next(
            run.check.thumbnails.items() for run in link.state.runs.values() if run.check
        )
    assert execute([sample, digest], SESSION, None, None, True) == 0
    first, second = json.loads(capsys.readouterr().out)["images"]
    assert first["digest"] == second["digest"]
    assert (first["width"], first["height"]) == (28, 28)


def test_a_sample_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError) as caught:
        execute(["nothing"], SESSION, None, None, False)
    assert "nothing" in caught.value.findings[0]
