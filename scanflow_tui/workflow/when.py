"""Conditions of a node: ``check.verdict == 'drift' and not plan.undecided``.

A parser of its own, never ``eval``. Grammar: ``node.name``, numbers, quoted text, ``true`` and
``false``, ``== != < <= > >=``, ``and``, ``or``, ``not``, parentheses. Sees values, never files.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Literal

from scanflow_tui.contract import limits
from scanflow_tui.contract.records import dataclass
from scanflow_tui.contract.step import Scalar
from scanflow_tui.workflow.findings import suggestion

Comparison = Literal["==", "!=", "<", "<=", ">", ">="]
ValueType = str | tuple[str, ...]
Values = Mapping[tuple[str, str], Scalar]

DEPTH_MAX = 50
KEYWORDS = frozenset({"and", "or", "not", "true", "false"})

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<name>[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    | (?P<text>'[^']*'|"[^"]*")
    | (?P<sign>==|!=|<=|>=|<|>|\(|\))
    )""",
    re.VERBOSE,
)


class WhenError(ValueError):
    """The condition cannot be read. ``column`` counts from 1 within its text."""

    def __init__(self, sentence: str, column: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.column = column


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | int | float | bool
    column: int = 1


@dataclass(frozen=True, slots=True)
class Name:
    node: str
    name: str
    column: int = 1


@dataclass(frozen=True, slots=True)
class Compare:
    sign: Comparison
    left: Constant | Name
    right: Constant | Name
    column: int = 1


@dataclass(frozen=True, slots=True)
class Not:
    inner: Expr


@dataclass(frozen=True, slots=True)
class Both:
    """``and`` of two or more."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """``or`` of two or more."""

    parts: tuple[Expr, ...]


Expr = Constant | Name | Compare | Not | Both | Either


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse(text: str) -> Expr:
    """The condition as a tree. Raises WhenError with the column."""
    if len(text) > limits.WHEN_CHARS_MAX:
        raise WhenError(f"the condition is longer than {limits.WHEN_CHARS_MAX} characters", 1)
    parser = _Parser(_tokens(text), len(text) + 1)
    expr = parser.either(0)
    parser.expect_end()
    return expr


def names(expr: Expr) -> frozenset[tuple[str, str]]:
    """Every (node, value) that the condition reads."""
    match expr:
        case Name():
            return frozenset({(expr.node, expr.name)})
        case Compare():
            return names(expr.left) | names(expr.right)
        case Not():
            return names(expr.inner)
        case Both() | Either():
            return frozenset().union(*(names(part) for part in expr.parts))
    return frozenset()


def check(expr: Expr, types: Mapping[str, Mapping[str, ValueType]]) -> list[tuple[int, str]]:
    """What is wrong with names and types, as (column, sentence).

    ``types`` holds the declared values of every node.
    """
    match expr:
        case Not():
            return check(expr.inner, types)
        case Both() | Either():
            return [problem for part in expr.parts for problem in check(part, types)]
        case Compare():
            return _check_comparison(expr, types)
        case Name():
            unknown = _check_name(expr, types)
            if unknown:
                return unknown
            if types[expr.node][expr.name] != "bool":
                said = f"{expr.node}.{expr.name} is not true or false; compare it with a value"
                return [(expr.column, said)]
            return []
    if isinstance(expr.value, bool):
        return []
    return [(expr.column, f"{expr.value!r} alone is no condition")]


def verdict(expr: Expr, values: Values) -> bool | None:
    """Whether the condition holds; None while a value that decides it is not known."""
    match expr:
        case Not():
            inner = verdict(expr.inner, values)
            return None if inner is None else not inner
        case Both():
            seen = [verdict(part, values) for part in expr.parts]
            return False if False in seen else None if None in seen else True
        case Either():
            seen = [verdict(part, values) for part in expr.parts]
            return True if True in seen else None if None in seen else False
        case Compare():
            if not (_is_known(expr.left, values) and _is_known(expr.right, values)):
                return None
            return _compare(expr.sign, _value(expr.left, values), _value(expr.right, values))
        case Name():
            return values[expr.node, expr.name] is True if _is_known(expr, values) else None
    return expr.value is True


def evaluate(expr: Expr, values: Values) -> bool:
    """Whether the condition holds. Raises KeyError with (node, value) where one is not known."""
    known = verdict(expr, values)
    if known is None:
        raise KeyError(next(name for name in sorted(names(expr)) if name not in values))
    return known


def misfits(declared: Mapping[str, ValueType], given: Mapping[str, Scalar]) -> list[str]:
    """How a step's values differ from what it declared, a sentence each; undeclared ones pass."""
    problems = []
    for name, kind in declared.items():
        if name not in given:
            problems.append(f"the value {name!r} is missing")
        elif isinstance(kind, tuple):
            if given[name] not in kind:
                problems.append(f"the value {name!r} is {given[name]!r}, not {_any_of(kind)}")
        elif _type_of(given[name]) != kind:
            problems.append(f"the value {name!r} is {given[name]!r}, not a {kind}")
    return problems


def _tokens(text: str) -> list[_Token]:
    found = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        hit = _TOKEN.match(text, at)
        if hit is None or hit.lastgroup is None:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            sign = text[column - 1]
            if sign in "'\"":
                raise WhenError("the quoted text is not closed", column)
            hint = "; equality is written ==" if sign == "=" else ""
            raise WhenError(f"{sign!r} is not understood{hint}", column)
        found.append(_Token(hit.lastgroup, hit.group(hit.lastgroup), hit.start(hit.lastgroup) + 1))
        at = hit.end()
    return found


class _Parser:
    """Recursive descent over the tokens, with a bound on depth."""

    def __init__(self, tokens: list[_Token], end_column: int) -> None:
        self.tokens = tokens
        self.at = 0
        self.end_column = end_column

    def either(self, depth: int) -> Expr:
        parts = [self.both(depth)]
        while self._take("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def both(self, depth: int) -> Expr:
        parts = [self.negation(depth)]
        while self._take("and"):
            parts.append(self.negation(depth))
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def negation(self, depth: int) -> Expr:
        if depth > DEPTH_MAX:
            raise WhenError(f"nested more than {DEPTH_MAX} deep", self._column())
        if self._take("not"):
            return Not(self.negation(depth + 1))
        if self._take("("):
            inner = self.either(depth + 1)
            if not self._take(")"):
                raise WhenError("a closing parenthesis is missing", self._column())
            return inner
        return self.comparison()

    def comparison(self) -> Expr:
        left = self.operand()
        sign = self._sign()
        if sign is None:
            return left
        column = self.tokens[self.at - 1].column
        right = self.operand()
        if self._sign() is not None:
            self.at -= 1
            raise WhenError("comparisons are joined with 'and'", self._column())
        return Compare(sign, left, right, column)

    def operand(self) -> Constant | Name:
        if self.at >= len(self.tokens):
            raise WhenError("the condition ends too early", self.end_column)
        token = self.tokens[self.at]
        self.at += 1
        if token.kind == "name":
            node, _, name = token.text.partition(".")
            return Name(node, name, token.column)
        if token.kind == "number":
            return Constant(_number(token), token.column)
        if token.kind == "text":
            return Constant(token.text[1:-1], token.column)
        if token.text in ("true", "false"):
            return Constant(token.text == "true", token.column)
        if token.kind == "word" and token.text not in KEYWORDS:
            said = f"{token.text!r} is neither node.value nor quoted text"
            raise WhenError(said, token.column)
        raise WhenError(f"a value is missing before {token.text!r}", token.column)

    def expect_end(self) -> None:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            raise WhenError(f"{token.text!r} is not expected here", token.column)

    def _take(self, text: str) -> bool:
        if self.at < len(self.tokens):
            token = self.tokens[self.at]
            if token.text == text and token.kind in ("word", "sign"):
                self.at += 1
                return True
        return False

    def _sign(self) -> Comparison | None:
        signs: tuple[Comparison, ...] = ("==", "!=", "<=", ">=", "<", ">")
        return next((sign for sign in signs if self._take(sign)), None)

    def _column(self) -> int:
        return self.tokens[self.at].column if self.at < len(self.tokens) else self.end_column


def _number(token: _Token) -> int | float:
    if token.text.lstrip("-").isdigit() and len(token.text) <= 18:
        return int(token.text)
    value = float(token.text)
    if not math.isfinite(value):
        raise WhenError(f"{token.text[:40]!r} is not a finite number", token.column)
    return value


def _type_of(value: Scalar) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "nothing"


def _any_of(words: tuple[str, ...]) -> str:
    return " or ".join(repr(word) for word in words)


def _check_name(name: Name, types: Mapping[str, Mapping[str, ValueType]]) -> list[tuple[int, str]]:
    if name.node not in types:
        return [(name.column, f"unknown node {name.node!r}{suggestion(name.node, types)}")]
    declared = types[name.node]
    if name.name not in declared:
        hint = suggestion(name.name, declared)
        return [(name.column, f"node {name.node!r} declares no value {name.name!r}{hint}")]
    return []


def _check_comparison(
    expr: Compare, types: Mapping[str, Mapping[str, ValueType]]
) -> list[tuple[int, str]]:
    problems = []
    kinds: list[ValueType] = []
    for side in (expr.left, expr.right):
        if isinstance(side, Name):
            unknown = _check_name(side, types)
            problems += unknown
            if not unknown:
                kinds.append(types[side.node][side.name])
        else:
            kinds.append(_type_of(side.value))
    if problems:
        return problems
    plain_kinds = ["text" if isinstance(kind, tuple) else kind for kind in kinds]
    if plain_kinds[0] != plain_kinds[1]:
        return [(expr.column, f"a {plain_kinds[0]} is compared with a {plain_kinds[1]}")]
    if expr.sign not in ("==", "!=") and plain_kinds[0] != "number":
        return [(expr.column, f"{expr.sign!r} compares numbers, not {plain_kinds[0]}")]
    for side, other in ((expr.left, kinds[1]), (expr.right, kinds[0])):
        if isinstance(side, Constant) and isinstance(other, tuple) and side.value not in other:
            hint = suggestion(str(side.value), other)
            said = f"{side.value!r} is never given; the value is {_any_of(other)}{hint}"
            problems.append((side.column, said))
    return problems


def _is_known(side: Constant | Name, values: Values) -> bool:
    return isinstance(side, Constant) or (side.node, side.name) in values


def _value(side: Constant | Name, values: Values) -> Scalar:
    return side.value if isinstance(side, Constant) else values[side.node, side.name]


def _compare(sign: Comparison, left: Scalar, right: Scalar) -> bool:
    """Values of different types are unequal, and neither is larger."""
    same = _type_of(left) == _type_of(right)
    if sign == "==":
        return same and left == right
    if sign == "!=":
        return not (same and left == right)
    if not isinstance(left, int | float) or not isinstance(right, int | float) or not same:
        return False
    if sign == "<":
        return left < right
    if sign == "<=":
        return left <= right
    return left > right if sign == ">" else left >= right
