"""The contract cases' bench for the Docker engine: the same programs, in containers."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import Any

import docker
from docker import errors

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.docker import place
from scanflow_tui.engine.docker import spec as docker_spec
from scanflow_tui.engine.docker.adapter import DockerEngine
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.doctor import HostFacts
from scanflow_tui.engine.docker.link import Link
from scanflow_tui.engine.protocol import Engine, Spec
from tests.contract_cases.benches import NAME, ProcessBench, Program
from tests.docker import host_image


def open_docker(way: str | Address, facts: HostFacts | None = None) -> DockerEngine:
    """An adapter over a private engine."""
    return DockerEngine(Link(Address(way, "a test") if isinstance(way, str) else way), facts)


@dataclass
class DockerBench(ProcessBench):
    """Real containers of the base image.

    ``url`` is the engine's own socket; ``way`` another way to it, where that is what is tested.
    """

    url: str = ""
    way: Address | None = None
    image: str = host_image.BASE
    facts: HostFacts | None = None
    opened: list[DockerEngine] = field(default_factory=list)

    @property
    def reached(self) -> str:
        """The address that the adapter is given."""
        return self.way.url if self.way else self.url

    def __post_init__(self) -> None:
        self.engine = self.reopen()

    def spec(self, program: Program, limits: StepLimits | None = None) -> Spec:
        return replace(super().spec(program, limits), image=self.image)

    def reopen(self) -> Engine:
        engine = open_docker(self.way or self.url, self.facts)
        self.opened.append(engine)
        return engine

    def create_only(self, spec: Spec) -> str:
        """Make the container as a start does that crashes before it starts it; its id."""
        user = place.prepare(spec.folder, is_rootless=False)
        client = self.client()
        made = client.create_container_from_config(
            docker_spec.body(spec, docker_spec.Host(user, has_step=False)), spec.name
        )
        client.close()
        return str(made["Id"])

    def client(self) -> docker.APIClient:
        """A plain client of the private engine; the caller closes it."""
        return docker.APIClient(base_url=self.url)

    def inspect(self, name: str = NAME) -> Any:
        """What the private engine says of a container; None where there is none."""
        client = self.client()
        try:
            return client.inspect_container(name)
        except errors.NotFound:
            return None
        finally:
            client.close()

    def clear(self) -> None:
        """Remove the container, whatever a failed test left it in."""
        for engine in self.opened:
            engine.close()
        client = self.client()
        with contextlib.suppress(errors.NotFound):
            client.remove_container(NAME, force=True, v=True)
        client.close()
