"""The real program in subprocesses, on a pipeline of ``sh`` steps that walks the whole loop."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from scanflow_tui.client.connection import Connection
from scanflow_tui.contract.commands import Leave
from scanflow_tui.contract.commands import to_json as to_command
from scanflow_tui.contract.evidence import to_json
from scanflow_tui.contract.states import RUN_ENDED
from tests.crash.toy import FINDING
from tests.fakes.demo_events import options, table
from tests.tidy.source import ROOT
from tests.waiting import until

WAIT_S = 120

PIPELINE = """\
scanflow: 1
name: toy
classes: [zero, one]
champion: train
nodes:
  batches: {input: batches}
  train: {run: [sh, train.sh], out: [model, reference]}
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
  plan:
    agent: planner
    run: [sh, give.sh, options]
    in: {labels: label.labels, model: champion.model}
    out: [options]
  decide: {human: decide, in: {options: plan.options}, out: [chosen]}
  retrain:
    agent: improver
    when: decide.action == 'retrain'
    run: [sh, train.sh]
    in: {model: champion.model, option: decide.chosen}
    out: [model, reference]
  evaluate:
    run: [sh, give.sh, table]
    in: {candidate: [retrain.model], champion: champion.model, audit: label.audit}
    out: [table]
  approve: {human: approve, promotes: [retrain], in: {table: evaluate.table}}
"""

HERE = "D=${SCANFLOW_STEP%/step.json}\n"
TRAIN = HERE + 'echo begun; echo "$D" > "$D/out/model"; echo r > "$D/out/reference"\n'
GIVE = HERE + 'cp "$1.json" "$D/out/$1"\n'
CHECK = f"""{HERE}mkdir -p "$D/out/queue/images"
echo '{FINDING}' > "$D/out/finding"
for i in 0 1 2; do
  echo "{{\\"id\\":\\"s$i\\",\\"index\\":$i,\\"share\\":\\"repair\\",\\"flagged\\":true,\
\\"p\\":0.1,\\"guess\\":0,\\"confidence\\":0.5}}" >> "$D/out/queue/queue.jsonl"
done
echo '{{"verdict": "drift"}}' > "$D/values.json"
"""


class Said(subprocess.CompletedProcess[str]):
    """What a command said, and its exit code."""

    def json(self) -> Any:
        """The whole of stdout as one JSON value."""
        return json.loads(self.stdout)


class Commandline:
    """``scanflow`` as a person types it, below a folder of the test's own."""

    def __init__(self, tmp: Path) -> None:
        self.tmp = tmp
        self.sessions = tmp / "sessions"
        self.pipeline = tmp / "pipeline"
        self.batch = tmp / "batch"
        self.pipeline.mkdir()
        self.batch.mkdir()
        (self.batch / "images").write_bytes(b"pixels")
        self.write("pipeline.yaml", PIPELINE)
        for name, text in (("train.sh", TRAIN), ("give.sh", GIVE), ("check.sh", CHECK)):
            self.write(name, text)
        self.write("options.json", json.dumps(to_json(options())))
        self.write("table.json", json.dumps(to_json(table())))
        self.env = {
            "HOME": str(tmp),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "SCANFLOW_NO_MIRROR": "1",
            "SCANFLOW_SESSIONS": str(self.sessions),
            "SCANFLOW_SLOTS": str(tmp / "slots"),
        }

    def write(self, name: str, text: str) -> None:
        """A file of the pipeline's folder."""
        (self.pipeline / name).write_text(text)

    def change(self, old: str, new: str) -> None:
        """Change the pipeline's text."""
        text = (self.pipeline / "pipeline.yaml").read_text()
        assert old in text
        self.write("pipeline.yaml", text.replace(old, new))

    def __call__(self, *arguments: str | Path) -> Said:
        """Run a command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "scanflow_tui", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd=self.pipeline,
            env=self.env,
            timeout=WAIT_S,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Said(done.args, done.returncode, done.stdout, done.stderr)

    @property
    def folder(self) -> Path:
        """The folder of the session ``toy``."""
        return self.sessions / "toy"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command that goes on."""
        return subprocess.Popen(
            [sys.executable, "-m", "scanflow_tui", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.pipeline,
            env=self.env,
        )

    def until_asked(self, form: str) -> None:
        """Wait until a person is asked for this."""
        until(
            lambda: any(item["form"] == form for item in self("status", "--json").json()["needs"]),
            f"the session to ask: {form}",
        )

    def until_ended(self) -> str:
        """Wait for the end of the latest run; its state."""
        return until(
            lambda: next(
                (run["state"] for run in self("runs", "--json").json()[-1:] if _is_over(run)), None
            ),
            "the run to end",
        )

    def end(self) -> None:
        """End the session's supervisor, if one lives, and wait until it is gone."""
        if (self.folder / "session.duckdb").exists():
            asyncio.run(end_supervisor(self.folder))


def _is_over(run: dict[str, Any]) -> bool:
    return run["state"] in RUN_ENDED


async def end_supervisor(folder: Path) -> None:
    """Ask whoever serves the session to leave, and wait until the lock is free."""
    try:
        connection = await Connection.dial(
            folder / "sock", str(uuid.uuid4()), "test", lambda frame: None
        )
    except OSError:
        return
    connection.tell("command", id=0, command=to_command(Leave()))
    await connection.lost()
    await connection.close()
    with open(folder / "lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
