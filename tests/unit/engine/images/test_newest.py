"""Which image of a pipeline is the newest, and what prune would take."""

from __future__ import annotations

from typing import Any, cast

from scanflow_tui.engine.docker.client import NoSuchImage
from scanflow_tui.engine.images import images, recipe
from scanflow_tui.engine.images.client import ImageStore

TIMES = {
    "sha256:a": "2026-11-25T10:00:00.25Z",
    "sha256:b": "2026-11-25T10:00:00.250000001Z",
    "sha256:c": "2026-11-25T11:00:00.3+01:00",
}


class Engine:
    """An engine's answers: rows in whole seconds, inspections in nanoseconds."""

    def __init__(self, *gone: str) -> None:
        self.gone = gone

    def labelled(self, label: str) -> list[dict[str, Any]]:
        labels = {recipe.PIPELINE_LABEL: "small"}
        return [
            {
                "Id": image,
                "Created": 1,
                "Labels": labels,
                "RepoTags": [f"scanflow/small:{image[-1]}"],
            }
            for image in TIMES
        ]

    def inspect(self, name: str) -> dict[str, Any]:
        if name in self.gone:
            raise NoSuchImage(name)
        return {"Created": TIMES[name]}

    def users(self, image: str) -> list[str]:
        return []


def found(*gone: str) -> list[images.Image]:
    return images.images(cast("ImageStore", Engine(*gone)))


def test_builds_of_one_second_are_told_apart() -> None:
    assert found()[0].id == "sha256:c"
    assert [image.id for image in images.superseded(found())] == ["sha256:a", "sha256:b"]


def test_an_image_that_goes_away_meanwhile_is_not_listed() -> None:
    assert [image.id for image in found("sha256:c")] == ["sha256:a", "sha256:b"]
