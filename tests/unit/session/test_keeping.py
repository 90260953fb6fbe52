"""What no session names: found, and removed; what a session names, or is young, stays."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Refused
from scanflow_tui.session import artifacts, cache, places
from scanflow_tui.session.cache import CacheEntry
from scanflow_tui.session.events import Artifact
from scanflow_tui.session.keeping import (
    YOUNG_S,
    at_rest,
    holdings,
    named_in,
    release,
    size_of,
    unnamed,
)
from scanflow_tui.session.places import SessionFolder

LATER_S = 4e9
KEY = "c" * 64


@pytest.fixture
def root(tmp_path: Path) -> Path:
    places.make_session(SessionFolder(tmp_path / "sessions" / "one"))
    return tmp_path / "sessions"


def stored(root: Path, text: str) -> Artifact:
    """A folder with one file in the store."""
    source = root.parent / text
    source.mkdir()
    (source / "file").write_text(text)
    return artifacts.ingest(source, places.objects_of(root))


def names(items: list) -> list[str]:  # type: ignore[type-arg]
    return [item.name for item in items]


def test_every_hash_in_a_body_is_named_whatever_says_it() -> None:
    sha = "a1" * 32
    assert named_in([f'{{"kind":"FromTheFuture","x":["{sha}"]}}'.encode()]) == {sha}
    assert named_in([b'{"x":"' + b"a" * 63 + b'"}']) == set()


def test_what_a_session_names_stays_and_the_rest_goes(root: Path) -> None:
    kept, gone = stored(root, "kept"), stored(root, "gone")
    found = unnamed(root, holdings(root), {kept.sha}, LATER_S)
    assert names(found) == [gone.sha]
    assert release(root, found, lambda item: None) > 0
    assert artifacts.verify(places.objects_of(root), kept.sha)
    assert list(holdings(root).artifacts) == [kept.sha] and holdings(root).drafts == ()


def test_what_is_young_is_left_alone(root: Path) -> None:
    gone = stored(root, "gone")
    born = holdings(root).artifacts[gone.sha].changed_at
    assert unnamed(root, holdings(root), set(), born + YOUNG_S - 1) == []
    assert names(unnamed(root, holdings(root), set(), born + YOUNG_S)) == [gone.sha]


def test_a_cached_result_goes_with_its_outputs(root: Path) -> None:
    kept, gone = stored(root, "kept"), stored(root, "gone")
    for key, made in ((KEY, gone), ("d" * 64, kept)):
        cache.write(places.cache_of(root), CacheEntry(key, {"model": made}, {}, "sf-x", 1))
    found = unnamed(root, holdings(root), {kept.sha, KEY, "d" * 64}, LATER_S)
    assert [(item.kind, item.name) for item in found] == [("result", KEY), ("artifact", gone.sha)]


def test_a_result_whose_key_no_session_names_goes(root: Path) -> None:
    kept = stored(root, "kept")
    cache.write(places.cache_of(root), CacheEntry(KEY, {"model": kept}, {}, "sf-x", 1))
    assert names(unnamed(root, holdings(root), {kept.sha}, LATER_S)) == [KEY]
    assert unnamed(root, holdings(root), {kept.sha, KEY}, LATER_S) == []


def test_drafts_of_a_crash_are_found_and_removed(root: Path) -> None:
    draft = places.objects_of(root) / ".new-half"
    draft.mkdir(mode=0o555)
    found = unnamed(root, holdings(root), set(), LATER_S)
    assert names(found) == [".new-half"]
    release(root, found, lambda item: None)
    assert not draft.exists()


def test_a_session_at_work_is_named_and_nothing_goes_on(root: Path) -> None:
    folder = SessionFolder(root / "one")
    with open(folder.lock, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="session one is at work"), at_rest([folder]):
            raise AssertionError("it was entered")


def test_a_link_in_the_store_is_not_followed(root: Path) -> None:
    outside = root.parent / "outside"
    outside.write_text("precious")
    draft = places.objects_of(root) / ".altered-x"
    draft.mkdir()
    (draft / "link").symlink_to(outside)
    release(root, unnamed(root, holdings(root), set(), LATER_S), lambda item: None)
    assert outside.read_text() == "precious"


def test_a_size_counts_what_lies_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    assert size_of(tmp_path) >= 100_000
    assert size_of(tmp_path / "absent") == 0
