"""An image's tag changes with every byte that goes in, and with nothing else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.engine.images.context import read_context

PIPELINE = """\
scanflow: 1
name: small
image: {dockerfile: Dockerfile}
nodes:
  a: {run: [python, a.py], in: {data: file:data}, out: [x]}
"""
DOCKERFILE = "ARG BASE=base:1\nFROM ${BASE}\nCOPY . /app\n"
FILES = ("Dockerfile", "requirements.txt", "a.py", "lib/b.py")
ASIDE = ("data/x.bin", "sessions/y", "__pycache__/a.pyc", ".git/HEAD")


def write(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def tag(folder: Path, base: str = "", own: str = "own") -> str:
    return read_context(folder, base, own).recipe.tag


@settings(deadline=None, max_examples=60)
@given(
    contents=st.fixed_dictionaries(
        {name: st.binary(min_size=1, max_size=40) for name in FILES[2:]}
    ),
    changed=st.sampled_from(FILES),
    at=st.integers(0, 10_000),
    bit=st.integers(0, 6),
    aside=st.sampled_from(ASIDE),
    time_s=st.integers(0, 2**31),
)
def test_any_changed_byte_is_another_tag_and_no_time_is(
    contents: dict[str, bytes], changed: str, at: int, bit: int, aside: str, time_s: int
) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder, "pipeline.yaml", PIPELINE.encode())
        write(folder, "Dockerfile", DOCKERFILE.encode() + b"# a comment")
        write(folder, "requirements.txt", b"a==1\n# more")
        for name, data in contents.items():
            write(folder, name, data)
        first = tag(folder)
        for path in folder.rglob("*"):
            os.utime(path, (time_s, time_s))
        write(folder, aside, b"anything")
        assert tag(folder) == first
        data = bytearray((folder / changed).read_bytes())
        # In text files only the comment at the end may change, so that they stay what they are.
        place = at % len(data) if changed in FILES[2:] else len(data) - 1
        data[place] ^= 1 << bit
        write(folder, changed, bytes(data))
        assert tag(folder) != first


def test_base_own_content_a_name_and_a_mode_count(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", PIPELINE.encode())
    write(tmp_path, "Dockerfile", DOCKERFILE.encode())
    write(tmp_path, "a.py", b"a")
    write(tmp_path, "requirements.txt", b"a==1")
    found = {tag(tmp_path), tag(tmp_path, "other:1"), tag(tmp_path, own="newer")}
    (tmp_path / "a.py").chmod(0o755)
    found.add(tag(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    found.add(tag(tmp_path))
    assert len(found) == 5


def test_the_default_base_named_is_the_same_image(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", PIPELINE.encode())
    write(tmp_path, "Dockerfile", DOCKERFILE.encode())
    assert tag(tmp_path) == tag(tmp_path, "base:1")
