"""The object store, the manifest it names things by, and what it does not take."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.session import artifacts
from scanflow_tui.session.manifest import Rules, manifest


def made(folder: Path, **files: str) -> Path:
    """A folder with files; '__' in a name stands for '/'."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def test_a_folder_is_moved_in_whole_and_read_only(tmp_path: Path) -> None:
    made(tmp_path / "out/model", a="x", sub__b="yy")
    kept = artifacts.collect(tmp_path, "out/model", tmp_path / "objects")
    path = artifacts.path_of(tmp_path / "objects", kept.sha)
    assert (kept.n_bytes, kept.n_files) == (3, 2)
    assert (path / "sub/b").read_text() == "yy"
    assert not (tmp_path / "out/model").exists()
    modes = {stat.S_IMODE(item.stat().st_mode) for item in [path, *path.rglob("*")]}
    assert modes == {0o444, 0o555}


def test_the_same_bytes_have_one_name_moved_or_copied(tmp_path: Path) -> None:
    made(tmp_path / "one", a="x")
    made(tmp_path / "two", a="x")
    first = artifacts.ingest(tmp_path / "one", tmp_path / "objects")
    assert artifacts.collect(tmp_path, "two", tmp_path / "objects") == first
    assert (tmp_path / "one/a").exists() and not (tmp_path / "two").exists()


def test_a_files_own_name_is_not_part_of_its_hash(tmp_path: Path) -> None:
    made(tmp_path, a="x", b="x")
    kept = {artifacts.ingest(tmp_path / name, tmp_path / "objects").sha for name in ("a", "b")}
    assert len(kept) == 1


def test_the_executable_bit_and_the_names_inside_are(tmp_path: Path) -> None:
    for name in ("plain", "executable"):
        made(tmp_path / name, a="x")
    (tmp_path / "executable/a").chmod(0o755)
    made(tmp_path / "renamed", b="x")
    kept = {
        artifacts.ingest(tmp_path / name, tmp_path / "objects").sha
        for name in ("plain", "executable", "renamed")
    }
    assert len(kept) == 3


def _link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _hard_link(path: Path) -> None:
    elsewhere = path.parent.parent / "elsewhere"
    elsewhere.write_text("secret")
    os.link(elsewhere, path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made_socket:
        made_socket.bind(str(path))


@pytest.mark.parametrize("make", [_link, _hard_link, _socket, os.mkfifo])
def test_what_is_no_plain_file_of_its_own_is_not_taken(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    made(tmp_path / "out", a="x")
    make(tmp_path / "out/b")
    with pytest.raises(InputError, match=r"^b: "):
        artifacts.collect(tmp_path, "out", tmp_path / "objects")
    assert (tmp_path / "out/a").exists()
    assert not list((tmp_path / "objects").glob("*/*"))


def test_an_output_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").symlink_to("/etc")
    for relative in ("out", "out/passwd"):
        with pytest.raises(InputError, match="symbolic link"):
            artifacts.collect(tmp_path, relative, tmp_path / "objects")


def test_an_output_that_was_not_made_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="was not made"):
        artifacts.collect(tmp_path, "out/model", tmp_path / "objects")


def test_a_file_name_that_is_not_utf8_is_not_taken(tmp_path: Path) -> None:
    made(tmp_path / "out")
    (tmp_path / "out" / os.fsdecode(b"\xff")).touch()
    with pytest.raises(InputError, match="not UTF-8"):
        artifacts.collect(tmp_path, "out", tmp_path / "objects")


@pytest.mark.parametrize("rules", [Rules(bytes_max=3), Rules(files_max=1)])
def test_limits_hold(tmp_path: Path, rules: Rules) -> None:
    made(tmp_path / "out", a="xx", b="xx")
    with pytest.raises(InputError, match=r"larger than|more than"):
        artifacts.collect(tmp_path, "out", tmp_path / "objects", rules)


def test_nesting_has_a_limit(tmp_path: Path) -> None:
    (tmp_path / "out" / "/".join("d" * 70)).mkdir(parents=True)
    with pytest.raises(InputError, match="nested"):
        artifacts.collect(tmp_path, "out", tmp_path / "objects")


def test_altered_bytes_are_seen_and_replaced_by_true_ones(tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    kept = artifacts.ingest(made(tmp_path / "one", a="x"), objects)
    inside = artifacts.path_of(objects, kept.sha) / "a"
    inside.chmod(0o644)
    inside.write_text("y")
    assert not artifacts.verify(objects, kept.sha)
    assert artifacts.ingest(tmp_path / "one", objects) == kept
    assert artifacts.verify(objects, kept.sha)


def test_a_copy_that_does_not_pass_leaves_nothing(tmp_path: Path) -> None:
    made(tmp_path / "batch", a="x")
    (tmp_path / "batch/z").symlink_to("a")
    with pytest.raises(InputError, match="symbolic link"):
        artifacts.ingest(tmp_path / "batch", tmp_path / "objects")
    assert list((tmp_path / "objects").iterdir()) == []


def test_the_way_to_a_batch_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to(made(tmp_path / "batch", a="x"))
    assert artifacts.ingest(tmp_path / "latest", tmp_path / "objects").n_files == 1


def test_a_batch_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Missing):
        artifacts.ingest(tmp_path / "none", tmp_path / "objects")


def test_files_are_read_by_range(tmp_path: Path) -> None:
    objects = tmp_path / "objects"
    kept = artifacts.ingest(made(tmp_path / "one", sub__a="abcdef"), objects)
    assert artifacts.read(objects, kept.sha, "sub/a", 2, 3) == (b"cde", 6)


@pytest.mark.parametrize("relative", ["../x", "/etc/passwd", "a//b", "./a"])
def test_a_path_that_leaves_its_artifact_is_refused(tmp_path: Path, relative: str) -> None:
    kept = artifacts.ingest(made(tmp_path / "one", a="x"), tmp_path / "objects")
    with pytest.raises(InputError, match="leaves"):
        artifacts.read(tmp_path / "objects", kept.sha, relative, 0, 1)


@pytest.mark.parametrize("relative", ["none", "", "a/b"])
def test_a_file_that_is_not_in_an_artifact_is_missing(tmp_path: Path, relative: str) -> None:
    kept = artifacts.ingest(made(tmp_path / "one", a="x"), tmp_path / "objects")
    with pytest.raises(Missing):
        artifacts.read(tmp_path / "objects", kept.sha, relative, 0, 1)


def test_what_is_no_hash_names_no_path(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        artifacts.path_of(tmp_path, "../../etc/passwd")


def test_a_manifest_is_sorted_by_path(tmp_path: Path) -> None:
    found = manifest(made(tmp_path / "one", b="x", a__z="x", a2="x"))
    assert [item.path for item in found] == sorted(item.path for item in found)
