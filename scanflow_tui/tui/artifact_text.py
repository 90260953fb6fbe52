"""Reads an artifact for a person: a folder's list of files, or the beginning of a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rich.text import Text

from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.tui.present.artifacts import SHOWN_BYTES, Named, excerpt, listing

if TYPE_CHECKING:
    from scanflow_tui.client.source import Source

LISTING_BYTES_MAX = 1024 * 1024


async def artifact_text(source: Source, artifact: Named) -> Text:
    """What to show of it; where it cannot be read, the sentence that says why."""
    try:
        chunk = await source.read(Ref("artifact", artifact.sha, "."), 0, LISTING_BYTES_MAX)
        entries = [(str(path), int(size)) for path, size in json.loads(chunk.data)]
        if [path for path, _ in entries] != [""]:
            return listing(artifact, entries, len(entries))
        chunk = await source.read(Ref("artifact", artifact.sha), 0, SHOWN_BYTES)
        return excerpt(artifact, chunk.data, chunk.size)
    except ScanflowError as error:
        return Text(f"✖ {error.sentence()}")
    except ValueError:
        return Text("✖ too many files to list: scanflow find has them on disk")
