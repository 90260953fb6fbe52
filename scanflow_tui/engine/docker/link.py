"""The way to a Docker engine: a Unix socket, TCP, or ssh, and whether somebody answers there.

Standard library only, so looking costs milliseconds.
"""

from __future__ import annotations

import http.client
import os
import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine import procfs
from scanflow_tui.engine.docker import tls as docker_tls
from scanflow_tui.engine.docker.address import Address, resolve
from scanflow_tui.engine.docker.ssh import Call, Ssh

PING_S_MAX = 5.0
SSH_PING_S_MAX = 30.0
ENGINES = ("dockerd", "podman")
SCHEMES = ("unix", "tcp", "http", "https", "ssh")
USE_TLS = (
    "name the folder of its certificates (DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH), or a context "
    "that has them"
)
NO_ENGINE = "it is no Docker engine"
_PEER = struct.Struct("3i")


def here() -> Link:
    """The way to the engine that this user's surroundings name. Raises Missing."""
    return Link(resolve(os.environ, Path.home()))


class Connection(http.client.HTTPConnection):
    """A connection that is dialled already; through ssh it has a ``call``."""

    call: Call | None = None


class Link:
    """An address that can be dialled."""

    def __init__(self, address: Address) -> None:
        self.address = address
        scheme, _, rest = address.url.partition("://")
        if scheme not in SCHEMES or not rest or not _is_url(address.url):
            raise Missing(
                f"{address.url!r} is no address of a Docker engine",
                where=address.origin,
                hint="It begins with unix://, tcp:// or ssh://, and a port is at most 65535.",
            )
        self._ssh = Ssh(address.url) if scheme == "ssh" else None
        self.is_local = scheme == "unix"
        self._patience_s = SSH_PING_S_MAX if self._ssh else PING_S_MAX

    def library_url(self) -> str:
        """The address that a client library is given; TLS it has to be told of besides."""
        if self._ssh:
            return self._ssh.listen()
        if not self.address.is_encrypted:
            return self.address.url
        host, port = self._place()
        return f"https://{f'[{host}]' if ':' in host else host}:{port}"

    def why_silent(self) -> str:
        """Why no engine answers, in a sentence; empty where one does."""
        where = f"{self.address.url} ({self.address.origin})"
        connection: http.client.HTTPConnection | None = None
        try:
            connection = self.dial()
            connection.request("GET", "/_ping")
            answer = connection.getresponse()
            said = answer.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return f"no Docker engine listens at {where}: the socket is not there."
        except PermissionError:
            return f"this user may not use the Docker engine at {where}: ask for its group."
        except ConnectionRefusedError:
            return f"no Docker engine listens at {where}: it is not running."
        except TimeoutError:
            patience = f"{self._patience_s:.0f} s"
            return f"the Docker engine at {where} does not answer within {patience}."
        except (OSError, http.client.HTTPException) as error:
            return f"no Docker engine can be reached at {where}: {self.reason(error, connection)}."
        finally:
            if connection is not None:
                connection.close()
        if answer.status == http.client.BAD_REQUEST and "HTTPS server" in said:
            return f"the Docker engine at {where} speaks TLS alone: {USE_TLS}."
        return "" if answer.status == 200 else f"{where} answers {answer.status}: {NO_ENGINE}."

    def reason(self, error: BaseException, connection: http.client.HTTPConnection | None) -> str:
        """What a failure of a connection means, without a full stop: in ssh's words, or in ours."""
        call = getattr(connection, "call", None)
        said = call.said() if call is not None else docker_tls.explain(error, self.address)
        if said:
            return said
        return str(getattr(error, "strerror", "") or error or type(error).__name__)

    def incarnation(self) -> str:
        """Which life of the engine this is, so that a restart is seen; empty where unknowable."""
        if not self.is_local:
            return ""
        try:
            found = Path(self._socket()).stat()
            with socket.socket(socket.AF_UNIX) as dialled:
                dialled.settimeout(PING_S_MAX)
                dialled.connect(self._socket())
                told = dialled.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        except OSError:
            return "away"
        pid = int(_PEER.unpack(told)[0])
        pids = [pid] if procfs.command(pid) in ENGINES else [pid, *procfs.named("dockerd")]
        starts = [f"{one}:{known.start}" for one in pids if (known := procfs.process(one))]
        return f"{found.st_ino}:{found.st_ctime_ns}:{'+'.join(starts)}"

    def close(self) -> None:
        """End what forwards."""
        if self._ssh:
            self._ssh.close()

    def dial(self) -> http.client.HTTPConnection:
        """A new connection, dialled already. Raises OSError."""
        if self._ssh:
            call = self._ssh.connect()
            connection = _over(call.socket, self._patience_s)
            connection.call = call
            return connection
        if self.is_local:
            dialled = socket.socket(socket.AF_UNIX)
            dialled.settimeout(self._patience_s)
            try:
                dialled.connect(self._socket())
            except BaseException:
                dialled.close()
                raise
            return _over(dialled, self._patience_s)
        host, port = self._place()
        found: http.client.HTTPConnection
        if self.address.is_encrypted:
            tls = docker_tls.context(self.address)
            found = http.client.HTTPSConnection(host, port, timeout=self._patience_s, context=tls)
        else:
            found = http.client.HTTPConnection(host, port, timeout=self._patience_s)
        found.connect()
        _keep_alive(found.sock)
        return found

    def _socket(self) -> str:
        return self.address.url.removeprefix("unix://")

    def _place(self) -> tuple[str, int]:
        parts = urlsplit(self.address.url)
        return parts.hostname or "", parts.port or (2376 if self.address.is_encrypted else 2375)


def _over(dialled: socket.socket, timeout_s: float) -> Connection:
    connection = Connection("docker", timeout=timeout_s)
    dialled.settimeout(timeout_s)
    connection.sock = dialled
    return connection


def _keep_alive(raw: socket.socket) -> None:
    """A host that is gone without a word ends the connection after a minute, not never."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, 15),
        (socket.TCP_KEEPINTVL, 15),
        (socket.TCP_KEEPCNT, 3),
        (socket.TCP_USER_TIMEOUT, 60_000),
    ):
        raw.setsockopt(socket.IPPROTO_TCP, option, value)


def _is_url(url: str) -> bool:
    """Whether host and port can be read in it; a port that is none raises when it is read."""
    try:
        parts = urlsplit(url)
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
