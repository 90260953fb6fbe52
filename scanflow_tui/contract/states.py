"""The states of a node, an attempt and a run, and every allowed move, as one table each."""

from __future__ import annotations

from typing import Literal, get_args

from scanflow_tui.contract.records import dataclass

AttemptState = Literal[
    "starting", "queued", "running", "done", "failed", "doubt", "lost", "timed_out", "cancelled"
]
NodeState = Literal[
    "waiting",
    "queued",
    "running",
    "done",
    "cached",
    "skipped",
    "failed",
    "doubt",
    "lost",
    "timed_out",
    "cancelled",
    "needs_you",
    "retrying",
]
RunState = Literal["running", "needs_you", "waiting", "done", "failed", "cancelled", "superseded"]

ATTEMPT_MOVES: dict[AttemptState, tuple[AttemptState, ...]] = {
    "starting": ("queued", "running", "done", "failed", "doubt", "lost", "timed_out", "cancelled"),
    "queued": ("running", "done", "failed", "doubt", "lost", "timed_out", "cancelled"),
    "running": ("done", "failed", "doubt", "lost", "timed_out", "cancelled"),
    "done": (),
    "failed": (),
    "doubt": (),
    "lost": (),
    "timed_out": (),
    "cancelled": (),
}

NODE_MOVES: dict[NodeState, tuple[NodeState, ...]] = {
    "waiting": (
        "queued",
        "running",
        "done",
        "cached",
        "skipped",
        "needs_you",
        "cancelled",
        "failed",
        "retrying",
    ),
    "queued": (
        "running",
        "done",
        "failed",
        "doubt",
        "lost",
        "timed_out",
        "cancelled",
        "retrying",
    ),
    "running": ("done", "failed", "doubt", "lost", "timed_out", "cancelled", "retrying"),
    "retrying": (
        "queued",
        "running",
        "done",
        "cached",
        "failed",
        "doubt",
        "lost",
        "timed_out",
        "cancelled",
    ),
    # Back to waiting: a person wants it, or what it hangs on, made again.
    "needs_you": ("done", "cancelled", "skipped", "failed", "waiting"),
    "done": ("waiting",),
    "cached": ("waiting",),
    "skipped": ("waiting",),
    "failed": ("retrying", "cached", "waiting"),
    "doubt": ("retrying", "cached", "waiting"),
    "lost": ("retrying", "cached", "waiting"),
    "timed_out": ("retrying", "cached", "waiting"),
    "cancelled": ("retrying", "waiting"),
}

GOOD: frozenset[NodeState] = frozenset({"done", "cached"})
BAD: frozenset[NodeState] = frozenset({"failed", "doubt", "lost", "timed_out", "cancelled"})
NODE_ENDED: frozenset[NodeState] = GOOD | BAD | {"skipped"}
UNSTARTED: frozenset[AttemptState] = frozenset({"starting", "queued"})
"""Not known to run: an engine that has not accepted the attempt is asked again."""
ATTEMPT_ENDED: frozenset[AttemptState] = frozenset(
    state for state, moves in ATTEMPT_MOVES.items() if not moves
)
RUN_ENDED: frozenset[RunState] = frozenset({"done", "failed", "cancelled", "superseded"})


@dataclass(frozen=True, slots=True)
class Face:
    """How a state is shown: never by colour alone. ``tone`` names a theme colour."""

    symbol: str
    ascii: str
    word: str
    tone: Literal["dim", "plain", "active", "good", "bad", "you"]


FACES: dict[str, Face] = {
    "waiting": Face("·", ".", "waiting", "dim"),
    "queued": Face("◌", "o", "queued", "plain"),
    "starting": Face("◌", "o", "starting", "plain"),
    "running": Face("▶", ">", "running", "active"),
    "done": Face("✔", "v", "done", "good"),
    "cached": Face("≡", "=", "cached", "good"),
    "skipped": Face("–", "-", "skipped", "dim"),
    "failed": Face("✖", "x", "failed", "bad"),
    "doubt": Face("!", "!", "in doubt", "bad"),
    "lost": Face("†", "L", "lost", "bad"),
    "timed_out": Face("⏱", "T", "timed out", "bad"),
    "cancelled": Face("⊘", "/", "cancelled", "dim"),
    "needs_you": Face("?", "?", "needs you", "you"),
    "retrying": Face("↻", "r", "retrying", "active"),
    "superseded": Face("⊘", "/", "superseded", "dim"),
    # Shown, never stored: it waited, and its run has ended.
    "not_run": Face("–", "-", "not run", "dim"),
}

assert set(get_args(NodeState)) <= set(FACES)
assert set(get_args(AttemptState)) <= set(FACES)
assert set(get_args(RunState)) <= set(FACES)


def may_move(before: NodeState, after: NodeState) -> bool:
    """Whether a node may go from one state to the other."""
    return after in NODE_MOVES[before]
