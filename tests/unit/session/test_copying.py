"""A long session is written anew in pieces, and nothing of it is lost or told twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.session import contents, copying, store
from scanflow_tui.session.verify import verify_store
from tests.unit.session.making import more, stored

SALT = bytes(16)


@pytest.fixture
def sealed() -> list[contents.Content]:
    return [contents.content(bytes([at]) * 3000, SALT, contents.PNG) for at in range(10)]


@pytest.mark.parametrize("piece", [1, 7000, 10_000_000])
def test_a_copy_in_pieces_of_any_size_is_the_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: list[contents.Content], piece: int
) -> None:
    rows = stored(30)
    with store.create(tmp_path / "a.duckdb", rows, sealed[:5]) as opened:
        monkeypatch.setattr(copying, "PIECE_BYTES", piece)
        later = more(rows[-1], 5)
        opened.append(later, sealed[5:])
        opened.checkpoint()
        assert list(opened.all()) == [*rows, *later]
        assert list(opened.contents()) == sealed
        assert verify_store(opened).holds


def test_what_is_erased_is_left_out_of_every_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: list[contents.Content]
) -> None:
    monkeypatch.setattr(copying, "PIECE_BYTES", 4000)
    with store.create(tmp_path / "a.duckdb", stored(3), sealed) as opened:
        assert opened.content(sealed[9].digest) == sealed[9]
        assert opened.erase(sealed[4].digest)
        assert list(opened.contents()) == sealed[:4] + sealed[5:]
        assert opened.content(sealed[4].digest) is None
        assert opened.content(sealed[9].digest) == sealed[9]


def test_contents_are_found_whenever_they_came(
    tmp_path: Path, sealed: list[contents.Content]
) -> None:
    with store.create(tmp_path / "a.duckdb", stored(3), sealed[:3]) as opened:
        for at, content in enumerate(sealed[3:], 3):
            assert opened.content(content.digest) is None
            opened.append([], [content])
            assert opened.content(content.digest) == content
            assert opened.content(sealed[at - 3].digest) == sealed[at - 3]


def test_a_digest_with_the_key_of_another_is_found_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sealed: list[contents.Content]
) -> None:
    monkeypatch.setattr(store, "hash", lambda digest: 7, raising=False)
    with store.create(tmp_path / "a.duckdb", stored(3), sealed) as opened:
        assert [opened.content(content.digest) for content in sealed] == sealed
