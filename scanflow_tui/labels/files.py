"""The files that repair and evaluation read, from everything that was said of a queue. Pure.

With 100,000 samples this takes seconds: nothing that others wait for does it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scanflow_tui.contract.evidence import Label, QueueEntry
from scanflow_tui.labels.settle import Settled, Word, settle


@dataclass(frozen=True, slots=True)
class Sayings:
    """All that was said of a queue, by sample and actor; nothing of it changes any more."""

    queue: Sequence[QueueEntry]
    words: Mapping[str, Mapping[str, Word]]
    n_classes: int


def label_files(said: Sayings) -> dict[str, bytes]:
    """The files ``labels`` and ``audit`` (JSONL), a line a sample: one human's latest word, or
    what several humans' words come to.

    Where they are disputed, repair does without the sample; the audit takes the likeliest class,
    for leaving out what is hard would flatter.
    """
    settled = settle(said.words, said.n_classes)
    lines: dict[str, list[str]] = {"repair": [], "audit": []}
    # Canonical JSON, by one encoder for all lines.
    encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode
    for entry in said.queue:
        word = settled.get(entry.id)
        if word is not None:
            line = _line(entry, word)
            named = {name: getattr(line, name) for name in Label.__slots__}
            lines[entry.share].append(encode(named) + "\n")
    return {
        "labels": "".join(lines["repair"]).encode("ascii"),
        "audit": "".join(lines["audit"]).encode("ascii"),
    }


def _line(entry: QueueEntry, word: Settled) -> Label:
    kind = "unsure" if word.disputed and entry.share == "repair" else word.kind
    return Label(
        id=entry.id,
        index=entry.index,
        kind=kind,
        label=word.value if kind == "class" else None,
        by=" ".join(who.removeprefix("human:") for who in word.by),
        at=word.at,
        share=entry.share,
        guess=entry.guess,
        probability=entry.probability,
        stratum=entry.stratum,
        rejected=word.value if kind == "rejected" else None,
    )
