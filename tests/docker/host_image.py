"""A base image made of this machine's own Python, shell and libraries: seconds, no registry.

It stands where a user has the usual slim Python: ``python``, ``pip``, ``sh`` and some of coreutils.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

import pip

BASE = "scanflow-test-base:1"
PROGRAMS = (
    *("sh", "bash", "cat", "chmod", "cp", "date", "dd", "df", "echo", "env", "false", "grep"),
    *("head", "id", "kill", "ln", "ls", "mkdir", "mount", "mv", "nice", "rm", "sed", "seq"),
    *("sleep", "sort", "stat", "sync", "tail", "test", "touch", "tr", "true", "uname", "wc", "yes"),
)
LIBRARIES = ("libstdc++.so.6", "libgcc_s.so.1", "libgomp.so.1")
LEFT_OUT = re.compile(
    r"/(test|idlelib|lib2to3|pydoc_data|turtledemo|tkinter|ensurepip|config-[^/]*|site-packages)/"
    r"|/_tkinter\.|\.opt-\d\.pyc/"
)
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}
FOLDERS = {
    **dict.fromkeys(("etc", "usr", "usr/bin", "usr/lib", "usr/lib64", "usr/local"), 0o755),
    **dict.fromkeys(("usr/local/bin", "usr/local/lib", "var", "proc", "sys"), 0o755),
    "tmp": 0o1777,
    "var/tmp": 0o1777,
    "root": 0o700,
}
"""Named, all of them: what an archive leaves out a rootless engine makes for its owner alone."""
PIP = '#!/bin/sh\nexec python3 -m pip "$@"\n'
CHANGES = ["ENV PATH=/usr/local/bin:/usr/bin:/bin"]


def write(path: Path) -> None:
    """Write the image's root as a tar."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # A Python of the distribution looks for its packages below /usr alone.
    prefix = "usr" if sys.base_prefix == "/usr" else "usr/local"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT, dereference=True) as tar:
        for name, mode in FOLDERS.items():
            _add_folder(tar, name, mode)
        for link in ("bin", "sbin", "lib", "lib64"):
            _add_link(tar, link, "usr/bin" if link == "sbin" else f"usr/{link}")
        for name, text in FILES.items():
            _add_text(tar, name, text, 0o644)
        interpreter = Path(sys.executable).resolve()
        tar.add(interpreter, f"{prefix}/bin/{version}", filter=_as_root)
        for name in ("python", "python3"):
            _add_link(tar, f"{prefix}/bin/{name}", version)
        _add_text(tar, f"{prefix}/bin/pip", PIP, 0o755)
        library = Path(sysconfig.get_path("stdlib"))
        place = f"{prefix}/lib/{version}"
        tar.add(library, place, filter=_kept)
        _add_folder(tar, f"{place}/site-packages", 0o755)
        tar.add(Path(pip.__file__).parent, f"{place}/pip", filter=_kept)
        programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name))]
        for program in programs:
            tar.add(program, f"usr/bin/{program.name}", filter=_as_root)
        modules = [one for one in library.glob("lib-dynload/*.so") if "_tkinter" not in one.name]
        _add_libraries(tar, [interpreter, *programs, *modules])


def _add_libraries(tar: tarfile.TarFile, users: list[Path]) -> None:
    """All libraries go where libc lies: there they are found without a cache."""
    said = subprocess.run(["ldd", *users], capture_output=True, text=True, check=False).stdout
    found = {Path(path) for path in re.findall(r"=> (/\S+)", said)}
    loaders = {Path(path) for path in re.findall(r"^\s+(/\S+) \(", said, re.MULTILINE)}
    libc = next(path for path in found if path.name == "libc.so.6").parent
    # Wheels name the stubs of libc, which nothing else does.
    stubs = ("libpthread", "libdl", "librt", "libutil", "libm", "libresolv", "libnss_*")
    found |= {path for stub in stubs for path in libc.glob(f"{stub}.so.*")}
    found |= {libc / name for name in LIBRARIES if (libc / name).exists()}
    place = libc.as_posix().lstrip("/")
    place = place if place.startswith("usr/") else f"usr/{place}"
    if place not in FOLDERS:
        _add_folder(tar, place, 0o755)
    for path in sorted(found):
        tar.add(path, f"{place}/{path.name}", filter=_as_root)
    for path in sorted(loaders):
        name = path.as_posix().lstrip("/")
        tar.add(path, name if name.startswith("usr/") else f"usr/{name}", filter=_as_root)


def _kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if LEFT_OUT.search(f"/{entry.name}/") else _as_root(entry)


def _as_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)


def _add_link(tar: tarfile.TarFile, name: str, to: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, to
    tar.addfile(entry)


def _add_text(tar: tarfile.TarFile, name: str, text: str, mode: int) -> None:
    data = text.encode("ascii")
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))
