"""No reply becomes a key, however it is torn; no key is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanflow_tui.images.replies import (
    ESCAPE_S,
    HOLD_S,
    HOLD_S_MAX,
    WINDOW_S,
    ReplyFilter,
)

DA1 = "\x1b[?62;4;22c"
REPLIES = {
    "DA1": DA1,
    "DA2": "\x1b[>41;379;0c",
    "XTVERSION": "\x1bP>|foot(1.13.1)\x1b\\",
    "XTVERSION of xterm": "\x1bP>|XTerm(379)\x1b\\",
    "cell size": "\x1b[6;20;10t",
    "text area": "\x1b[4;880;1200t",
    "characters": "\x1b[8;44;120t",
    "graphics": "\x1b[?2;0;600;520S",
    "kitty": "\x1b_Gi=31;OK\x1b\\",
    "kitty keyboard": "\x1b[?1u",
    "a mode in no form": "\x1b[?7;;$y",
    "cursor and page": "\x1b[?1;1;1R",
    "no such report": "\x1b[=3;4x",
    "cell size of iTerm2": "\x1b]1337;ReportCellSize=17.0;8.0;2.0\x07",
}
KEYS = {
    "letters": "3a",
    "up": "\x1b[A",
    "F5": "\x1b[15~",
    "shift+tab": "\x1b[Z",
    "alt+x": "\x1bx",
    "mouse": "\x1b[<0;12;7M",
    "mode": "\x1b[?2026;2$y",
    "cursor": "\x1b[12;40R",
    "focus": "\x1b[I",
    "extended": "\x1b[97;5u",
    "paste": "\x1b[200~\x1b[?62;4;22c 33 \x1bP>|x\x1b\\\x1b[201~",
}
splits = [(name, at) for name, text in REPLIES.items() for at in range(1, len(text))]


def fed(*parts: str, pause_s: float = 0.01, begun_s: float = 0.0) -> tuple[str, list[str]]:
    """What passes when these parts come one after the other."""
    made = ReplyFilter(begun_s)
    now_s, out = 0.0, []
    for part in parts:
        now_s += pause_s
        out.append(made.feed(part, now_s))
    return "".join(out), made.replies


@pytest.mark.parametrize("name", REPLIES)
def test_a_whole_reply_is_taken_out(name: str) -> None:
    assert fed("3" + REPLIES[name] + "4") == ("34", [REPLIES[name]])


@pytest.mark.parametrize(("name", "at"), splits)
def test_a_reply_is_taken_out_wherever_it_is_torn(name: str, at: int) -> None:
    text = REPLIES[name]
    assert fed("3" + text[:at], text[at:] + "4") == ("34", [text])


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_is_taken_out_that_comes_character_by_character(name: str) -> None:
    assert fed(*REPLIES[name]) == ("", [REPLIES[name]])


@pytest.mark.parametrize("name", REPLIES)
def test_a_whole_reply_is_taken_out_after_the_window_too(name: str) -> None:
    assert fed("3" + REPLIES[name] + "4", begun_s=-WINDOW_S)[0] == "34"


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize("begun_s", [0.0, -WINDOW_S])
def test_keys_pass_unchanged(name: str, begun_s: float) -> None:
    assert fed(KEYS[name], begun_s=begun_s)[0] == KEYS[name]


@pytest.mark.parametrize("name", KEYS)
def test_torn_keys_pass_unchanged(name: str) -> None:
    text = KEYS[name]
    for at in range(1, len(text)):
        for begun_s in (0.0, -WINDOW_S):
            assert fed(text[:at], text[at:], "", begun_s=begun_s)[0] == text, (at, begun_s)


@given(st.text(alphabet="\x1b[?;0123456789cPt~\\A", max_size=30))
def test_what_is_pasted_passes_as_it_is(pasted: str) -> None:
    text = f"\x1b[200~{pasted}\x1b[201~"
    if "\x1b[201~" in pasted:
        return
    assert fed(*text)[0] == text


def test_escape_alone_passes_at_last() -> None:
    made = ReplyFilter(0.0)
    assert made.feed("\x1b", 0.1) == ""
    assert made.feed("", 0.1 + HOLD_S) == "\x1b"


def test_escape_alone_passes_at_once_after_the_fence() -> None:
    made = ReplyFilter(0.0)
    assert made.feed(DA1, 0.1) == ""
    assert not made.is_open(0.2)
    assert made.feed("\x1b", 0.2) == "\x1b"


def test_the_window_closes_by_itself() -> None:
    made = ReplyFilter(0.0)
    assert made.is_open(WINDOW_S - 0.1) and not made.is_open(WINDOW_S)


def test_a_reply_that_never_ends_is_dropped_and_keys_go_on() -> None:
    made = ReplyFilter(0.0)
    assert made.feed("\x1bP>|fo", 0.1) == ""
    assert made.feed("", 0.1 + HOLD_S) == ""
    assert made.feed("3", 0.2 + HOLD_S) == "3"


def test_a_report_that_is_cut_off_is_dropped() -> None:
    made = ReplyFilter(0.0)
    assert made.feed("\x1b[?62;4", 0.1) == ""
    assert made.feed("3", 0.2 + HOLD_S) == "3"


@given(st.text(max_size=60), st.integers(0, 60))
def test_anything_at_all_never_fails(text: str, at: int) -> None:
    fed(text[:at], text[at:], "")


@pytest.mark.parametrize(
    "torn", ["\x1bP>|fo", "\x1b]11;rgb:33", "\x1b_Gi=31;", "\x1b[?62;4", "\x1b[1;2"]
)
@pytest.mark.parametrize("begun_s", [0.0, -WINDOW_S])
def test_what_begins_next_breaks_off_what_was_never_closed(torn: str, begun_s: float) -> None:
    passed, replies = fed(torn, "\x1b[A", f"3{DA1}4", begun_s=begun_s)
    assert passed == "\x1b[A34" and replies[-1] == DA1


def test_keys_behind_what_was_never_closed_are_keys_after_a_while() -> None:
    made = ReplyFilter(0.0)
    made.feed("\x1bP>|fo", 0.0)
    out = [made.feed("3", 0.3 * n) for n in range(1, 12)]
    assert "".join(out) == "3" * sum(0.3 * n >= HOLD_S_MAX for n in range(1, 12)) != ""


def test_what_was_held_when_the_window_ends_is_no_key() -> None:
    made = ReplyFilter(-WINDOW_S + 0.5)
    made.feed("\x1bP0123456789", 0.45)
    assert made.feed("4", 0.55) == "4"
    assert made.replies == ["\x1bP0123456789"]


def test_after_the_fence_what_is_cut_off_is_dropped_soon() -> None:
    made = ReplyFilter(0.0)
    made.feed(DA1, 0.1)
    assert made.feed("\x1b[?62;4", 0.2) == ""
    assert made.feed("", 0.2 + 2 * ESCAPE_S) == ""
    assert made.feed("3", 0.5) == "3"
    assert made.feed("\x1b[31", 0.6) == ""
    assert made.feed("", 0.6 + 2 * ESCAPE_S) == ""
    assert made.feed("4", 0.9) == "4"


@pytest.mark.parametrize(
    "beside", ["31m", "1;2c", "3;4x", "9999999;1u", ":;1u", "97:65;1:3u", "3n", "6;-2;-1t", "1 2m"]
)
@pytest.mark.parametrize("begun_s", [0.0, -WINDOW_S])
def test_a_sequence_that_no_key_sends_is_no_key(beside: str, begun_s: float) -> None:
    assert fed(f"3\x1b[{beside}4", begun_s=begun_s)[0] == "34"


def test_an_answer_without_end_takes_no_room_and_no_time() -> None:
    made = ReplyFilter(0.0)
    for n in range(2000):
        made.feed("\x1bP>|" + "0" * 4000 if n == 0 else "0123456789" * 400, n / 2000)
    assert made.feed("\x1b\\3", 1.0) == "3"
    assert len(made.replies[0]) < 100
    for _ in range(1000):
        made.feed("\x1b[?1;2;3n" * 100, 1.1)
    assert len(made.replies) < 100


@pytest.mark.parametrize("noise", ["0123456789" * 10, "\x003", "\ufffd3\x1b4", "\x1b3\x1b4\x1b5"])
def test_noise_is_no_key_while_the_terminal_is_asked(noise: str) -> None:
    assert fed(noise)[0] == fed(noise + DA1)[0] == ""


def test_what_a_person_types_at_once_is_no_noise() -> None:
    for typed in ("3456", "\x1b3", "a\r", "\x1b[A" * 100, "\x1b[<35;9;9M" * 300, "é"):
        assert fed(typed)[0] == typed


def test_a_burst_that_no_mark_surrounds_is_a_paste() -> None:
    text = "0123456789" * 110
    assert fed(text, begun_s=-WINDOW_S)[0] == f"\x1b[200~{text}\x1b[201~"
    made = ReplyFilter(-WINDOW_S)
    made.feed(text, 0.1)
    assert made.feed("33", 0.2) == "\x1b[200~33\x1b[201~"
    assert made.feed("3", 0.3) == "3"
    assert made.feed("33", 0.3 + HOLD_S) == "33"
    assert fed("\x1b[<35;9;9M" * 300, begun_s=-WINDOW_S)[0] == "\x1b[<35;9;9M" * 300


def test_a_flood_of_answers_after_the_fence_is_torn_anywhere_and_is_no_key() -> None:
    text = "\x1b[?1;2;4n" * 40
    for size in (9, 10, 11, 30):
        made = ReplyFilter(0.0)
        made.feed(DA1, 0.1)
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        assert "".join(made.feed(part, 0.2) for part in parts) == ""


def test_an_escape_behind_a_key_passes_after_a_moment() -> None:
    made = ReplyFilter(-WINDOW_S)
    assert made.feed("a\x1b", 0.1) == "a"
    assert made.feed("", 0.1 + 2 * ESCAPE_S) == "\x1b"
    assert made.feed("b\x1b", 0.4) + made.feed("c", 0.7) == "b\x1bc"
