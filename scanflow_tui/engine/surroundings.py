"""What a step's process is surrounded by: its environment variables and its interpreter.

The environment is built, never inherited. Where the interpreter would not find ScanFlow by itself
(a run from a checkout that is not installed), and only there, PYTHONPATH names the checkout.
"""

from __future__ import annotations

import functools
import math
import os
import platform
import site
import sys
from pathlib import Path

import scanflow_tui
from scanflow_tui.contract import canonical
from scanflow_tui.contract.step import ENV, STEP_FILE
from scanflow_tui.engine import gpus
from scanflow_tui.engine.protocol import Spec

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOME_DIR = "home"
"""HOME and TMPDIR, one scratch folder for both: it is made and removed for every attempt."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

PYTHON = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""A live log shows lines as they are written, and a snapshot of code stays as it was hashed."""


def variables(spec: Spec) -> dict[str, str]:
    """The whole environment of a step; what the pipeline lets through wins over what is built."""
    folder = Path(spec.folder)
    threads = str(max(1, math.ceil(spec.limits.cpus)))
    return {
        "PATH": f"{Path(sys.executable).parent}:{PATH}",
        "HOME": str(folder / HOME_DIR),
        "TMPDIR": str(folder / HOME_DIR),
        "LANG": "C.UTF-8",
        **dict.fromkeys(THREADS, threads),
        **PYTHON,
        **_python_paths(),
        **_no_gpus(spec),
        **spec.env,
        **({gpus.VISIBLE: ",".join(spec.gpus)} if spec.gpus else {}),
        ENV: str(folder / STEP_FILE),
    }


def _no_gpus(spec: Spec) -> dict[str, str]:
    """Who asks for none sees none, where there are any: they may be another step's."""
    return {} if spec.limits.gpus or not _gpus_here() else {gpus.VISIBLE: ""}


@functools.cache
def _gpus_here() -> tuple[str, ...]:
    return gpus.found()


def command(argv: tuple[str, ...]) -> list[str]:
    """``python`` is the interpreter that runs ScanFlow; every other word stays."""
    return [sys.executable if argv[0] == "python" else argv[0], *argv[1:]]


def interpreter_digest() -> str:
    """A digest of the interpreter's version and its distributions, ``name==version`` each.

    What is installed while this process lives counts: a step's interpreter would find it.
    """
    return _digest_of(tuple((place or ".", _changed_at(place or ".")) for place in sys.path))


def _changed_at(place: str) -> int:
    """When a name in a folder last came or went, in nanoseconds; 0 for no folder."""
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=1)
def _digest_of(places: tuple[tuple[str, int], ...]) -> str:
    found = {name for place, _ in places for name in _distributions(place)}
    return canonical.digest(
        {
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "machine": platform.machine(),
            "distributions": sorted(found),
        }
    )


def _distributions(place: str) -> set[str]:
    """``name==version`` of what is installed there, by the names of the folders that say so.

    Reading what lies in them would take a second where there are hundreds.
    """
    try:
        names = os.listdir(place)  # noqa: PTH208  # hundreds of names, at every start
    except OSError:
        return set()
    found = (name.rpartition(".") for name in names)
    stems = {stem for stem, _, ending in found if ending in ("dist-info", "egg-info")}
    return {name.lower().replace("-", "==", 1) for name in stems}


@functools.cache
def _python_paths() -> dict[str, str]:
    root = Path(scanflow_tui.__file__).parent.parent
    found: dict[str, str] = {}
    user = Path(site.getusersitepackages())
    places = [Path(place) for place in site.getsitepackages()]
    if site.ENABLE_USER_SITE and user.is_dir():
        # HOME is the attempt's: the user's own packages would not be found there.
        found["PYTHONUSERBASE"] = site.getuserbase()
        places.append(user)
    if root not in places and not any(_names(place, root) for place in places):
        found["PYTHONPATH"] = str(root)
    return found


def _names(place: Path, root: Path) -> bool:
    """Whether a .pth file of ``place`` (an editable installation) names ``root``."""
    for path in place.glob("*.pth"):
        if str(root) in path.read_text("utf-8", "replace").splitlines():
            return True
    return False
