"""The step contract, and its convenience for Python programs (design, section 6).

A step is any program. ``SCANFLOW_STEP`` says where its ``step.json`` lies; that names inputs
(read-only paths), outputs (paths to make), parameters, seed and limits, as the step sees them. The
step writes its outputs, may append JSON lines to the report file, may write ``values.json``, and
exits 0.

Lines of the report file, one JSON object each, any of:

    {"progress": 0.4, "text": "epoch 5 of 12"}     latest wins, never stored
    {"metric": "loss", "value": 0.31, "step": 120}
    {"message": "finding", "to": "plan", "text": "drift, p < .001"}
    {"error": {"what": "...", "where": "...", "hint": "..."}}
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scanflow_tui.contract import canonical, limits
from scanflow_tui.contract.errors import InputError, ScanflowError
from scanflow_tui.contract.records import dataclass, field

CONTRACT = 1
ENV = "SCANFLOW_STEP"

STEP_FILE = "step.json"
REPORT_FILE = "report.jsonl"
VALUES_FILE = "values.json"
OUT_DIR = "out"

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class StepLimits:
    """What a step may use. Bytes, seconds, whole or part cores.

    ``backoff_s`` is the unit of the wait before another try. ``pids``, ``disk_bytes`` (outputs) and
    ``shm_bytes`` are the engine's own where they are None. ``network``, ``gpus``, ``shm_bytes`` and
    ``mounts`` (absolute paths, seen at the same path, read-only) ask for less hardening.
    """

    cpus: float = 1.0
    memory_bytes: int | None = None
    time_s: float = limits.STEP_TIME_S
    log_bytes: int = limits.LOG_BYTES_MAX
    grace_s: float = limits.STEP_GRACE_S
    retries: int = 0
    backoff_s: float = limits.STEP_BACKOFF_S
    pids: int | None = None
    disk_bytes: int | None = None
    network: bool = False
    gpus: int = 0
    shm_bytes: int | None = None
    mounts: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> StepLimits:
        """Limits from JSON; unknown keys of a newer contract are ignored."""
        known = {name: raw[name] for name in cls.__dataclass_fields__ if name in raw}
        return cls(**known | {"mounts": tuple(known.get("mounts", ()))})


@dataclass(frozen=True, slots=True)
class StepFile:
    """The content of ``step.json``. Paths are those the step sees.

    ``sources`` says which node made an input (``{"candidate": "retrain.model"}``), so that a step
    with a list of possible inputs knows the one that ran. An input that nobody made is absent from
    ``inputs``. ``lists`` names the inputs that a written one means, where it takes all nodes of a
    ``foreach``: ``{"models": ["models_1", "models_2"]}``.
    """

    contract: int
    name: str
    run: int
    node: str
    attempt: int
    inputs: dict[str, str]
    sources: dict[str, str]
    outputs: dict[str, str]
    params: dict[str, Any]
    seed: int
    classes: tuple[str, ...]
    report: str
    values: str
    limits: StepLimits = field(default_factory=StepLimits)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """The bytes of ``step.json``."""
        raw = {name: getattr(self, name) for name in self.__dataclass_fields__}
        limits = {name: getattr(self.limits, name) for name in self.limits.__dataclass_fields__}
        return canonical.encode(raw | {"limits": limits})

    @classmethod
    def from_json(cls, data: bytes) -> StepFile:
        """Read ``step.json``; unknown keys of a newer contract are ignored."""
        raw = canonical.decode(data)
        known = {name: raw[name] for name in cls.__dataclass_fields__ if name in raw}
        known["classes"] = tuple(known.get("classes", ()))
        known["lists"] = {name: tuple(all_) for name, all_ in known.get("lists", {}).items()}
        known["limits"] = StepLimits.from_json(known.get("limits", {}))
        return cls(**known)


class Step:
    """A running step, as its own program sees it.

    >>> step = Step.load()                       # doctest: +SKIP
    >>> step.progress(0.5, "epoch 6 of 12")      # doctest: +SKIP
    """

    def __init__(self, file: StepFile) -> None:
        self.file = file
        self.echo: Callable[[str], None] = lambda text: None
        """Told in words what is reported; a step that wants a log of it writes it."""
        self._values: dict[str, Scalar] = {}

    @classmethod
    def load(cls) -> Step:
        """The step that the environment names. Raises InputError where there is none."""
        path = os.environ.get(ENV)
        if not path:
            raise InputError(f"{ENV} is not set", hint="this program is started by an engine")
        return cls(StepFile.from_json(Path(path).read_bytes()))

    @property
    def seed(self) -> int:
        return self.file.seed

    @property
    def classes(self) -> tuple[str, ...]:
        return self.file.classes

    @property
    def threads(self) -> int:
        """How many threads the CPU limit allows, at least 1."""
        return max(1, int(self.file.limits.cpus))

    def input(self, name: str) -> Path:
        """The path of an input. Raises InputError where the plan gave none."""
        try:
            return Path(self.file.inputs[name])
        except KeyError:
            raise InputError(f"input {name!r} is missing", where=f"step {self.file.node}") from None

    def inputs(self, name: str) -> list[Path]:
        """The paths of an input that takes all nodes of a ``foreach``, in the list's order.

        Of a plain input it is the one path. Raises InputError where the plan gave none.
        """
        return [self.input(one) for one in self.file.lists.get(name, (name,))]

    def has_input(self, name: str) -> bool:
        return name in self.file.inputs

    def output(self, name: str) -> Path:
        """The path to make for an output; its parent exists."""
        path = Path(self.file.outputs[name])
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def param(self, name: str, default: Any = None) -> Any:
        return self.file.params.get(name, default)

    def progress(self, share: float, text: str = "") -> None:
        """Say how far the step is, 0 to 1."""
        self.echo(f"{share:4.0%} {text}")
        self._report({"progress": round(float(share), 4), "text": text})

    def metric(self, name: str, value: float, at: int | None = None) -> None:
        """Report a number; ``at`` is the training step or epoch."""
        self.echo(f"{name} {value:.4g}" + ("" if at is None else f" at {at}"))
        self._report({"metric": name, "value": float(value), "step": at})

    def message(self, kind: str, to: str, text: str) -> None:
        """Tell another node something (agents only)."""
        self._report({"message": kind, "to": to, "text": text})

    def set_value(self, name: str, value: Scalar) -> None:
        """A flat scalar for ``values.json``; written at once."""
        self._values[name] = value
        data = canonical.encode(self._values)
        if len(data) > limits.VALUES_BYTES_MAX:
            raise InputError(f"values.json would exceed {limits.VALUES_BYTES_MAX} bytes")
        Path(self.file.values).write_bytes(data)

    def fail(self, error: ScanflowError) -> None:
        """Say in the report why the step fails."""
        self._report({"error": {"what": error.what, "where": error.where, "hint": error.hint}})

    def _report(self, line: dict[str, Any]) -> None:
        with open(self.file.report, "a", encoding="ascii") as out:
            out.write(json.dumps(line, allow_nan=False) + "\n")


def run_step(main: Any) -> None:
    """Run ``main(step)`` as a program: a ScanflowError becomes a report line, stderr and its exit
    code.
    """
    step = Step.load()
    try:
        main(step)
    except ScanflowError as error:
        step.fail(error)
        sys.stderr.write(error.sentence() + "\n")
        sys.exit(error.exit_code)
