from __future__ import annotations

import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.engine.images.recipe import (
    Recipe,
    bases,
    copied,
    default_base,
    is_own,
    labelled,
    parse,
    wheels,
)

TWO_STAGES = """\
# a comment
ARG BASE=python:3.11-slim
ARG TOOL=busybox:${VERSION:-1}

FROM ${BASE} AS site
COPY --chown=0:0 requirements.txt model.py /build/
RUN python -m pip install \\
    # a comment between
    --target /opt/site x
COPY wheels/needs /build/needs
FROM --platform=linux/amd64 $TOOL AS tool
from site
ADD ["a file.txt", "/x/"]
copy --from=site /opt/site /opt/site
ADD https://example.org/x.tar /x/
"""


def test_instructions_go_over_lines_and_comments() -> None:
    found = parse(TWO_STAGES)
    assert [item.word for item in found] == [
        *("ARG", "ARG", "FROM", "COPY", "RUN", "COPY", "FROM", "FROM", "ADD", "COPY", "ADD")
    ]
    run = found[4]
    assert (run.line, run.end) == (7, 9)
    assert run.rest == "python -m pip install --target /opt/site x"


def test_another_escape_is_obeyed() -> None:
    found = parse("# escape=`\nFROM a\nRUN x `\n  y\\\n")
    assert [item.rest for item in found] == ["a", "x y\\"]


def test_bases_are_those_of_no_stage() -> None:
    found = parse(TWO_STAGES)
    assert default_base(found) == "python:3.11-slim"
    assert bases(found, "python:3.11-slim") == ("python:3.11-slim", "busybox:1")
    assert bases(found, "mine:2") == ("mine:2", "busybox:1")


def test_no_base_argument_is_told_from_an_empty_one() -> None:
    assert default_base(parse("FROM a\nARG BASE=b\n")) is None
    assert default_base(parse("ARG BASE\nFROM ${BASE}\n")) == ""


@pytest.mark.parametrize("text", ["RUN x\n", "ARG BASE\nFROM ${BASE}\n", "FROM scratch\n"])
def test_a_dockerfile_without_a_base_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        bases(parse(text), "")


def test_copied_files_are_those_of_the_folder() -> None:
    assert copied(parse(TWO_STAGES)) == (
        ("requirements.txt", 6),
        ("model.py", 6),
        ("a file.txt", 13),
    )


def test_a_name_that_an_argument_completes_stands_for_the_folder() -> None:
    assert copied(parse("FROM a\nCOPY $X/b /x\nCOPY ./c/ /d\n")) == ((".", 2), ("c", 3))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("wheels", {"needs", "scanflow"}),
        ("./wheels/", {"needs", "scanflow"}),
        (".", {"needs", "scanflow"}),
        ("wheels/needs/", {"needs"}),
        ("wheels/scanflow/x.whl", {"scanflow"}),
        ("model.py", set()),
        ("--from=site wheels", set()),
    ],
)
def test_wheels_are_those_that_the_build_copies(words: str, asked: set[str]) -> None:
    assert wheels(parse(f"FROM a\nCOPY {words} /x\n")) == asked


def test_an_unended_quote_is_an_error_with_its_line() -> None:
    with pytest.raises(InputError) as caught:
        copied(parse('FROM a\nCOPY "b /x\n'))
    assert caught.value.where == "Dockerfile:2"


def test_every_stage_is_labelled() -> None:
    text = labelled("FROM \\\n a AS b\nRUN x\nFROM b\n", {"k": 'v "1"'})
    assert text.splitlines() == [
        *("FROM \\", " a AS b", 'LABEL k="v \\"1\\""', "RUN x", "FROM b", 'LABEL k="v \\"1\\""')
    ]


def test_own_names_are_told_from_others() -> None:
    own = ("scanflow/a:1", "docker.io/scanflow/a:1", "localhost/scanflow/a:1")
    assert all(is_own(tag) for tag in own)
    assert not any(is_own(tag) for tag in ("mine/scanflow/a:1", "scanflow-test:1", "a:1"))


def test_a_tag_is_a_name_that_docker_takes() -> None:
    made = Recipe("My_Pipe..line", "FROM a", "", "", (), "own")
    repository, _, tag = made.tag.partition(":")
    assert repository == "scanflow/my-pipe-line"
    assert tag == made.digest[:16]
