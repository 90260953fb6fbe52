"""Typed files that a step wrote: what passes, and the sentence where one does not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError
from scanflow_tui.supervisor.typed import PNG, read_evidence, read_values

FINDING: dict[str, Any] = {
    "verdict": "drift",
    "n": 20,
    "alpha": 0.05,
    "p": 0.01,
    "statistic": "mean",
    "n_calibration": 100,
    "n_flagged": 2,
    "flag_share": 0.1,
}
ENTRY: dict[str, Any] = {
    "id": "s1",
    "index": 1,
    "share": "repair",
    "flagged": True,
    "p": 0.1,
    "guess": 0,
    "confidence": 0.5,
}


def written(folder: Path, queue: list[dict[str, Any]], **finding: Any) -> dict[str, Path]:
    """A check's outputs."""
    (folder / "finding").write_text(json.dumps(FINDING | finding))
    (folder / "queue" / "images").mkdir(parents=True)
    (folder / "queue" / "queue.jsonl").write_text(
        "".join(json.dumps(entry) + "\n" for entry in queue)
    )
    return {"finding": folder / "finding", "queue": folder / "queue"}


def test_finding_queue_and_pictures_are_read(tmp_path: Path) -> None:
    paths = written(tmp_path, [ENTRY, ENTRY | {"id": "s2"}])
    (tmp_path / "queue" / "images" / "s1.png").write_bytes(PNG + b"x")
    evidence = read_evidence(paths)
    assert evidence.finding is not None and evidence.finding.verdict == "drift"
    assert [entry.id for entry in evidence.queue] == ["s1", "s2"]
    assert evidence.images == {"s1": PNG + b"x"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verdict": "maybe"}, "no Finding"),
        ({"p": float("nan")}, "not a number"),
        ({"p": float("inf")}, "not a number"),
        ({"n": "many"}, "no Finding"),
    ],
)
def test_a_finding_that_does_not_pass_is_named(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_evidence(written(tmp_path, [], **change))
    assert "'finding'" in caught.value.what


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([ENTRY, ENTRY], "twice"),
        ([ENTRY | {"id": "../x"}], "no sample id"),
        ([ENTRY | {"share": "mine"}], "queue.jsonl:1"),
        ([ENTRY | {"id": f"s{n}"} for n in range(limits.QUEUE_ENTRIES_MAX + 1)], "over 100000"),
        ([ENTRY | {"why": "x" * limits.QUEUE_LINE_BYTES_MAX}], r"queue.jsonl:1 has more than 4096"),
        ([ENTRY, ENTRY | {"id": "s2", "p": float("nan")}], r"queue.jsonl:2 holds nan"),
        ([ENTRY, ENTRY | {"id": "s2", "why": "\ud800"}], r"queue.jsonl:2 is not JSON"),
    ],
)
def test_a_queue_that_does_not_pass_is_named(
    tmp_path: Path, entries: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(InputError, match=said):
        read_evidence(written(tmp_path, entries))


@pytest.mark.parametrize("picture", [b"GIF89a", PNG + bytes(limits.THUMBNAIL_BYTES_MAX)])
def test_a_picture_that_is_no_png_or_too_large_is_refused(tmp_path: Path, picture: bytes) -> None:
    paths = written(tmp_path, [ENTRY])
    (tmp_path / "queue" / "images" / "s1.png").write_bytes(picture)
    with pytest.raises(InputError, match="s1"):
        read_evidence(paths)


def test_a_link_or_a_pipe_is_not_read(tmp_path: Path) -> None:
    paths = written(tmp_path, [ENTRY])
    (tmp_path / "finding").unlink()
    (tmp_path / "finding").symlink_to("/etc/passwd")
    with pytest.raises(InputError, match="cannot be read"):
        read_evidence(paths)
    (tmp_path / "finding").unlink()
    os.mkfifo(tmp_path / "finding")
    with pytest.raises(InputError, match="not a regular file"):
        read_evidence(paths)


def test_values_are_flat_scalars(tmp_path: Path) -> None:
    file = tmp_path / "values.json"
    assert read_values(file) == {}
    file.write_text('{"acc": 0.5, "verdict": "drift", "n": 3, "ok": true, "none": null}')
    assert read_values(file)["acc"] == 0.5


@pytest.mark.parametrize(
    "text",
    [
        "[1]",
        '{"a": [1]}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": 99999999999999999999}',
        '{"a": "\\ud800"}',
        "nonsense",
        '{"a": "' + "x" * limits.VALUES_BYTES_MAX + '"}',
    ],
)
def test_values_that_an_event_cannot_hold_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "values.json"
    file.write_text(text)
    with pytest.raises(InputError, match=r"values\.json"):
        read_values(file)


def test_near_and_example_images_are_read_by_their_path(tmp_path: Path) -> None:
    paths = written(tmp_path, [ENTRY | {"near": [[12, 3], [40, 5]]}])
    for name in ("near/12", "near/99", "examples/3-0", "examples/notes"):
        file = tmp_path / "queue" / f"{name}.png"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(PNG + name.encode())
    evidence = read_evidence(paths)
    assert evidence.queue[0].near == ((12, 3), (40, 5))
    assert sorted(evidence.images) == ["examples/3-0", "near/12"]


def test_a_folder_of_examples_is_followed_by_no_link(tmp_path: Path) -> None:
    paths = written(tmp_path, [ENTRY])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "3-0.png").write_bytes(PNG)
    (tmp_path / "queue" / "examples").symlink_to(elsewhere)
    assert read_evidence(paths).images == {}


def test_images_that_are_too_many_for_a_session_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUEUE_IMAGES_BYTES_MAX", 2 * limits.MIB)
    n = 2 * limits.MIB // limits.THUMBNAIL_BYTES_MAX + 1
    paths = written(tmp_path, [ENTRY | {"id": f"s{at}"} for at in range(n)])
    picture = (PNG + bytes(limits.THUMBNAIL_BYTES_MAX))[: limits.THUMBNAIL_BYTES_MAX]
    for at in range(n):
        (tmp_path / "queue" / "images" / f"s{at}.png").write_bytes(picture)
    with pytest.raises(InputError, match="more than 2 MiB"):
        read_evidence(paths)
