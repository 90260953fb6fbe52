"""The cache of outcomes believes nothing that it did not hash again."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.session import artifacts, cache

KEY = "a" * 64


def kept(tmp_path: Path) -> cache.CacheEntry:
    (tmp_path / "f").write_text("x")
    model = artifacts.ingest(tmp_path / "f", tmp_path / "objects")
    entry = cache.CacheEntry(KEY, {"model": model}, {"acc": 0.5}, "sf-1", 7)
    cache.write(tmp_path / "cache", entry)
    return entry


def test_an_entry_comes_back(tmp_path: Path) -> None:
    entry = kept(tmp_path)
    assert cache.lookup(tmp_path / "cache", tmp_path / "objects", KEY) == entry


def test_a_key_that_nobody_wrote_has_no_entry(tmp_path: Path) -> None:
    assert cache.lookup(tmp_path / "cache", tmp_path / "objects", KEY) is None


def test_an_entry_with_altered_outputs_is_none(tmp_path: Path) -> None:
    entry = kept(tmp_path)
    path = artifacts.path_of(tmp_path / "objects", entry.outputs["model"].sha)
    path.chmod(0o644)
    path.write_text("y")
    assert cache.lookup(tmp_path / "cache", tmp_path / "objects", KEY) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"key": 1}', '{"outputs": NaN}'])
def test_a_broken_entry_is_none(tmp_path: Path, text: str) -> None:
    kept(tmp_path)
    (tmp_path / "cache" / f"{KEY}.json").write_text(text)
    assert cache.lookup(tmp_path / "cache", tmp_path / "objects", KEY) is None


def test_an_entry_under_anothers_key_is_none(tmp_path: Path) -> None:
    kept(tmp_path)
    other = "b" * 64
    (tmp_path / "cache" / f"{KEY}.json").rename(tmp_path / "cache" / f"{other}.json")
    assert cache.read(tmp_path / "cache", other) is None


def test_what_is_no_key_names_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        cache.read(tmp_path, "../x")
