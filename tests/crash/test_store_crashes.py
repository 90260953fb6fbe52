"""The store against kill -9, a full disk, a failed checkpoint, and a file of an earlier version."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Missing
from scanflow_tui.session import chain, contents, store
from scanflow_tui.session.chain import Row
from scanflow_tui.session.verify import verify_store
from tests.unit.session.making import more, stored

ROOT = Path(__file__).parents[2]
CRASHES = int(os.environ.get("SCANFLOW_CRASHES", "20"))
SALT = bytes(16)


def filling(number: int) -> contents.Content:
    """Content that does not compress, so that a small disk fills soon."""
    return contents.content(os.urandom(100_000), SALT)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB, where one may be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("a small disk can be mounted by root alone")
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("mounting is not permitted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(opened: store.Store) -> tuple[list[Row], Missing]:
    """Append until the disk is full: every acknowledged row, and the refusal."""
    acknowledged = list(opened.all())
    for number in range(1000):
        rows = more(acknowledged[-1])
        try:
            opened.append(rows, [filling(number)])
        except Missing as error:
            return acknowledged, error
        acknowledged += rows
    raise AssertionError("the disk did not fill")


def test_nothing_acknowledged_is_lost_or_doubled_by_kill_9() -> None:
    program = [sys.executable, str(ROOT / "benchmarks/kills.py"), "--json"]
    done = subprocess.run(
        [*program, "--kills", str(CRASHES), "--in-checkpoint", "3"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    row = json.loads(done.stdout)
    assert row["kills"] >= CRASHES and row["labels acknowledged"] > 0
    assert row["acknowledged and lost"] == row["in the log twice"] == row["broken chains"] == 0


def test_a_full_disk_refuses_in_one_sentence_and_loses_nothing(small_disk: Path) -> None:
    with store.create(small_disk / "s.duckdb", stored(3)) as opened:
        acknowledged, error = fill(opened)
        assert "disk full" in error.sentence() and error.exit_code == 5
        assert list(opened.all()) == acknowledged
        assert opened.head() == chain.Head(acknowledged[-1].seq, acknowledged[-1].hash)


def test_the_store_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    with store.create(small_disk / "s.duckdb", stored(3)) as opened:
        acknowledged, _ = fill(opened)
        subprocess.run(["mount", "-o", "remount,size=40m", str(small_disk)], check=True)
        rows = more(acknowledged[-1])
        opened.append(rows, [filling(0)])
        opened.checkpoint()
        assert not opened.checkpoint_failed
    with store.open_reader(small_disk / "s.duckdb") as again:
        assert list(again.all()) == acknowledged + rows


def test_a_checkpoint_without_room_fails_and_the_store_goes_on(small_disk: Path) -> None:
    with store.create(small_disk / "s.duckdb", stored(3)) as opened:
        acknowledged, _ = fill(opened)
        with pytest.raises(Missing, match="disk full"):
            opened.checkpoint()
        assert opened.checkpoint_failed
        assert list(opened.all()) == acknowledged
    with store.open_reader(small_disk / "s.duckdb") as again:
        assert list(again.all()) == acknowledged


def test_a_commit_whose_own_checkpoint_failed_is_in_once(small_disk: Path) -> None:
    with store.create(small_disk / "s.duckdb", stored(3)) as opened:
        acknowledged = list(opened.all())
        opened._con.execute("SET wal_autocheckpoint = '1MB'")
        while not opened.checkpoint_failed:
            rows = more(acknowledged[-1])
            opened.append(rows, [filling(0)])
            acknowledged += rows
        assert list(opened.all()) == acknowledged
        assert verify_store(opened).holds


def test_an_erasure_without_room_erases_nothing(small_disk: Path) -> None:
    gone = contents.text_content("secret", SALT)
    with store.create(small_disk / "s.duckdb", stored(3), [gone]) as opened:
        opened.append([], [filling(number) for number in range(10)])
        opened.checkpoint()
        room = os.statvfs(small_disk)
        (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_bsize - 1_000_000))
        with pytest.raises(Missing, match="nothing was erased"):
            opened.erase(gone.digest)
        assert opened.content(gone.digest) == gone
    assert {path.name for path in small_disk.iterdir()} == {"s.duckdb", "ballast"}


def test_a_session_is_not_made_on_a_full_disk(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(6 * 1024 * 1024 - 8192))
    with pytest.raises(Missing, match="disk full"):
        store.create(small_disk / "s.duckdb", stored(3))
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


@pytest.mark.parametrize("version", ["1"])
def test_a_file_of_an_earlier_version_opens_and_is_written(tmp_path: Path, version: str) -> None:
    packed = Path(__file__).parent / "data" / f"session_v{version}.duckdb.gz"
    path = tmp_path / "session.duckdb"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    with store.open_writer(path) as opened:
        assert verify_store(opened).holds
        rows = list(opened.all())
        assert len(rows) == 4
        opened.append(more(rows[-1]))
    with store.open_reader(path) as again:
        assert verify_store(again).holds


def test_a_log_that_was_cut_in_the_middle_of_a_commit_keeps_what_is_before(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    program = """
import os, sys
from pathlib import Path
from scanflow_tui.session import store
from tests.unit.session.making import more, stored
opened = store.create(Path(sys.argv[1]), stored(3))
for _ in range(4):
    opened.append(more(opened.read(opened.head().seq, opened.head().seq)[0]))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT)
    wal = store.wal_of(path)
    os.truncate(wal, wal.stat().st_size - 20)
    with store.open_reader(path) as opened:
        report = verify_store(opened)
        assert report.holds and report.verdict.n == 13
        head = chain.Head(15, "0" * 64)
        assert not verify_store(opened, head).holds


def test_a_flipped_byte_in_the_log_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    program = """
import os, sys
from pathlib import Path
from scanflow_tui.session import store
from tests.unit.session.making import more, stored
opened = store.create(Path(sys.argv[1]), stored(3))
opened.append(more(opened.read(3, 3)[0]))
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT)
    wal = store.wal_of(path)
    data = bytearray(wal.read_bytes())
    data[len(data) // 2] ^= 1
    wal.write_bytes(data)
    with pytest.raises(Exception, match="log beside the session file is damaged"):
        store.open_reader(path)
