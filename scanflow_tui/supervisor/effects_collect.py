"""Judges and stores what an attempt left: outputs, values, evidence, report, and its log's ends.

It may be asked again after a crash in its midst: what it is about to move into the store is written
down before, so outputs that are there already are found again and never taken for missing.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path

import msgspec

from scanflow_tui.contract import canonical, limits
from scanflow_tui.contract.errors import InputError, ScanflowError
from scanflow_tui.contract.loglines import last_line
from scanflow_tui.contract.step import OUT_DIR, VALUES_FILE, Scalar
from scanflow_tui.engine.attempt import ENGINE_DIR, EXIT, LOG
from scanflow_tui.engine.protocol import Engine, Exited
from scanflow_tui.session import artifacts
from scanflow_tui.session.events import Artifact
from scanflow_tui.session.manifest import digest, manifest
from scanflow_tui.supervisor.effects_store import evidence_of
from scanflow_tui.supervisor.machine.effects import CollectAttempt
from scanflow_tui.supervisor.machine.reports import NAMES_MAX, Tail
from scanflow_tui.supervisor.machine.stimuli import Collected, Evidence, LogEnds, Reported
from scanflow_tui.supervisor.typed import read_values
from scanflow_tui.supervisor.watching import read_report
from scanflow_tui.supervisor.workplace import Workplace

READ_BYTES = limits.MIB
NOTE_LINK_BYTES_MAX = 2000


def collect(place: Workplace, effect: CollectAttempt, tail: Tail) -> Collected:
    """Everything that is to be known of an exited attempt."""
    folder = place.attempt_folder(effect.run, effect.node, effect.attempt)
    read_report(folder, tail, ended=True)
    log = log_ends(place.engine, effect.name, folder)
    outputs: dict[str, Artifact] = {}
    values: dict[str, Scalar] = {}
    evidence = Evidence()
    problem = ""
    if is_clean(effect.exited):
        try:
            values = read_values(folder / VALUES_FILE)
            outputs, evidence = _outputs(place, effect, folder)
        except ScanflowError as error:
            problem = error.sentence()
        except OSError as error:
            problem = f"the outputs cannot be read: {error.strerror or error}"
    problem = _kept(folder) or problem
    return Collected(
        name=effect.name,
        exited=effect.exited,
        outputs=outputs,
        values=values,
        problem=problem,
        error=tail.error,
        log=log,
        last_error_line=last_line(log.tail, "stderr"),
        evidence=evidence,
        report=_last_words(effect.name, tail),
    )


def _kept(folder: Path) -> str:
    """Force what an outcome's event will name to the disk; the sentence where it cannot be.

    Log, exit record and their names: a shim forces neither of a brief step. After the outputs were
    forced this costs little. What a step put in their place is not followed, and not forced.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    for path in (folder / LOG, folder / ENGINE_DIR / LOG, folder / EXIT, folder):
        try:
            handle = os.open(path, flags)
        except OSError:
            continue
        try:
            os.fsync(handle)
        except OSError as error:
            if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
                return f"what it left cannot be kept: {error.strerror}"
        finally:
            os.close(handle)
    return ""


def is_clean(exited: Exited) -> bool:
    """Whether the outputs of an attempt that ended like this may count."""
    spoilt = exited.signal or exited.hit or exited.exec_error or exited.doubt
    return exited.code == 0 and not spoilt


def log_ends(engine: Engine, name: str, folder: Path) -> LogEnds:
    """A log's length, lines, hash, and its first and last 64 KiB; read once, in pieces."""
    sha = hashlib.sha256()
    head, tail, n_bytes, n_lines = b"", b"", 0, 0
    while data := engine.log(name, str(folder), n_bytes, READ_BYTES).data:
        sha.update(data)
        n_bytes += len(data)
        n_lines += data.count(b"\n")
        if len(head) < limits.LOG_HEAD_BYTES:
            head = (head + data)[: limits.LOG_HEAD_BYTES]
        tail = (tail + data)[-limits.LOG_TAIL_BYTES :]
    return LogEnds(n_bytes, n_lines, sha.hexdigest(), head, tail)


def _last_words(name: str, tail: Tail) -> Reported | None:
    """What of the report was not handed on yet: the latest of each metric at least."""
    if not tail.waits:
        return None
    return Reported(name, *tail.take(min(NAMES_MAX, limits.REPORT_EVENTS_PER_S_MAX)))


def _outputs(
    place: Workplace, effect: CollectAttempt, folder: Path
) -> tuple[dict[str, Artifact], Evidence]:
    """Every declared output in the store, and the evidence among them. Raises InputError."""
    note = folder.parent / f".collected-{effect.attempt}.json"
    known = _noted(note)
    stored = {
        name: artifact
        for name, artifact in known.items()
        if not os.path.lexists(folder / OUT_DIR / name)
        and artifacts.verify(place.objects, artifact.sha)
    }
    paths = {
        name: place.object(stored[name].sha) if name in stored else folder / OUT_DIR / name
        for name in effect.outputs
    }
    for name, path in paths.items():
        if name not in stored:
            known[name] = _named(name, path)
    _check_size([known[name].n_bytes for name in paths], effect.disk_bytes_max)
    evidence = evidence_of(paths, is_checker=effect.is_checker, is_planner=effect.is_planner)
    if effect.outputs:
        _write_note(note, {name: known[name] for name in effect.outputs})
    outputs = dict(stored)
    for name in effect.outputs:
        if name not in stored:
            outputs[name] = _moved(place, folder, name)
    return {name: outputs[name] for name in effect.outputs}, evidence


def _check_size(sizes: list[int], n_bytes_max: int | None) -> None:
    """Raises InputError where all outputs together are more than the step may write."""
    n_bytes = sum(sizes)
    if n_bytes_max is not None and n_bytes > n_bytes_max:
        raise InputError(
            f"its outputs hold {n_bytes} bytes, over the limit of {n_bytes_max}",
            hint="limits: disk in pipeline.yaml",
        )


def _named(name: str, path: Path) -> Artifact:
    """What an output is, while it lies where the step wrote it."""
    try:
        if not os.path.lexists(path):
            raise InputError(f"it wrote no output {name!r}")
        items = manifest(path)
    except InputError as error:
        raise _about(name, error) from None
    return Artifact(digest(items), sum(item.size for item in items), len(items))


def _moved(place: Workplace, folder: Path, name: str) -> Artifact:
    try:
        return artifacts.collect(folder, f"{OUT_DIR}/{name}", place.objects)
    except InputError as error:
        raise _about(name, error) from None


def _about(name: str, error: InputError) -> InputError:
    """A problem as a sentence that names the output: ``output 'model': a link: weights``."""
    if error.what.startswith("it wrote no output"):
        return error
    where = f" ({error.where})" if error.where else ""
    return InputError(f"output {name!r}: {error.what}{where}")


def _noted(note: Path) -> dict[str, Artifact]:
    """What an earlier supervisor was about to move, empty where none was."""
    try:
        data = str(note.readlink()).encode() if note.is_symlink() else note.read_bytes()
        return msgspec.convert(json.loads(data), dict[str, Artifact])
    except (OSError, ValueError):
        return {}


def _write_note(note: Path, outputs: dict[str, Artifact]) -> None:
    """A short note is the target of a link: a name alone, so it is durable with the next sync."""
    data = canonical.encode(msgspec.to_builtins(outputs))
    half = note.with_suffix(".new")
    half.unlink(missing_ok=True)
    if len(data) <= NOTE_LINK_BYTES_MAX:
        half.symlink_to(data.decode("ascii"))
    else:
        with open(half, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    half.replace(note)
