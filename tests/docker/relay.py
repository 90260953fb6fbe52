"""A TCP relay on the loopback address, whose links a test cuts, or holds still."""

from __future__ import annotations

import contextlib
import socket
import threading

READ_BYTES = 65536


class Relay:
    """Everything that comes to ``port`` goes to another one, and back."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._links: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._is_open = True
        self._start(self._accept)

    def cut(self) -> int:
        """Reset every link; how many there were."""
        links, self._links = self._links, []
        for link in links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        return len(links) // 2

    def refuse(self, *, is_refused: bool) -> None:
        """Let nobody in, or everybody again."""
        self._is_open = not is_refused

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            if not self._is_open:
                one.close()
                continue
            other = socket.create_connection(("127.0.0.1", self._to))
            self._links += [one, other]
            self._start(self._carry, one, other)
            self._start(self._carry, other, one)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(READ_BYTES):
                target.sendall(data)
        except OSError:
            pass
        for link in (source, target):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def _start(self, target: object, *given: object) -> None:
        threading.Thread(target=target, args=given, daemon=True).start()  # type: ignore[arg-type]
