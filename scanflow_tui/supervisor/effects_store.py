"""Effects on the object store, the cache, and the receipts that leave the file.

Each may be carried out twice: an artifact is named by its bytes, a cache entry by its key. What the
disk or a person's path cannot give comes back as an error in the answer, never as an exception.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import Missing, ScanflowError
from scanflow_tui.labels.files import label_files
from scanflow_tui.session import artifacts, cache
from scanflow_tui.session.cache import CacheEntry
from scanflow_tui.session.events import Artifact
from scanflow_tui.session.swap import sync_folder
from scanflow_tui.supervisor.machine.effects import (
    AskCache,
    IngestBatch,
    IssueHead,
    KeepInCache,
    StoreHumanOutputs,
    StoreLabels,
)
from scanflow_tui.supervisor.machine.stimuli import (
    BatchStored,
    CacheAnswered,
    Evidence,
    HeadWritten,
    HumanStored,
)
from scanflow_tui.supervisor.typed import read_evidence
from scanflow_tui.supervisor.workplace import Workplace

PEEK_BYTES_MAX = 64 * limits.KIB
PEEK_FILES_MAX = 8
"""What is hashed in less time than it takes to ask another thread."""


def ingest_batch(place: Workplace, effect: IngestBatch) -> BatchStored:
    """Copy a batch into the store."""
    name = effect.name or Path(effect.path).name
    try:
        artifact = artifacts.ingest(Path(effect.path), place.objects)
        return BatchStored(effect.command, effect.actor, name, artifact)
    except (ScanflowError, OSError) as error:
        return BatchStored(effect.command, effect.actor, name, None, told(error))


def ask_cache(place: Workplace, effect: AskCache) -> CacheAnswered:
    """An entry whose outputs are whole, with the evidence read from them again; else nothing."""
    nothing = CacheAnswered(effect.run, effect.node, effect.key, None)
    try:
        entry = cache.lookup(place.cache, place.objects, effect.key)
        if entry is None or any(name not in entry.outputs for name in effect.outputs):
            return nothing
        outputs = {name: entry.outputs[name] for name in effect.outputs}
        evidence = evidence_of(
            {name: place.object(artifact.sha) for name, artifact in outputs.items()},
            is_checker=effect.is_checker,
            is_planner=effect.is_planner,
        )
    except (ScanflowError, OSError):
        return nothing
    return CacheAnswered(
        effect.run, effect.node, effect.key, outputs, entry.values, entry.origin, evidence
    )


def peek_cache(place: Workplace, effect: AskCache) -> CacheAnswered | None:
    """The same at once, where there is no entry or little to hash; None where it takes a while."""
    entry = cache.read(place.cache, effect.key)
    outputs = entry.outputs.values() if entry is not None else ()
    n_bytes = sum(artifact.n_bytes for artifact in outputs)
    n_files = sum(artifact.n_files for artifact in outputs)
    if n_bytes > PEEK_BYTES_MAX or n_files > PEEK_FILES_MAX:
        return None
    return ask_cache(place, effect)


def keep_in_cache(place: Workplace, effect: KeepInCache) -> None:
    """Remember an outcome. A cache that cannot be written is only slower."""
    entry = CacheEntry(
        effect.key, effect.outputs, effect.values, effect.origin, time.time_ns() // 1000
    )
    try:
        cache.write(place.cache, entry)
    except OSError as error:
        sys.stderr.write(f"the cache was not written: {error}\n")


def store_human(place: Workplace, effect: StoreHumanOutputs) -> HumanStored:
    """Put what a person said into the store."""
    outputs: dict[str, Artifact] = {}
    try:
        with tempfile.TemporaryDirectory(prefix=".human-", dir=place.folder.runs) as aside:
            for name, data in effect.files.items():
                file = Path(aside) / name
                file.write_bytes(data)
                outputs[name] = artifacts.ingest(file, place.objects)
    except (ScanflowError, OSError) as error:
        return HumanStored(effect.run, effect.node, {}, told(error))
    return HumanStored(effect.run, effect.node, outputs)


def store_labels(place: Workplace, effect: StoreLabels) -> HumanStored:
    """Work out what was said at a label node, and put it into the store."""
    return store_human(place, StoreHumanOutputs(effect.run, effect.node, label_files(effect.said)))


def issue_head(place: Workplace, effect: IssueHead, upto: int, head: str) -> HeadWritten | None:
    """Append a receipt to a file outside the session; without it there is only no witness."""
    path = place.receipts / f"{place.session}.jsonl"
    line = json.dumps({"session": place.session, "seq": upto, "hash": head, "why": effect.why})
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        handle = os.open(path, flags, 0o600)
        try:
            os.write(handle, line.encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(path.parent)
    except OSError as error:
        sys.stderr.write(f"the receipt was not written: {error}\n")
        return None
    return HeadWritten(upto, head, path.name)


def evidence_of(paths: dict[str, Path], *, is_checker: bool, is_planner: bool) -> Evidence:
    """The typed files that a node of this role may make. Raises InputError."""
    roles = {"finding": is_checker, "queue": is_checker, "options": is_planner, "table": True}
    return read_evidence({name: path for name, path in paths.items() if roles.get(name)})


def told(error: ScanflowError | OSError) -> ScanflowError:
    """An error as a person is told it."""
    if isinstance(error, ScanflowError):
        return error
    return Missing(error.strerror or str(error), where=str(error.filename or ""))
