"""The docker package, for images: builds, pulls and progress. Its only importer.

Steps do not need it: its import alone costs more than a no-op step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import docker
import requests
import urllib3
from docker import errors

from scanflow_tui.engine.docker_client import EngineRefused, NameTaken, NoSuchContainer, NoSuchImage
from scanflow_tui.engine.docker_http import ANSWER_S_MAX, EngineAway
from scanflow_tui.engine.docker_link import Link


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
        return docker.APIClient(base_url=link.url, version="auto", timeout=ANSWER_S_MAX, tls=tls)
    except errors.DockerException as error:
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
