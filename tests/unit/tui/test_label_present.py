"""What the Label screen says: orders, keys, captions, pace."""

from __future__ import annotations

import pytest

from scanflow_tui.contract.evidence import LabelKind
from scanflow_tui.tui.labelling.queue import Counts, Word
from scanflow_tui.tui.present import label as show
from scanflow_tui.tui.present.class_keys import class_keys, matching
from scanflow_tui.tui.present.class_lines import class_column, class_lines
from scanflow_tui.tui.present.label_order import ORDERS, arranged, is_hidden
from tests.fakes.demo_events import CLASSES, queue

KEYS = class_keys(CLASSES)
ENTRIES = queue()


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_holds_every_sample_once(order: str) -> None:
    found = arranged(ENTRIES, order)  # type: ignore[arg-type]
    assert sorted(entry.id for entry in found) == sorted(entry.id for entry in ENTRIES)


@pytest.mark.parametrize("order", ORDERS)
def test_samples_without_a_guess_stand_among_the_others(order: str) -> None:
    found = [is_hidden(entry) for entry in arranged(ENTRIES, order)]  # type: ignore[arg-type]
    half = len(found) // 2
    assert abs(sum(found[:half]) - sum(found[half:])) <= 4


def test_audit_samples_are_not_the_only_ones_without_a_guess() -> None:
    hidden = [entry for entry in ENTRIES if is_hidden(entry)]
    assert {entry.share for entry in hidden} == {"audit", "repair"}
    assert all(is_hidden(entry) for entry in ENTRIES if entry.share == "audit")


def test_nothing_on_screen_tells_an_audit_sample_from_a_blind_one() -> None:
    audit = next(entry for entry in ENTRIES if entry.share == "audit")
    blind = next(entry for entry in ENTRIES if entry.share == "repair" and is_hidden(entry))
    said = []
    for entry in (audit, blind):
        foot = show.caption(entry, None, KEYS, hidden=True).plain
        line = show.line(entry, None, KEYS, hidden=True, note="", me="me").plain
        side = [
            row.plain
            for row in show.side(
                entry, None, KEYS, hidden=True, note="", me="me", look="", place="1 of 70", last=""
            )
        ]
        said.append((foot, line, side))
    assert said[0] == said[1]


def test_risk_order_begins_with_the_riskiest() -> None:
    shown = [entry.risk for entry in arranged(ENTRIES, "error risk") if not is_hidden(entry)]
    assert shown == sorted(shown, reverse=True)


def test_up_to_ten_classes_have_digits() -> None:
    assert KEYS.codes == tuple("0123456789")
    assert not KEYS.letters_are_classes


def test_eleven_to_thirty_six_have_digits_and_letters() -> None:
    keys = class_keys([f"c{at}" for at in range(36)])
    assert keys.index("z") == 35
    assert keys.letters_are_classes
    assert not keys.is_two_strokes


def test_more_have_two_strokes() -> None:
    keys = class_keys([f"c{at}" for at in range(120)])
    assert keys.code(3) == "a3"
    assert keys.begins("a")
    assert keys.index("a") is None
    assert keys.index("l9") == 119
    assert len(set(keys.codes)) == 120


def test_a_thousand_classes_still_have_keys_and_ten_thousand_the_picker() -> None:
    keys = class_keys([f"c{at}" for at in range(1200)])
    assert len(set(keys.codes)) == 1200
    many = class_keys([f"c{at}" for at in range(5000)])
    assert many.code(4999) == ""
    assert matching(many, "c4999") == [4999]


def test_keys_named_by_the_pipeline_win() -> None:
    keys = class_keys(["cat", "dog"], ["c", "d"])
    assert keys.index("d") == 1
    assert keys.letters_are_classes


def test_matching_puts_names_that_begin_first() -> None:
    keys = class_keys(["toy poodle", "poodle", "cat"])
    assert matching(keys, "poo") == [1, 0]


def test_captions_say_guess_way_and_saved() -> None:
    entry = next(entry for entry in ENTRIES if not is_hidden(entry))
    guess = show.caption(entry, None, KEYS, hidden=False).plain
    assert guess.startswith(f"{entry.guess}? .")
    on_its_way = Word("class", 3, False, "me")
    assert show.caption(entry, on_its_way, KEYS, hidden=False).plain == "3 …"
    saved = Word("unsure", None, True, "me")
    assert show.caption(entry, saved, KEYS, hidden=False).plain == "unsure ✓"


@pytest.mark.parametrize("room", [4, 8])
def test_the_mark_of_what_is_saved_has_room_on_every_tile(room: int) -> None:
    entry = next(entry for entry in ENTRIES if not is_hidden(entry))
    keys = class_keys([f"breed {at}" for at in range(1300)])
    given: list[tuple[LabelKind, int | None]] = [
        ("class", 1), ("class", 1299), ("rejected", 1), ("unsure", None), ("skip", None),
        ("invalid", None),
    ]  # fmt: skip
    said = set()
    for kind, value in given:
        word = Word(kind, value, True, "me")
        foot = show.caption(entry, word, keys, hidden=False, room=room).plain
        assert foot.endswith("✓") and "…" not in foot and len(foot) <= room
        said.add(foot)
    assert len(said) == 6
    assert "…" not in show.caption(entry, None, keys, hidden=False, room=room).plain


def test_pace_needs_five_labels_and_leaves_pauses_out() -> None:
    assert show.pace([0.0, 1.0, 2.0, 3.0]) is None
    assert show.pace([0.0, 2.0, 4.0, 6.0, 8.0]) == pytest.approx(30.0)
    assert show.pace([0.0, 2.0, 4.0, 500.0, 502.0, 504.0]) == pytest.approx(30.0)


def test_the_status_counts_and_says_what_is_left() -> None:
    counts = Counts(12, 0, 0, 0, 58, 70)
    wide = show.status(counts, 31.0, blind=False, order="typical", width=120)
    assert wide == "12 of 70 · 31/min · 2 min left · blind off"
    narrow = show.status(counts, 31.0, blind=False, order="typical", width=80)
    assert narrow == "12 of 70 · 31/min · 2 min"


def test_the_layout_of_the_sketch() -> None:
    wide = show.grid_layout(120, 38, (28, 14))
    assert (wide.columns, wide.rows, wide.tile_width, wide.tile_height) == (4, 2, 30, 16)
    assert not show.grid_fits(80, 22, (28, 14))
    single = show.single_layout(80, 22, (28, 14))
    assert (single.tile_width, single.tile_height) == (30, 16)
    large = show.single_layout(120, 38, (28, 14))
    assert (large.tile_width, large.tile_height) == (58, 30)


def test_ten_classes_fit_a_line_of_eighty() -> None:
    lines = class_lines(KEYS, 80, 1)
    assert len(lines) == 1
    assert lines[0].plain.endswith("9 nine")


def test_many_classes_are_cut_and_the_picker_named() -> None:
    keys = class_keys([f"class number {at}" for at in range(100)])
    assert "/ by name" in class_lines(keys, 80, 3)[-1].plain
    lines = class_lines(keys, 80, 1)
    assert len(lines) == 1
    assert "/ finds more" in lines[-1].plain
    assert all(line.cell_len <= 80 for line in lines)


def test_two_strokes_that_do_not_fit_are_shown_by_the_first() -> None:
    keys = class_keys([f"breed {at:03}" for at in range(1000)])
    lines = class_lines(keys, 120, 3)
    assert "a 00–02" in lines[0].plain
    assert all(line.cell_len <= 120 for line in lines)


def test_groups_are_told_apart_in_any_room_and_what_has_none_is_said() -> None:
    keys = class_keys([f"breed {at:04}" for at in range(1000)])
    for width, rows in ((80, 6), (120, 4), (60, 8)):
        lines = class_lines(keys, width, rows)
        assert len(lines) <= rows and "/ by name" in lines[-1].plain
    assert "f 0140–0167" in " ".join(line.plain for line in class_lines(keys, 120, 8))
    few = class_lines(keys, 60, 3, "q")
    assert "/ finds more" in few[-1].plain and "q0 04" in few[0].plain
    other = class_keys(["ant", "bee", *(f"class {at}" for at in range(40))])
    assert "a ant–c" in class_lines(other, 60, 2)[0].plain


@pytest.mark.parametrize("width", [80, 120])
def test_the_classes_of_a_first_stroke_all_have_room(width: int) -> None:
    keys = class_keys([f"breed {at:03}" for at in range(1000)])
    said = " ".join(line.plain for line in class_lines(keys, width, 3, "b"))
    n = sum(code[0] == "b" for code in keys.codes)
    assert n == 28
    assert all(f"{code} " in said for code in keys.codes if code[0] == "b")


def test_the_column_of_a_first_stroke_names_code_and_class() -> None:
    keys = class_keys([f"breed {at:03}" for at in range(120)])
    rows = [row.plain.strip() for row in class_column(keys, 20, "a")]
    assert rows[3] == "a3 breed 003"
    assert len(rows) == 10


def test_finish_says_the_counts_first() -> None:
    body = show.finish_body(Counts(40, 1, 2, 0, 7, 50))
    assert body.splitlines()[0].startswith("40 labelled · 1 unsure · 2 skipped")
    assert "7 of 50" in body
