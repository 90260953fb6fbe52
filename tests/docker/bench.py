"""The contract cases' bench for the Docker engine: the same programs, in containers."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import docker
from docker import errors

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.docker import DockerEngine
from scanflow_tui.engine.docker_address import Address
from scanflow_tui.engine.docker_link import Link
from scanflow_tui.engine.protocol import Engine, Spec
from tests.contract_cases.benches import NAME, ProcessBench, Program
from tests.docker import host_image


def open_docker(url: str) -> DockerEngine:
    """An adapter over a private engine."""
    return DockerEngine(Link(Address(url, "a test")))


@dataclass
class DockerBench(ProcessBench):
    """Real containers of the base image."""

    url: str = ""
    image: str = host_image.BASE
    opened: list[DockerEngine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = self.reopen()

    def spec(self, program: Program, limits: StepLimits | None = None) -> Spec:
        return replace(super().spec(program, limits), image=self.image)

    def reopen(self) -> Engine:
        engine = open_docker(self.url)
        self.opened.append(engine)
        return engine

    def clear(self) -> None:
        """Remove the container, whatever a failed test left it in."""
        for engine in self.opened:
            engine.close()
        remove(self.url, NAME)


def remove(url: str, name: str) -> None:
    """Remove a container by force; no error where there is none."""
    client = docker.APIClient(base_url=url)
    try:
        with contextlib.suppress(errors.NotFound):
            client.remove_container(name, force=True, v=True)
    finally:
        client.close()


def inspect(url: str, name: str = NAME) -> dict[str, object]:
    """What the private engine says of a container."""
    client = docker.APIClient(base_url=url)
    try:
        found: dict[str, object] = client.inspect_container(name)
    finally:
        client.close()
    return found


def exists(url: str, name: str = NAME) -> bool:
    """Whether there is a container of this name."""
    try:
        inspect(url, name)
    except errors.NotFound:
        return False
    return True


def attempt_of(folder: Path) -> Path:
    """The folder of the bench's attempt."""
    return folder / "attempt"
