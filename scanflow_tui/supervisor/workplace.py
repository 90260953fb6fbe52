"""Where a supervisor works: its session's folder, the shared store, the pipeline, the engine."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.engine.protocol import Engine
from scanflow_tui.session import artifacts, places
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.supervisor.slots import Slots


@dataclass(frozen=True, slots=True)
class Workplace:
    """Paths and the engine, for whoever carries effects out. ``receipts`` lies outside it all."""

    session: str
    folder: SessionFolder
    pipeline: Path
    engine: Engine
    receipts: Path
    slots: Slots | None = None
    """Its room on this machine; None where the engine queues by itself, or is elsewhere."""
    objects: Path = field(init=False)
    """Where artifacts lie."""
    cache: Path = field(init=False)
    """Where outcomes are kept by key."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "objects", places.objects_of(self.folder.root))
        object.__setattr__(self, "cache", places.cache_of(self.folder.root))

    def object(self, sha: str) -> Path:
        """Where an artifact lies; it need not be there. Raises InputError for what is no hash."""
        return artifacts.path_of(self.objects, sha)

    def attempt_folder(self, run: int, node: str, attempt: int) -> Path:
        """The folder of one attempt."""
        return self.folder.attempt(run, node, attempt)
