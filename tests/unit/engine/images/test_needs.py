from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.engine.images.needs import (
    Interpreter,
    cache_folder,
    check_lock,
    forget,
    needs,
    size_of,
)

LOCK = """\
# a comment
--extra-index-url https://example.org/simple
torch==2.13.0  # a reason
typing_extensions == 4.16.0 ; python_version < "3.13"
a.b[c,d]===1.0+cpu
"""
DEBIAN = Interpreter("cpython", "3.11", "x86_64", "glibc", "2.36")


def quiet(share: float | None, text: str) -> None:
    """Nobody listens."""


def test_a_lock_names_each_version() -> None:
    assert check_lock(LOCK, "r.txt") == ("torch", "typing-extensions", "a-b")


@pytest.mark.parametrize(
    "line", ["torch", "torch>=2", "torch==2.*", "-r more.txt", "-e .", "./x.whl", "a @ file:///x"]
)
def test_a_line_that_locks_nothing_is_named(line: str) -> None:
    with pytest.raises(InputError) as caught:
        check_lock(f"a==1\n{line}\n", "r.txt")
    assert [finding.split(": ")[0] for finding in caught.value.findings] == ["r.txt:2"]


def test_platforms_are_those_that_run_on_the_base() -> None:
    found = DEBIAN.platforms
    assert found[0] == "manylinux_2_36_x86_64"
    assert "manylinux_2_17_x86_64" in found
    assert "manylinux2014_x86_64" in found
    assert not [name for name in found if "2_37" in name or "musl" in name]


def test_alpine_takes_its_own_wheels() -> None:
    alpine = Interpreter("cpython", "3.12", "aarch64", "musl", "1.2")
    assert alpine.platforms == tuple(f"musllinux_1_{n}_aarch64" for n in (2, 1, 0))


def test_wheels_lie_in_the_users_cache_folder() -> None:
    home = Path("/home/me")
    assert cache_folder({}, home) == home / ".cache" / "scanflow" / "wheels"
    assert cache_folder({"XDG_CACHE_HOME": "/c"}, home) == Path("/c/scanflow/wheels")
    assert cache_folder({"XDG_CACHE_HOME": "relative"}, home) == home / ".cache/scanflow/wheels"


def test_what_was_fetched_for_a_lock_is_taken_again(tmp_path: Path) -> None:
    told: list[str] = []

    def fetch(text: str, python: Interpreter, folder: Path, kept: Path, tell: object) -> None:
        kept.mkdir(parents=True)
        (kept / "a-1-py3-none-any.whl").write_bytes(b"a")
        (kept / "loose-2-py3-none-any.whl").write_bytes(b"lo")

    def take(text: str, python: Interpreter = DEBIAN) -> list[str]:
        found = needs(
            text, python, tmp_path, tmp_path / "c", lambda _, it: told.append(it), fetch=fetch
        )
        return [path.name for path in found]

    first = take("a==1\n")
    assert told[-1] == "not locked by requirements.txt: loose"
    told.clear()
    assert take("a==1\n") == first == ["a-1-py3-none-any.whl", "loose-2-py3-none-any.whl"]
    assert told == ["not locked by requirements.txt: loose"]
    take("a==1\n", Interpreter("cpython", "3.12", "x86_64", "glibc", "2.36"))
    assert told[1].startswith("fetching the wheels")
    assert size_of(tmp_path / "c") == 6
    assert (forget(tmp_path / "c"), size_of(tmp_path / "c")) == (6, 0)
