"""The watcher: only changes become stimuli, reports are read once, vitals are not stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scanflow_tui.contract import limits
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Exited, Reachable, Running, Spec
from scanflow_tui.supervisor.machine.reports import Tail
from scanflow_tui.supervisor.machine.stimuli import EngineObserved, Observed, Reported, Sampled
from scanflow_tui.supervisor.watching import POLL_FAST_S, POLL_SLOW_S, Open, Watch, read_report
from tests.fakes.engine import FakeEngine

NAME = "sf-x-1-train-1"


@pytest.fixture
def engine(tmp_path: Path) -> FakeEngine:
    made = FakeEngine()
    made.start(Spec(NAME, str(tmp_path), str(tmp_path), ("x",), {}, StepLimits()))
    return made


def watching(engine: FakeEngine, folder: Path, n_metrics: int = 0) -> Watch:
    watch = Watch(engine)
    watch.follow({NAME: Open(folder, n_metrics, 0)})
    return watch


def report(folder: Path, *said: object) -> None:
    with open(folder / "report.jsonl", "a") as out:
        out.write("".join(json.dumps(line) + "\n" for line in said))


def test_an_observation_is_told_once(engine: FakeEngine, tmp_path: Path) -> None:
    watch = watching(engine, tmp_path)
    first = [told for told in watch.poll(0.0) if isinstance(told, Observed)]
    assert len(first) == 1 and isinstance(first[0].observation, Running)
    assert not [told for told in watch.poll(1.0) if isinstance(told, Observed)]
    engine.exit(NAME)
    (exited,) = (told for told in watch.poll(2.0) if isinstance(told, Observed))
    assert isinstance(exited.observation, Exited)


def test_what_is_looked_at_again_is_told_again(engine: FakeEngine, tmp_path: Path) -> None:
    watch = watching(engine, tmp_path)
    watch.poll(0.0)
    watch.look_again(NAME)
    watch.look_again("sf-x-1-unknown-1")
    (told,) = (told for told in watch.poll(1.0) if isinstance(told, Observed))
    assert isinstance(told.observation, Running)


def test_the_engine_going_away_is_told_and_nobody_is_lost(
    engine: FakeEngine, tmp_path: Path
) -> None:
    watch = watching(engine, tmp_path)
    watch.poll(0.0)
    engine.away("the daemon does not answer")
    told = watch.poll(20.0)
    assert told == [EngineObserved(Reachable(False, "the daemon does not answer"))]
    engine.back()
    assert EngineObserved(Reachable(True)) in watch.poll(21.0)


def test_metrics_are_told_at_most_once_a_second_and_coalesced(
    engine: FakeEngine, tmp_path: Path
) -> None:
    watch = watching(engine, tmp_path)
    report(tmp_path, *({"metric": "loss", "value": n} for n in range(100)))
    (first,) = (told for told in watch.poll(0.0) if isinstance(told, Reported))
    assert len(first.metrics) == limits.REPORT_EVENTS_PER_S_MAX
    assert sum(1 + more for *_, more in first.metrics) == 100
    report(tmp_path, {"metric": "loss", "value": 1})
    assert not [told for told in watch.poll(0.5) if isinstance(told, Reported)]
    (second,) = (told for told in watch.poll(1.1) if isinstance(told, Reported))
    assert second.first_metric == 100 and len(second.metrics) == 1


def test_what_the_log_has_of_a_report_is_not_told_again(engine: FakeEngine, tmp_path: Path) -> None:
    report(tmp_path, *({"metric": "loss", "value": n} for n in range(5)))
    watch = watching(engine, tmp_path, n_metrics=4)
    (told,) = (told for told in watch.poll(0.0) if isinstance(told, Reported))
    assert told.first_metric == 4 and [value for _, value, *_ in told.metrics] == [4.0]


def test_progress_is_shown_and_not_told(engine: FakeEngine, tmp_path: Path) -> None:
    watch = watching(engine, tmp_path)
    watch.poll(0.0)
    report(tmp_path, {"progress": 0.5, "text": "half"})
    assert not [told for told in watch.poll(0.3) if isinstance(told, Reported)]
    shown = watch.vitals()[NAME]
    assert (shown["progress"], shown["text"]) == (0.5, "half")


def test_a_running_attempt_is_sampled_every_ten_seconds(engine: FakeEngine, tmp_path: Path) -> None:
    watch = watching(engine, tmp_path)
    engine.use(NAME, cpu_s=1.5, rss_bytes=4096)
    n = sum(isinstance(told, Sampled) for at in range(25) for told in watch.poll(at + 0.001))
    assert n == 3


def test_polling_slows_down_while_nothing_changes_and_a_new_attempt_quickens_it(
    engine: FakeEngine, tmp_path: Path
) -> None:
    watch = watching(engine, tmp_path)
    for at in range(50):
        watch.poll(at / 100)
    assert watch.pause_s == POLL_SLOW_S
    watch.follow({NAME: Open(tmp_path, 0, 0), "other": Open(tmp_path, 0, 0)})
    assert watch.pause_s == POLL_FAST_S


def test_an_attempt_that_ended_hands_its_tail_on(engine: FakeEngine, tmp_path: Path) -> None:
    watch = watching(engine, tmp_path)
    report(tmp_path, {"metric": "loss", "value": 1})
    watch.poll(0.0)
    tail = watch.tail_of(NAME)
    assert tail is not None and tail.n_metrics == 1
    assert watch.tail_of(NAME) is None


def test_a_report_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text('{"metric": "loss", "value": 1}\n')
    (tmp_path / "report.jsonl").symlink_to(tmp_path / "elsewhere")
    tail = Tail()
    read_report(tmp_path, tail, ended=True)
    assert not tail.waits


def test_a_report_longer_than_one_read_is_read_whole(tmp_path: Path) -> None:
    report(tmp_path, *({"metric": "m" * 50, "value": n} for n in range(20_000)))
    assert (tmp_path / "report.jsonl").stat().st_size > limits.MIB
    tail = Tail()
    read_report(tmp_path, tail)
    assert len(tail.metrics) == 20_000
