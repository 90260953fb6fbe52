"""What a human said, as the steps read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Label, to_json
from scanflow_tui.steps.evidence_files import read_answers, read_json


def line(index: int, label: int | None, kind: Any = "class") -> str:
    given = Label(f"{index:05d}", index, kind, label, "human:u0", 0, "repair", guess=3)
    return json.dumps(to_json(given))


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "labels"
    path.write_text("".join(f"{text}\n" for text in lines))
    return path


def test_only_class_labels_count(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        line(4, 7),
        line(2, None, "unsure"),
        line(9, None, "skip"),
        line(1, 0),
        line(3, None, "invalid"),
    )
    answers = read_answers(path, n=10, classes=10)
    assert answers.index.tolist() == [1, 4]
    assert answers.labels.tolist() == [0, 7]
    assert answers.ids == ("00001", "00004")


def test_answers_pick_their_samples(tmp_path: Path) -> None:
    batch = np.arange(5 * 784, dtype=np.uint8).reshape(5, 28, 28)
    chosen = read_answers(written(tmp_path, line(3, 1)), n=5, classes=10).of(batch)
    np.testing.assert_array_equal(chosen.images, batch[3:4])


def test_no_answer_is_an_answer(tmp_path: Path) -> None:
    assert len(read_answers(written(tmp_path), n=5, classes=10)) == 0


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (line(5, 1), "sample 5 is not in a batch of 5"),
        (line(-1, 1), "sample -1 is not in"),
        (line(1, 10), "class 10 is not one of 10"),
        (line(1, None), "class None"),
        ("{", "is no label"),
        ('{"id": "a"}', "is no label"),
    ],
)
def test_a_label_that_does_not_fit_is_named_with_its_line(
    text: str, what: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=what) as caught:
        read_answers(written(tmp_path, line(0, 1), text), n=5, classes=10)
    assert caught.value.where == "labels:2"


def test_broken_json_is_named(tmp_path: Path) -> None:
    (tmp_path / "chosen").write_text("{")
    with pytest.raises(InputError, match="no readable JSON"):
        read_json(tmp_path / "chosen")
