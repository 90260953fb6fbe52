"""An engine on another host, through the ssh client: one ``docker system dial-stdio`` a connection.

The user's own ssh does it, so agents, jump hosts, keys and ``~/.ssh/config`` work; it is never let
ask a question.
"""

from __future__ import annotations

import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from scanflow_tui.contract.errors import Missing

ALIVE = ("-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
"""A host that is gone without a word ends the connection after a minute, not never."""

REMARKS = ("Connection to ", "Killed by signal", "Warning: Permanently added")
"""What ssh says beside the reason."""


@dataclass(frozen=True, slots=True)
class Call:
    """One connection, and what its ssh said of it."""

    socket: socket.socket
    errors: IO[bytes]

    def said(self) -> str:
        """The last thing that was complained about, without its full stop; empty for nothing."""
        if self.errors.closed:
            return ""
        self.errors.seek(0)
        rows = self.errors.read().decode("utf-8", "replace").splitlines()
        said = [row.strip() for row in rows if row.strip()]
        told = [row for row in said if not row.startswith(REMARKS)]
        return (told or said or [""])[-1].rstrip(".")


class Ssh:
    """The way to one host. ``connect`` is one connection, ``listen`` lets a library dial."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        program = shutil.which("ssh")
        if not program or not parts.hostname:
            what = "the ssh client is not installed" if parts.hostname else f"{url!r} names no host"
            raise Missing(what, where=url)
        self._command = [program]
        self._command += ["-l", unquote(parts.username)] if parts.username else []
        self._command += ["-p", str(parts.port)] if parts.port else []
        self._command += ["-T", "-o", "BatchMode=yes", *ALIVE, "--", _host(url), "docker"]
        # A path is the engine's socket on that host; without one its docker command knows best.
        if parts.path.strip("/"):
            self._command += ["--host", shlex.quote(f"unix://{unquote(parts.path)}")]
        self._command += ["system", "dial-stdio"]
        self._running: list[subprocess.Popen[bytes]] = []
        self._guard = threading.Lock()
        self._listening: socket.socket | None = None
        self._folder: Path | None = None

    def connect(self) -> Call:
        """A new connection; that it works is known when it answers. Raises OSError."""
        ours, theirs = socket.socketpair()
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as its connection
        try:
            with theirs:
                self._start(theirs.fileno(), errors)
        except BaseException:
            ours.close()
            errors.close()
            raise
        return Call(ours, errors)

    def listen(self) -> str:
        """The address of a socket of this user's alone; each connection to it is one to the host.

        It is there until ``close``.
        """
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="scanflow-ssh-"))
            self._listening = socket.socket(socket.AF_UNIX)
            self._listening.bind(str(self._folder / "sock"))
            self._listening.listen()
            threading.Thread(
                target=self._accept, args=(self._listening,), name="docker-ssh", daemon=True
            ).start()
        return f"unix://{self._folder}/sock"

    def close(self) -> None:
        """Accept no more, and end every ssh that was started."""
        if self._listening is not None:
            # A thread that waits for a caller does not see that its socket was closed.
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
        with self._guard:
            running, self._running = self._running, []
        for one in running:
            one.terminate()
            one.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                dialled, _ = listening.accept()
            except OSError:
                return
            with dialled, tempfile.TemporaryFile() as errors:
                try:
                    self._start(dialled.fileno(), errors)
                except OSError:
                    continue

    def _start(self, handle: int, errors: IO[bytes]) -> None:
        with self._guard:
            self._running = [one for one in self._running if one.poll() is None]
            self._running.append(
                subprocess.Popen(
                    self._command,
                    stdin=handle,
                    stdout=handle,
                    stderr=errors,
                    start_new_session=True,
                )
            )


def _host(url: str) -> str:
    """The host as it was written: names of ssh's configuration know upper from lower case."""
    host = urlsplit(url).netloc.rpartition("@")[2]
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
