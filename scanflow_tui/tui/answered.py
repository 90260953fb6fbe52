"""What the driver tells the app of the terminal: its answers, and that its screen is empty."""

from __future__ import annotations

from textual.message import Message


class Answered(Message):
    """``replies`` are all until now; ``is_open`` says that more may come."""

    def __init__(self, replies: tuple[str, ...], is_open: bool) -> None:
        super().__init__()
        self.replies = replies
        self.is_open = is_open


class Cleared(Message):
    """The application's screen was entered, so nothing that was painted stands there."""


class Asked(Message):
    """The terminal was asked; its answers come as ``Answered``."""
