"""Whoever watched is killed: another one finds the container again, and every line once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from scanflow_tui.contract import loglines
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.docker.follow import TAKEN_UP
from scanflow_tui.engine.protocol import Exited, Running, Spec
from tests.contract_cases.benches import (
    ENVIRONMENT,
    NAME,
    PYTHON,
    Program,
    attempt_folder,
    observe,
    record,
    until_exit,
)
from tests.docker.bench import DockerBench
from tests.waiting import until

pytestmark = pytest.mark.docker
STARTS = """\
import json, sys, time
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Spec
from tests.docker.bench import open_docker
url, time_s, raw = sys.argv[1:]
given = json.loads(raw)
spec = Spec(**given | {"argv": tuple(given["argv"]), "limits": StepLimits(time_s=float(time_s))})
engine = open_docker(url)
print(engine.start(spec), flush=True)
time.sleep(600)
"""
GATE = """\
import time
def gate(name):
    while not os.path.exists(folder + "/" + name):
        time.sleep(0.005)
"""
SPEAKS = (
    GATE
    + """\
def say(stream, begin, end):
    for number in range(begin, end):
        stream.write(f"{number} \N{SNOWMAN}" + ("\\n" if number % 7 else "\\r50 %\\n"))
    stream.flush()
say(sys.stdout, 0, 500)
say(sys.stderr, 0, 50)
sys.stdout.write("half a li")
sys.stdout.flush()
gate("killed")
sys.stdout.write("ne\\n")
say(sys.stdout, 500, 1000)
say(sys.stderr, 50, 100)
gate("adopted")
say(sys.stdout, 1000, 1500)
sys.stdout.write("the last one")
sys.stdout.flush()
"""
)


class Watcher:
    """A process that starts a step and follows it, to be killed."""

    def __init__(self, bench: DockerBench, spec: Spec, time_s: float = 3600) -> None:
        given = {
            "name": spec.name,
            "folder": spec.folder,
            "code": spec.code,
            "argv": spec.argv,
            "env": spec.env,
            "image": spec.image,
        }
        self.process = subprocess.Popen(
            [PYTHON, "-c", STARTS, bench.url, str(time_s), json.dumps(given)],
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()

    def kill(self) -> None:
        """As by ``kill -9``."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def lines(begin: int, end: int) -> str:
    return "".join(
        f"{number} \N{SNOWMAN}" + ("\n" if number % 7 else "\r50 %\n")
        for number in range(begin, end)
    )


def test_every_line_is_stored_once_across_a_kill(bench: DockerBench) -> None:
    watcher = Watcher(bench, bench.spec(Program(before=SPEAKS, code=6)))
    assert watcher.said.startswith("Accepted")
    until(lambda: b"half a li" in record(bench), "the first half")
    watcher.kill()
    folder = Path(attempt_folder(bench))
    (folder / "killed").touch()
    seen = bench.engine.adopt("01jcase", {NAME: str(folder)}).seen[NAME]
    assert isinstance(seen, Running)
    until(lambda: b" 999 " in record(bench), "what was said meanwhile")
    (folder / "adopted").touch()
    assert until_exit(bench).code == 6
    rebuilt = loglines.rebuild(record(bench))
    assert rebuilt["stdout"].decode() == (
        lines(0, 500) + "half a line\n" + lines(500, 1500) + "the last one"
    )
    assert rebuilt["stderr"].decode() == lines(0, 100)
    assert bench.n_runs() == 1
    assert notes(bench) == [TAKEN_UP]


def test_an_exit_that_nobody_saw_is_found(bench: DockerBench) -> None:
    watcher = Watcher(bench, bench.spec(Program(before=GATE + "gate('killed')", code=6)))
    watcher.kill()
    folder = Path(attempt_folder(bench))
    (folder / "killed").touch()
    until(lambda: bench.inspect()["State"]["Status"] == "exited", "the container to end")
    seen = until_exit(bench)
    assert (seen.code, seen.doubt, seen.cancelled) == (6, "", False)
    assert bench.n_runs() == 1


def test_the_overdue_is_ended_at_the_adoption(bench: DockerBench) -> None:
    spec = bench.spec(Program(waits=True))
    watcher = Watcher(bench, spec, time_s=1.5)
    bench.until_ready()
    watcher.kill()
    seen = until_exit(bench)
    assert (seen.hit, seen.signal) == ("time", signal.SIGTERM)
    assert seen.ended_at - seen.claimed_at >= 1_500_000


def test_a_cancel_that_was_not_carried_out_is_carried_out(bench: DockerBench) -> None:
    spec = bench.spec(Program(waits=True))
    watcher = Watcher(bench, spec)
    bench.until_ready()
    os.kill(watcher.process.pid, signal.SIGSTOP)
    bench.reopen().cancel(NAME, spec.folder, 60)
    watcher.kill()
    seen = until_exit(bench)
    assert (seen.cancelled, seen.signal) == (True, signal.SIGTERM)


def test_a_torn_record_line_is_mended(bench: DockerBench) -> None:
    bench.engine.start(bench.spec(Program(stdout=b"one\ntwo\nthree\n", waits=True)))
    bench.until_ready()
    until(lambda: b"three" in record(bench), "the lines")
    bench.engine.close()
    path = Path(attempt_folder(bench)) / "engine" / "log"
    path.write_bytes(path.read_bytes()[:-4])
    bench.engine = bench.reopen()
    until(lambda: isinstance(observe(bench), Running), "the adoption")
    bench.engine.cancel(NAME, attempt_folder(bench), 60)
    until_exit(bench)
    assert loglines.rebuild(record(bench))["stdout"] == b"one\ntwo\nthree\n"


def test_replaced_bytes_are_marked(bench: DockerBench) -> None:
    bench.engine.start(bench.spec(Program(stdout=b"good\nb\xffd\ngood\n", waits=True)))
    bench.until_ready()
    until(lambda: record(bench).count(b"good") == 2, "the lines")
    bench.engine.close()
    path = Path(attempt_folder(bench)) / "engine" / "log"
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    bench.engine = bench.reopen()
    until(lambda: isinstance(observe(bench), Running), "the adoption")
    bench.engine.cancel(NAME, attempt_folder(bench), 60)
    until_exit(bench)
    assert loglines.rebuild(record(bench))["stdout"] == "good\nb\ufffdd\ngood\n".encode()
    assert notes(bench)[1:] == ["Here bytes were replaced in the engine's own log."]


def test_a_limit_of_the_log_holds_across_an_adoption(bench: DockerBench) -> None:
    before = GATE + "gate('adopted')\nprint('0123456789\\n' * 5000, flush=True)"
    spec = bench.spec(Program(before=before, waits=True), StepLimits(log_bytes=10_000, grace_s=60))
    bench.engine.start(spec)
    bench.engine.close()
    bench.engine = bench.reopen()
    until(lambda: isinstance(observe(bench), Running), "the adoption")
    (Path(spec.folder) / "adopted").touch()
    seen: Exited = until_exit(bench)
    assert (seen.hit, seen.signal) == ("log", signal.SIGTERM)
    assert bench.engine.log(NAME, spec.folder, 0, 0).size <= 10_000 + 4096


def notes(bench: DockerBench) -> list[str]:
    found = loglines.Decoder().feed(record(bench))
    return [line.text.decode() for line in found if line.stream == "engine"]
