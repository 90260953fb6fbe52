"""What the demo plays: production (batches drawn from the stream) and a scripted annotator.

Both look at the session's state and do the next thing that is missing, so a demo that was broken
off goes on where it was.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scanflow_tui.cli.commands.init import run_program
from scanflow_tui.cli.following import Follower
from scanflow_tui.cli.link import Link
from scanflow_tui.cli.output import Progress
from scanflow_tui.client.live import LiveSource
from scanflow_tui.contract.commands import (
    AddBatch,
    Approve,
    Decide,
    Discard,
    FinishLabelling,
    GiveLabel,
    StartRun,
)
from scanflow_tui.contract.states import RUN_ENDED
from scanflow_tui.session.folds import needs
from scanflow_tui.session.state import SessionState, desk_key

BATCH_IMAGES = 200
N_BATCHES = 2


@dataclass(frozen=True, slots=True)
class Demo:
    """The paths of a demo: its session, and what lies outside the session."""

    session: Path
    outside: Path
    corruption: str

    @property
    def pipeline(self) -> Path:
        """The user's copy of the pipeline."""
        return self.session / "pipeline"

    @property
    def truth(self) -> Path:
        """The stream's true labels; those of a batch lie beside it by its name."""
        return self.outside / "stream.json"

    def batch(self, number: int) -> Path:
        """Draw the n-th batch (1: clean, then the corruption), once."""
        folder = self.outside / "batches" / f"batch{number}"
        if not folder.exists():
            command = [sys.executable, "-m", "scanflow_tui.steps.draw"]
            command += ["--stream", str(self.pipeline / "data" / "stream")]
            command += ["--n", str(BATCH_IMAGES), "--seed", str(number), "--out", str(folder)]
            command += ["--truth", str(self.truth)]
            if number > 1:
                command += ["--corruption", self.corruption]
            run_program(command, self.outside)
        return folder

    def labels(self, number: int) -> list[int]:
        """The true classes of a batch's samples, which a human would see."""
        told = json.loads((self.outside / f"batch{number}.json").read_text(encoding="utf-8"))
        return [int(label) for label in told["labels"]]

    @contextmanager
    def production(self) -> Iterator[None]:
        """Play production in a process of its own while a person works."""
        playing = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "scanflow_tui.cli.playing",
                *map(str, (self.session, self.outside)),
                self.corruption,
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            playing.terminate()
            playing.wait()


def arrive(link: Link, demo: Demo) -> bool:
    """Play production one step further; False when everything has arrived."""
    state = link.state
    if not state.runs:
        link.send(StartRun())
        return True
    if state.champion is None:
        return all(run.state not in RUN_ENDED for run in state.runs.values())
    if len(state.batches) < N_BATCHES:
        number = len(state.batches) + 1
        link.send(AddBatch(str(demo.batch(number)), f"batch{number}"))
        return True
    return False


def quiet(state: SessionState) -> bool | None:
    """True once nothing runs: every run ended or waits for a person."""
    is_busy = any(run.state == "running" for run in state.runs.values())
    planned = all(batch.run is not None for batch in state.batches.values())
    return True if not is_busy and (planned or state.champion is None) else None


class Script:
    """A scripted annotator with the true labels, who decides as he was told to."""

    def __init__(self, demo: Demo, action: str, tell: Progress) -> None:
        self._demo = demo
        self._action = action
        self._tell = tell

    def play(self) -> SessionState:
        """Walk the loop to its end."""
        with Link(LiveSource(self._demo.session, "scanflow demo"), self._demo.session) as link:
            while True:
                follower = Follower(max(link.state.runs, default=1), self._tell)
                link.wait(quiet, follower.seen)
                if self._answer(link) or arrive(link, self._demo):
                    continue
                return link.state

    def _answer(self, link: Link) -> bool:
        """Do what the session asks a person for; False if it asks for nothing."""
        for run, node, form in needs(link.state):
            act = {"label": self._label, "decide": self._decide, "approve": self._approve}[form]
            act(link, run, node)
            _until_over(link, run, node)
            return True
        return False

    def _label(self, link: Link, run: int, node: str) -> None:
        view = link.state.runs[run]
        assert view.batch is not None and view.check is not None, "a label node has a checked batch"
        labels = self._demo.labels(int(view.batch.removeprefix("b")))
        done = link.state.desks[desk_key(run, node)].labels
        for n_given, entry in enumerate(view.check.queue, start=1):
            if entry.id not in done:
                value = labels[entry.index]
                link.send(GiveLabel(run, node, entry.id, "class", value, guess_shown=False))
            self._tell(n_given / len(view.check.queue), f"run {run}: labelling")
        link.send(FinishLabelling(run, node))

    def _decide(self, link: Link, run: int, node: str) -> None:
        offer = link.state.runs[run].offer
        assert offer is not None, "a decide node has an offer"
        chosen = next(item for item in offer.options.options if item.action == self._action)
        reason = f"scripted: {self._action} on a batch of 200"
        link.send(Decide(run, node, chosen.id, reason, offer.evidence))

    def _approve(self, link: Link, run: int, node: str) -> None:
        table = link.state.runs[run].table
        if table is not None and table.gate.passes:
            link.send(Approve(run, node, link.state.champion or 0, "scripted: the gate passes"))
        else:
            link.send(Discard(run, node, "scripted: the gate refuses"))


def _until_over(link: Link, run: int, node: str) -> None:
    """Wait until a human node has taken what was said."""
    link.wait(lambda state: True if state.runs[run].nodes[node].state != "needs_you" else None)


def _until_news(link: Link) -> None:
    """Wait for the next event."""
    seen = link.state.seq
    link.wait(lambda state: True if state.seq > seen else None)


def main(session: str, outside: str, corruption: str) -> None:
    """Play production until every batch has arrived."""
    demo = Demo(Path(session), Path(outside), corruption)
    with Link(LiveSource(demo.session, "scanflow demo production"), demo.session) as link:
        while arrive(link, demo):
            _until_news(link)


if __name__ == "__main__":
    main(*sys.argv[1:4])
