"""``dataclass`` as in the standard library, made in a quarter of its time: records are most of what
a start loads, and each would compile six functions. Here one is compiled, the others are shared.

Must never differ from the standard library in what a record does; a test compares the two.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, eq=True):
        """The decorator, with those options that are used here."""

        def make(given):
            return _record(given, is_frozen=frozen, has_slots=slots, has_eq=eq)

        return make if cls is None else make(cls)


def _record(given: type, *, is_frozen: bool, has_slots: bool, has_eq: bool) -> type:
    own = vars(given)
    if own.get("__doc__") is None:
        given.__doc__ = f"{given.__name__}: a record."  # else it is made of a signature, slowly
    bare = dataclasses.dataclass(init=False, repr=False, eq=False, slots=has_slots)
    made: Any = bare(given)
    known = dataclasses.fields(made)
    made.__init__ = _init(made, known, is_frozen)
    if "__repr__" not in own:
        made.__repr__ = _repr
    if has_eq and "__eq__" not in own:
        made.__eq__ = _eq([one.name for one in known if one.compare])
        if "__hash__" not in own or own["__hash__"] is None:
            hashed = [it.name for it in known if (it.compare if it.hash is None else it.hash)]
            made.__hash__ = _hash(hashed) if is_frozen else None
    if is_frozen:
        made.__setattr__ = _refuse_set
        made.__delattr__ = _refuse_delete
        if has_slots and "__getstate__" not in own:
            made.__getstate__ = _state
            made.__setstate__ = _restore
    return made  # type: ignore[no-any-return]


def _init(made: type, known: tuple[dataclasses.Field[Any], ...], is_frozen: bool) -> Any:
    """The one function that is compiled, so that calls cost what they always did."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_unset": _UNSET}
    given, lines = ["self"], []
    for one in known:
        value = one.name
        if one.default is not dataclasses.MISSING:
            names[f"_d_{one.name}"] = one.default
            given.append(f"{one.name}=_d_{one.name}")
        elif one.default_factory is not dataclasses.MISSING:
            names[f"_f_{one.name}"] = one.default_factory
            given.append(f"{one.name}=_unset")
            value = f"_f_{one.name}() if {one.name} is _unset else {one.name}"
        else:
            given.append(one.name)
        if not one.init:
            given.pop()
            if one.default is not dataclasses.MISSING:
                value = f"_d_{one.name}"
            elif one.default_factory is not dataclasses.MISSING:
                value = f"_f_{one.name}()"
            else:
                continue
        put = f"_set(self, {one.name!r}, {value})" if is_frozen else f"self.{one.name} = {value}"
        lines.append(put)
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    source = f"def __init__({', '.join(given)}):\n " + "\n ".join(lines or ["pass"])
    exec(source, names)  # made of field names alone, as in the standard library
    init = names["__init__"]
    init.__qualname__ = f"{made.__qualname__}.__init__"
    init.__module__ = made.__module__
    init.__annotations__ = {one.name: one.type for one in known if one.init} | {"return": None}
    return init


_UNSET = object()


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """These fields of a record."""
    if not names:
        return lambda record: ()
    values = attrgetter(*names)
    return values if len(names) > 1 else lambda record: (values(record),)


def _eq(names: list[str]) -> Callable[[Any, object], Any]:
    values = _getter(names)

    def eq(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    return eq


def _hash(names: list[str]) -> Callable[[Any], int]:
    values = _getter(names)
    return lambda self: hash(values(self))


def _repr(self: Any) -> str:
    known = (one for one in dataclasses.fields(self) if one.repr)
    told = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in known)
    return f"{self.__class__.__qualname__}({told})"


def _refuse_set(self: Any, name: str, value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for one, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
