from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from scanflow_tui.engine import procfs
from tests.waiting import until


def me() -> procfs.Process:
    found = procfs.process(os.getpid())
    assert found is not None
    return found


def test_this_process_is_alive_and_an_older_one_of_its_number_is_not() -> None:
    assert procfs.is_alive(os.getpid(), me().start)
    assert not procfs.is_alive(os.getpid(), me().start - 1)


def test_a_zombie_does_not_live() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    found = procfs.process(child.pid)
    assert found is not None
    assert not procfs.is_alive(child.pid, found.start)
    child.wait()


def test_a_name_with_brackets_and_blanks_is_read_over(tmp_path: Path) -> None:
    odd = tmp_path / ") S 1 1"
    odd.symlink_to("/bin/sleep")
    with subprocess.Popen([odd, "600"]) as child:
        found = procfs.process(child.pid)
        child.kill()
    assert found is not None
    assert found.parent == os.getpid()


def test_a_signal_for_another_start_time_is_not_sent() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        found = procfs.process(child.pid)
        assert found is not None
        assert not procfs.send(child.pid, found.start + 1, signal.SIGKILL)
        assert child.poll() is None
        assert procfs.send(child.pid, found.start, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


def test_descendants_are_found_over_generations() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 600 & wait"], start_new_session=True) as child:
        until(
            lambda: len(procfs.descendants(procfs.table(), child.pid)) == 1,
            "the grandchild",
        )
        below = procfs.descendants(procfs.table(), os.getpid())
        assert {child.pid} < {one.pid for one in below}
        assert procfs.end(session=child.pid, not_before=0, marker=b"NONE=") >= 1


def test_who_left_the_session_is_found_by_the_marker() -> None:
    child = subprocess.Popen(["sleep", "600"], env={"SF_MARK": "x"}, start_new_session=True)
    until(
        lambda: procfs.left_of(session=1 << 30, not_before=me().start, marker=b"SF_MARK=x"),
        "the marked process",
    )
    assert procfs.end(session=1 << 30, not_before=me().start, marker=b"SF_MARK=x") == 1
    assert child.wait() == -signal.SIGKILL


def test_free_memory_is_a_number() -> None:
    assert (procfs.memory_free_bytes() or 0) > 0


def test_a_family_is_found_without_a_look_at_others() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 600 & wait"]) as shell:
        until(lambda: len(procfs.family(shell.pid)) == 1, "the grandchild")
        (grandchild,) = procfs.family(shell.pid)
        assert grandchild.parent == shell.pid
        all_below = procfs.descendants(procfs.table(), shell.pid)
        assert [one.pid for one in all_below] == [grandchild.pid]
        os.kill(grandchild.pid, signal.SIGKILL)


def test_a_process_that_is_gone_has_no_family() -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    assert procfs.family(gone.pid) == []
