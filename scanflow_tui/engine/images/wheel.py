"""ScanFlow's own wheel for images: from the checkout, or packed again from what is installed.

It holds the package alone, without shipped pipelines and sessions, and names no needs: those of a
step are in its pipeline's requirements. The same content gives the same bytes.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import scanflow_tui
from scanflow_tui import __version__
from scanflow_tui.contract import canonical
from scanflow_tui.contract.errors import Missing

PACKAGE = "scanflow_tui"
LEFT_OUT = ("__pycache__", "_shipped")
STAMP = (1980, 1, 1, 0, 0, 0)
METADATA = """\
Metadata-Version: 2.1
Name: scanflow-tui
Version: {version}
Summary: The package as the steps of an image need it
Requires-Python: >=3.11
"""
WHEEL = """\
Wheel-Version: 1.0
Generator: scanflow-tui {version}
Root-Is-Purelib: true
Tag: py3-none-any
"""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel's file name, its bytes, and the digest of what is installed from it."""

    name: str
    data: bytes
    digest: str


def own_wheel(root: Path | None = None) -> Wheel:
    """The wheel of the ScanFlow below ``root`` (the one that runs, where none is given).

    Raises Missing where an installed file is not what its installation recorded.
    """
    root = root or Path(scanflow_tui.__file__).parent.parent
    files = {path: (root / path).read_bytes() for path in _paths(root)}
    _check(root, files)
    info = f"{PACKAGE}-{__version__}.dist-info"
    members = dict(sorted(files.items()))
    members[f"{info}/METADATA"] = METADATA.format(version=__version__).encode("ascii")
    members[f"{info}/WHEEL"] = WHEEL.format(version=__version__).encode("ascii")
    members[f"{info}/RECORD"] = _record(members, f"{info}/RECORD")
    return Wheel(f"{PACKAGE}-{__version__}-py3-none-any.whl", _zip(members), _digest(files))


def own_digest(root: Path | None = None) -> str:
    """The digest alone, of what lies there now."""
    root = root or Path(scanflow_tui.__file__).parent.parent
    return _digest({path: (root / path).read_bytes() for path in _paths(root)})


def _digest(files: dict[str, bytes]) -> str:
    return canonical.digest({path: canonical.sha256(data) for path, data in files.items()})


def _paths(root: Path) -> list[str]:
    """Every file of the package but caches and what is shipped beside it, sorted."""
    found = []
    for path in (root / PACKAGE).rglob("*"):
        parts = path.relative_to(root).parts
        hidden = any(part in LEFT_OUT or part.startswith(".") for part in parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            found.append("/".join(parts))
    return sorted(found)


def _check(root: Path, files: dict[str, bytes]) -> None:
    """Compare with RECORD, where pip put the package; a checkout has none beside it."""
    rows = _recorded(root)
    if not rows:
        return
    for path in files:
        if path not in rows:
            raise Missing(
                "this file is not part of the installed ScanFlow",
                where=str(root / path),
                hint="Remove it, or install ScanFlow again.",
            )
    for path, told in rows.items():
        if path not in files or _hash(files[path]) != told:
            raise Missing(
                "this file was changed since ScanFlow was installed, so no image is made of it",
                where=str(root / path),
                hint="Install ScanFlow again.",
            )


def _recorded(root: Path) -> dict[str, str]:
    """Path → hash of the package's files, as far as the wheel takes them."""
    for record in sorted(root.glob(f"{PACKAGE}-*.dist-info/RECORD")):
        with open(record, encoding="utf-8", newline="") as source:
            rows = {row[0]: row[1] for row in csv.reader(source) if len(row) == 3}
        if f"{PACKAGE}/__init__.py" in rows:
            return {
                path: told
                for path, told in rows.items()
                if path.startswith(f"{PACKAGE}/")
                and told
                and not any(part in LEFT_OUT for part in path.split("/"))
            }
    return {}


def _hash(data: bytes) -> str:
    sha = hashlib.sha256(data).digest()
    return "sha256=" + base64.urlsafe_b64encode(sha).rstrip(b"=").decode("ascii")


def _record(members: dict[str, bytes], name: str) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerows((path, _hash(data), len(data)) for path, data in members.items())
    rows.writerow((name, "", ""))
    return text.getvalue().encode("utf-8")


def _zip(members: dict[str, bytes]) -> bytes:
    """Stored, not packed: the packed bytes would hang on the version of zlib."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for path, data in members.items():
            entry = zipfile.ZipInfo(path, STAMP)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            made.writestr(entry, data)
    return out.getvalue()
