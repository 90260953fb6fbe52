"""What the Docker adapter keeps in an attempt's folder, and to whom the folder belongs.

Everything lies in one folder that the step never sees: claim, lock, log, marks, exit record. What a
step left is looked at without following a link.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path

from scanflow_tui.contract import canonical
from scanflow_tui.contract.step import OUT_DIR, STEP_FILE
from scanflow_tui.engine import attempt
from scanflow_tui.engine.docker.spec import RECORD_DIR

LOCK = "lock"
HOSTS = "hosts"
AWAY = "away"
HIT = "hit"
NOBODY = 65534
HOSTS_TEXT = b"127.0.0.1 localhost\n::1 localhost\n"
BLOCK_BYTES = 512
SKEW_US_MAX = 60_000_000
"""A start takes no longer: what is beyond is another clock."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Which container runs the attempt, made in which life of which engine, and when.

    ``engine`` is the engine's identity and ``url`` how it was reached; empty where not known.
    """

    container: str
    incarnation: str
    claimed_at: int
    engine: str = ""
    url: str = ""


def record_of(folder: str) -> Path:
    """Where the adapter's own files of an attempt lie."""
    return Path(folder) / RECORD_DIR


def prepare(folder: str, *, is_rootless: bool) -> str:
    """Make ready what a container mounts, and return who the step is, as ``uid:gid``.

    A step is never root on the host: where the folder is root's, it is given to nobody until the
    step has ended.
    """
    place = Path(folder)
    record = place / RECORD_DIR
    record.mkdir(mode=0o700, exist_ok=True)
    if not (record / HOSTS).exists():
        _put(record / HOSTS, HOSTS_TEXT, 0o444)
    found = place.stat()
    if is_rootless:
        return "0:0"
    if found.st_uid:
        return f"{found.st_uid}:{found.st_gid}"
    for path in (place, place / OUT_DIR):
        if path.is_dir() and not path.is_symlink():
            os.chown(path, NOBODY, NOBODY)
    if (place / STEP_FILE).is_file():
        (place / STEP_FILE).chmod(0o444)
    return f"{NOBODY}:{NOBODY}"


def reclaim(folder: str) -> None:
    """Give all that the step made back to whoever runs the adapter; only root can and must."""
    me, group = os.geteuid(), os.getegid()
    if me:
        return
    for _, names, files, descriptor in os.fwalk(folder, follow_symlinks=False):
        for name in (*names, *files):
            os.chown(name, me, group, dir_fd=descriptor, follow_symlinks=False)
    os.chown(folder, me, group)


def take(record: Path) -> int | None:
    """The right to follow this attempt and write its record, as a descriptor; None where another
    holds it. It ends with its process.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    handle = os.open(record / LOCK, flags, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def write_claim(record: Path, claim: Claim) -> None:
    """Say which container runs the attempt, before it is started.

    Not synced: when the power goes, the container goes too, and its name is still the claim.
    """
    _put(record / attempt.CLAIM, canonical.encode(asdict(claim)), 0o600)


def _put(path: Path, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, and let the kernel decide when it reaches the disk."""
    # Somebody else may prepare the same attempt at this moment.
    part = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    part.write_bytes(data)
    part.chmod(mode)
    part.rename(path)


def read_claim(record: Path) -> Claim | None:
    """The claim; None where there is none."""
    data, _ = attempt.read(record / attempt.CLAIM) or (b"", 0)
    try:
        return Claim(**json.loads(data))
    except (ValueError, TypeError):
        return None


def began_at(claim: Claim | None, started_at: int) -> int:
    """When a step began by this machine's clock; that of an engine elsewhere may be another one."""
    if claim is None or abs(claim.claimed_at - started_at) < SKEW_US_MAX:
        return started_at
    return claim.claimed_at


def write_mark(record: Path, name: str, text: str) -> None:
    """Keep a fact that a watcher who comes later has to know; the first one stays."""
    if not (record / name).exists():
        attempt.write(record / name, text.encode())


def read_mark(record: Path, name: str) -> str:
    """A fact that was kept; empty where there is none."""
    data, _ = attempt.read(record / name) or (b"", 0)
    return data.decode("utf-8", "replace")


def usage(folder: str) -> tuple[int, int]:
    """Bytes on the disk and files of all that a step made; what goes away meanwhile is left out."""
    n_bytes = n_files = 0
    waiting = [folder]
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            if entry.path == f"{folder}/{RECORD_DIR}":
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            n_files += 1
            n_bytes += found.st_blocks * BLOCK_BYTES
            if stat.S_ISDIR(found.st_mode):
                waiting.append(entry.path)
    return n_bytes, n_files
