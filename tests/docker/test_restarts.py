"""The engine dies and comes back while a step runs: the truth in the end, never a false success."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract import loglines
from scanflow_tui.engine.protocol import Exited, Running
from tests.contract_cases.benches import NAME, Program, attempt_folder, record
from tests.docker.bench import DockerBench
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine
from tests.waiting import until

pytestmark = [pytest.mark.docker, pytest.mark.slow]
N_LINES = 60
SPEAKS = """\
import time
for number in range({n}):
    print(f"line {{number}}", flush=True)
    time.sleep(0.05)
"""
WAITS_FOR_A_WORD = """\
import time
print("begun", flush=True)
while not os.path.exists(folder + "/go"):
    time.sleep(0.01)
print("said at the end", flush=True)
open(folder + "/ended", "w").close()
"""


@pytest.fixture(scope="module", params=["plain", "live-restore"])
def restarting(
    request: pytest.FixtureRequest, docker_engine: PrivateEngine, base_image_tar: Path
) -> Iterator[PrivateEngine]:
    """An engine of its own, that tests may end."""
    engine = PrivateEngine(*(["--live-restore"] if request.param == "live-restore" else []))
    try:
        engine.start()
        load_base_image(engine.url, base_image_tar)
        yield engine
    finally:
        engine.remove()


@pytest.fixture
def bench(tmp_path: Path, restarting: PrivateEngine) -> Iterator[DockerBench]:
    if not restarting.answers():
        restarting.start()
    made = DockerBench(tmp_path, url=restarting.url)
    yield made
    if not restarting.answers():
        restarting.start()
    made.clear()


def begin(bench: DockerBench, program: Program) -> None:
    bench.engine.start(bench.spec(program))
    until(lambda: loglines.rebuild(record(bench))["stdout"], "the step to speak")


def until_exited(bench: DockerBench) -> Exited:
    def look() -> Exited | None:
        seen = bench.engine.watch({NAME: attempt_folder(bench)}).seen.get(NAME)
        assert seen is None or isinstance(seen, Running | Exited), seen
        return seen if isinstance(seen, Exited) else None

    return until(look, "the step to end")


@pytest.mark.parametrize("how", ["kill", "stop"])
@pytest.mark.parametrize("code", [0, 7])
def test_the_truth_in_the_end(
    bench: DockerBench, restarting: PrivateEngine, how: str, code: int
) -> None:
    begin(bench, Program(before=WAITS_FOR_A_WORD, code=code))
    getattr(restarting, how)()
    restarting.start()
    if restarting.is_live:
        # A step that ends before the engine was seen again is doubted, and rightly.
        until(lambda: "away from" in record_notes(bench), "the engine to be seen again")
    (bench.folder / "attempt" / "go").touch()
    seen = until_exited(bench)
    assert bench.n_runs() == 1
    if restarting.is_live:
        # It ran on: a 7 is its own, and a 0 is never taken on the engine's word alone.
        assert (seen.code, bool(seen.doubt)) == (code, code == 0), seen
        assert loglines.rebuild(record(bench))["stdout"] == b"begun\nsaid at the end\n"
    else:
        assert seen.doubt, seen


def test_a_step_that_ends_while_the_engine_is_away_is_doubted(
    bench: DockerBench, restarting: PrivateEngine
) -> None:
    begin(bench, Program(before=WAITS_FOR_A_WORD))
    restarting.kill()
    (bench.folder / "attempt" / "go").touch()
    until((bench.folder / "attempt" / "ended").exists, "the step to end")
    restarting.start()
    seen = until_exited(bench)
    assert seen.doubt
    assert "engine" in record_notes(bench)


def test_while_the_engine_is_away_nobody_is_lost(
    bench: DockerBench, restarting: PrivateEngine
) -> None:
    begin(bench, Program(before=WAITS_FOR_A_WORD))
    folder = attempt_folder(bench)
    restarting.kill()
    away = until(lambda: unreachable(bench), "the engine to be seen as away")
    assert "does not answer" in away
    restarting.start()
    (bench.folder / "attempt" / "go").touch()
    until_exited(bench)
    assert bench.engine.watch({NAME: folder}).engine.reachable


@pytest.mark.parametrize("restarting", ["live-restore"], indirect=True)
def test_every_line_is_stored_once_across_a_restart(
    bench: DockerBench, restarting: PrivateEngine
) -> None:
    begin(bench, Program(before=SPEAKS.format(n=N_LINES), code=7))
    restarting.kill()
    restarting.start()
    assert until_exited(bench).code == 7
    lines = loglines.rebuild(record(bench))["stdout"].decode().splitlines()
    assert lines == [f"line {number}" for number in range(N_LINES)]
    assert "away from" in record_notes(bench)


def test_a_restart_that_nobody_saw_is_seen_afterwards(
    bench: DockerBench, restarting: PrivateEngine
) -> None:
    begin(bench, Program(before=WAITS_FOR_A_WORD))
    bench.engine.close()
    restarting.kill()
    restarting.start()
    (bench.folder / "attempt" / "go").touch()
    bench.engine = bench.reopen()
    assert until_exited(bench).doubt


def unreachable(bench: DockerBench) -> str:
    watched = bench.engine.watch({NAME: attempt_folder(bench)})
    assert watched.engine.reachable or watched.seen == {}
    return watched.engine.text


def record_notes(bench: DockerBench) -> str:
    lines = loglines.Decoder().feed(record(bench))
    return "\n".join(line.text.decode() for line in lines if line.stream == "engine")
