"""Conditions by the grammar of docs/pipeline.md: part of ``mutants_check``."""

from __future__ import annotations

import math
import re
from typing import Any

from benchmarks.mutants_check_yaml import Refused


class Condition:
    """A condition by the page's grammar: ``or``, ``and``, ``not``, then one comparison."""

    TOKEN = re.compile(
        r"\s*([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*|[A-Za-z_]\w*|'[^']*'|\"[^\"]*\""
        r"|-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|==|!=|<=|>=|[<>()])",
        re.ASCII,
    )
    SIGNS = ("==", "!=", "<", "<=", ">", ">=")

    def __init__(self, text: str, values: dict[str, dict[str, Any]]) -> None:
        self.values = values
        self.tokens: list[str] = []
        self.depth = 0
        if len(text) > 2000:
            raise Refused("too long")
        rest = text.strip()
        while rest:
            hit = self.TOKEN.match(rest)
            if hit is None:
                raise Refused(f"at {rest[:10]!r}")
            self.tokens.append(hit.group(1))
            rest = rest[hit.end() :].strip()
        self.tokens.append("")

    def judge(self) -> None:
        self.any_of()
        if self.tokens != [""]:
            raise Refused(f"more after the end: {self.tokens}")

    def any_of(self) -> None:
        self.all_of()
        while self.tokens[0] == "or":
            self.tokens.pop(0)
            self.all_of()

    def all_of(self) -> None:
        self.one()
        while self.tokens[0] == "and":
            self.tokens.pop(0)
            self.one()

    def one(self) -> None:
        first = self.tokens[0]
        if first in ("not", "("):
            self.depth += 1
            if self.depth > 50:
                raise Refused("nested too deep")
            self.tokens.pop(0)
            if first == "not":
                self.one()
            else:
                self.any_of()
                if self.tokens.pop(0) != ")":
                    raise Refused("not closed")
            self.depth -= 1
        else:
            self.comparison()

    def comparison(self) -> None:
        left, left_word = self.operand()
        if self.tokens[0] not in self.SIGNS:
            if left != "bool":
                raise Refused("no condition")
            return
        sign = self.tokens.pop(0)
        right, right_word = self.operand()
        if self.tokens[0] in self.SIGNS:
            raise Refused("chained")
        kinds = ["text" if isinstance(one, list) else one for one in (left, right)]
        if kinds[0] != kinds[1] or (sign not in ("==", "!=") and kinds[0] != "number"):
            raise Refused(f"{kinds[0]} {sign} {kinds[1]}")
        for word, kind in ((left_word, right), (right_word, left)):
            if word is not None and isinstance(kind, list) and word not in kind:
                raise Refused(f"{word} is never given")

    def operand(self) -> tuple[Any, str | None]:
        token = self.tokens.pop(0)
        if not token or token in ("and", "or", "not", "(", ")") or token in self.SIGNS:
            raise Refused("a value is missing")
        if token in ("true", "false"):
            return "bool", None
        if token[0] in "'\"":
            return "text", token[1:-1]
        if re.match(r"[-.\d]", token):
            if not math.isfinite(float(token)):
                raise Refused("not finite")
            return "number", None
        node, _, name = token.partition(".")
        if name not in self.values.get(node, {}):
            raise Refused(f"unknown {token}")
        return self.values[node][name], None
