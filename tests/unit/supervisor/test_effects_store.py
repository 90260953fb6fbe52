"""Effects on store, cache and receipts: twice is as once, and what fails comes back as a value."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanflow_tui.session import artifacts, cache, places
from scanflow_tui.session.cache import CacheEntry
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor import effects_store
from scanflow_tui.supervisor.machine.effects import (
    AskCache,
    IngestBatch,
    IssueHead,
    KeepInCache,
    StoreHumanOutputs,
)
from scanflow_tui.supervisor.workplace import Workplace
from tests.fakes.engine import FakeEngine

KEY = "ab" * 32


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    folder = SessionFolder(tmp_path / "sessions" / "one")
    places.make_session(folder)
    return Workplace("X", folder, tmp_path, FakeEngine(), tmp_path / "receipts")


def test_a_batch_is_copied_and_named_after_its_file(place: Workplace, tmp_path: Path) -> None:
    (tmp_path / "monday").mkdir()
    (tmp_path / "monday" / "images").write_bytes(b"pixels")
    told = effects_store.ingest_batch(
        place, IngestBatch("c:1", "human:u1", str(tmp_path / "monday"), "")
    )
    assert told.error is None and told.name == "monday"
    assert told.artifact is not None and artifacts.verify(place.objects, told.artifact.sha)


def test_a_batch_that_is_not_there_is_said(place: Workplace) -> None:
    told = effects_store.ingest_batch(place, IngestBatch("c:1", "human:u1", "/nowhere", ""))
    assert told.artifact is None and told.error is not None and told.error.exit_code == 5


def ask(*outputs: str) -> AskCache:
    return AskCache(1, "train", KEY, outputs, "finding" in outputs, False)


def kept(place: Workplace, tmp_path: Path, name: str, data: str) -> None:
    (tmp_path / name).write_text(data)
    artifact = artifacts.ingest(tmp_path / name, place.objects)
    effects_store.keep_in_cache(place, KeepInCache(KEY, "sf-origin", {name: artifact}, {"a": 1}))


def test_what_is_kept_is_found(place: Workplace, tmp_path: Path) -> None:
    kept(place, tmp_path, "model", "weights")
    told = effects_store.ask_cache(place, ask("model"))
    assert told.outputs is not None and told.origin == "sf-origin" and told.values == {"a": 1}


def test_an_entry_without_an_output_that_is_wanted_is_none(
    place: Workplace, tmp_path: Path
) -> None:
    kept(place, tmp_path, "model", "weights")
    assert effects_store.ask_cache(place, ask("model", "reference")).outputs is None


def test_an_entry_whose_output_was_altered_is_none(place: Workplace, tmp_path: Path) -> None:
    kept(place, tmp_path, "model", "weights")
    entry = cache.read(place.cache, KEY)
    assert entry is not None
    path = place.object(entry.outputs["model"].sha)
    path.chmod(0o600)
    path.write_text("others")
    assert effects_store.ask_cache(place, ask("model")).outputs is None


def test_an_entry_whose_evidence_does_not_pass_is_none(place: Workplace, tmp_path: Path) -> None:
    kept(place, tmp_path, "finding", "nonsense")
    assert effects_store.ask_cache(place, ask("finding")).outputs is None


def test_a_cache_that_cannot_be_written_is_no_failure(place: Workplace) -> None:
    places.cache_of(place.folder.root).rmdir()
    places.cache_of(place.folder.root).write_text("in the way")
    effects_store.keep_in_cache(place, KeepInCache(KEY, "sf-origin", {}, {}))
    assert cache.read(place.cache, KEY) is None


def test_human_outputs_are_stored_byte_for_byte(place: Workplace) -> None:
    effect = StoreHumanOutputs(1, "label", {"labels": b"{}\n", "audit": b""})
    told = effects_store.store_human(place, effect)
    assert told.error is None and effects_store.store_human(place, effect) == told
    data, _ = artifacts.read(place.objects, told.outputs["labels"].sha, "", 0, 100)
    assert data == b"{}\n"


def test_a_receipt_is_a_line_outside_the_session(place: Workplace) -> None:
    told = effects_store.issue_head(place, IssueHead("version 1 promoted"), 7, "f" * 64)
    effects_store.issue_head(place, IssueHead("rolled back"), 9, "e" * 64)
    assert told is not None and (told.upto, told.head) == (7, "f" * 64)
    lines = (place.receipts / "X.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "session": "X",
        "seq": 7,
        "hash": "f" * 64,
        "why": "version 1 promoted",
    }
    assert len(lines) == 2


def test_a_receipt_that_cannot_be_written_is_no_head(place: Workplace) -> None:
    place.receipts.write_text("in the way")
    assert effects_store.issue_head(place, IssueHead("x"), 7, "f" * 64) is None


def test_entries_of_another_key_are_not_believed(place: Workplace) -> None:
    cache.write(place.cache, CacheEntry("cd" * 32, {}, {}, "o", 1))
    (place.cache / f"{'cd' * 32}.json").rename(place.cache / f"{KEY}.json")
    assert effects_store.ask_cache(place, ask()).outputs is None
