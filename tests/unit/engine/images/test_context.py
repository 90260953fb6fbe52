from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import InputError, Missing, ScanflowError
from scanflow_tui.engine.images.context import Context, read_context, write_tar
from scanflow_tui.engine.images.wheel import Wheel

PIPELINE = """\
scanflow: 1
name: small
image: {dockerfile: Dockerfile}
nodes:
  a: {run: [python, a.py], in: {data: file:data/train}, out: [x]}
"""
ALL = "ARG BASE=base:1\nFROM ${BASE}\nCOPY . /app\n"
OWN = Wheel("scanflow_tui-0-py3-none-any.whl", b"wheel", "own")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "pipeline.yaml": PIPELINE,
        "Dockerfile": ALL,
        "requirements.txt": "a==1\n",
        "a.py": "print()\n",
        "lib/b.py": "b",
        "lib/notes.md": "n",
        "data/train/0.bin": "large",
        "__pycache__/a.cpython-311.pyc": "x",
        "sessions/s/session.duckdb": "x",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def names(folder: Path, dockerfile: str = ALL) -> list[str]:
    (folder / "Dockerfile").write_text(dockerfile)
    return [item.path for item in read_context(folder, "", "own").recipe.files]


def packed(context: Context, needs: list[Path]) -> bytes:
    out = io.BytesIO()
    write_tar(out, context, needs, OWN)
    return out.getvalue()


def test_only_what_is_copied_goes_in(folder: Path) -> None:
    assert names(folder, "FROM a\nCOPY requirements.txt lib/*.py /x/\n") == [
        "lib/b.py",
        "requirements.txt",
    ]
    assert names(folder, "FROM a\nCOPY lib /x\n") == ["lib/b.py", "lib/notes.md"]
    assert names(folder, "FROM a\nRUN true\n") == []


def test_the_whole_folder_is_its_code_without_inputs_and_sessions(folder: Path) -> None:
    assert names(folder) == [
        *("Dockerfile", "a.py", "lib/b.py", "lib/notes.md", "pipeline.yaml", "requirements.txt")
    ]


def test_dockerignore_leaves_out_and_takes_back(folder: Path) -> None:
    (folder / ".dockerignore").write_text(
        "# no\nlib\n!lib/b.py\n*.yaml\n**/*.txt\n/.dockerignore\n"
    )
    assert names(folder) == ["Dockerfile", "a.py", "lib/b.py"]


@pytest.mark.parametrize(
    ("dockerfile", "said"),
    [
        ("FROM a\nCOPY none.py /x\n", "'none.py' is not in the pipeline's folder"),
        ("FROM a\nCOPY ../x /x\n", "'../x' leaves the pipeline's folder"),
        ("FROM a\nCOPY fifo /x\n", "no regular file"),
    ],
)
def test_what_cannot_be_copied_is_said(folder: Path, dockerfile: str, said: str) -> None:
    os.mkfifo(folder / "fifo")
    with pytest.raises(InputError) as caught:
        names(folder, dockerfile)
    assert said in caught.value.sentence()


def test_a_pipeline_without_a_dockerfile_says_what_to_write(folder: Path) -> None:
    (folder / "Dockerfile").unlink()
    with pytest.raises(Missing, match="the Dockerfile cannot be read"):
        read_context(folder, "", "own")
    (folder / "pipeline.yaml").write_text(PIPELINE.replace("dockerfile: Dockerfile", "name: a:1"))
    with pytest.raises(Missing, match="no Dockerfile: it names the image 'a:1'"):
        read_context(folder, "", "own")


def test_a_folder_called_wheels_is_refused(folder: Path) -> None:
    (folder / "wheels").mkdir()
    assert names(folder, "FROM a\nCOPY a.py /x\n") == ["a.py"]
    (folder / "Dockerfile").write_text("FROM a\nCOPY wheels/needs /x\n")
    with pytest.raises(InputError, match="where ScanFlow puts wheels"):
        read_context(folder, "", "own")


def test_wheels_count_only_where_the_build_asks_for_them(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM a\nCOPY a.py /x\n")
    made = read_context(folder, "", "own").recipe
    assert (made.requirements, made.own) == ("", "")
    (folder / "Dockerfile").write_text("FROM a\nCOPY wheels/needs wheels/scanflow /x\n")
    made = read_context(folder, "", "own").recipe
    assert (made.requirements, made.own) == ("a==1\n", "own")


def test_a_base_replaces_the_default_where_there_is_an_argument(folder: Path) -> None:
    assert read_context(folder, "", "own").recipe.base == "base:1"
    assert read_context(folder, "other:2", "own").recipe.base == "other:2"
    (folder / "Dockerfile").write_text("FROM fixed:1\n")
    assert read_context(folder, "other:2", "own").recipe.base == ""


def test_the_tar_has_the_files_the_wheels_and_labels(folder: Path, tmp_path: Path) -> None:
    need = tmp_path / "a-1-py3-none-any.whl"
    need.write_bytes(b"need")
    (folder / "a.py").chmod(0o755)
    (folder / "link").symlink_to("a.py")
    (folder / "Dockerfile").write_text("FROM base:1\nCOPY a.py link wheels /x/\n")
    with tarfile.open(fileobj=io.BytesIO(packed(read_context(folder, "", "own"), [need]))) as tar:
        found = {entry.name: entry for entry in tar.getmembers()}
        sent = tar.extractfile("Dockerfile.scanflow")
        assert sent is not None and b'LABEL scanflow.image="1"' in sent.read()
    assert found["a.py"].mode == 0o755
    assert found["link"].linkname == "a.py"
    assert "wheels/needs/a-1-py3-none-any.whl" in found
    assert "wheels/scanflow/scanflow_tui-0-py3-none-any.whl" in found
    assert {(entry.mtime, entry.uid, entry.uname) for entry in found.values()} == {(0, 0, "")}


def test_the_tar_is_the_same_whatever_the_times(folder: Path) -> None:
    before = packed(read_context(folder, "", "own"), [])
    for path in folder.rglob("*"):
        os.utime(path, (1, 1))
    after = packed(read_context(folder, "", "own"), [])
    assert hashlib.sha256(before).digest() == hashlib.sha256(after).digest()


def test_a_file_that_changes_meanwhile_is_seen(folder: Path) -> None:
    context = read_context(folder, "", "own")
    (folder / "a.py").write_text("print(1)\n")
    with pytest.raises(ScanflowError, match="changed while the image was made"):
        packed(context, [])
