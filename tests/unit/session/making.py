"""Short ways to make events and stored rows for the tests of ``session``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from scanflow_tui.contract import canonical
from scanflow_tui.contract.evidence import Finding, QueueEntry
from scanflow_tui.session import chain, store
from scanflow_tui.session import events as ev
from scanflow_tui.session.folds import replay
from scanflow_tui.session.state import SessionState

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
ANNA = "human:u1001"
BORIS = "human:u1002"


def opened() -> ev.SessionOpened:
    return ev.SessionOpened(ULID, "mnist", canonical.PROFILE, "0.1", "f" * 64, "", "process")


def numbered(*facts: Any, first: int = 0) -> list[ev.Event]:
    """Events from facts, (fact, actor) or (fact, actor, command); the time is the number."""
    made = []
    for seq, item in enumerate(facts, start=first):
        fact, actor, command = (
            (*item, None)[:3] if isinstance(item, tuple) else (item, "supervisor", None)
        )
        made.append(ev.Event(seq, seq * 1_000_000, actor, fact, command))
    return made


def folded(*facts: Any) -> SessionState:
    """The state after these facts."""
    return replay(numbered(*facts))


def planned(run: int = 1, **verdicts: str) -> ev.RunPlanned:
    """A plan; each node's verdict by name."""
    nodes = tuple(ev.PlannedNode(node, verdict, "first run") for node, verdict in verdicts.items())
    return ev.RunPlanned(run, None, None, "c", "e", {}, nodes)


def intended(node: str, attempt: int = 1, run: int = 1) -> ev.AttemptIntended:
    name = f"sf-{run}-{node}-{attempt}"
    return ev.AttemptIntended(run, node, attempt, name, "k", {}, {}, {}, ("x",), "first run")


def ended(node: str, state: Any = "done", attempt: int = 1, run: int = 1) -> ev.AttemptEnded:
    outputs = {"model": ev.Artifact("a" * 64, 1, 1)} if state == "done" else {}
    reason = "" if state == "done" else "exit code 3"
    return ev.AttemptEnded(
        run, node, attempt, state, 0, None, reason, 1.0, 1.0, outputs, {"acc": 0.5}
    )


FINDING = Finding("drift", 20, 0.05, 0.01, "mean", 100, 2, 0.1, sentence="drift")


def entries(first: int, n: int) -> tuple[QueueEntry, ...]:
    """Entries of a queue, named by their number."""
    return tuple(
        QueueEntry(f"s{at:05d}", at, "audit" if at % 5 == 0 else "repair", True, 0.1, at % 10, 0.5)
        for at in range(first, first + n)
    )


def found(n: int = 2, run: int = 1, node: str = "check") -> ev.CheckFound:
    """A check with the first entries of its queue."""
    return ev.CheckFound(run, node, "b0001", FINDING, entries(0, n), {"s00000": "d" * 64})


def drawn(first: int, n: int, run: int = 1, node: str = "check") -> ev.QueueDrawn:
    """More entries of a check's queue, with a picture of the first of them."""
    return ev.QueueDrawn(run, node, entries(first, n), {f"s{first:05d}": "e" * 64})


def label(sample: str, value: int = 3, redoes: int | None = None) -> ev.LabelGiven:
    return ev.LabelGiven(1, "label", sample, "class", value, 250, True, "typical", redoes)


def undone(sample: str, seq: int) -> ev.LabelUndone:
    return ev.LabelUndone(1, "label", sample, seq)


def stored(n_labels: int = 3) -> list[chain.Row]:
    """A chained session: an opening and some labels."""
    facts = [opened(), *((label(f"s{number}"), ANNA) for number in range(n_labels))]
    return chain.rows(numbered(*facts), chain.first(ULID))


def more(after: chain.Row, n_labels: int = 3) -> list[chain.Row]:
    """Rows that follow a row."""
    facts = [(label(f"t{after.seq}.{number}"), ANNA) for number in range(n_labels)]
    return chain.rows(numbered(*facts, first=after.seq + 1), after.hash)


def session_file(folder: Path, n_labels: int = 3) -> Path:
    """A closed session file with a chain of labels."""
    path = folder / "session.duckdb"
    store.create(path, stored(n_labels)).close()
    return path
