"""A quick fold finds the same places as a slow one, also in pieces of any length."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scanflow_tui.contract.logwords import Folded
from scanflow_tui.session.logfold import LONG_BYTES, Setting, fold_for

BYTES = st.lists(
    st.sampled_from([b"A", b"a", b"[", b"{", b"@", b"`", b"\0", b" ", b"\xc4"]), max_size=60
)


def test_a_short_search_loads_nothing() -> None:
    assert fold_for(LONG_BYTES - 1) is bytes.lower
    assert isinstance(fold_for(LONG_BYTES), Setting)


@given(
    pieces=st.lists(BYTES, min_size=1, max_size=3),
    words=st.sampled_from([b"a", b"aa", b"{", b"[a", b"@`", b" \0", b"\xc4a", b"a{a"]),
    start=st.integers(0, 20),
    end=st.integers(0, 60),
)
def test_places_are_those_of_lower(
    pieces: list[list[bytes]], words: bytes, start: int, end: int
) -> None:
    fold = Setting()
    for piece in pieces:
        data = b"".join(piece)
        last = min(end, len(data))
        text = Folded(data, words, fold)
        assert text.find(words, start, last) == data.lower().find(words, start, last)
        assert text.rfind(words, start, last) == data.lower().rfind(words, start, last)
