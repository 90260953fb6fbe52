"""The docker package, for images: builds, pulls and progress. Its only importer.

Steps do not need it: its import alone costs more than a no-op step.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from typing import Any

import docker
import requests
import urllib3
from docker import errors

from scanflow_tui.engine.docker import tls as docker_tls
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.client import EngineRefused, NameTaken, NoSuchContainer, NoSuchImage
from scanflow_tui.engine.docker.http import ANSWER_S_MAX, EngineAway
from scanflow_tui.engine.docker.link import Link


class Tls(docker.tls.TLSConfig):  # type: ignore[misc]
    """The same TLS as that of steps.

    The package's own checks with the certificates that REQUESTS_CA_BUNDLE names, where that is set.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(verify=address.verify)
        self._context = docker_tls.context(address)

    def configure_client(self, client: docker.APIClient) -> None:
        """Called by the package for a client that it makes."""
        client.trust_env = False
        if not self.verify:
            # It was asked for; once is enough said, by `scanflow doctor`.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        client.verify = self.verify
        client.mount("https://", _Adapter(self._context))


class _Adapter(requests.adapters.HTTPAdapter):
    """Connections with a context that is there already."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **options)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context says it all."""


def connect(link: Link) -> docker.APIClient:
    """A client of the docker package over a link. Raises EngineAway."""
    try:
        tls: Any = Tls(link.address) if link.address.is_encrypted else False
        return docker.APIClient(
            base_url=link.library_url(), version="auto", timeout=ANSWER_S_MAX, tls=tls
        )
    except (errors.DockerException, OSError) as error:
        raise EngineAway(str(error)) from error


@contextlib.contextmanager
def asking() -> Iterator[None]:
    """Turn what the docker package raises into the failures of ``docker_client``."""
    try:
        yield
    except errors.ImageNotFound as error:
        raise NoSuchImage(_said(error)) from error
    except errors.NotFound as error:
        kind = NoSuchImage if "o such image" in _said(error) else NoSuchContainer
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
