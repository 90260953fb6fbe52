"""What a node read and made: named, sized, and how much of a file is worth showing. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.contract.loglines import sanitise
from scanflow_tui.tui.present.times import short, size
from scanflow_tui.tui.theme import TONES

if TYPE_CHECKING:
    from scanflow_tui.session.state import NodeView

EMPTY = "This node has read and made nothing yet."
SHOWN_BYTES = 32 * 1024
LINES_MAX = 400
LINE_CHARS_MAX = 160


@dataclass(frozen=True, slots=True)
class Named:
    """An artifact of a node. ``n_bytes`` is None for inputs, whose size is not in the state."""

    name: str
    sha: str
    is_out: bool
    source: str = ""
    n_bytes: int | None = None
    n_files: int | None = None


def artifacts_of(node: NodeView | None) -> list[Named]:
    """Outputs first, then what the last attempt read."""
    if node is None:
        return []
    found = [
        Named(name, made.sha, True, "", made.n_bytes, made.n_files)
        for name, made in node.outputs.items()
    ]
    if node.attempts:
        last = node.attempts[-1]
        found += [
            Named(name, sha, False, last.sources.get(name, "")) for name, sha in last.inputs.items()
        ]
    return found


def row(artifact: Named) -> Text:
    """``out model 3ea44e3d… 412 kB, 3 files``."""
    text = Text(" out " if artifact.is_out else " in  ", TONES["dim"], no_wrap=True, end="")
    text.append(f"{artifact.name:<12}", TONES["active"])
    text.append(f" {short(artifact.sha)}…  ", TONES["plain"])
    if artifact.n_bytes is not None:
        files = "1 file" if artifact.n_files == 1 else f"{artifact.n_files:,} files"
        text.append(f"{size(artifact.n_bytes)}, {files}", TONES["plain"])
    text.append(artifact.source, TONES["dim"])
    return text


def listing(artifact: Named, entries: list[tuple[str, int]], n_files: int) -> Text:
    """A folder's files with their sizes."""
    text = _head(artifact)
    wide = max((len(path) for path, _ in entries), default=0)
    for path, n_bytes in entries[:LINES_MAX]:
        text.append(f"{path:<{wide}}  {size(n_bytes)}\n", TONES["plain"])
    if n_files > LINES_MAX:
        text.append(f"… and {n_files - LINES_MAX:,} more files", TONES["dim"])
    return text


def excerpt(artifact: Named, data: bytes, n_bytes: int) -> Text:
    """The beginning of a file: JSON laid out, text as it is, else that it is neither."""
    text = _head(artifact)
    if b"\0" in data[:1024]:
        text.append(f"{size(n_bytes)} that are no text", TONES["dim"])
        return text
    lines = _laid_out(data, n_bytes).split(b"\n")
    for line in lines[:LINES_MAX]:
        text.append(f"{sanitise(line)[:LINE_CHARS_MAX]}\n", TONES["plain"])
    if len(lines) > LINES_MAX or len(data) < n_bytes:
        text.append(f"… {size(n_bytes)} in all", TONES["dim"])
    return text


def _head(artifact: Named) -> Text:
    return Text(f"SHA-256\n{artifact.sha}\n\n", TONES["dim"])


def _laid_out(data: bytes, n_bytes: int) -> bytes:
    if len(data) == n_bytes:
        try:
            return json.dumps(json.loads(data), indent=2, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            pass
    return data
