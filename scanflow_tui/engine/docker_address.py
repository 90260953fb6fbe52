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
DEFAULT_CONTEXT = "default"


@dataclass(frozen=True, slots=True)
class Address:
    """``origin`` says who named it; ``tls`` is a folder with ca.pem, cert.pem and key.pem, or None.

    ``verify`` is False where a person said that the server's certificate is not to be checked.
    """

    url: str
    origin: str
    tls: Path | None = None
    verify: bool = True


def resolve(environ: Mapping[str, str], home: Path) -> Address:
    """The engine's address, in the order of the docker command.

    Raises Missing for a context that does not exist or cannot be read.
    """
    config = Path(environ.get("DOCKER_CONFIG") or home / ".docker")
    if host := environ.get("DOCKER_HOST"):
        return _from_host(environ, host, home)
    named = environ.get("DOCKER_CONTEXT") or ""
    origin = "DOCKER_CONTEXT"
    if not named:
        named = str(_json(config / "config.json").get("currentContext") or DEFAULT_CONTEXT)
        origin = str(config / "config.json")
    if named == DEFAULT_CONTEXT:
        return Address(DEFAULT_URL, "the default socket")
    return _from_context(config, named, origin)


def _from_host(environ: Mapping[str, str], host: str, home: Path) -> Address:
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    folder = environ.get("DOCKER_CERT_PATH") or ""
    if not verify and not folder:
        return Address(host, "DOCKER_HOST")
    return Address(host, "DOCKER_HOST", Path(folder or home / ".docker"), verify)


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
    tls = config / "contexts" / "tls" / key / "docker"
    verify = not endpoint.get("SkipTLSVerify")
    return Address(host, f"the context {name!r}", tls if tls.is_dir() else None, verify)


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
