"""What speaks for and against a session file: the chain, heads in and outside of it, contents.

Reads only. A file that whoever may write it rewrote whole, before any head left it, looks
unaltered.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from scanflow_tui.contract import canonical
from scanflow_tui.contract.records import dataclass
from scanflow_tui.session.chain import Head, Row, Verdict, check
from scanflow_tui.session.store import Store

FIRST_POSSIBLE = -(2**62)
"""An altered file may hold events before event 0."""


@dataclass(frozen=True, slots=True)
class IssuedHead:
    """A head that left the file, as an event in it says, and whether the chain agrees."""

    seq: int
    upto: int
    hash: str
    place: str
    agrees: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The findings. ``altered``: contents with other bytes; ``n_erased``: erasures told of."""

    verdict: Verdict
    kinds: dict[str, int]
    heads: tuple[IssuedHead, ...]
    n_contents: int
    n_erased: int
    altered: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against the file."""
        return self.verdict.holds and not self.altered and all(head.agrees for head in self.heads)

    def sentences(self) -> list[str]:
        """The report for a person, the worst first."""
        told = [self.verdict.sentence()]
        told += [
            f"event {head.seq} tells of a head of event {head.upto} that the chain does not have"
            for head in self.heads
            if not head.agrees
        ]
        told += [f"content {digest[:12]} was changed" for digest in self.altered]
        if self.n_erased:
            told.append(f"{self.n_erased} contents were erased on purpose")
        if self.heads and self.holds:
            last = self.heads[-1]
            told.append(
                f"{len(self.heads)} heads left the file, the last of event {last.upto} "
                f"({last.place}): compare it with --head {last.upto}:{last.hash}"
            )
        return told


class _Seen:
    """What is gathered while the chain is checked, so that the file is read once."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.hashes: list[str] = []
        self.issued: list[tuple[int, int, str, str]] = []

    def through(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.kinds[row.kind] += 1
            self.hashes.append(row.hash)
            yield row
            # Only what the chain has just confirmed is read further.
            if row.kind == "HeadIssued":
                self._head_issued(row)

    def _head_issued(self, row: Row) -> None:
        payload = canonical.decode(row.body).get("payload")
        told = payload if isinstance(payload, dict) else {}
        upto = told.get("upto")
        self.issued.append(
            (
                row.seq,
                upto if isinstance(upto, int) else -1,
                str(told.get("head", "")),
                str(told.get("place", "")),
            )
        )


def verify_store(store: Store, head: Head | None = None, session: str | None = None) -> Report:
    """Check a whole session file. ``head`` is one kept outside.

    Raises DamagedSession where the file cannot be read.
    """
    seen = _Seen()
    verdict = check(seen.through(store.all(FIRST_POSSIBLE)), session, head)
    heads = tuple(
        IssuedHead(seq, upto, told, place, _agrees(seen.hashes, upto, told))
        for seq, upto, told, place in seen.issued
    )
    n_contents, altered = 0, []
    for content in store.contents():
        n_contents += 1
        if not content.is_sound():
            altered.append(content.digest)
    return Report(
        verdict,
        dict(sorted(seen.kinds.items())),
        heads,
        n_contents,
        seen.kinds["ContentErased"],
        tuple(altered),
    )


def _agrees(hashes: list[str], upto: int, told: str) -> bool:
    return 0 <= upto < len(hashes) and hashes[upto] == told
