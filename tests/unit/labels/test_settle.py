"""What several humans' words come to, and that one human alone is taken at their word."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.contract.evidence import LabelKind
from scanflow_tui.labels.settle import Settled, settle, votes


@dataclass(frozen=True)
class Said:
    actor: str
    kind: LabelKind
    value: int | None
    seq: int = 0
    at: int = 0
    settles: bool = False


def by(*words: Said) -> dict[str, Said]:
    return {word.actor: word for word in words}


def test_one_human_alone_is_taken_at_their_word() -> None:
    for kind, value in (("class", 3), ("unsure", None), ("skip", None), ("rejected", 2)):
        word = Said("ana", kind, value, at=5)  # type: ignore[arg-type]
        assert settle({"a": by(word)}, 4) == {"a": Settled(word.kind, value, ("ana",), 5)}


def test_one_human_alone_needs_no_numpy() -> None:
    program = (
        "import sys\n"
        "from types import SimpleNamespace as Word\n"
        "from scanflow_tui.labels.settle import settle\n"
        "said = lambda kind, value: Word(\n"
        "    actor=kind, kind=kind, value=value, seq=0, at=0, settles=False)\n"
        "settle({'a': {'ana': said('class', 1), 'ben': said('skip', None)}}, 3)\n"
        "print('numpy' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


def test_who_was_unsure_is_not_weighed() -> None:
    words = {"a": by(Said("ana", "class", 1, seq=1), Said("ben", "unsure", None, seq=2))}
    assert settle(words, 3)["a"] == Settled("class", 1, ("ana",), 0)


def test_nobody_named_a_class_so_the_latest_word_stands() -> None:
    words = {"a": by(Said("ana", "skip", None, seq=1), Said("ben", "unsure", None, seq=2))}
    assert settle(words, 3)["a"].kind == "unsure"


def test_people_who_agree_are_named_both_and_dispute_nothing() -> None:
    words = {"a": by(Said("ben", "class", 1, at=9), Said("ana", "class", 1, at=4))}
    found = settle(words, 3)["a"]
    assert (found.kind, found.value, found.by, found.at) == ("class", 1, ("ana", "ben"), 9)
    assert not found.disputed


def test_two_who_differ_dispute_until_the_owner_looks_again() -> None:
    differ = by(Said("ana", "class", 1, seq=1), Said("ben", "class", 2, seq=2))
    assert settle({"a": differ}, 3)["a"].disputed
    looked = differ | by(Said("eva", "class", 0, seq=3, settles=True))
    assert settle({"a": looked}, 3)["a"] == Settled("class", 0, ("eva",), 0)


def test_no_valid_image_is_a_word_like_a_class() -> None:
    words = {
        "a": by(Said("ana", "invalid", None), Said("ben", "invalid", None)),
        "b": by(Said("ana", "invalid", None), Said("ben", "class", 1)),
    }
    found = settle(words, 3)
    assert (found["a"].kind, found["a"].value, found["a"].disputed) == ("invalid", None, False)
    assert found["b"].disputed
    assert votes(words, 3) == {"a": {"ana": 3, "ben": 3}, "b": {"ana": 3, "ben": 1}}


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.dictionaries(st.sampled_from(["ana", "ben", "eva"]), st.integers(0, 3), min_size=1),
    )
)
def test_the_order_of_samples_and_people_does_not_matter(said: dict[str, dict[str, int]]) -> None:
    words = {
        sample: {who: Said(who, "class", value) for who, value in people.items()}
        for sample, people in said.items()
    }
    turned = {sample: dict(reversed(words[sample].items())) for sample in reversed(words)}
    assert settle(words, 4) == settle(turned, 4)
