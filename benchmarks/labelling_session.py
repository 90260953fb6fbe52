"""A session whose run waits at its label node with a queue of real digits, as long as is asked."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from real_images import digits
from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.commands import AddBatch, Leave, StartRun
from scanflow_tui.contract.evidence import QueueEntry, to_json
from scanflow_tui.session.state import LabelView

NAME = "labelling"
CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
WAIT_S = 600.0
DIGITS = 5000
SCANFLOW = str(Path(sys.executable).with_name("scanflow"))
PIPELINE = f"""\
scanflow: 1
name: {NAME}
classes: [{", ".join(CLASSES)}]
champion: train
nodes:
  batches: {{input: batches}}
  train: {{run: [sh, train.sh], out: [model, reference]}}
  check:
    agent: checker
    run: [sh, check.sh]
    in: {{model: champion.model, batch: batches}}
    out: [finding, queue]
  label:
    human: label
    when: check.verdict == 'drift'
    in: {{samples: check.queue}}
    out: [labels, audit]
"""
TRAIN = 'D=${SCANFLOW_STEP%/step.json}; echo m > "$D/out/model"; echo r > "$D/out/reference"\n'
CHECK = """\
D=${SCANFLOW_STEP%/step.json}
cp -r "QUEUE" "$D/out/queue"
echo 'FINDING' > "$D/out/finding"
echo '{"verdict": "drift"}' > "$D/values.json"
"""


class Queued:
    """The session, its command line and its supervisor; what was labelled in it."""

    def __init__(
        self, folder: Path, n_samples: int, pictures: Callable[[int], np.ndarray] = digits
    ) -> None:
        os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
        self.n_samples = n_samples
        self.sessions = folder / "sessions"
        queue, pipeline, batch = folder / "queue", folder / "pipeline", folder / "batch"
        for place in (queue / "images", pipeline, batch):
            place.mkdir(parents=True)
        (batch / "images").write_bytes(b"pixels")
        write_queue(queue, n_samples, pictures)
        (pipeline / "pipeline.yaml").write_text(PIPELINE)
        (pipeline / "train.sh").write_text(TRAIN)
        finding = {
            "verdict": "drift", "n": n_samples, "alpha": 0.05, "p": 0.01, "statistic": "mean",
            "n_calibration": 100, "n_flagged": n_samples, "flag_share": 1.0, "sentence": "drift",
        }  # fmt: skip
        check = CHECK.replace("QUEUE", str(queue)).replace("FINDING", json.dumps(finding))
        (pipeline / "check.sh").write_text(check)
        self.folder = create_session(self.sessions, NAME, pipeline, "process")
        asyncio.run(self._ask(batch))

    @property
    def command(self) -> list[str]:
        """Straight to the queue."""
        return [SCANFLOW, "label", NAME, "--sessions", str(self.sessions)]

    async def _ask(self, batch: Path) -> None:
        source = LiveSource(self.folder, "benchmark")
        await source.open()
        async with asyncio.timeout(WAIT_S):
            await source.send(StartRun())
            await source.until(lambda: source.state.champion == 1)
            await source.send(AddBatch(str(batch)))
            await source.until(lambda: bool(source.state.desks) or _failed(source))
        await source.close()
        if not source.state.desks:
            nodes = source.state.runs[max(source.state.runs)].nodes
            raise SystemExit(f"no labels are asked for: {[n.reason for n in nodes.values()]}")

    def labels(self) -> list[LabelView]:
        """Every label that was committed, in order."""

        async def read() -> list[LabelView]:
            source = LiveSource(self.folder, "benchmark")
            await source.open()
            (desk,) = source.state.desks.values()
            await source.close()
            return list(desk.history)

        return asyncio.run(read())

    def supervisor_pid(self) -> int:
        """The process that serves the session; one is started where none does."""

        async def read() -> int:
            source = LiveSource(self.folder, "benchmark")
            await source.open()
            await source.close()
            return int(source.card["pid"])

        return asyncio.run(read())

    def kill(self) -> None:
        """End the supervisor by kill -9."""
        os.kill(self.supervisor_pid(), signal.SIGKILL)

    def close(self) -> None:
        """End the supervisor as one does."""

        async def leave() -> None:
            source = LiveSource(self.folder, "benchmark")
            await source.open()
            await source.send(Leave())
            await source.close()

        asyncio.run(leave())


def _failed(source: LiveSource) -> bool:
    runs = source.state.runs
    return bool(runs) and runs[max(runs)].state == "failed"


def write_queue(folder: Path, n: int, pictures: Callable[[int], np.ndarray] = digits) -> None:
    """A queue of n pictures as a checker writes it."""
    packed = [png(picture) for picture in pictures(min(n, DIGITS))]
    rng = np.random.default_rng(1)
    guesses, odds = rng.integers(0, 10, n), rng.uniform(0.35, 0.99, n)
    with (folder / "queue.jsonl").open("w") as file:
        for at in range(n):
            entry = QueueEntry(
                id=f"{at:06d}", index=at, share="audit" if at % 5 == 0 else "repair", flagged=True,
                p=round(float(rng.uniform(0, 0.05)), 4), guess=int(guesses[at]),
                confidence=round(float(odds[at]), 3), risk=round(1 - float(odds[at]), 3),
                probability=0.1 if at % 5 == 0 else None, stratum=0 if at % 5 == 0 else None,
                next_guesses=((int(guesses[at] + 1) % 10, 0.02), (int(guesses[at] + 2) % 10, 0.01)),
                why="p .013 · flagged",
            )  # fmt: skip
            file.write(json.dumps(to_json(entry)) + "\n")
            (folder / "images" / f"{at:06d}.png").write_bytes(packed[at % DIGITS])


def png(picture: np.ndarray) -> bytes:
    """A picture as a file's bytes."""
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "PNG")
    return packed.getvalue()
