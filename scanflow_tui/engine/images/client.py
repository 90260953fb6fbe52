"""Calls to a Docker engine about images: look, pull, build, list, remove, and one short run.

It decides nothing, and removes nothing by force.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import IO, Any

from scanflow_tui.engine.docker.link import Link
from scanflow_tui.engine.docker.package import asking, connect

PROBE_S_MAX = 60.0


class ImageStore:
    """An engine's images, dialled when they are first asked for."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._client: Any = None

    def inspect(self, name: str) -> dict[str, Any]:
        """All that the engine knows of an image. Raises NoSuchImage."""
        with asking():
            found: dict[str, Any] = self._api().inspect_image(name)
        return found

    def labelled(self, label: str) -> list[dict[str, Any]]:
        """Images with this label that no other image is made of."""
        with asking():
            found: list[dict[str, Any]] = self._api().images(filters={"label": [label]})
        return found

    def users(self, image: str) -> list[str]:
        """Names of the containers that are made of an image, ended ones too."""
        with asking():
            rows = self._api().containers(all=True, filters={"ancestor": image})
        return [str((row.get("Names") or [row["Id"]])[0]).lstrip("/") for row in rows]

    def remove(self, image: str) -> None:
        """Remove an image that no container and no other image needs. Raises NoSuchImage."""
        with asking():
            self._api().remove_image(image, force=False)

    def pull(self, name: str) -> Iterator[dict[str, Any]]:
        """Pull an image; the rows of its progress. A failure may be a row too."""
        repository, tag = split(name)
        with asking():
            yield from self._api().pull(repository, tag=tag, stream=True, decode=True)

    def build(
        self, context: IO[bytes], dockerfile: str, tag: str, args: dict[str, str], labels: Any
    ) -> Iterator[dict[str, Any]]:
        """Build an image from a tar; the rows of its progress. A failed step is a row too."""
        with asking():
            yield from self._api().build(
                fileobj=context,
                custom_context=True,
                dockerfile=dockerfile,
                tag=tag,
                buildargs=args,
                labels=labels,
                rm=True,
                forcerm=True,
                decode=True,
            )

    def say(self, image: str, argv: list[str], labels: dict[str, str]) -> tuple[int, str]:
        """Run a short program in an image, without a network; its exit code and all it said."""
        with asking():
            api = self._api()
            made = api.create_container(
                image,
                entrypoint=argv[:1],
                command=argv[1:],
                labels=labels,
                network_disabled=True,
                host_config=api.create_host_config(
                    init=True,
                    read_only=True,
                    cap_drop=["ALL"],
                    security_opt=["no-new-privileges:true"],
                    mem_limit="256m",
                    pids_limit=64,
                ),
            )["Id"]
            try:
                api.start(made)
                code = int(api.wait(made, timeout=PROBE_S_MAX)["StatusCode"])
                said: bytes = api.logs(made)
            finally:
                with contextlib.suppress(Exception):
                    api.remove_container(made, force=True, v=True)
        return code, said.decode("utf-8", "replace")

    def close(self) -> None:
        """Let go of all connections."""
        if self._client is not None:
            self._client.close()
        self.link.close()

    def _api(self) -> Any:
        if self._client is None:
            self._client = connect(self.link)
        return self._client


def split(name: str) -> tuple[str, str]:
    """Repository and tag of an image's name; a digest stands where a tag does."""
    if "@" in name:
        repository, _, tag = name.partition("@")
        return repository, tag
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and "/" not in tag else (name, "latest")
