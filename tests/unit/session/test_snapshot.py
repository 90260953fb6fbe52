"""What belongs to the code of a pipeline, and the patterns that leave things out."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.session import artifacts
from scanflow_tui.session.snapshot import ignored, parse, snapshot


def pipeline(folder: Path, *names: str) -> Path:
    for name in ("pipeline.yaml", "model.py", *names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def paths(tmp_path: Path, *leave_out: Path) -> list[str]:
    kept = snapshot(tmp_path / "p", tmp_path / "objects", leave_out)
    return [item.path for item in artifacts.files(tmp_path / "objects", kept.sha)]


def test_caches_version_control_and_the_document_are_no_code(tmp_path: Path) -> None:
    pipeline(
        tmp_path / "p", ".git/HEAD", "a/__pycache__/m.pyc", ".venv/bin/python", "a/pipeline.yaml"
    )
    assert paths(tmp_path) == ["a/pipeline.yaml", "model.py"]


def test_sessions_and_file_inputs_are_no_code(tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "p", "data/train/x.npy", "data/readme", "sessions/s/lock")
    assert paths(tmp_path, Path("data/train"), folder / "sessions") == ["data/readme", "model.py"]


def test_ignore_files_are_followed(tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "p", "notes.md", "a/big.bin", "a/small.bin")
    (folder / ".gitignore").write_text("*.bin\n!small.bin\n")
    (folder / ".scanflowignore").write_text("*.md\n")
    assert paths(tmp_path) == ["a/small.bin", "model.py"]


def test_the_same_code_has_the_same_hash_whatever_the_document_says(tmp_path: Path) -> None:
    folder = pipeline(tmp_path / "p")
    before = snapshot(folder, tmp_path / "objects")
    (folder / "pipeline.yaml").write_text("other")
    assert snapshot(folder, tmp_path / "objects") == before


def test_a_link_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (pipeline(tmp_path / "p") / "x").symlink_to("/etc")
    with pytest.raises(InputError, match="scanflowignore"):
        snapshot(tmp_path / "p", tmp_path / "objects")


@pytest.mark.parametrize(
    ("line", "path", "is_folder", "out"),
    [
        ("*.bin", "a/b.bin", False, True),
        ("/b.bin", "a/b.bin", False, False),
        ("a/b", "a/b", False, True),
        ("a/b", "c/a/b", False, False),
        ("build/", "build", False, False),
        ("build/", "x/build", True, True),
        ("a/**/c", "a/c", False, True),
        ("a/**/c", "a/x/y/c", False, True),
        ("a/**", "a/x", False, True),
        ("**/c", "x/c", False, True),
        ("?.py", "ab.py", False, False),
        ("[ab].py", "a.py", False, True),
        ("[!ab].py", "a.py", False, False),
        ("*", "a", False, True),
        ("a*c", "a/c", False, False),
        ("\\#x", "#x", False, True),
        ("# x", "# x", False, False),
        ("[", "[", False, True),
        ("a.b", "aXb", False, False),
    ],
)
def test_patterns(line: str, path: str, is_folder: bool, out: bool) -> None:
    assert ignored(parse([line]), path, is_folder=is_folder) is out
