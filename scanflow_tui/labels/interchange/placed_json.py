"""JSON read item by item, each with the line and column where it begins.

A document's items are decoded one after another, so only its text and one item are in memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from scanflow_tui.labels.interchange.record import Problem

_BLANK = re.compile(r"[ \t\r\n]*")
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a document; ``member`` is the list of the top object that it stands in."""

    line: int
    column: int
    value: Any
    member: str = ""


class Unreadable(Exception):
    """The text breaks off or is no JSON; nothing after ``problem`` can be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def text_of(data: bytes) -> str:
    """UTF-8 bytes as text, without a byte order mark. Raises Unreadable."""
    try:
        return data.decode("utf-8").removeprefix(BOM)
    except UnicodeDecodeError as error:
        line, start = data.count(b"\n", 0, error.start) + 1, data.rfind(b"\n", 0, error.start) + 1
        column = len(data[start : error.start].decode("utf-8")) + 1
        raise Unreadable(Problem(line, column, _not_utf8(data, error.start))) from None


def _not_utf8(data: bytes, at: int) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "this is UTF-16 or UTF-32: save it as UTF-8"
    return f"this is not UTF-8 (byte 0x{data[at]:02x})"


def one(text: str) -> Any:
    """A JSON value that fills a text. Raises ValueError: JSONDecodeError where there is a place."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        raise ValueError("this is nested too deeply") from None


def line_items(data: bytes) -> Iterator[Item | Problem]:
    """The items of JSON lines; a blank line is none."""
    for number, line in enumerate(data.split(b"\n"), start=1):
        try:
            text = text_of(line)
            if text.strip():
                yield Item(number, 1, one(text))
        except Unreadable as error:
            yield Problem(number, error.problem.column, error.problem.text)
        except json.JSONDecodeError as error:
            yield Problem(number, error.colno, f"this is not JSON: {error.msg}")
        except ValueError as error:
            yield Problem(number, 1, f"this is not JSON: {error}")


def list_items(text: str) -> Iterator[Item | Problem]:
    """The items of a document that is one list; ends with a problem where it is none."""
    yield from _guarded(text, lambda scan: scan.top_list())


def member_items(text: str, members: tuple[str, ...]) -> Iterator[Item | Problem]:
    """The items of some lists of a document that is one object."""
    yield from _guarded(text, lambda scan: scan.top_object(members))


def _guarded(text: str, scan: Callable[[_Scan], Iterator[Item]]) -> Iterator[Item | Problem]:
    try:
        yield from scan(_Scan(text))
    except Unreadable as error:
        yield error.problem


class _Scan:
    """A place in a text that moves on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._line = 1
        self._counted = 0

    def top_list(self) -> Iterator[Item]:
        self.blank()
        yield from self.items("")
        self.end()

    def top_object(self, members: tuple[str, ...]) -> Iterator[Item]:
        self.blank()
        self.expect("{", "an object was expected here")
        self.blank()
        seen: set[str] = set()
        while not self.take("}"):
            if seen:
                self.expect(",", "a comma or } was expected here")
                self.blank()
            name = self.value()
            if not isinstance(name, str):
                raise self.wrong("a name was expected here")
            if name in seen:
                raise self.wrong(f"{name!r} stands here twice")
            seen.add(name)
            self.blank()
            self.expect(":", "a colon was expected here")
            self.blank()
            if name in members:
                yield from self.items(name)
            else:
                self.value()
            self.blank()
        self.end()

    def items(self, member: str) -> Iterator[Item]:
        self.expect("[", f"{member or 'this'} is no list")
        self.blank()
        is_first = True
        while not self.take("]"):
            if not is_first:
                self.expect(",", "a comma or ] was expected here")
                self.blank()
            is_first = False
            line, column = self.place(self.at)
            yield Item(line, column, self.value(), member)
            self.blank()

    def end(self) -> None:
        self.blank()
        if self.at < len(self.text):
            raise self.wrong("something follows the end")

    def value(self) -> Any:
        try:
            found, self.at = _DECODER.raw_decode(self.text, self.at)
        except json.JSONDecodeError as error:
            raise Unreadable(Problem(*self.place(error.pos), f"no JSON: {error.msg}")) from None
        except RecursionError:
            raise self.wrong("this is nested too deeply") from None
        except ValueError as error:
            raise self.wrong(str(error)) from None
        return found

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def take(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += 1
        return True

    def expect(self, sign: str, otherwise: str) -> None:
        if not self.take(sign):
            raise self.wrong(otherwise if self.at < len(self.text) else "the file breaks off here")

    def wrong(self, text: str) -> Unreadable:
        return Unreadable(Problem(*self.place(self.at), text))

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of a place not before the last one asked for."""
        at = max(at, self._counted)
        self._line += self.text.count("\n", self._counted, at)
        self._counted = at
        return self._line, at - self.text.rfind("\n", 0, at)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return made


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is no number")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)
