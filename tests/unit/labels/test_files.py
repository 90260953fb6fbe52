"""The files of a label node: a line a sample, canonical, disputes where they belong."""

from __future__ import annotations

import json

from scanflow_tui.contract import canonical
from scanflow_tui.contract.evidence import Label, QueueEntry, to_json
from scanflow_tui.labels.files import Sayings, label_files
from tests.unit.labels.test_settle import Said, by


def entry(name: str, share: str = "repair") -> QueueEntry:
    return QueueEntry(name, 7, share, True, 0.01, 2, 0.5, probability=0.25, stratum=1)  # type: ignore[arg-type]


def test_a_line_is_the_canonical_bytes_of_a_label() -> None:
    words = {"a": by(Said("human:u1", "class", 3, at=5))}
    made = label_files(Sayings((entry("a"), entry("b")), words, 4))
    line = Label("a", 7, "class", 3, "u1", 5, "repair", 2, 0.25, 1)
    assert made == {"labels": canonical.encode(to_json(line)) + b"\n", "audit": b""}


def test_what_is_disputed_repairs_nothing_and_is_audited_by_the_likeliest_class() -> None:
    differ = by(Said("ana", "class", 1), Said("ben", "class", 2))
    queue = (entry("a"), entry("b", "audit"))
    made = label_files(Sayings(queue, {"a": differ, "b": differ}, 4))
    repair, audit = json.loads(made["labels"]), json.loads(made["audit"])
    assert (repair["kind"], repair["label"]) == ("unsure", None)
    assert (audit["kind"], audit["label"] in (1, 2)) == ("class", True)
