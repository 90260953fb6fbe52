"""Records: the same as the standard library's in all that is used."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from scanflow_tui.contract import records

MAKERS: tuple[Callable[..., Any], ...] = (dataclasses.dataclass, records.dataclass)


def both(**options: bool) -> list[Any]:
    """One record, as the standard library makes it and as this package does."""
    found = []
    for maker in MAKERS:

        @maker(**options)
        class Point:
            """A point."""

            x: int
            name: str = "p"
            tags: list[str] = dataclasses.field(default_factory=list)
            seen: int = dataclasses.field(default=0, compare=False, repr=False)
            twice: int = dataclasses.field(init=False, default=7)

        found.append(Point)
    return found


@pytest.mark.parametrize("slots", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
def test_it_says_and_compares_the_same(frozen: bool, slots: bool) -> None:
    for made in both(frozen=frozen, slots=slots):
        one, two, three = made(1, tags=["a"]), made(1, "p", ["a"], 5), made(2)
        assert one == two != three and one != (1, "p", ["a"])
        assert repr(one).endswith("Point(x=1, name='p', tags=['a'], twice=7)")
        assert made(1).tags is not made(1).tags
        assert dataclasses.replace(three, x=1, tags=["a"]) == one
        assert dataclasses.asdict(three) == {"x": 2, "name": "p", "tags": [], "seen": 0, "twice": 7}
        assert copy.deepcopy(one) == one == copy.copy(one)
        assert hasattr(one, "__dict__") is not slots
        with pytest.raises(TypeError):
            made()
        with pytest.raises(TypeError):
            made(1, wrong=2)


def test_a_frozen_one_is_hashed_by_its_values_and_never_changed() -> None:
    for maker in MAKERS:

        @maker(frozen=True, slots=True)
        class Pair:
            a: int
            b: str = ""

        assert hash(Pair(1)) == hash(Pair(1)) == hash((1, "")) and len({Pair(1), Pair(1)}) == 1
        with pytest.raises(dataclasses.FrozenInstanceError):
            Pair(1).a = 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            del Pair(1).a


def test_one_that_can_change_has_no_hash() -> None:
    for made in both(slots=True):
        with pytest.raises(TypeError):
            hash(made(1))
        point = made(1)
        point.x = 2
        assert point.x == 2


def test_without_equality_it_is_only_itself() -> None:
    for made in both(slots=True, eq=False):
        assert made(1) != made(1) and len({made(1), made(1)}) == 2


def test_what_it_checks_after_it_was_made_is_checked() -> None:
    for maker in MAKERS:

        @maker(frozen=True, slots=True)
        class Positive:
            n: int

            def __post_init__(self) -> None:
                if self.n < 0:
                    raise ValueError(self.n)

        assert Positive(3).n == 3 and hash(Positive(3)) == hash((3,))
        with pytest.raises(ValueError, match="-1"):
            Positive(-1)
        with pytest.raises((ValueError, msgspec.ValidationError)):
            msgspec.convert({"n": -1}, Positive)


def test_one_record_of_another_has_its_fields_too() -> None:
    for maker in MAKERS:

        @maker(frozen=True, slots=True)
        class First:
            a: int

        @maker(frozen=True, slots=True)
        class Second(First):
            b: int = 2

        assert Second(1) == Second(1, 2) and [f.name for f in dataclasses.fields(Second)] == [
            "a",
            "b",
        ]


@records.dataclass(frozen=True, slots=True)
class Kept:
    """One that pickle can find."""

    a: int
    b: tuple[int, ...] = ()


def test_it_is_pickled_and_read_from_json() -> None:
    kept = Kept(1, (2,))
    assert pickle.loads(pickle.dumps(kept)) == kept
    assert msgspec.convert({"a": 1, "b": [2]}, Kept) == kept
    assert msgspec.to_builtins(kept) == {"a": 1, "b": (2,)}
    assert msgspec.json.encode(kept) == b'{"a":1,"b":[2]}'
