"""Calls to a Docker engine, each with three ways to fail: away, gone, refused.

The only importer of the docker package. It decides nothing: no call is
repeated here, for a start that is repeated may run a step twice.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import docker
import requests
import urllib3
from docker import errors

from scanflow_tui.engine.docker_link import Link

ANSWER_S_MAX = 60.0
START_S_MAX = 300.0


class EngineAway(Exception):
    """No answer, or a broken one; whether the request was carried out is not known."""


class NoSuchContainer(Exception):
    """The engine answered, and has no such container."""


class NoSuchImage(Exception):
    """The engine answered, and has no such image."""


class NameTaken(Exception):
    """A container of this name is there already."""


class EngineRefused(Exception):
    """The engine answered that it will not, with its reason."""


def connect(link: Link) -> docker.APIClient:
    """A client of the docker package over a link. Raises EngineAway."""
    tls: Any = False
    if link.address.tls is not None:
        folder = link.address.tls
        tls = docker.tls.TLSConfig(
            client_cert=(str(folder / "cert.pem"), str(folder / "key.pem")),
            ca_cert=str(folder / "ca.pem"),
            verify=link.address.verify,
        )
    try:
        return docker.APIClient(
            base_url=link.url, version="auto", timeout=ANSWER_S_MAX, tls=tls, max_pool_size=64
        )
    except errors.DockerException as error:
        raise EngineAway(str(error)) from error


class Daemon:
    """An engine that is dialled when it is first asked, and again after it was away."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._client: docker.APIClient | None = None

    def create(self, name: str, body: dict[str, Any]) -> str:
        """Create a container and return its id."""
        with asking():
            made = self._api().create_container_from_config(body, name)
        return str(made["Id"])

    def start(self, container: str) -> None:
        """Start a container that was never started."""
        with asking():
            api = self._api()
            answer = api.post(self._url(f"/containers/{container}/start"), timeout=START_S_MAX)
            _check(answer)

    def attach(self, container: str) -> socket.SocketIO:
        """The raw stream of both outputs from now on, as frames."""
        with asking():
            raw: socket.SocketIO = self._api().attach_socket(
                container, {"stdout": 1, "stderr": 1, "stream": 1}
            )
        return raw

    def logs(self, container: str) -> Iterator[bytes]:
        """What the engine kept of both outputs, then what comes, as bytes of frames with times."""
        with asking():
            api = self._api()
            answer = api.get(
                self._url(f"/containers/{container}/logs"),
                params={"stdout": 1, "stderr": 1, "follow": 1, "timestamps": 1},
                stream=True,
                timeout=(ANSWER_S_MAX, None),
            )
            _check(answer)
            try:
                yield from answer.iter_content(None)
            finally:
                answer.close()

    def wait(self, container: str, patience_s: float) -> bool:
        """Wait for the end of a container that was started; False where it still runs after that.

        The code that comes with the answer is not the truth.
        """
        with asking():
            api = self._api()
            try:
                answer = api.post(
                    self._url(f"/containers/{container}/wait"), timeout=(ANSWER_S_MAX, patience_s)
                )
            except requests.exceptions.RequestException as error:
                if _is_patience(error):
                    return False
                raise
            _check(answer)
        return True

    def inspect(self, container: str) -> dict[str, Any]:
        """All that the engine knows of a container, by id or name."""
        with asking():
            found: dict[str, Any] = self._api().inspect_container(container)
        return found

    def containers(self, label: str) -> list[dict[str, Any]]:
        """The containers with this label, ended ones too."""
        with asking():
            found: list[dict[str, Any]] = self._api().containers(
                all=True, filters={"label": [label]}
            )
        return found

    def signals(self, container: str, since_s: float, until_s: float) -> list[int]:
        """The signals that the engine sent to a container between two moments that are past."""
        with asking():
            rows = self._api().events(
                since=f"{since_s:.6f}",
                until=f"{until_s:.6f}",
                filters={"container": container, "event": "kill"},
                decode=True,
            )
            told = [row["Actor"]["Attributes"].get("signal", "") for row in rows]
        return [int(number) for number in told if str(number).isdigit()]

    def stop(self, container: str, grace_s: int) -> None:
        """TERM, then KILL after whole seconds; returns when it has ended."""
        with asking():
            api = self._api()
            answer = api.post(
                self._url(f"/containers/{container}/stop"),
                params={"t": grace_s},
                timeout=(ANSWER_S_MAX, grace_s + START_S_MAX),
            )
            _check(answer)

    def remove(self, container: str) -> None:
        """Remove a container that has ended, and its unnamed volumes; no error where it is gone."""
        with asking(), contextlib.suppress(errors.NotFound):
            self._api().remove_container(container, v=True)

    def stats(self, container: str) -> dict[str, Any]:
        """One look at CPU and memory."""
        with asking():
            found: dict[str, Any] = self._api().stats(container, stream=False, one_shot=True)
        return found

    def image(self, name: str) -> dict[str, Any]:
        """All that the engine knows of an image."""
        with asking():
            found: dict[str, Any] = self._api().inspect_image(name)
        return found

    def ping(self) -> None:
        """Whether it answers."""
        with asking():
            self._api().ping()

    def info(self) -> dict[str, Any]:
        """What the engine says of itself and its host."""
        with asking():
            found: dict[str, Any] = self._api().info()
        return found

    def version(self) -> dict[str, Any]:
        """Versions of the engine and its parts."""
        with asking():
            found: dict[str, Any] = self._api().version()
        return found

    def close(self) -> None:
        """Let go of all connections."""
        if self._client is not None:
            self._client.close()
        self.link.close()

    def _api(self) -> docker.APIClient:
        if self._client is None:
            self._client = connect(self.link)
        return self._client

    def _url(self, path: str) -> str:
        api = self._api()
        return f"{api.base_url}/v{api.api_version}{path}"


def _is_patience(error: requests.exceptions.RequestException) -> bool:
    """Whether nothing was wrong but that no answer, or no more of it, came in time."""
    reason = error.args[0] if error.args else None
    return isinstance(error, requests.exceptions.ReadTimeout) or isinstance(
        reason, urllib3.exceptions.ReadTimeoutError
    )


def _check(answer: requests.Response) -> None:
    try:
        answer.raise_for_status()
    except requests.exceptions.HTTPError as error:
        errors.create_api_error_from_http_exception(error)


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Turn what the docker package raises into the four failures of this module."""
    try:
        yield
    except errors.ImageNotFound as error:
        raise NoSuchImage(_said(error)) from error
    except errors.NotFound as error:
        kind = NoSuchImage if "No such image" in _said(error) else NoSuchContainer
        raise kind(_said(error)) from error
    except errors.APIError as error:
        if error.status_code == 409 and "already in use" in _said(error):
            raise NameTaken(_said(error)) from error
        raise EngineRefused(_said(error)) from error
    except (
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        errors.DockerException,
        OSError,
    ) as error:
        raise EngineAway(f"the Docker engine does not answer ({_short(error)})") from error


def _said(error: errors.APIError) -> str:
    return str(error.explanation or error).strip()


def _short(error: BaseException) -> str:
    """The innermost reason: the layers above it repeat it."""
    while error.__context__ is not None:
        error = error.__context__
    return str(getattr(error, "strerror", "") or error or type(error).__name__)
