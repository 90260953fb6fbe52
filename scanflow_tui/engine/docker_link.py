"""The way to a Docker engine: a Unix socket, TCP, or ssh, and whether somebody answers there.

Standard library only, so looking costs milliseconds. ``ssh://`` goes through the
ssh client: agents, jump hosts and its configuration work.
"""

from __future__ import annotations

import errno
import http.client
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine import procfs
from scanflow_tui.engine.docker_address import Address, resolve

PING_S_MAX = 5.0
SSH_PING_S_MAX = 30.0
ENGINES = ("dockerd", "podman")
SCHEMES = ("unix", "tcp", "http", "https", "ssh")
_PEER = struct.Struct("3i")


def here() -> Link:
    """The way to the engine that this user's surroundings name. Raises Missing."""
    return Link(resolve(os.environ, Path.home()))


class Link:
    """An address that can be dialled. ``url`` is what a client library is given."""

    def __init__(self, address: Address) -> None:
        self.address = address
        scheme, _, rest = address.url.partition("://")
        if scheme not in SCHEMES or not rest or not _is_url(address.url):
            raise Missing(
                f"{address.url!r} is no address of a Docker engine",
                where=address.origin,
                hint="It begins with unix://, tcp:// or ssh://, and a port is at most 65535.",
            )
        self._forward = Forward(address.url) if scheme == "ssh" else None
        self.url = self._forward.url if self._forward else address.url
        self.socket = self.url.removeprefix("unix://") if self.url.startswith("unix:") else ""
        self.is_local = scheme == "unix"

    def why_silent(self) -> str:
        """Why no engine answers, in a sentence; empty where one does."""
        where = f"{self.address.url} ({self.address.origin})"
        try:
            connection = self.dial()
            try:
                connection.request("GET", "/_ping")
                status = connection.getresponse().status
            finally:
                connection.close()
        except FileNotFoundError:
            return f"no Docker engine listens at {where}: the socket is not there."
        except PermissionError:
            return f"this user may not use the Docker engine at {where}: ask for its group."
        except ConnectionRefusedError:
            return f"no Docker engine listens at {where}: it is not running."
        except TimeoutError:
            return f"the Docker engine at {where} does not answer within {PING_S_MAX:.0f} s."
        except (OSError, http.client.HTTPException) as error:
            said = self._forward.said() if self._forward else ""
            return f"no Docker engine can be reached at {where}: {said or _reason(error)}."
        return "" if status == 200 else f"{where} answers {status}: it is no Docker engine."

    def incarnation(self) -> str:
        """Which life of the engine this is, so that a restart is seen; empty where unknowable."""
        if not self.is_local:
            return ""
        try:
            found = Path(self.socket).stat()
            with socket.socket(socket.AF_UNIX) as dialled:
                dialled.settimeout(PING_S_MAX)
                dialled.connect(self.socket)
                told = dialled.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        except OSError:
            return "away"
        pid = int(_PEER.unpack(told)[0])
        pids = [pid] if procfs.command(pid) in ENGINES else [pid, *procfs.named("dockerd")]
        starts = [f"{one}:{known.start}" for one in pids if (known := procfs.process(one))]
        return f"{found.st_ino}:{found.st_ctime_ns}:{'+'.join(starts)}"

    def close(self) -> None:
        """End what forwards."""
        if self._forward:
            self._forward.close()

    def dial(self) -> http.client.HTTPConnection:
        """A new connection. Raises OSError."""
        if self.socket:
            timeout = SSH_PING_S_MAX if self._forward else PING_S_MAX
            dialled = socket.socket(socket.AF_UNIX)
            dialled.settimeout(timeout)
            connection = http.client.HTTPConnection("docker", timeout=timeout)
            connection.sock = dialled
            try:
                dialled.connect(self.socket)
            except BaseException:
                dialled.close()
                raise
            return connection
        parts = urlsplit(self.url)
        host, port = parts.hostname or "", parts.port
        if self.address.tls is None and parts.scheme != "https":
            return http.client.HTTPConnection(host, port or 2375, timeout=PING_S_MAX)
        return http.client.HTTPSConnection(
            host, port or 2376, timeout=PING_S_MAX, context=_tls(self.address)
        )


class Forward:
    """A private Unix socket; each connection to it is one ``ssh HOST docker system dial-stdio``."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        program = shutil.which("ssh")
        if not program or not parts.hostname:
            what = "the ssh client is not installed" if parts.hostname else f"{url!r} names no host"
            raise Missing(what, where=url)
        self._command = [program]
        self._command += ["-l", parts.username] if parts.username else []
        self._command += ["-p", str(parts.port)] if parts.port else []
        self._command += ["-o", "BatchMode=yes", "--", parts.hostname]
        self._command += ["docker", "system", "dial-stdio"]
        self._folder = Path(tempfile.mkdtemp(prefix="scanflow-ssh-"))
        self._errors = self._folder / "stderr"
        self._errors.touch()
        self._running: list[subprocess.Popen[bytes]] = []
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self._folder / "sock"))
        self._listening.listen()
        self.url = f"unix://{self._folder}/sock"
        threading.Thread(target=self._accept, name="docker-ssh", daemon=True).start()

    def said(self) -> str:
        """The last thing that ssh complained about."""
        lines = self._errors.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1].rstrip(".") if lines else ""

    def close(self) -> None:
        """Accept no more, and end every ssh that was started."""
        self._listening.close()
        for one in self._running:
            one.terminate()
            one.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                dialled, _ = self._listening.accept()
            except OSError:
                return
            with dialled, open(self._errors, "ab") as errors:
                self._running = [one for one in self._running if one.poll() is None]
                self._running.append(
                    subprocess.Popen(
                        self._command,
                        stdin=dialled.fileno(),
                        stdout=dialled.fileno(),
                        stderr=errors,
                        start_new_session=True,
                    )
                )


def _is_url(url: str) -> bool:
    """Whether host and port can be read in it; a port that is none raises when it is read."""
    try:
        parts = urlsplit(url)
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def _tls(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if address.tls is not None:
        authority = address.tls / "ca.pem"
        if authority.exists():
            context.load_verify_locations(authority)
        if (address.tls / "cert.pem").exists():
            context.load_cert_chain(address.tls / "cert.pem", address.tls / "key.pem")
    if not address.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno in errno.errorcode:
        return error.strerror or str(error)
    return str(error) or type(error).__name__
