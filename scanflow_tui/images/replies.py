"""What a terminal answers is kept from what a person types. Pure: text and moments in, text out.

A key parser takes a reply that it does not know for single keys: digits, hence labels. Complete
replies, and all else that no key begins, are always taken out. While one may be under way (until
the fence is seen, or the window has passed) what may become one is held back too, and what no
person types is dropped. What is pasted passes as it is.
"""

from __future__ import annotations

import re

WINDOW_S = 10.0
HOLD_S = 1.0
"""How long an unfinished reply may be silent before it is given up."""

HOLD_S_MAX = 2.0
"""Then what a person may have typed ends it too."""

ESCAPE_S = 0.1
"""What follows an escape sooner than this belongs to it."""

TYPED_MAX = 64
"""More characters at once, while the terminal is asked, are nobody's."""

BURST_MIN = 1024
"""So many at once, at any time, were pasted: a terminal may not mark it."""

REPLIES_MAX = 64
HELD_MAX, HELD_KEPT = 4096, 16
"""Of an endless reply its beginning is kept: enough to know where it ends."""

PASTE_BEGINS, PASTE_ENDS = "\x1b[200~", "\x1b[201~"

_STRING = re.compile(r"\x1b[P_\]^X][^\x1b\x07\x18\x1a]*(?:\x1b\\|[\x07\x18\x1a]|(?=\x1b[^\\]))")
"""Any escape but the one that ends it breaks a string off."""

_STRING_BEGINS = re.compile(r"\x1b[P_\]^X][^\x1b]*\x1b?\Z")
_OURS_BEGINS = re.compile(r"\x1b(?:P>|_G|\]\d)[^\x1b]*\x1b?\Z")
"""Of those that no person types: as answers begin that were asked for."""

_SEQUENCE = re.compile(r"\x1b\[(?:[ -?]*[@-~]|[ -?]++(?=[^@-~]))")
"""A whole control sequence, in order or not, or one that something else breaks off."""

_KEY = re.compile(
    r"\x1b\[(?:\[[A-E]|[IOMabcd]"
    r"|\d{0,6}(?:;\d{0,6})?(?:;\d{1,6}(?::\d{1,6})*)?[A-HP-SZu~^@$]"
    r"|<\d{1,6};-?\d{1,6};-?\d{1,6}[Mm]"
    r"|\?\d{1,6};\d\$y"
    r"|48(?:;\d{1,5}(?::\d*)?){4}t)"
)
"""A key, the mouse, the focus, the cursor, a mode, the window's size: the key parser's."""

_FENCE = re.compile(r"\x1b\[\?[\d;]*c")
_UNFINISHED = re.compile(r"\x1b(?:\[[ -?]*)?\Z")
_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")


class ReplyFilter:
    """``feed`` what was read, pass on what comes back; call it with nothing as time goes by.

    ``replies`` collects what was taken out, in order, as far as it may be of interest.
    """

    def __init__(self, begun_s: float, *, window_s: float = WINDOW_S) -> None:
        self._end_s = begun_s + window_s
        self._held = ""
        self._held_s = begun_s
        self._heard_s = begun_s
        self._burst_s = begun_s - HOLD_S
        self._is_pasting = False
        self._escaped = False
        """Whether the escape before what comes next was passed on as a key."""
        self._fence_seen = False
        self._was_open = True
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
        was_open, self._was_open = self._was_open, self.is_open(now_s)
        passed = ""
        if self._held and self._is_given_up(text, now_s, silent_s, was_open=was_open):
            passed = self._give_up()
        if not text:
            return passed
        if silent_s >= ESCAPE_S and not self._held:
            self._escaped = False
        begun = self._held or ("\x1b" if self._escaped else "")
        if not self._held:
            self._held_s = now_s
        is_marked = self._is_pasting
        joined = self._joined(begun + text, now_s)
        if len(self._held) > HELD_MAX:
            self._held = self._held[:HELD_KEPT] + ("\x1b" if self._held[-1] == "\x1b" else "")
        if not (is_marked or PASTE_BEGINS in joined):
            joined = self._typed(joined, now_s)
        return passed + joined

    def _is_given_up(self, text: str, now_s: float, silent_s: float, *, was_open: bool) -> bool:
        """Whether what is held will never be whole."""
        is_open = self.is_open(now_s)
        if was_open and not is_open and not self._is_pasting:
            return True
        may_be_paste = len(self._held) > 2 and PASTE_BEGINS.startswith(self._held)
        # Text that comes now may have been there for as long as the loop was busy.
        waits_long = bool(text) or is_open or self._is_pasting or may_be_paste
        if silent_s >= (HOLD_S if waits_long else ESCAPE_S):
            return True
        is_late = now_s - self._held_s >= HOLD_S_MAX
        return is_late and not self._is_pasting and len(text) <= TYPED_MAX

    def _typed(self, text: str, now_s: float) -> str:
        """The text where a person may have typed it; nothing, or a paste, where nobody did."""
        if len(text) < 2:
            return text
        bare = _KEY.sub("", text)
        if self._was_open and _is_noise(bare):
            return ""
        is_burst = len(bare) >= BURST_MIN
        if is_burst or (len(bare) > 1 and now_s - self._burst_s < HOLD_S):
            self._burst_s = now_s
            unmarked = bare.replace("\x1b", "")
            return f"{PASTE_BEGINS}{unmarked}{PASTE_ENDS}"
        return text

    def _joined(self, data: str, now_s: float) -> str:
        """Sort ``data``, whose first escape may have been passed on before."""
        self._held = ""
        is_reply = _reply_at(data, 0)
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
        self._took(held)
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
            elif (key := _KEY.match(data, begin)) is not None:
                out.append(key[0])
                at = key.end()
            elif reply := _reply_at(data, begin):
                self._took(reply)
                at = begin + len(reply)
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
        # The key itself comes alone, and waits for nothing.
        is_key = rest == data == "\x1b"
        return not is_key and bool(_OURS_BEGINS.match(rest) or _UNFINISHED.match(rest))

    def _took(self, reply: str) -> None:
        is_fence = not self._fence_seen and bool(_FENCE.fullmatch(reply))
        self._fence_seen = self._fence_seen or is_fence
        if is_fence or len(self.replies) < REPLIES_MAX:
            self.replies.append(reply)


def _reply_at(data: str, begin: int) -> str:
    """What begins here and is no key, whole or broken off; empty where that cannot be said yet."""
    found = _STRING.match(data, begin)
    if found is None and not _KEY.match(data, begin):
        found = _SEQUENCE.match(data, begin)
    return found[0] if found is not None and len(found[0]) > 2 else ""


def _is_noise(bare: str) -> bool:
    """Whether nobody typed this, keys of more than one character left out."""
    n = len(bare)
    return n > TYPED_MAX or (n > 1 and bool(_CONTROL.search(bare))) or bare.count("\x1b") > 2
