"""The wheels that a requirements.txt locks: fetched outside, once, for the base image's Python.

A build has no network: a registry's certificate or a local index is not known inside of it. What
was fetched lies in the user's cache folder, by the hash of the lock and of the interpreter.
"""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.engine.images.context import REQUIREMENTS_FILE

Tell = Callable[[float | None, str], None]

PROBE = """\
import json, platform, sys
libc = platform.libc_ver()
print(json.dumps([sys.implementation.name, "%d.%d" % sys.version_info[:2], platform.machine(),
                  *(libc if libc[0] else ("musl", "1.2"))]))
"""
"""What a base image's Python is asked; a Python without a glibc is taken for one on musl 1.2."""

LAST_LINES = 4
GLIBC_FIRST = 17
_LOCKED = re.compile(r"([A-Za-z0-9][\w.-]*)(\[[\w, .-]*\])?\s*===?\s*[^\s;*]+\s*(;.*)?")
_OPTION = re.compile(r"--(extra-)?index-url[ =]|--find-links[ =]|--prefer-binary|--pre\b")
_OLD_MANYLINUX = ("manylinux2014", "manylinux2010", "manylinux1")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python of a base image, as far as wheels hang on it. ``libc`` is glibc or musl."""

    implementation: str
    version: str
    machine: str
    libc: str
    libc_version: str

    @property
    def text(self) -> str:
        """For a sentence."""
        return f"Python {self.version} on {self.machine} ({self.libc} {self.libc_version})"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Wheel platforms that run here, the newest first."""
        major, _, rest = self.libc_version.partition(".")
        minor = int(re.match(r"\d*", rest)[0] or 0)  # type: ignore[index]
        if self.libc != "glibc":
            return tuple(f"musllinux_{major}_{n}_{self.machine}" for n in range(minor, -1, -1))
        new = [f"manylinux_{major}_{n}_{self.machine}" for n in range(minor, GLIBC_FIRST - 1, -1)]
        old = [f"{name}_{self.machine}" for name in _OLD_MANYLINUX]
        return (*new, *old, f"linux_{self.machine}")


Fetch = Callable[[str, Interpreter, Path, Path, Tell], None]


def check_lock(text: str, where: str) -> tuple[str, ...]:
    """The names that a requirements.txt locks. Raises InputError with every line that does not.

    A line is ``name==version`` or says where pip looks; another file would escape the hash.
    """
    names, findings = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if not bare or _OPTION.match(bare):
            continue
        locked = _LOCKED.fullmatch(bare)
        if locked:
            names.append(_plain(locked[1]))
        else:
            findings.append(f"{where}:{number}: {bare!r} locks no version (write name==version)")
    if findings:
        raise InputError(
            f"{len(findings)} lines lock no version", where=where, findings=tuple(findings)
        )
    return tuple(names)


def cache_folder(environ: Mapping[str, str], home: Path) -> Path:
    """Where fetched wheels lie: the user's cache folder."""
    named = environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if named.startswith("/") else home / ".cache"
    return base / "scanflow" / "wheels"


def needs(
    text: str,
    python: Interpreter,
    folder: Path,
    cache: Path,
    tell: Tell,
    fetch: Fetch | None = None,
) -> list[Path]:
    """The wheels of a lock and of all that it needs, from the cache or fetched (by pip).

    Raises InputError for a lock that is none, Missing where pip cannot have a wheel.
    """
    locked = check_lock(text, str(folder / REQUIREMENTS_FILE))
    key = canonical.digest([text, python.implementation, python.version, list(python.platforms)])
    kept = cache / key[:32]
    if not kept.is_dir():
        tell(None, "fetching the wheels that requirements.txt locks")
        try:
            (fetch or fetch_by_pip)(text, python, folder, kept, tell)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            what = "the disk is full" if full else f"cannot be written: {error.strerror}"
            raise Missing(
                what, where=str(cache), hint="Wheels that are fetched lie there."
            ) from None
    wheels = sorted(kept.glob("*.whl"))
    loose = [name for path in wheels if (name := _plain(path.name.split("-")[0])) not in locked]
    if loose:
        tell(None, f"not locked by requirements.txt: {', '.join(loose)}")
    return wheels


def digest_of(wheels: list[Path]) -> str:
    """A digest of the wheels' bytes."""
    found = {}
    for path in wheels:
        with open(path, "rb") as source:
            found[path.name] = hashlib.file_digest(source, "sha256").hexdigest()
    return canonical.digest(found)


def fetch_by_pip(text: str, python: Interpreter, folder: Path, kept: Path, tell: Tell) -> None:
    """Fetch a lock's wheels into the folder ``kept``: beside it, then renamed, so it is whole."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".new-") as made:
        lock = Path(made) / REQUIREMENTS_FILE
        lock.write_text(text, encoding="utf-8")
        target = Path(made) / "wheels"
        target.mkdir()
        _run_pip(_command(lock, target, python), folder, python, tell)
        try:
            target.rename(kept)
        except OSError as error:
            # Another process fetched the same meanwhile.
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
                raise


def _command(lock: Path, target: Path, python: Interpreter) -> list[str]:
    short = {"cpython": "cp", "pypy": "pp"}.get(python.implementation, python.implementation)
    command = [sys.executable, "-m", "pip", "download", "--no-input", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", str(target)]
    command += ["--implementation", short, "--python-version", python.version]
    for platform in python.platforms:
        command += ["--platform", platform]
    return [*command, "--requirement", str(lock)]


def _run_pip(command: list[str], folder: Path, python: Interpreter, tell: Tell) -> None:
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        with subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
        ) as running:
            assert running.stdout is not None
            for line in running.stdout:
                words = line.split()
                if len(words) > 1 and words[0] in ("Collecting", "Downloading", "Processing"):
                    tell(None, f"pip: {words[0].lower()} {Path(words[1]).name}")
        if running.returncode == 0:
            return
        errors.seek(0)
        lines = [line.strip() for line in errors if line.strip()]
    if any("No module named pip" in line for line in lines):
        raise Missing("pip is not installed beside ScanFlow, and it fetches an image's wheels")
    if any("No space left on device" in line for line in lines):
        raise Missing("the disk is full", where=str(folder), hint="pip could not fetch the wheels.")
    told = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")] or lines
    raise Missing(
        f"pip cannot fetch the wheels for {python.text}: {' '.join(told[-LAST_LINES:])}",
        where=str(folder / REQUIREMENTS_FILE),
    )


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def size_of(cache: Path) -> int:
    """Bytes of the fetched wheels."""
    return sum(path.stat().st_size for path in cache.glob("*/*.whl"))


def forget(cache: Path) -> int:
    """Remove every fetched wheel; the bytes that are free again."""
    n_bytes = size_of(cache)
    shutil.rmtree(cache, ignore_errors=True)
    return n_bytes - size_of(cache)
