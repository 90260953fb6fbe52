"""The list of cases that every engine must pass; a new engine joins with a bench of its own.

``needs`` says what a case is about that not every engine has: ``steps`` (programs really run),
``processes`` (a shim and its step on this machine).
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from scanflow_tui.contract import loglines
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine import attempt, procfs
from scanflow_tui.engine.protocol import Absent, Accepted, Lost, Running, StartRefused
from tests.contract_cases.benches import (
    ENVIRONMENT,
    NAME,
    PYTHON,
    Bench,
    Program,
    attempt_folder,
    observe,
    record,
    run,
    until_exit,
)
from tests.waiting import until

WAITS = Program(waits=True)
START_IN_A_PROCESS = """\
import sys
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.process import ProcessEngine
from scanflow_tui.engine.protocol import Spec
name, folder, code = sys.argv[1:4]
sys.stdin.readline()
print(ProcessEngine().start(Spec(name, folder, code, tuple(sys.argv[4:]), {}, StepLimits())))
"""


@dataclass(frozen=True)
class Case:
    """One thing that must hold."""

    name: str
    check: Callable[[Bench], None]
    needs: frozenset[str] = frozenset()


def exit_0(bench: Bench) -> None:
    seen = run(bench, Program())
    assert (seen.code, seen.signal, seen.hit, seen.cancelled) == (0, None, "", False)
    assert seen.claimed_at <= seen.ended_at


def exit_3(bench: Bench) -> None:
    seen = run(bench, Program(code=3))
    assert (seen.code, seen.signal) == (3, None)


def killed_by_a_signal(bench: Bench) -> None:
    seen = run(bench, Program(signal=signal.SIGKILL))
    assert (seen.code, seen.signal, seen.cancelled) == (None, 9, False)


def unknown_is_absent(bench: Bench) -> None:
    bench.spec(Program())
    assert observe(bench) == Absent()
    assert bench.engine.log(NAME, attempt_folder(bench), 0, 10).data == b""


def a_missing_folder_is_refused(bench: Bench) -> None:
    spec = replace(bench.spec(Program()), folder=str(bench.folder / "nowhere"))
    refused = bench.engine.start(spec)
    assert isinstance(refused, StartRefused)
    assert "nowhere" in refused.reason


def missing_binary(bench: Bench) -> None:
    spec = replace(bench.spec(Program()), argv=("no-such-program", "x"))
    bench.engine.start(spec)
    seen = until_exit(bench)
    assert seen.code == 127
    assert "'no-such-program'" in seen.exec_error


def not_executable(bench: Bench) -> None:
    spec = replace(bench.spec(Program()), argv=("./step.py",))
    bench.engine.start(spec)
    seen = until_exit(bench)
    assert seen.code == 126
    assert "'./step.py'" in seen.exec_error


def missing_code_folder(bench: Bench) -> None:
    bench.engine.start(replace(bench.spec(Program()), code=str(bench.folder / "gone")))
    seen = until_exit(bench)
    assert seen.code == 127
    assert "gone" in seen.exec_error


def started_twice_runs_once(bench: Bench) -> None:
    spec = bench.spec(WAITS)
    first, second = bench.engine.start(spec), bench.engine.start(spec)
    assert isinstance(first, Accepted)
    assert second == first
    bench.until_ready()
    bench.engine.cancel(NAME, spec.folder, 5)
    until_exit(bench)
    assert bench.engine.start(spec) == first
    assert bench.n_runs() == 1


def raced_by_threads_runs_once(bench: Bench) -> None:
    spec = bench.spec(Program())
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: bench.reopen().start(spec), range(8)))
    assert {type(answer) for answer in answers} == {Accepted}
    until_exit(bench)
    assert bench.n_runs() == 1


def raced_by_processes_runs_once(bench: Bench) -> None:
    spec = bench.spec(Program())
    command = [PYTHON, "-c", START_IN_A_PROCESS, NAME, spec.folder, spec.code, *spec.argv]
    racers = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT, text=True
        )
        for _ in range(8)
    ]
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    answers = [racer.communicate()[0] for racer in racers]
    assert [answer.startswith("Accepted") for answer in answers] == [True] * 8, answers
    until_exit(bench)
    assert bench.n_runs() == 1


def term_is_handled_within_the_grace(bench: Bench) -> None:
    spec = bench.spec(Program(waits=True, code_on_term=5))
    bench.engine.start(spec)
    bench.until_ready()
    bench.engine.cancel(NAME, spec.folder, 60)
    seen = until_exit(bench)
    assert (seen.code, seen.cancelled, seen.hit) == (5, True, "")


def cancel_ends_by_term(bench: Bench) -> None:
    spec = bench.spec(WAITS)
    bench.engine.start(spec)
    bench.until_ready()
    bench.engine.cancel(NAME, spec.folder, 60)
    seen = until_exit(bench)
    assert (seen.signal, seen.cancelled) == (signal.SIGTERM, True)


def kill_follows_the_grace(bench: Bench) -> None:
    spec = bench.spec(Program(waits=True, ignores_term=True))
    bench.engine.start(spec)
    bench.until_ready()
    bench.engine.cancel(NAME, spec.folder, 0.05)
    seen = until_exit(bench)
    assert (seen.signal, seen.cancelled) == (signal.SIGKILL, True)


def cancel_of_what_ended_changes_nothing(bench: Bench) -> None:
    seen = run(bench, Program(code=3))
    bench.engine.cancel(NAME, attempt_folder(bench), 1)
    assert observe(bench) == seen


def cancelled_before_its_claim_never_runs(bench: Bench) -> None:
    spec = bench.spec(Program())
    bench.engine.cancel(NAME, spec.folder, 1)
    bench.engine.start(spec)
    seen = until_exit(bench)
    assert (seen.code, seen.signal, seen.cancelled) == (None, None, True)
    assert bench.n_runs() == 0


def a_stopped_step_is_cancelled(bench: Bench) -> None:
    spec = bench.spec(WAITS)
    bench.engine.start(spec)
    bench.until_ready()
    os.killpg(step_pid(spec.folder), signal.SIGSTOP)
    bench.engine.cancel(NAME, spec.folder, 60)
    assert until_exit(bench).signal == signal.SIGTERM


def time_out_counts_from_the_claim(bench: Bench) -> None:
    seen = run(bench, WAITS, StepLimits(time_s=0.3, grace_s=60))
    assert (seen.hit, seen.signal, seen.cancelled) == ("time", signal.SIGTERM, False)
    assert seen.ended_at - seen.claimed_at >= 300_000


def log_limit_ends_the_step(bench: Bench) -> None:
    program = Program(stdout=b"0123456789\n" * 20_000, waits=True)
    seen = run(bench, program, StepLimits(log_bytes=10_000, grace_s=60))
    assert (seen.hit, seen.signal) == ("log", signal.SIGTERM)
    size = bench.engine.log(NAME, attempt_folder(bench), 0, 0).size
    assert 9_900 < size <= 10_000
    assert set(loglines.rebuild(record(bench))["stdout"].split()) == {b"0123456789"}


def awkward_output_is_rebuilt(bench: Bench) -> None:
    program = Program(stdout=awkward(1), stderr=awkward(2))
    assert run(bench, program).code == 0
    rebuilt = loglines.rebuild(record(bench))
    assert rebuilt["stdout"] == program.stdout
    assert rebuilt["stderr"] == program.stderr


def nobody_has_to_read(bench: Bench) -> None:
    assert run(bench, Program(stdout=b"x" * 4_000_000, code=4)).code == 4


def unfinished_line_is_seen_while_it_runs(bench: Bench) -> None:
    spec = bench.spec(Program(stdout=b"50 %\r", waits=True))
    bench.engine.start(spec)
    until(lambda: loglines.rebuild(record(bench))["stdout"] == b"50 %\r", "the unfinished line")
    assert isinstance(observe(bench), Running)


def log_is_read_from_any_offset(bench: Bench) -> None:
    run(bench, Program(stdout=b"one\ntwo\n"))
    folder = attempt_folder(bench)
    whole = record(bench)
    chunk = bench.engine.log(NAME, folder, 5, 7)
    assert (chunk.offset, chunk.data, chunk.size) == (5, whole[5:12], len(whole))
    assert bench.engine.log(NAME, folder, len(whole) + 9, 7).data == b""


def another_session_does_not_escape(bench: Bench) -> None:
    before = (
        "import subprocess\nchild = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
    )
    before += "open(folder + '/child', 'w').write(str(child.pid))"
    seen = run(bench, Program(before=before, stdout=b"told\n"))
    assert seen.code == 0
    child = procfs.process(int((Path(attempt_folder(bench)) / "child").read_text()))
    assert child is None or child.state == "Z"
    assert loglines.rebuild(record(bench))["stdout"] == b"told\n"


def adopted_by_a_new_engine(bench: Bench) -> None:
    spec = bench.spec(Program(stdout=b"still here\n", waits=True))
    bench.engine.start(spec)
    bench.until_ready()
    again = bench.reopen()
    assert isinstance(again.adopt("01jcase", {NAME: spec.folder}).seen[NAME], Running)
    again.cancel(NAME, spec.folder, 60)
    assert until_exit(bench, again).cancelled
    assert loglines.rebuild(record(bench))["stdout"] == b"still here\n"
    assert bench.n_runs() == 1


def lost_when_its_shim_is_killed(bench: Bench) -> None:
    spec = bench.spec(WAITS)
    bench.engine.start(spec)
    bench.until_ready()
    claim = attempt.read_claim(Path(spec.folder))
    assert claim is not None
    pid = step_pid(spec.folder)
    start = procfs.process(pid)
    assert start is not None
    os.kill(claim.pid, signal.SIGKILL)
    until(lambda: isinstance(observe(bench), Lost), "the loss to be seen")
    seen = observe(bench)
    assert isinstance(seen, Lost)
    assert "shim" in seen.reason
    until(lambda: not procfs.is_alive(pid, start.start), "the step to be ended")


def lost_after_another_boot(bench: Bench) -> None:
    bench.spec(Program())
    claim = {"name": NAME, "pid": os.getpid(), "start": 1, "boot": "another", "claimed_at": 5}
    (Path(attempt_folder(bench)) / attempt.CLAIM).write_text(json.dumps(claim))
    seen = observe(bench)
    assert isinstance(seen, Lost)
    assert "restarted" in seen.reason


def outcome_outlives_who_started_it(bench: Bench) -> None:
    spec = bench.spec(Program(code=6))
    command = [PYTHON, "-c", START_IN_A_PROCESS + "import os; os.kill(os.getpid(), 9)\n"]
    command += [NAME, spec.folder, spec.code, *spec.argv]
    done = subprocess.run(command, input="go\n", env=ENVIRONMENT, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert until_exit(bench).code == 6


def environment_is_built(bench: Bench) -> None:
    os.environ["SCANFLOW_CASE_SECRET"] = "not to be seen"
    try:
        spec = bench.spec(Program(), StepLimits(cpus=1.5))
        spec = replace(spec, argv=("env", "-0"), env={"WANTED": "a b"})
        bench.engine.start(spec)
        until_exit(bench)
    finally:
        del os.environ["SCANFLOW_CASE_SECRET"]
    rows = loglines.rebuild(record(bench))["stdout"].decode().rstrip("\0").split("\0")
    seen = dict(row.split("=", 1) for row in rows)
    assert set(seen) - {"PYTHONPATH", "PYTHONUSERBASE"} == {
        "PATH",
        "HOME",
        "TMPDIR",
        "LANG",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
        "SCANFLOW_STEP",
        "WANTED",
    }
    assert seen["WANTED"] == "a b"
    assert seen["OMP_NUM_THREADS"] == "2"
    assert seen["SCANFLOW_STEP"] == f"{spec.folder}/step.json"
    assert seen["HOME"].startswith(spec.folder)


def values_let_through_are_not_left_lying(bench: Bench) -> None:
    spec = replace(bench.spec(Program()), env={"TOKEN": "only-for-the-step"})
    bench.engine.start(spec)
    until_exit(bench)
    for path in Path(spec.folder).rglob("*"):
        assert path.is_dir() or b"only-for-the-step" not in path.read_bytes(), path


def steps_find_the_package(bench: Bench) -> None:
    argv = ("python", "-c", "import scanflow_tui.contract.step")
    bench.engine.start(replace(bench.spec(Program()), argv=argv))
    assert until_exit(bench).code == 0


def vitals_of_a_running_step(bench: Bench) -> None:
    spec = bench.spec(Program(stdout=b"a line\n", waits=True))
    bench.engine.start(spec)
    bench.until_ready()
    until(lambda: loglines.rebuild(record(bench))["stdout"], "the line to be in the record")
    vital = bench.engine.vitals({NAME: spec.folder})[NAME]
    assert vital.rss_bytes is not None
    assert vital.rss_bytes > 100_000
    assert vital.cpu_s is not None
    assert vital.log_bytes > len("a line\n")


def no_vitals_of_what_ended(bench: Bench) -> None:
    run(bench, Program())
    folder = attempt_folder(bench)
    until(lambda: NAME not in bench.engine.vitals({NAME: folder}), "the shim to be gone")


def forget_keeps_the_record(bench: Bench) -> None:
    seen = run(bench, Program(stdout=b"kept\n"))
    folder = attempt_folder(bench)
    bench.engine.forget(NAME, folder)
    bench.engine.forget(NAME, folder)
    assert observe(bench) == seen
    assert loglines.rebuild(record(bench))["stdout"] == b"kept\n"


def costs_are_told(bench: Bench) -> None:
    seen = run(bench, Program(before="sum(range(3_000_000))"))
    assert seen.cpu_s is not None
    assert seen.cpu_s > 0.01
    assert seen.rss_bytes is not None
    assert seen.rss_bytes > 1_000_000


def one_question_for_many(bench: Bench) -> None:
    seen = run(bench, Program())
    folder = attempt_folder(bench)
    watched = bench.engine.watch({NAME: folder, "sf-other": str(bench.folder / "other")})
    assert watched.engine.reachable
    assert watched.seen == {NAME: seen, "sf-other": Absent()}


def it_speaks_of_itself(bench: Bench) -> None:
    capacity = bench.engine.capacity()
    assert capacity.cpus is None or capacity.cpus >= 1
    assert all(sentence.endswith(".") for sentence in bench.engine.doctor())
    assert bench.engine.environment(bench.image) == bench.reopen().environment(bench.image)
    bench.engine.close()


def step_pid(folder: str) -> int:
    """The step's process, as its shim wrote it down."""

    def look() -> int | None:
        data, _ = attempt.read(Path(folder) / attempt.HEARTBEAT) or (b"", 0)
        return int(json.loads(data)["pid"]) if data else None

    return until(look, "the shim to name its step")


def awkward(seed: int) -> bytes:
    """40,000 lines with everything that breaks a log, one of them of 1 MiB, none at its end."""
    chance = random.Random(seed)
    odd = (b"", b"\r", b"\0", b"\xff\xfe", b"\x1b[31mred\x1b[0m", b"50 %\r60 %\r", b" P ", b"\xc3")
    lines = [b"%d %s" % (number, chance.choice(odd)) for number in range(40_000)]
    lines[20_000] = chance.randbytes(1 << 20).replace(b"\n", b"\r")
    lines[30_000] = b"y" * 16_384
    lines[30_001] = b"z" * 16_385
    return b"\n".join(lines)


_STEPS = frozenset({"steps"})
_PROCESSES = frozenset({"processes"})
_EVERYWHERE: tuple[Callable[[Bench], None], ...] = (
    exit_0,
    exit_3,
    killed_by_a_signal,
    unknown_is_absent,
    a_missing_folder_is_refused,
    started_twice_runs_once,
    cancel_ends_by_term,
    kill_follows_the_grace,
    cancel_of_what_ended_changes_nothing,
    awkward_output_is_rebuilt,
    nobody_has_to_read,
    log_is_read_from_any_offset,
    adopted_by_a_new_engine,
    vitals_of_a_running_step,
    no_vitals_of_what_ended,
    forget_keeps_the_record,
    one_question_for_many,
    it_speaks_of_itself,
)
_WITH_STEPS: tuple[Callable[[Bench], None], ...] = (
    missing_binary,
    not_executable,
    raced_by_threads_runs_once,
    term_is_handled_within_the_grace,
    cancelled_before_its_claim_never_runs,
    time_out_counts_from_the_claim,
    log_limit_ends_the_step,
    unfinished_line_is_seen_while_it_runs,
    values_let_through_are_not_left_lying,
)
_WITH_PROCESSES: tuple[Callable[[Bench], None], ...] = (
    missing_code_folder,
    raced_by_processes_runs_once,
    a_stopped_step_is_cancelled,
    another_session_does_not_escape,
    lost_when_its_shim_is_killed,
    lost_after_another_boot,
    outcome_outlives_who_started_it,
    environment_is_built,
    steps_find_the_package,
    costs_are_told,
)
CASES = [Case(check.__name__, check) for check in _EVERYWHERE]
CASES += [Case(check.__name__, check, _STEPS) for check in _WITH_STEPS]
CASES += [Case(check.__name__, check, _PROCESSES) for check in _WITH_PROCESSES]
