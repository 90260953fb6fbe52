"""Asks the fork server for shims, starts it where there is none, and hears its hints.

What is said through its pipe is a hint; whether an attempt is claimed is read from its folder. A
server that died is replaced at the next request; its shims go on and are found by their folders.
"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from scanflow_tui.contract.records import dataclass, field

SERVER = Path(__file__).with_name("forkserver.py")
LENGTH_BYTES = 4
ENDED = "ended"
KEPT = ("LD_LIBRARY_PATH",)
"""All that a fork server gets of the environment: its interpreter may need it."""


class Server:
    """One running fork server, and the thread that hears it."""

    def __init__(
        self, heard: Callable[[str, str, str], None], gone: Callable[[Server], None]
    ) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-S", "-E", str(SERVER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            close_fds=True,
            start_new_session=True,
            cwd="/",
            env={name: os.environ[name] for name in KEPT if name in os.environ},
            bufsize=0,
        )
        self._heard = heard
        self._gone = gone
        threading.Thread(target=self._hear, name="shims", daemon=True).start()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._child.pid

    def ask(self, request: bytes) -> None:
        """Send a request whole. Raises BrokenPipeError where the server is gone."""
        assert self._child.stdin is not None
        rest = memoryview(len(request).to_bytes(LENGTH_BYTES, "big") + request)
        while rest:
            rest = rest[self._child.stdin.write(rest) :]

    def close(self) -> None:
        """Ask no more; the server ends by itself."""
        assert self._child.stdin is not None
        self._child.stdin.close()

    def _hear(self) -> None:
        """Lines until the server is gone, and then what its shims still say."""
        assert self._child.stdout is not None
        said = self._child.stdout.fileno()
        alive = os.pidfd_open(self._child.pid)
        ready = select.poll()
        ready.register(said, select.POLLIN)
        ready.register(alive, select.POLLIN)
        rest = b""
        while True:
            found = dict(ready.poll())
            data = os.read(said, 65536) if said in found else None
            if data == b"":
                break
            if data:
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    word, name, text = line.decode("utf-8", "replace").split(" ", 2)
                    self._heard(word, name, text)
            elif alive in found:
                ready.unregister(alive)
                self._child.poll()
                self._gone(self)
        self._child.wait()
        self._child.stdout.close()
        os.close(alive)
        self._gone(self)


@dataclass(slots=True)
class Asked:
    """A request and its answer: ``word`` is claimed, failed, unknown, ended, or nothing yet."""

    answered: threading.Event = field(default_factory=threading.Event)
    server: Server | None = None
    word: str = ""
    text: str = ""


class Shims:
    """The fork server as its engine sees it; any thread may ask."""

    def __init__(self) -> None:
        self.hint: Callable[[str], None] = lambda name: None
        """Called in the server's own thread with the name of an attempt that has exited."""
        self._server: Server | None = None
        self._asked: dict[str, list[Asked]] = {}
        self._lock = threading.Lock()

    @property
    def server_pid(self) -> int | None:
        """The process number of the server, None where there is none."""
        server = self._server
        return None if server is None else server.pid

    def ask(self, name: str, request: bytes, patience_s: float) -> Asked:
        """Ask for a shim, and wait until it claimed, failed, or cannot be known.

        An answer without a word: nothing was heard in time. Raises OSError where no server can be
        started.
        """
        asked = Asked()
        with self._lock:
            self._asked.setdefault(name, []).append(asked)
            try:
                asked.server = self._send(request)
            except OSError:
                self._drop(name, asked)
                raise
        asked.answered.wait(patience_s)
        with self._lock:
            self._drop(name, asked)
        return asked

    def close(self) -> None:
        """Let the server end; shims go on."""
        with self._lock:
            server, self._server = self._server, None
            if server is not None:
                server.close()

    def _send(self, request: bytes) -> Server:
        """The server that has the request now; another one where the first is gone."""
        if self._server is not None:
            try:
                self._server.ask(request)
            except BrokenPipeError:
                self._server.close()
            else:
                return self._server
        self._server = Server(self._heard, self._gone)
        self._server.ask(request)
        return self._server

    def _drop(self, name: str, asked: Asked) -> None:
        waiting = self._asked[name]
        waiting.remove(asked)
        if not waiting:
            del self._asked[name]

    def _heard(self, word: str, name: str, text: str) -> None:
        if word == "exited":
            self.hint(name)
            return
        with self._lock:
            for asked in self._asked.get(name, ()):
                asked.word, asked.text = word, text
                asked.answered.set()

    def _gone(self, server: Server) -> None:
        """What the lost server was asked it may or may not have done."""
        with self._lock:
            if self._server is server:
                self._server = None
            for waiting in self._asked.values():
                for asked in waiting:
                    if asked.server is server and not asked.word:
                        asked.word = ENDED
                        asked.answered.set()
