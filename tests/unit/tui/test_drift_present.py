"""What the Drift screen says of a batch."""

from __future__ import annotations

from dataclasses import replace

from scanflow_tui.contract.evidence import Histogram
from scanflow_tui.session.state import CheckView
from scanflow_tui.tui.present import drift as show
from scanflow_tui.tui.present.label_order import is_hidden
from tests.fakes.demo_events import finding, queue


def check(batch: str = "b0002", *, drift: bool = True) -> CheckView:
    return CheckView(9, 3, "check", batch, finding(drift=drift), queue() if drift else (), {})


def test_rebinning_keeps_the_sum_and_the_place() -> None:
    found = show.rebinned([4, 0, 0, 8], 2)
    assert found == [4.0, 8.0]
    assert show.rebinned([3, 6], 4) == [1.5, 1.5, 3.0, 3.0]


def test_bars_are_exact_to_an_eighth_and_never_lose_what_is_there() -> None:
    lines = show.bars([0.0, 0.001, 0.5, 1.0], 1.0, 2, ascii=False)
    assert lines == ["   █", " ▁██"]


def test_ascii_bars_are_ascii() -> None:
    assert all(line.isascii() for line in show.bars([0, 0.3, 1.0], 1.0, 3, ascii=True))


def test_both_histograms_share_axis_and_scale() -> None:
    histogram = Histogram("distance", tuple(range(5)), (8, 0, 0, 0), (0, 0, 0, 2))
    rows = [row.plain for row in show.histogram_rows(histogram, 40, ascii=False)]
    assert rows[0].startswith(" held-out  n 8")
    assert rows[4].startswith(" ██")
    assert rows[5].startswith(" batch  n 2")
    assert rows[9].rstrip().endswith("██")
    assert len({len(row) for row in rows[1:5]}) == 1


def test_an_empty_histogram_draws_nothing_and_fails_nothing() -> None:
    histogram = Histogram("distance", (0.0, 1.0), (0,), (0,))
    assert show.histogram_rows(histogram, 30, ascii=False)


def test_history_marks_the_shown_batch_and_says_too_few_in_words() -> None:
    few = check("b0003")
    few = CheckView(9, 4, "check", "b0003", replace(few.finding, verdict="too_few"), (), {})
    row = show.history_row([check("b0001", drift=False), check("b0002"), few], "b0002").plain
    assert row == " batches  1 ✔ [2 ⚠] 3 too few "


def test_flagged_shows_the_strangest_first_and_none_whose_guess_is_hidden() -> None:
    found = show.flagged(check())
    assert [entry.p for entry in found] == sorted(entry.p for entry in found)
    assert all(entry.flagged and not is_hidden(entry) for entry in found)
    left = [entry.share for entry in check().queue if entry.flagged and is_hidden(entry)]
    assert "repair" in left, "what is absent is not only the audit share"


def test_the_title_says_symbol_word_and_p() -> None:
    assert show.title(check()) == "⚠ drift · p .0003"
    assert show.title(check(drift=False)) == "✔ no alarm · p .41"
