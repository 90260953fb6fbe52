"""Each way in which a container can end, and what is said of it: never success by a false 0."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scanflow_tui.contract import limits
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Absent, Accepted, Exited, Lost, Running, StartRefused
from tests.contract_cases.benches import NAME, Program, attempt_folder, observe, run, until_exit
from tests.docker.bench import DockerBench
from tests.waiting import until

pytestmark = pytest.mark.docker
SMALL = StepLimits(memory_bytes=32 * limits.MIB)
EAT = "held = []\nwhile True:\n    held.append(bytearray(b'x' * (1 << 20)))"
CHILD_EATS = (
    "import subprocess\n"
    f"assert subprocess.run([sys.executable, '-S', '-E', '-c', {EAT!r}]).returncode == -9"
)


def test_out_of_memory_is_told_by_name(bench: DockerBench) -> None:
    seen = run(bench, Program(before=EAT), SMALL)
    assert (seen.code, seen.signal, seen.hit) == (None, 9, "memory")


def test_a_child_out_of_memory_is_told_although_the_step_says_0(bench: DockerBench) -> None:
    seen = run(bench, Program(before=CHILD_EATS), SMALL)
    assert (seen.code, seen.hit) == (0, "memory")


def test_a_missing_image_is_refused_by_name(bench: DockerBench) -> None:
    spec = replace(bench.spec(Program()), image="scanflow-no-such:1")
    refused = bench.engine.start(spec)
    assert isinstance(refused, StartRefused)
    assert refused.reason == "the image 'scanflow-no-such:1' is not in the Docker engine"
    assert observe(bench) == Absent()


def test_missing_code_is_refused_and_not_made(bench: DockerBench) -> None:
    gone = bench.folder / "gone"
    refused = bench.engine.start(replace(bench.spec(Program()), code=str(gone)))
    assert isinstance(refused, StartRefused)
    assert str(gone) in refused.reason
    assert not gone.exists()


def test_a_gpu_that_is_not_there_is_refused_and_leaves_no_container(bench: DockerBench) -> None:
    refused = bench.engine.start(bench.spec(Program(), StepLimits(gpus=1)))
    assert isinstance(refused, StartRefused)
    assert "device driver" in refused.reason
    assert bench.inspect() is None


def test_too_many_bytes_end_the_step(bench: DockerBench) -> None:
    before = "for i in range(40):\n    open(f'{folder}/{i}', 'wb').write(b'x' * (1 << 20))"
    limit = StepLimits(disk_bytes=16 * limits.MIB, grace_s=60)
    seen = run(bench, Program(before=before, waits=True), limit)
    assert (seen.hit, seen.signal) == ("disk", 15)


def test_a_file_over_the_limit_ends_the_step(bench: DockerBench) -> None:
    before = "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
    before += "open(f'{folder}/big', 'wb').write(b'x' * (20 << 20))"
    seen = run(bench, Program(before=before), StepLimits(disk_bytes=16 * limits.MIB))
    assert (seen.hit, seen.signal) == ("disk", 25)


def test_a_0_after_somebody_elses_signal_is_doubted(bench: DockerBench) -> None:
    bench.engine.start(bench.spec(Program(waits=True, code_on_term=0)))
    bench.until_ready()
    client = bench.client()
    client.stop(NAME, timeout=30)
    client.close()
    seen = until_exit(bench)
    assert (seen.code, seen.cancelled) == (0, False)
    assert "signal 15 by somebody else" in seen.doubt


def test_a_0_after_our_own_signal_is_cancelled(bench: DockerBench) -> None:
    spec = bench.spec(Program(waits=True, code_on_term=0))
    bench.engine.start(spec)
    bench.until_ready()
    bench.engine.cancel(NAME, spec.folder, 60)
    seen = until_exit(bench)
    assert (seen.code, seen.cancelled, seen.doubt) == (0, True, "")


def test_a_container_that_somebody_removes_is_lost_or_in_doubt(bench: DockerBench) -> None:
    bench.engine.start(bench.spec(Program(waits=True)))
    bench.until_ready()
    client = bench.client()
    client.remove_container(NAME, force=True)
    client.close()
    seen = until(lambda: _unless_running(bench), "the loss")
    # A removal ends the container first, and that may be seen before it is gone.
    reason = seen.reason if isinstance(seen, Lost) else seen.doubt
    assert "by somebody else" in reason
    again = bench.reopen()
    assert type(observe(bench, again)) is type(seen)


def test_a_strangers_container_is_neither_run_nor_removed(bench: DockerBench) -> None:
    spec = bench.spec(Program())
    client = bench.client()
    made = client.create_container(bench.image, ["sleep", "600"], name=NAME)["Id"]
    client.close()
    refused = bench.engine.start(spec)
    assert isinstance(refused, StartRefused)
    assert "none of ours" in refused.reason
    assert observe(bench) == Absent()
    bench.engine.cancel(NAME, spec.folder, 0)
    bench.engine.forget(NAME, spec.folder)
    assert bench.inspect()["Id"] == made
    assert bench.inspect()["State"]["Status"] == "created"


def test_a_created_container_is_started_once_and_not_found_as_success(bench: DockerBench) -> None:
    """A crash between create and start: waiting on such a container would answer 0."""
    spec = bench.spec(Program(code=4))
    made = bench.create_only(spec)
    assert observe(bench) == Absent()
    assert bench.engine.start(spec) == Accepted(made)
    assert until_exit(bench).code == 4
    assert bench.n_runs() == 1


def test_an_ended_container_is_not_run_again(bench: DockerBench) -> None:
    spec = bench.spec(Program(code=4))
    bench.engine.start(spec)
    first = until_exit(bench)
    # What only a crash before the exit record leaves behind.
    (bench.folder / "attempt" / "engine" / "exit.json").unlink()
    again = bench.reopen()
    again.start(spec)
    seen = until_exit(bench, again)
    assert (seen.code, seen.ended_at) == (4, first.ended_at)
    assert bench.n_runs() == 1


def test_forget_removes_the_container_alone(bench: DockerBench) -> None:
    run(bench, Program())
    bench.engine.forget(NAME, attempt_folder(bench))
    assert bench.inspect() is None


def test_what_was_told_and_not_forgotten_is_removed_at_the_next_adoption(
    bench: DockerBench,
) -> None:
    run(bench, Program())
    again = bench.reopen()
    again.adopt("01jcase", {})
    assert bench.inspect() is None


def _unless_running(bench: DockerBench) -> Exited | Lost | None:
    seen = observe(bench)
    assert isinstance(seen, Running | Exited | Lost)
    return None if isinstance(seen, Running) else seen
