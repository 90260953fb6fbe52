"""What a terminal answers is kept from what a person types. Pure: text and moments in, text out.

A key parser takes a reply that it does not know for single keys: digits, hence labels. Complete
replies are always taken out. While one may be under way (until the fence is seen, or the window has
passed) what may become one is held back too. What is pasted passes as it is.
"""

from __future__ import annotations

import re

WINDOW_S = 10.0
HOLD_S = 1.0
"""How long an unfinished reply may be silent before it is given up."""

ESCAPE_S = 0.1
"""What follows an escape sooner than this belongs to it."""

PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"
_STRING_BEGINS = re.compile(r"\x1b[P_\]^X]")
_STRING = re.compile(r"\x1b[P_\]^X].*?(?:\x1b\\|\x07)", re.DOTALL)
_REPORT = re.compile(r"\x1b\[(?:(?!\?\d+;\d+\$y)[?>=][\d;:]*[ -/]*[@-~]|[468];\d+;\d+t)")
"""No key begins with such a mark. What is told of a mode is the key parser's, if it is whole."""

_FENCE = re.compile(r"\x1b\[\?[\d;]*c")
_UNFINISHED = re.compile(r"\x1b(?:\[[?>=]?[\d;:]*[ -/]*)?\Z")


class ReplyFilter:
    """``feed`` what was read, pass on what comes back; call it with nothing as time goes by.

    ``replies`` collects what was taken out, in order.
    """

    def __init__(self, begun_s: float, *, window_s: float = WINDOW_S) -> None:
        self._end_s = begun_s + window_s
        self._held = ""
        self._heard_s = begun_s
        self._is_pasting = False
        self._escaped = False
        """Whether the escape before what comes next was passed on as a key."""
        self._fence_seen = False
        self.replies: list[str] = []

    def is_open(self, now_s: float) -> bool:
        """Whether replies may still come, so that no key may label yet."""
        return not self._fence_seen and now_s < self._end_s

    @property
    def is_holding(self) -> bool:
        """Whether something waits for more, or for time to go by."""
        return bool(self._held)

    def feed(self, text: str, now_s: float) -> str:
        """What of all that came is for the key parser now."""
        silent_s, self._heard_s = now_s - self._heard_s, now_s if text else self._heard_s
        passed = self._give_up() if self._held and silent_s >= HOLD_S else ""
        if not text:
            return passed
        if silent_s >= ESCAPE_S and not self._held:
            self._escaped = False
        begun = self._held or ("\x1b" if self._escaped else "")
        return passed + self._joined(begun + text, now_s)

    def _joined(self, data: str, now_s: float) -> str:
        """Sort ``data``, whose first escape may have been passed on before."""
        self._held = ""
        is_reply = _STRING.match(data) or _REPORT.match(data)
        out = "".join(self._sorted(data, now_s))
        if self._held == data:
            return out
        if self._escaped and not is_reply:
            out = out.removeprefix("\x1b")
        self._escaped = not self._held and not self._is_pasting and data.endswith("\x1b")
        return out

    def _give_up(self) -> str:
        """A key or two that looked like a reply are passed on; a torn reply is dropped."""
        held, self._held = self._held, ""
        shown, self._escaped = held[1:] if self._escaped else held, False
        if len(held) <= 2:
            return shown
        self.replies.append(held)
        return ""

    def _sorted(self, data: str, now_s: float) -> list[str]:
        out: list[str] = []
        at = 0
        while at < len(data):
            if self._is_pasting:
                at = self._paste(data, at, out)
                continue
            begin = data.find("\x1b", at)
            if begin < 0:
                out.append(data[at:])
                break
            out.append(data[at:begin])
            if data.startswith(PASTE_BEGINS, begin):
                out.append(PASTE_BEGINS)
                self._is_pasting = True
                at = begin + len(PASTE_BEGINS)
                continue
            reply = _STRING.match(data, begin) or _REPORT.match(data, begin)
            if reply is not None:
                self._took(reply[0])
                at = reply.end()
            elif self._is_held(data, begin, now_s):
                self._held = data[begin:]
                break
            else:
                out.append("\x1b")
                at = begin + 1
        return out

    def _paste(self, data: str, at: int, out: list[str]) -> int:
        """Pass on what is pasted; returns where it ends."""
        end = data.find(PASTE_ENDS, at)
        if end >= 0:
            self._is_pasting = False
            end += len(PASTE_ENDS)
            out.append(data[at:end])
            return end
        # The mark of its end may be torn: hold back what may be its beginning.
        kept = next(
            (n for n in range(len(PASTE_ENDS) - 1, 0, -1) if data.endswith(PASTE_ENDS[:n], at)), 0
        )
        end = len(data) - kept
        out.append(data[at:end])
        self._held = data[end:]
        return len(data)

    def _is_held(self, data: str, begin: int, now_s: float) -> bool:
        """Whether the rest may become a reply, or the mark of a paste, with what comes next."""
        rest = data[begin:]
        if self.is_open(now_s):
            return bool(_STRING_BEGINS.match(rest) or _UNFINISHED.match(rest))
        return len(rest) > 1 and PASTE_BEGINS.startswith(rest)

    def _took(self, reply: str) -> None:
        self.replies.append(reply)
        self._fence_seen = self._fence_seen or bool(_FENCE.fullmatch(reply))
