"""A toy session for crash tests: steps of ``sh``, a real supervisor, and ways to end it badly."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.commands import Leave
from scanflow_tui.contract.errors import Refused
from scanflow_tui.session import events as ev
from scanflow_tui.session.copy import open_copy, shared_lock
from scanflow_tui.session.places import SessionFolder
from scanflow_tui.session.state import SessionState
from scanflow_tui.session.verify import Report, verify_store

WAIT_S = 60
ROUNDS = int(os.environ.get("SCANFLOW_CRASHES", "3"))

PIPELINE = """\
scanflow: 1
name: toy
classes: [zero, one]
champion: train
nodes:
  batches: {input: batches}
  train:
    run: [sh, train.sh]
    out: [model, reference]
    with: {wait: "WAIT"}
    limits: {cpus: 1}
  check:
    agent: checker
    run: [sh, check.sh]
    in: {model: champion.model, batch: batches}
    out: [finding, queue]
  label:
    human: label
    when: check.verdict == 'drift'
    in: {samples: check.queue}
    out: [labels, audit]
"""

TRAIN = """\
D=${SCANFLOW_STEP%/step.json}
echo train >> "COUNT"
echo '{"progress": 0.5, "text": "half"}' >> "$D/report.jsonl"
echo '{"metric": "loss", "value": 0.5, "step": 1}' >> "$D/report.jsonl"
echo begun
while [ ! -e "GATE" ]; do sleep 0.02; done
echo '{"metric": "loss", "value": 0.25, "step": 2}' >> "$D/report.jsonl"
echo model > "$D/out/model"
echo reference > "$D/out/reference"
echo ended >&2
"""

FINDING = (
    '{"verdict":"drift","n":20,"alpha":0.05,"p":0.01,"statistic":"mean","n_calibration":100,'
    '"n_flagged":2,"flag_share":0.1,"sentence":"drift"}'
)
CHECK = f"""\
D=${{SCANFLOW_STEP%/step.json}}
echo check >> "COUNT"
mkdir -p "$D/out/queue/images"
echo '{FINDING}' > "$D/out/finding"
for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19; do
  echo "{{\\"id\\":\\"s$i\\",\\"index\\":$i,\\"share\\":\\"repair\\",\\"flagged\\":true,\
\\"p\\":0.1,\\"guess\\":0,\\"confidence\\":0.5}}" >> "$D/out/queue/queue.jsonl"
done
echo '{{"verdict": "drift"}}' > "$D/values.json"
"""


class Toy:
    """A session of the toy pipeline below a folder of the test's own."""

    def __init__(self, tmp: Path, session: str = "toy", cpus: int = 1) -> None:
        self.pipeline = tmp / "pipeline"
        self.count = tmp / "count"
        self.gate = tmp / "gate"
        self.batch = tmp / "batch"
        self.pipeline.mkdir()
        self.batch.mkdir()
        (self.batch / "images").write_bytes(b"pixels")
        (self.pipeline / "pipeline.yaml").write_text(PIPELINE.replace("cpus: 1", f"cpus: {cpus}"))
        for name, text in (("train.sh", TRAIN), ("check.sh", CHECK)):
            script = text.replace("COUNT", str(self.count)).replace("GATE", str(self.gate))
            (self.pipeline / name).write_text(script)
        self.folder = create_session(tmp / "sessions", session, self.pipeline, "process")

    def source(self) -> LiveSource:
        """A client that is not connected yet."""
        return LiveSource(self.folder, "test")

    def open_gate(self) -> None:
        """Let the train step end."""
        self.gate.touch()

    def ran(self, step: str) -> int:
        """How often a step's program began."""
        return self.count.read_text().split().count(step) if self.count.exists() else 0

    def verified(self) -> Report:
        """What a check of the closed session's file finds."""
        with open_copy(SessionFolder(self.folder)) as store:
            return verify_store(store)

    def events(self) -> list[ev.Event]:
        """Every event of the closed session."""
        with open_copy(SessionFolder(self.folder)) as store:
            return [ev.decode(row.body) for row in store.all()]


async def kill(source: LiveSource) -> None:
    """End a client's supervisor without a word; returns once the client has started another."""
    pid = source.card["pid"]
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(WAIT_S):
        await source.until(lambda: source.card["pid"] != pid)


async def until(source: LiveSource, is_true: Callable[[SessionState], bool]) -> SessionState:
    """Follow a session until its state fulfils a condition."""
    async with asyncio.timeout(WAIT_S):
        await source.until(lambda: is_true(source.state))
    return source.state


async def is_free(toy: Toy) -> None:
    """Wait until nobody holds the session's lock."""
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                with shared_lock(SessionFolder(toy.folder)):
                    return
            except Refused:
                await asyncio.sleep(0.01)


async def end(toy: Toy) -> None:
    """End the session's supervisor cleanly, whoever runs it, and wait until it is gone."""
    source = toy.source()
    await source.open()
    await source.send(Leave())
    await source.close()
    await is_free(toy)
