"""Starts, cancels and forgets attempts at the engine. Idempotent by the attempt's name.

The attempt's folder and ``step.json`` are made before the engine is called; inputs are paths of
read-only objects, and the environment is built, never inherited.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.step import (
    CONTRACT,
    ENV,
    OUT_DIR,
    REPORT_FILE,
    STEP_FILE,
    VALUES_FILE,
    StepFile,
)
from scanflow_tui.engine.protocol import Accepted, Spec, StartRefused, StartUnknown
from scanflow_tui.supervisor.machine.effects import CancelAttempt, ForgetAttempt, StartAttempt
from scanflow_tui.supervisor.machine.sharing import never
from scanflow_tui.supervisor.machine.stimuli import StartAnswered
from scanflow_tui.supervisor.slots import Taken, Waits
from scanflow_tui.supervisor.workplace import Workplace

Answer = Accepted | StartUnknown | StartRefused


def start(place: Workplace, effect: StartAttempt) -> StartAnswered:
    """Make the attempt's folder and ask the engine to start it."""
    answer, gpus = _start(place, effect)
    return StartAnswered(effect.name, answer, gpus)


def cancel(place: Workplace, effect: CancelAttempt) -> None:
    """TERM, grace, KILL; what became of it is observed."""
    run, node, attempt = parts_of(effect.name)
    folder = place.attempt_folder(run, node, attempt)
    place.engine.cancel(effect.name, str(folder), effect.grace_s)


def forget(place: Workplace, effect: ForgetAttempt) -> None:
    """Remove what the engine still holds of an attempt whose outcome is committed."""
    folder = place.attempt_folder(effect.run, effect.node, effect.attempt)
    place.engine.forget(effect.name, str(folder))


def parts_of(name: str) -> tuple[int, str, int]:
    """Run, node and attempt of an engine name (``sf-<ulid>-<run>-<node>-<attempt>``)."""
    _, _, run, node, attempt = name.split("-")
    return int(run), node, int(attempt)


def _start(place: Workplace, effect: StartAttempt) -> tuple[Answer, tuple[str, ...]]:
    """The engine's answer, and the GPUs that were set aside for the attempt."""
    folder = place.attempt_folder(effect.run, effect.node, effect.attempt)
    try:
        inputs = {name: place.object(sha) for name, sha in effect.inputs.items()}
        code = place.object(effect.code)
        obstacle = _obstacle(place, effect, inputs, code)
        if obstacle is not None:
            return obstacle, ()
        room = Taken()
        if place.slots is not None:
            found = place.slots.take(effect.name, effect.node, effect.limits)
            if isinstance(found, Waits):
                return StartUnknown(found.reason), ()
            room = found
        write_step(effect, folder, inputs)
        spec = replace(spec_of(effect, folder, code, inputs), gpus=room.gpus, slot=room.path)
        return place.engine.start(spec), room.gpus
    except ScanflowError as error:
        return StartRefused(error.sentence()), ()
    except OSError as error:
        return StartUnknown(f"{error.filename or folder}: {error.strerror}"), ()


def _obstacle(
    place: Workplace, effect: StartAttempt, inputs: dict[str, Path], code: Path
) -> StartUnknown | StartRefused | None:
    """Why an attempt cannot be started now, or ever."""
    if shutil.disk_usage(place.folder.path).free < limits.DISK_FREE_BYTES_MIN:
        least = limits.DISK_FREE_BYTES_MIN // limits.MIB
        return StartUnknown(
            f"the disk of the session has less than {least} MiB free, so no step is started; "
            "it starts when there is room"
        )
    missing = [name for name, path in inputs.items() if not path.exists()]
    if missing:
        return StartRefused(f"input {missing[0]!r} is not in the store any more")
    if not code.exists():
        return StartRefused("the snapshot of the code is not in the store any more")
    lacking = "" if place.slots is None else never(place.slots.capacity, effect.limits)
    return StartRefused(lacking) if lacking else None


def spec_of(effect: StartAttempt, folder: Path, code: Path, inputs: dict[str, Path]) -> Spec:
    """What the engine is told of an attempt that lies in a folder."""
    return Spec(
        name=effect.name,
        folder=str(folder),
        code=str(code),
        argv=effect.argv,
        env={ENV: str(folder / STEP_FILE)} | _let_through(effect.env),
        limits=effect.limits,
        reads=tuple(str(path) for path in inputs.values()),
        image=effect.image,
    )


def write_step(effect: StartAttempt, folder: Path, inputs: dict[str, Path]) -> None:
    """``step.json`` and the folder for outputs; the same bytes again where they are there."""
    out = folder / OUT_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # a parent would have the umask's mode
    out.mkdir(mode=0o700, exist_ok=True)
    step = StepFile(
        contract=CONTRACT,
        name=effect.name,
        run=effect.run,
        node=effect.node,
        attempt=effect.attempt,
        inputs={name: str(path) for name, path in inputs.items()},
        sources=effect.sources,
        outputs={name: str(out / name) for name in effect.outputs},
        params=effect.params,
        seed=effect.seed,
        classes=effect.classes,
        report=str(folder / REPORT_FILE),
        values=str(folder / VALUES_FILE),
        limits=effect.limits,
        lists=effect.lists,
    )
    path = folder / STEP_FILE
    data = step.to_json()
    if path.exists() and path.read_bytes() == data:
        return
    half = Path(f"{path}.new")
    half.write_bytes(data)
    half.rename(path)


def _let_through(names: tuple[str, ...]) -> dict[str, str]:
    """What a pipeline lets through from the supervisor's own environment."""
    return {name: os.environ[name] for name in names if name in os.environ}
