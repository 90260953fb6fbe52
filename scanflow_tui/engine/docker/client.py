"""Calls to a Docker engine, each with three ways to fail: away, gone, refused.

It decides nothing: no call is repeated here, for a start that is repeated may run a step twice.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

from scanflow_tui.engine.docker.http import Answer, EngineAway, Http, OutOfPatience, Stream
from scanflow_tui.engine.docker.link import Link

START_S_MAX = 300.0
LOOK_S_MAX = 10.0
"""For looks that are repeated anyway, while whoever looks waits for nothing else."""
NOT_FOUND = 404


class NoSuchContainer(Exception):
    """The engine answered, and has no such container."""


class NoSuchImage(Exception):
    """The engine answered, and has no such image."""


class NameTaken(Exception):
    """A container of this name is there already."""


class EngineRefused(Exception):
    """The engine answered that it will not, with its reason."""


class Daemon:
    """An engine that is dialled when it is asked, and again after it was away.

    The API's version is the engine's own: an engine refuses versions that are too old for it.
    """

    def __init__(self, link: Link) -> None:
        self.link = link
        self._http = Http(link)
        self._version: dict[str, Any] = {}

    def create(self, name: str, body: dict[str, Any]) -> str:
        """Create a container and return its id."""
        made = self._ask("POST", "/containers/create", {"name": name}, body)
        return str(made["Id"])

    def start(self, container: str) -> None:
        """Start a container that was never started."""
        self._ask("POST", f"/containers/{container}/start", patience_s=START_S_MAX)

    def attach(self, container: str) -> socket.socket:
        """The raw stream of both outputs from now on, as frames."""
        query = {"stdout": 1, "stderr": 1, "stream": 1}
        raw, answer = self._http.hijack(self._path(f"/containers/{container}/attach"), query)
        if raw is None:
            _refuse(answer)
            raise EngineRefused(f"attach: status {answer.status}")
        return raw

    def logs(self, container: str) -> Iterator[bytes]:
        """What the engine kept of both outputs, then what comes, as bytes of frames with times."""
        query = {"stdout": 1, "stderr": 1, "follow": 1, "timestamps": 1}
        stream = self._http.stream(self._path(f"/containers/{container}/logs"), query)
        if stream.failed:
            _refuse(stream.failed)
        return iter(stream)

    def events(self, label: str, kinds: tuple[str, ...]) -> Stream:
        """What happens from now on to containers with this label, a JSON object a line."""
        filters = {"type": ["container"], "label": [label], "event": list(kinds)}
        stream = self._http.stream(self._path("/events"), {"filters": json.dumps(filters)})
        if stream.failed:
            _refuse(stream.failed)
        return stream

    def past(
        self, container: str, event: str, since_s: float, until_s: float
    ) -> list[dict[str, Any]]:
        """Events of one kind between two moments that are past, as far as it remembers them."""
        filters = {"container": [container], "event": [event]}
        query = {"since": f"{since_s:.6f}", "until": f"{until_s:.6f}"}
        stream = self._http.stream(self._path("/events"), query | {"filters": json.dumps(filters)})
        if stream.failed:
            _refuse(stream.failed)
        return [json.loads(line) for line in b"".join(stream).splitlines()]

    def wait(self, container: str, patience_s: float) -> bool:
        """Wait for the end of a container that was started; False where it still runs after that.

        The code that comes with the answer is not the truth.
        """
        try:
            self._ask("POST", f"/containers/{container}/wait", patience_s=patience_s)
        except OutOfPatience:
            return False
        return True

    def inspect(self, container: str) -> dict[str, Any]:
        """All that the engine knows of a container, by id or name."""
        return dict(self._ask("GET", f"/containers/{container}/json"))

    def containers(self, label: str) -> list[dict[str, Any]]:
        """The containers with this label, ended ones too."""
        filters = json.dumps({"label": [label]})
        return list(self._ask("GET", "/containers/json", {"all": 1, "filters": filters}))

    def stop(self, container: str, grace_s: int) -> None:
        """TERM, then KILL after whole seconds; returns when it has ended."""
        patience_s = grace_s + START_S_MAX
        self._ask("POST", f"/containers/{container}/stop", {"t": grace_s}, patience_s=patience_s)

    def remove(self, container: str) -> None:
        """Remove a container that has ended, and its unnamed volumes; no error where it is gone."""
        try:
            self._ask("DELETE", f"/containers/{container}", {"v": 1})
        except NoSuchContainer:
            return

    def stats(self, container: str) -> dict[str, Any]:
        """One look at CPU and memory."""
        query = {"stream": 0, "one-shot": 1}
        path = f"/containers/{container}/stats"
        return dict(self._ask("GET", path, query, patience_s=LOOK_S_MAX))

    def image(self, name: str) -> dict[str, Any]:
        """All that the engine knows of an image."""
        try:
            return dict(self._ask("GET", f"/images/{name}/json"))
        except NoSuchContainer as error:
            raise NoSuchImage(str(error)) from None

    def info(self) -> dict[str, Any]:
        """What the engine says of itself and its host."""
        return dict(self._ask("GET", "/info"))

    def version(self) -> dict[str, Any]:
        """Versions of the engine and its parts, as it said them first."""
        if not self._version:
            answer = self._http.ask("GET", "/version")
            _refuse(answer)
            self._version = dict(answer.value)
        return self._version

    def ping(self) -> None:
        """Whether it answers."""
        self._http.ask("GET", "/_ping", patience_s=LOOK_S_MAX)

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        body: Any = None,
        *,
        patience_s: float = 60.0,
    ) -> Any:
        answer = self._http.ask(method, self._path(path), query, body, patience_s=patience_s)
        _refuse(answer)
        return answer.value

    def _path(self, path: str) -> str:
        return f"/v{self.version()['ApiVersion']}{path}"


def signal_of(row: dict[str, Any]) -> int | None:
    """The signal that a ``kill`` event tells of."""
    told = str(((row.get("Actor") or {}).get("Attributes") or {}).get("signal", ""))
    return int(told) if told.isdigit() else None


def _refuse(answer: Answer) -> None:
    """Raise what a refusal means; nothing where it is none."""
    if answer.status < 400:
        return
    said = answer.message.strip()
    if answer.status == NOT_FOUND:
        raise (NoSuchImage if "o such image" in said else NoSuchContainer)(said)
    if "already in use" in said and " name " in said:
        raise NameTaken(said)
    raise EngineRefused(said)


__all__ = [
    "Daemon",
    "EngineAway",
    "EngineRefused",
    "NameTaken",
    "NoSuchContainer",
    "NoSuchImage",
    "signal_of",
]
