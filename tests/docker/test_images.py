"""Images by the project's own commands, on the host-made base, in the private engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.contract.errors import InputError, Missing, Refused
from scanflow_tui.engine.images import images
from scanflow_tui.engine.images.client import ImageStore
from scanflow_tui.engine.images.images import Image
from scanflow_tui.engine.images.tag import is_built, tag_of
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine
from tests.docker.registry import registry

pytestmark = pytest.mark.docker

PIPELINE = """\
scanflow: 1
name: small
image: {dockerfile: Dockerfile}
nodes:
  a: {run: [python, a.py], out: [x]}
"""
HEAD = "ARG BASE=scanflow-no-such:1\nFROM ${BASE}\n"
TWO_STAGES = """\
ARG BASE=scanflow-no-such:1
FROM ${BASE} AS site
COPY wheels/scanflow /build
RUN python -m pip install --no-index --find-links /build --root-user-action ignore \\
    --target /opt/site scanflow-tui
FROM ${BASE}
COPY --from=site /opt/site /opt/site
COPY hello.txt /
ENV PYTHONPATH=/opt/site
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    (tmp_path / "Dockerfile").write_text(TWO_STAGES)
    (tmp_path / "hello.txt").write_text("hello\n")
    return tmp_path


@pytest.fixture
def store(
    docker_engine: PrivateEngine, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ImageStore]:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.url)
    monkeypatch.setenv("SCANFLOW_BASE", base_image)
    with images.image_store() as opened:
        yield opened
        for image in images.images(opened):
            images.remove(opened, image)


def quiet(share: float | None, text: str) -> None:
    """Nobody listens."""


def one(found: list[Image], tag: str) -> Image:
    return next(image for image in found if tag in image.tags)


def test_an_image_is_built_once_and_runs_scanflow(store: ImageStore, folder: Path) -> None:
    told: list[tuple[float | None, str]] = []
    assert not is_built(tag_of(folder))
    built = images.build(store, folder, lambda share, text: told.append((share, text)))
    assert (built.tag, built.is_new) == (tag_of(folder), True)
    assert is_built(built.tag)
    assert [text for _, text in told if text.startswith("step 4 of")]
    again = images.build(store, folder, quiet)
    assert (again.id, again.is_new) == (built.id, False)
    program = "import scanflow_tui.contract.step as s; print(open('/hello.txt').read(), s.CONTRACT)"
    code, said = store.say(built.tag, ["python", "-c", program], {})
    assert (code, said.split()[0]) == (0, "hello")


def test_changed_content_is_another_image_and_prune_takes_the_old_one(
    store: ImageStore, folder: Path
) -> None:
    first = images.build(store, folder, quiet)
    (folder / "hello.txt").write_text("hallo\n")
    second = images.build(store, folder, quiet)
    assert first.id != second.id
    gone = images.superseded(images.images(store))
    assert first.id in [image.id for image in gone]
    assert second.id not in [image.id for image in gone]
    assert any(not image.tags for image in gone), "the first stage is left of a build"
    assert [why for image in gone if (why := images.remove(store, image))] == []
    assert [image.tags for image in images.images(store)] == [(second.tag,)]


def test_prune_leaves_what_others_built_and_what_is_in_use(
    store: ImageStore, folder: Path, base_image: str
) -> None:
    first = images.build(store, folder, quiet)
    docker = store._api()
    docker.tag(base_image, "foreign", "1")
    docker.tag(first.id, "mine", "1")
    (folder / "hello.txt").write_text("used\n")
    used = images.build(store, folder, quiet)
    container = docker.create_container(used.tag, ["true"])["Id"]
    (folder / "hello.txt").write_text("newest\n")
    newest = images.build(store, folder, quiet)
    try:
        found = images.images(store)
        assert one(found, used.tag).users
        for image in images.superseded(found):
            images.remove(store, image)
        left = images.images(store)
        assert one(left, used.tag) and one(left, newest.tag)
        assert one(left, "mine:1").tags == ("mine:1",), "a name that somebody gave it stays"
        assert store.inspect("foreign:1") and store.inspect(base_image)
    finally:
        docker.remove_container(container)
        for name in ("foreign:1", "mine:1"):
            docker.remove_image(name)


def test_an_image_of_that_name_by_somebody_else_is_refused(
    store: ImageStore, folder: Path, base_image: str
) -> None:
    repository, tag = tag_of(folder).split(":")
    docker = store._api()
    docker.tag(base_image, repository, tag)
    try:
        with pytest.raises(Refused, match="did not build"):
            images.build(store, folder, quiet)
    finally:
        docker.remove_image(f"{repository}:{tag}")


def test_a_failed_instruction_is_named_with_what_it_said(store: ImageStore, folder: Path) -> None:
    (folder / "Dockerfile").write_text(HEAD + "RUN echo the reason; exit 3\n")
    with pytest.raises(InputError) as caught:
        images.build(store, folder, quiet)
    assert "RUN echo the reason; exit 3" in caught.value.sentence()
    assert "  the reason" in caught.value.findings


def test_a_base_that_cannot_be_had_is_one_sentence(store: ImageStore, folder: Path) -> None:
    with pytest.raises(Missing) as caught:
        images.build(store, folder, quiet, base="127.0.0.1:9/scanflow-no-such:1")
    assert "'127.0.0.1:9/scanflow-no-such:1' is not in the Docker engine" in caught.value.sentence()


def test_a_base_that_is_not_there_is_pulled(store: ImageStore, folder: Path) -> None:
    (folder / "Dockerfile").write_text(HEAD + "COPY hello.txt /\n")
    told: list[str] = []
    with registry() as name:
        built = images.build(store, folder, lambda _, text: told.append(text), base=name)
        assert f"pulling {name}" in told
        again = images.build(store, folder, quiet, base=name)
    assert (again.id, built.is_new) == (built.id, True)
    assert one(images.images(store), built.tag).base == name
    labels = store.inspect(built.tag)["Config"]["Labels"]
    assert labels["scanflow.base.id"] == store.inspect(name)["Id"]
    store.remove(built.tag)
    store.remove(name)


def test_a_base_without_python_cannot_take_a_lock(store: ImageStore, folder: Path) -> None:
    (folder / "Dockerfile").write_text(HEAD + "COPY wheels/needs /needs\n")
    (folder / "requirements.txt").write_text("a==1\n")
    with registry() as name:
        with pytest.raises(Missing, match="has no Python"):
            images.build(store, folder, quiet, base=name)
        store.remove(name)


def test_a_base_is_refused_where_the_dockerfile_takes_none(
    store: ImageStore, folder: Path, base_image: str
) -> None:
    (folder / "Dockerfile").write_text(f"FROM {base_image}\n")
    with pytest.raises(InputError, match="takes no other base image"):
        images.build(store, folder, quiet, base="other:1")


def test_a_full_disk_is_said(
    folder: Path, base_image_tar: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = PrivateEngine(memory_bytes=320_000_000)
    try:
        engine.start()
        load_base_image(engine.url, base_image_tar)
        monkeypatch.setenv("DOCKER_HOST", engine.url)
        monkeypatch.setenv("SCANFLOW_BASE", "scanflow-test-base:1")
        (folder / "Dockerfile").write_text(HEAD + "RUN dd if=/dev/zero of=/large bs=1M count=400\n")
        with images.image_store() as opened, pytest.raises(Missing, match="disk is full"):
            images.build(opened, folder, quiet)
    finally:
        engine.remove()


def test_no_engine_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(Missing, match="no Docker engine listens at"), images.image_store():
        pass
