"""Words in bytes, by a rare byte of theirs or by folding: the places are the same."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from scanflow_tui.contract.logwords import BYTES_PER_SPOT, Folded, Places, Text, Words

COMMON = b"steps are as rare as seas " * 400


def places(words: bytes, data: bytes) -> list[int]:
    """All places from the first to the last, by ``find``."""
    return every(Words(words).text(data), words, data)


def every(text: Text, words: bytes, data: bytes) -> list[int]:
    found, at = [], 0
    while (at := text.find(words, at, len(data))) >= 0:
        found.append(at)
        at += 1
    return found


def expected(words: bytes, data: bytes) -> list[int]:
    return every(data.lower() if words == words.lower() else data, words, data)


def test_a_rare_byte_spares_folding() -> None:
    data = COMMON + b"a KNOT and a knot" + COMMON
    assert isinstance(Words(b"knot").text(data), Places)
    assert places(b"knot", data) == [len(COMMON) + 2, len(COMMON) + 13]
    assert places(b"Knot", data) == []
    assert places(b"KNOT", data) == [len(COMMON) + 2]


def test_words_of_frequent_bytes_are_looked_for_in_folded_text() -> None:
    data = COMMON + b"SEAS ARE" + COMMON
    assert isinstance(Words(b"seas are").text(data), Folded)
    assert places(b"seas are", data) == [len(COMMON)]


def test_a_byte_that_becomes_frequent_is_given_up() -> None:
    words = Words(b"knot")
    rare, frequent = COMMON + b"knot", b"kKnN" * BYTES_PER_SPOT + b"knot"
    assert isinstance(words.text(rare), Places)
    assert isinstance(words.text(frequent), Folded)
    assert isinstance(words.text(rare), Folded)


@given(
    words=st.binary(min_size=1, max_size=4),
    data=st.lists(st.sampled_from([b"a", b"A", b"b", b"\n", b"\xc4", COMMON]), max_size=12),
)
@example(words=b"aa", data=[b"a", b"A", b"a", COMMON])
def test_places_are_those_of_folding(words: bytes, data: list[bytes]) -> None:
    for needle in (words, b"ab", b"s \n", b"\xe4a", b"Ab"):
        joined = b"".join([*data, needle.upper(), COMMON[:999]])
        assert places(needle, joined) == expected(needle, joined)


@given(
    data=st.text(alphabet="kK o", max_size=40).map(str.encode),
    start=st.integers(0, 60),
    end=st.integers(0, 60),
)
def test_ranges_mean_what_they_mean_for_bytes(data: bytes, start: int, end: int) -> None:
    joined = COMMON[:20] + data + COMMON
    text = Words(b"ko").text(joined)
    assert text.find(b"ko", start, end) == joined.lower().find(b"ko", start, end)
    assert text.rfind(b"ko", start, end) == joined.lower().rfind(b"ko", start, end)
