"""A session that comes up with another engine: what runs in the first one is not lost by that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.engine.docker.adapter import DockerEngine
from scanflow_tui.engine.protocol import Lost, Running, StartUnknown
from tests.contract_cases.benches import NAME, Program, attempt_folder, observe, until_exit
from tests.docker.bench import DockerBench, open_docker
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine
from tests.waiting import until

pytestmark = [pytest.mark.docker, pytest.mark.slow]


@pytest.fixture(scope="module")
def second(docker_engine: PrivateEngine, base_image_tar: Path) -> Iterator[PrivateEngine]:
    """Another engine of the same machine, with the same image."""
    engine = PrivateEngine()
    try:
        engine.start()
        load_base_image(engine.url, base_image_tar)
        yield engine
    finally:
        engine.remove()


@pytest.fixture
def elsewhere(second: PrivateEngine) -> Iterator[DockerEngine]:
    engine = open_docker(second.url)
    yield engine
    engine.close()


def test_what_runs_in_another_engine_is_neither_lost_nor_started_again(
    bench: DockerBench, second: PrivateEngine, elsewhere: DockerEngine
) -> None:
    spec = bench.spec(Program(waits=True))
    bench.engine.start(spec)
    bench.until_ready()
    bench.engine.close()
    watched = elsewhere.adopt("01jcase", {NAME: spec.folder})
    assert not watched.engine.reachable and watched.seen == {}
    assert bench.reached in watched.engine.text and "another Docker engine" in watched.engine.text
    assert isinstance(elsewhere.start(spec), StartUnknown)
    assert second.containers() == []
    bench.engine = bench.reopen()
    until(lambda: isinstance(observe(bench), Running), "the adoption by the first engine")
    bench.engine.cancel(NAME, spec.folder, 60)
    assert until_exit(bench).cancelled
    assert bench.n_runs() == 1


def test_who_cancels_there_is_told_that_it_was_another_engines(
    bench: DockerBench, elsewhere: DockerEngine
) -> None:
    spec = bench.spec(Program(waits=True))
    bench.engine.start(spec)
    bench.until_ready()
    bench.engine.close()
    elsewhere.cancel(NAME, attempt_folder(bench), 60)
    seen = elsewhere.watch({NAME: spec.folder}).seen[NAME]
    assert isinstance(seen, Lost)
    assert bench.reached in seen.reason
