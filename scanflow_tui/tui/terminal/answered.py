"""What the driver tells the app of the terminal: its answers, and that its screen is empty."""

from __future__ import annotations

from textual.message import Message


class Answered(Message):
    """``replies`` are all until now; ``is_open`` says that more may come. ``is_cleared``: the
    application's screen was entered, so nothing that was painted stands there.
    """

    def __init__(
        self, replies: tuple[str, ...], *, is_open: bool, is_cleared: bool = False
    ) -> None:
        super().__init__()
        self.replies = replies
        self.is_open = is_open
        self.is_cleared = is_cleared
