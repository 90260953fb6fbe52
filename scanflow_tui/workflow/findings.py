"""What is wrong with a document, each thing with its place. Values and text, no judgement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.workflow.graph import Place

FINDINGS_MAX = 500
CANDIDATES_MAX = 1000

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (error) or doubtful (warning), in one sentence."""

    severity: Severity
    place: Place
    sentence: str

    def text(self, name: str) -> str:
        """As a line: ``pipeline.yaml:14:5: unknown key 'imputs'; did you mean 'in'?``"""
        mark = "warning: " if self.severity == "warning" else ""
        return f"{name}:{self.place.line}:{self.place.column}: {mark}{self.sentence}"


class EnoughFound(Exception):
    """A document has so many problems that reading on helps nobody."""


@dataclass(slots=True)
class Findings:
    """A list that is filled while a document is read. Raises EnoughFound at so many errors.

    Warnings beyond as many are left out: a large graph may be doubtful in many places and is fine.
    """

    found: list[Finding] = field(default_factory=list)
    n_warnings: int = 0

    def error(self, place: Place, sentence: str) -> None:
        self.found.append(Finding("error", place, sentence))
        if len(self.found) - self.n_warnings >= FINDINGS_MAX:
            said = f"{FINDINGS_MAX} problems; what else there is, is not listed"
            self.found.append(Finding("error", place, said))
            raise EnoughFound

    def warning(self, place: Place, sentence: str) -> None:
        if self.n_warnings < FINDINGS_MAX:
            self.n_warnings += 1
            self.found.append(Finding("warning", place, sentence))


def by_place(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in the order of the document."""
    return sorted(findings, key=lambda one: (one.place.line, one.place.column, one.sentence))


def findings_text(findings: Iterable[Finding], name: str = "pipeline.yaml") -> tuple[str, ...]:
    """The findings as lines, in the order of the document."""
    return tuple(one.text(name) for one in by_place(findings))


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The known word that is most like this one, if any is."""
    from difflib import get_close_matches  # only a document with errors pays for it

    candidates = list(words)
    if len(candidates) > CANDIDATES_MAX:  # 2.4 us each
        alike = [one for one in candidates if one[:2] == word[:2]]
        candidates = alike[:CANDIDATES_MAX]
    close = get_close_matches(word[:80], candidates, n=1, cutoff=0.6)
    return close[0] if close else None


def suggestion(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'in'?`` or nothing."""
    close = nearest(word, words)
    return f"; did you mean {close!r}?" if close else ""
