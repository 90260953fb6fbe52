"""Which samples are flagged."""

from __future__ import annotations

import numpy as np

from scanflow_tui.checks.flags import flag, floor, floor_sentence


def test_all_up_to_the_last_p_under_its_level_are_flagged() -> None:
    p = [0.9, 0.06, 0.01, 0.045]  # levels .025 .05 .075 .1
    assert flag(p, q=0.1).tolist() == [False, True, True, True]


def test_nothing_is_flagged_where_no_p_is_under_its_level() -> None:
    assert not flag([0.2, 0.3, 0.9], q=0.1).any()


def test_an_empty_batch_has_no_flags() -> None:
    assert len(flag([])) == 0


def test_the_floor_is_where_flags_begin() -> None:
    n, m = 500, 600
    least = floor(n, m)
    assert least == 9
    p = np.ones(n)
    p[: least - 1] = 1 / (m + 1)
    assert not flag(p).any()
    p[least - 1] = 1 / (m + 1)
    assert flag(p).sum() == least


def test_a_floor_of_one_is_said_the_other_way_round() -> None:
    assert "a single strange one of 50 can be flagged" in floor_sentence(50, 600)
    assert "unless at least 9" in floor_sentence(500, 600)
