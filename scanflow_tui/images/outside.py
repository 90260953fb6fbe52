"""What lies outside of tmux, as tmux itself tells it, and what that means for pictures. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

FIELDS = ("version", "client_termname", "client_termfeatures", "allow-passthrough",
          "session_attached", "client_termtype")  # fmt: skip
SEPARATOR = "|"
FORMAT = SEPARATOR.join(f"#{{{field}}}" for field in FIELDS)
"""What ``tmux display-message -p`` is asked for."""

PASSES = ("1", "on", "all")
"""A flag until tmux 3.3, then a choice."""

KITTY = re.compile(r"kitty\((\d+)\.(\d+)")
KITTY_MIN = (0, 28)
"""Placeholders came with it."""


class Outside(NamedTuple):
    """``terminal`` is XTVERSION as the terminal told tmux; ``name`` its TERM, empty if unknown."""

    tmux: str = ""
    terminal: str = ""
    name: str = ""
    features: tuple[str, ...] = ()
    passes: bool = False
    """Whether tmux passes on what it does not know (``allow-passthrough``)."""

    n_clients: int = 0

    @property
    def keeps_placeholders(self) -> bool:
        """Whether the terminal is known to show pictures in characters."""
        found = KITTY.match(self.terminal)
        return found is not None and (int(found[1]), int(found[2])) >= KITTY_MIN

    @property
    def has_sixel(self) -> bool:
        """Whether tmux takes the terminal for one with sixel."""
        return "sixel" in self.features

    @property
    def called(self) -> str:
        """The terminal by what is known of it."""
        return " ".join(filter(None, (self.terminal, self.name))) or "unknown"


def outside(told: str) -> Outside | None:
    """What tmux answered to ``FORMAT``; None where that is no answer to it."""
    fields = told.rstrip("\n").split(SEPARATOR, len(FIELDS) - 1)
    if len(fields) != len(FIELDS):
        return None
    tmux, name, features, passes, n_clients, terminal = fields
    return Outside(
        tmux, terminal, name, tuple(filter(None, features.split(","))), passes in PASSES,
        int(n_clients) if n_clients.isdecimal() and len(n_clients) < 6 else 0,
    )  # fmt: skip


def sentences(lies: Outside | None) -> list[str]:
    """For ``doctor``: what is outside of tmux, and what would bring pictures."""
    if lies is None:
        return ["Between: a tmux that cannot be asked what is outside of it."]
    passes = "passes on" if lies.passes else "does not pass on"
    said = [
        f"Between: tmux {lies.tmux}, which {passes} what it does not know (allow-passthrough); "
        f"outside of it: {lies.called}."
    ]
    if lies.n_clients > 1:
        said.append(f"{lies.n_clients} terminals show this tmux session; one of them was asked.")
    if advice := _advice(lies):
        said.append(advice)
    return said


def _advice(lies: Outside) -> str:
    if lies.keeps_placeholders:
        if lies.passes:
            return ""
        return "`tmux set -g allow-passthrough on` would let pictures through to this kitty."
    if found := KITTY.match(lies.terminal):
        return (
            f"This kitty ({found[1]}.{found[2]}) shows pictures only outside of tmux; "
            "inside of it from 0.28 on."
        )
    has = "this terminal has them" if lies.has_sixel else "a terminal has them"
    return f"Pictures by the pixel come outside of tmux, where {has}, or with kitty 0.28 or later."
