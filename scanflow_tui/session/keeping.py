"""What the shared store holds, what sessions name of it, and how the rest is let go.

Named is what any event of any session of the root says, known kind or not: every hash in a body
counts. Nothing here decides to remove: ``release`` takes what ``unnamed`` found, and no more.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scanflow_tui.contract.errors import Missing, Refused
from scanflow_tui.contract.ids import SHA
from scanflow_tui.contract.records import dataclass
from scanflow_tui.session import cache as caching
from scanflow_tui.session import places
from scanflow_tui.session.copy import shared_lock
from scanflow_tui.session.places import SessionFolder

YOUNG_S = 3600
"""What is younger may belong to an event that is about to be written."""
BLOCK_BYTES = 512

_HASH = re.compile(rb'"([0-9a-f]{64})"')
_DRAFTS = (".new-", ".altered-", ".gone-")


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing in the store. ``kind``: artifact, result (of the cache) or draft."""

    kind: str
    name: str
    path: Path
    n_bytes: int
    changed_at: float


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything in a store."""

    artifacts: dict[str, Kept]
    results: dict[str, Kept]
    drafts: tuple[Kept, ...]


def named_in(bodies: Iterable[bytes]) -> set[str]:
    """Every hash that these events say, as hex."""
    found: set[str] = set()
    for body in bodies:
        found.update(hit.decode("ascii") for hit in _HASH.findall(body))
    return found


def holdings(root: Path) -> Holdings:
    """What lies in the store of a sessions root. Raises Missing where it may not be read."""
    objects, results = places.objects_of(root), places.cache_of(root)
    try:
        artifacts = {
            path.name: _kept("artifact", path.name, path)
            for folder in _entries(objects)
            if not folder.name.startswith(".") and folder.is_dir()
            for path in _entries(folder)
            if SHA.fullmatch(path.name)
        }
        cached = {
            path.stem: _kept("result", path.stem, path)
            for path in _entries(results)
            if path.suffix == ".json" and SHA.fullmatch(path.stem)
        }
        drafts = tuple(
            _kept("draft", path.name, path)
            for folder in (objects, results)
            for path in _entries(folder)
            if path.name.startswith(_DRAFTS)
        )
    except OSError as error:
        raise Missing(
            f"the store cannot be read ({error.strerror})", where=str(error.filename)
        ) from None
    return Holdings(artifacts, cached, drafts)


def unnamed(
    root: Path, held: Holdings, named: Collection[str], now_s: float, young_s: float = YOUNG_S
) -> list[Kept]:
    """What no session names and nobody may be about to name, results before artifacts.

    A result of the cache goes with any of its outputs: without them it is of no use. A session
    names it by its key.
    """
    results = places.cache_of(root)
    gone: list[Kept] = []
    for key, item in held.results.items():
        entry = caching.read(results, key) if key in named else None
        if entry is None or any(made.sha not in named for made in entry.outputs.values()):
            gone.append(item)
    gone += [item for sha, item in held.artifacts.items() if sha not in named]
    gone += held.drafts
    return [item for item in gone if now_s - item.changed_at >= young_s]


@contextmanager
def at_rest(folders: Iterable[SessionFolder]) -> Iterator[None]:
    """No supervisor of these sessions works or begins meanwhile. Raises Refused."""
    with ExitStack() as held:
        for folder in folders:
            try:
                held.enter_context(shared_lock(folder))
            except Refused:
                raise Refused(
                    f"session {folder.name} is at work, and may use again what no session names",
                    hint="Try again when its supervisor has left; it does by itself.",
                ) from None
        yield


def release(root: Path, items: Iterable[Kept], told: Callable[[Kept], None]) -> int:
    """Remove these; the bytes that were freed. What is half removed is a draft, not an artifact.

    Raises Missing where something cannot be removed; what went before is gone.
    """
    freed = 0
    for item in items:
        try:
            aside = Path(tempfile.mkdtemp(prefix=".gone-", dir=places.store_of(root) / "objects"))
            if item.path.is_dir():
                item.path.chmod(0o700)  # a read-only folder cannot be moved
            item.path.rename(aside / "it")
            _remove(aside)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Missing(
                f"{item.name[:12]} cannot be removed ({error.strerror})", where=str(item.path)
            ) from None
        freed += item.n_bytes
        told(item)
    return freed


def size_of(path: Path) -> int:
    """Bytes that a file or a whole folder takes on the disk; no link is followed."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return 0
    total = found.st_blocks * BLOCK_BYTES
    if stat.S_ISDIR(found.st_mode):
        for folder, folders, files in os.walk(path):
            for name in (*folders, *files):
                try:
                    total += Path(folder, name).lstat().st_blocks * BLOCK_BYTES
                except FileNotFoundError:
                    continue
    return total


def _kept(kind: str, name: str, path: Path) -> Kept:
    return Kept(kind, name, path, size_of(path), path.lstat().st_ctime)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _remove(folder: Path) -> None:
    """A tree of read-only folders of our own; no link in it is followed."""
    for inner, _, _ in os.walk(folder):
        Path(inner).chmod(0o700)
    shutil.rmtree(folder)
