from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine.images.wheel import own_digest, own_wheel


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The own wheel, laid out as pip installs it."""
    root = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(io.BytesIO(own_wheel().data)) as wheel:
        wheel.extractall(root)
    return root


def rows(data: bytes) -> dict[str, tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        name = next(name for name in wheel.namelist() if name.endswith("/RECORD"))
        text = wheel.read(name).decode("utf-8")
    return {row[0]: (row[1], row[2]) for row in csv.reader(io.StringIO(text))}


def test_the_record_names_every_member_with_its_hash() -> None:
    data = own_wheel().data
    told = rows(data)
    with zipfile.ZipFile(io.BytesIO(data)) as wheel:
        assert set(told) == set(wheel.namelist())
        for name in wheel.namelist():
            if not name.endswith("/RECORD"):
                content = wheel.read(name)
                sha = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
                assert told[name] == (f"sha256={sha.decode()}", str(len(content)))


def test_the_same_tree_gives_the_same_bytes() -> None:
    assert own_wheel().data == own_wheel().data


def test_caches_and_shipped_sessions_stay_out() -> None:
    names = set(rows(own_wheel().data))
    assert "scanflow_tui/steps/train.py" in names
    assert not [name for name in names if "__pycache__" in name or "_shipped" in name]


def test_what_is_installed_is_packed_again_as_its_record_says(installed: Path) -> None:
    assert own_wheel(installed) == own_wheel()
    assert own_digest(installed) == own_wheel().digest


def test_a_changed_file_is_refused(installed: Path) -> None:
    path = installed / "scanflow_tui" / "contract" / "ids.py"
    before = path.read_bytes()
    path.write_bytes(before + b"\n")
    try:
        with pytest.raises(Missing) as caught:
            own_wheel(installed)
    finally:
        path.write_bytes(before)
    assert caught.value.where == str(path)


def test_a_file_that_was_never_installed_is_refused(installed: Path) -> None:
    path = installed / "scanflow_tui" / "more.py"
    path.write_text("")
    try:
        with pytest.raises(Missing, match="not part of the installed"):
            own_wheel(installed)
    finally:
        path.unlink()


def test_caches_of_an_installation_do_not_matter(installed: Path) -> None:
    cache = installed / "scanflow_tui" / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "x.cpython-311.pyc").write_bytes(b"x")
    assert own_wheel(installed) == own_wheel()
