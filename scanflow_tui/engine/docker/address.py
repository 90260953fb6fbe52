"""Where the Docker engine is: DOCKER_HOST, else a context, else the default socket.

A context that does not exist is an error: it must never become the default socket in silence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scanflow_tui.contract.errors import Missing

DEFAULT_URL = "unix:///var/run/docker.sock"
DEFAULT_TLS_URL = "tcp://localhost:2376"
DEFAULT_CONTEXT = "default"
TCP = ("tcp://", "http://", "https://")
AUTHORITY, CERTIFICATE, KEY = "ca.pem", "cert.pem", "key.pem"


@dataclass(frozen=True, slots=True)
class Address:
    """``origin`` says who named it; ``tls`` is a folder with ca.pem, cert.pem and key.pem, or None.

    ``verify`` is False where a person said that the server's certificate is not to be checked: it
    is TLS without certificates then, not none.
    """

    url: str
    origin: str
    tls: Path | None = None
    verify: bool = True

    @property
    def is_encrypted(self) -> bool:
        """Whether it is TCP with TLS."""
        return self.tls is not None or not self.verify or self.url.startswith("https://")


def resolve(environ: Mapping[str, str], home: Path) -> Address:
    """The engine's address, in the order of the docker command.

    Raises Missing for a context that does not exist or cannot be read.
    """
    config = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    if host := environ.get("DOCKER_HOST"):
        return _from_host(environ, host, config, "DOCKER_HOST")
    named = environ.get("DOCKER_CONTEXT") or ""
    origin = "DOCKER_CONTEXT"
    if not named:
        named = str(_json(config / "config.json").get("currentContext") or DEFAULT_CONTEXT)
        origin = str(config / "config.json")
    if named != DEFAULT_CONTEXT:
        return _from_context(config, named, origin)
    if variable := _tls_variable(environ):
        return _from_host(environ, DEFAULT_TLS_URL, config, variable)
    return Address(DEFAULT_URL, "the default socket")


def _tls_variable(environ: Mapping[str, str]) -> str:
    """Which variable asks for TLS; as for the docker command, a folder alone does not."""
    wanted = ("DOCKER_TLS_VERIFY", "DOCKER_TLS")
    return next((name for name in wanted if environ.get(name)), "")


def _from_host(environ: Mapping[str, str], host: str, config: Path, origin: str) -> Address:
    variable = _tls_variable(environ)
    if not variable or not host.startswith(TCP):
        return Address(host, origin)
    folder = Path(environ.get("DOCKER_CERT_PATH") or config)
    verify = variable == "DOCKER_TLS_VERIFY"
    if verify and not (folder / AUTHORITY).is_file():
        raise Missing(
            f"{variable} is set, and there is no {AUTHORITY} to check the engine with",
            where=str(folder),
            hint="DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem.",
        )
    return Address(host, origin, folder, verify)


def _from_context(config: Path, name: str, origin: str) -> Address:
    key = hashlib.sha256(name.encode()).hexdigest()
    path = config / "contexts" / "meta" / key / "meta.json"
    try:
        endpoints = _json(path).get("Endpoints")
    except Missing:
        endpoints = None
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    if not isinstance(endpoint, dict) or not isinstance(host, str) or not host:
        raise Missing(
            f"the Docker context {name!r} does not exist",
            where=origin,
            hint="`docker context ls` shows those there are.",
        )
    origin = f"the context {name!r}"
    if not host.startswith(TCP):
        return Address(host, origin)
    tls = config / "contexts" / "tls" / key / "docker"
    verify = not endpoint.get("SkipTLSVerify")
    return Address(host, origin, tls if tls.is_dir() else None, verify)


def _json(path: Path) -> dict[str, Any]:
    """A file of the docker command's; empty where there is none. Raises Missing for a broken one:
    the engine that it names must not become another one in silence.
    """
    try:
        raw = json.loads(path.read_bytes() or b"{}")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise Missing(f"it cannot be read: {error.strerror}", where=str(path)) from None
    except ValueError:
        raw = None
    if not isinstance(raw, dict):
        raise Missing(
            "it is no JSON object, so the Docker context is not known",
            where=str(path),
            hint="Mend it, or name the engine in DOCKER_HOST.",
        )
    return raw
