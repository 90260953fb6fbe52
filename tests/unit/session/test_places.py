"""Where sessions lie, and what they may be called."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import Refused, UsageError
from scanflow_tui.session import places
from scanflow_tui.session.places import SessionFolder

ROOT = Path(places.__file__).parents[2]


def test_the_option_wins_over_the_environment(tmp_path: Path) -> None:
    found = places.sessions_root("a", {"SCANFLOW_SESSIONS": "b"}, tmp_path, tmp_path)
    assert found == tmp_path / "a"


def test_the_environment_wins_over_the_folder(tmp_path: Path) -> None:
    (tmp_path / "sessions").mkdir()
    found = places.sessions_root(None, {"SCANFLOW_SESSIONS": "b"}, tmp_path, tmp_path)
    assert found == tmp_path / "b"


def test_beside_a_pipeline_sessions_lie_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").touch()
    assert places.sessions_root(None, {}, tmp_path, tmp_path) == tmp_path / "sessions"


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, ".local/share/scanflow/sessions"),
        ({"XDG_DATA_HOME": "relative"}, ".local/share/scanflow/sessions"),
    ],
)
def test_elsewhere_they_lie_with_the_users_data(
    tmp_path: Path, environ: dict[str, str], found: str
) -> None:
    home = tmp_path / "home"
    assert places.sessions_root(None, environ, tmp_path, home) == home / found


@pytest.mark.parametrize("name", ["", "A", ".x", "a/b", "a" * 65, "run", "store", "a b", "ä"])
def test_names_that_no_session_may_have(name: str) -> None:
    with pytest.raises(UsageError, match="may not be called"):
        places.check_name(name, ("run",))


def test_a_session_that_is_not_there_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "mnist-demo").mkdir()
    (tmp_path / "mnist-demo/session.duckdb").touch()
    with pytest.raises(UsageError, match="mnist-demo"):
        places.find_session(tmp_path, "mnist-dmo")


def test_a_session_is_made_private(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "sessions" / "s")
    places.make_session(folder)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder.path, folder.runs)} == {0o700}


def test_a_short_path_holds_its_own_socket() -> None:
    assert places.socket_path(SessionFolder(Path("/s/a")), {}, 7) == Path("/s/a/sock")


@pytest.mark.parametrize("environ", [{}, {"XDG_RUNTIME_DIR": "/run/user/7"}])
def test_a_long_path_gets_a_short_socket_of_its_own(environ: dict[str, str]) -> None:
    folders = [SessionFolder(Path("/x" * 60) / name) for name in ("a", "b")]
    paths = {places.socket_path(folder, environ, 7) for folder in folders}
    assert len(paths) == 2
    assert all(len(os.fsencode(path)) <= 107 for path in paths)
    base = environ.get("XDG_RUNTIME_DIR", "/tmp/scanflow-7")
    assert all(str(path).startswith(base) for path in paths)


def test_slots_lie_where_they_are_told_to_or_nowhere(tmp_path: Path) -> None:
    given = tmp_path / "of" / "mine"
    assert places.slots_folder({"SCANFLOW_SLOTS": str(given)}) == given and given.is_dir()
    assert places.slots_folder({"SCANFLOW_SLOTS": "off"}) is None


def test_slots_of_another_user_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="another user"):
        places.slots_folder({"SCANFLOW_SLOTS": str(tmp_path)}, os.getuid() + 1)


def test_a_socket_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="another user"):
        places.make_socket_folder(tmp_path / "f" / "sock", os.getuid() + 1)


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(Refused, match="others may write"):
        places.require_private(tmp_path)


def test_a_link_in_the_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(Refused):
        places.require_private(tmp_path / "link")


@pytest.mark.parametrize("module", ["places", "index"])
def test_listing_sessions_loads_nothing_heavy(module: str) -> None:
    program = f"import sys, scanflow_tui.session.{module}\n"
    program += "print(sorted({'duckdb', 'msgspec', 'numpy', 'asyncio'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[]\n", done.stderr
