"""The review of a queue's words: people, pairs, what is disputed and what looks wrong."""

from __future__ import annotations

import numpy as np

from scanflow_tui.labels.review import review
from tests.unit.labels.test_settle import Said, by

SAMPLES = [f"s{at:02d}" for at in range(60)]


def words() -> dict[str, dict[str, Said]]:
    """Ana says every sample's own class, Ben the first 20, one of them otherwise."""
    found = {name: by(Said("ana", "class", at % 3)) for at, name in enumerate(SAMPLES)}
    for at, name in enumerate(SAMPLES[:20]):
        found[name]["ben"] = Said("ben", "class", at % 3 if at else 2)
    return found


def features() -> dict[str, list[float]]:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 6)) * 0.3 + 3 * np.eye(6)[np.arange(60) % 3]
    return dict(zip(SAMPLES, rows.tolist(), strict=True))


def test_pairs_and_people_are_counted_on_what_both_said() -> None:
    found = review(words(), SAMPLES, 3)
    assert [(one.who, one.n) for one in found.people] == [("ana", 60), ("ben", 20)]
    (pair,) = found.pairs
    assert (pair.n, pair.n_same) == (20, 19)
    assert found.n_several == 20 and 0.9 < (found.alpha or 0) < 1
    assert found.disputed == ("s00",) == found.second_look


def test_the_same_word_again_counts_for_the_one_who_gave_it() -> None:
    said = words()
    said["s01~2"] = by(Said("ana", "class", 1))
    said["s02~2"] = by(Said("ana", "class", 0))
    said["s59~2"] = by(Said("ben", "class", 0))
    ana, ben = review(said, SAMPLES, 3).people
    assert (ana.n_again, ana.n_same, ana.n) == (2, 1, 60)
    assert ben.n_again == 0


def test_a_label_unlike_its_class_is_shown_and_a_second_look_ends_it() -> None:
    said = words()
    said["s30"] = by(Said("ana", "class", 1))
    found = review(said, SAMPLES, 3, features())
    assert [(one.sample, one.given, one.looks_like) for one in found.suspects][:1] == [
        ("s30", 1, 0)
    ]
    assert found.second_look[:2] == ("s00", "s30") and found.n_judged == 59
    said["s30"] = by(Said("ana", "class", 1, settles=True))
    assert "s30" not in review(said, SAMPLES, 3, features()).second_look


def test_one_alone_has_no_rates_and_nothing_said_has_no_figure() -> None:
    alone = review({"s00": by(Said("ana", "class", 1))}, SAMPLES, 3, features())
    assert alone.people[0].right is None and alone.pairs == () and alone.alpha is None
    nothing = review({}, SAMPLES, 3, features())
    assert (nothing.people, nothing.second_look, nothing.n_judged) == ((), (), 0)
