"""HTTP to a Docker engine over a link: connections kept, streams, and a raw stream for attach.

Six requests a step, so each is plain: standard library only, a quarter of a millisecond of CPU. No
request that could start something is ever sent twice.
"""

from __future__ import annotations

import http.client
import json
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from scanflow_tui.engine.docker.link import Link

ANSWER_S_MAX = 60.0
IDLE_MAX = 8
READ_BYTES = 65536
BROKEN = (OSError, http.client.HTTPException)


class EngineAway(Exception):
    """No answer, or a broken one; whether the request was carried out is not known."""


class OutOfPatience(EngineAway):
    """Nothing was wrong but that no answer came in time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and the JSON that came with it; None where nothing did."""

    status: int
    value: Any

    @property
    def message(self) -> str:
        """What the engine says of a refusal."""
        if isinstance(self.value, dict):
            return str(self.value.get("message") or self.value)
        return f"status {self.status}" if self.value is None else str(self.value)


class Http:
    """Requests to one engine, from any thread."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._idle: list[http.client.HTTPConnection] = []
        self._guard = threading.Lock()

    def ask(
        self,
        method: str,
        path: str,
        query: dict[str, Any] | None = None,
        body: Any = None,
        *,
        patience_s: float = ANSWER_S_MAX,
    ) -> Answer:
        """Send a request and read the whole answer. Raises EngineAway, OutOfPatience."""
        connection = self._take(patience_s)
        try:
            _send(connection, method, path, query, body)
            response = connection.getresponse()
            data = response.read()
        except TimeoutError:
            connection.close()
            raise OutOfPatience(f"the Docker engine did not answer in {patience_s:.0f} s") from None
        except BROKEN as error:
            raise self._away(error, connection) from error
        self._give(connection)
        return Answer(response.status, _json(data))

    def stream(self, path: str, query: dict[str, Any]) -> Stream:
        """Send a request whose answer comes in pieces. Raises EngineAway."""
        connection = self._take(ANSWER_S_MAX)
        try:
            _send(connection, "GET", path, query, None)
            response = connection.getresponse()
            if connection.sock is not None and response.status < 400:
                connection.sock.settimeout(None)
            failed = (
                Answer(response.status, _json(response.read())) if response.status >= 400 else None
            )
        except BROKEN as error:
            raise self._away(error, connection) from error
        return Stream(self, connection, response, failed)

    def hijack(self, path: str, query: dict[str, Any]) -> tuple[socket.socket | None, Answer]:
        """Turn a connection into a raw stream, which the caller closes. Raises EngineAway.

        Nothing may have been sent on it yet: what came with the head of the answer would be lost.
        """
        connection = self._take(ANSWER_S_MAX)
        try:
            headers = {"Connection": "Upgrade", "Upgrade": "tcp", "Content-Length": "0"}
            connection.request("POST", _url(path, query), headers=headers)
            response = connection.getresponse()
            if response.status != http.client.SWITCHING_PROTOCOLS:
                return None, Answer(response.status, _json(response.read()))
        except BROKEN as error:
            raise self._away(error, connection) from error
        raw: socket.socket = connection.sock
        raw.settimeout(None)
        return raw, Answer(response.status, None)

    def close(self) -> None:
        """Close what is idle, and the link."""
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        self.link.close()

    def _take(self, patience_s: float) -> http.client.HTTPConnection:
        """A connection that is not known to be closed; a fresh one where none is left."""
        while True:
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                break
            raw = connection.sock
            # What can be read of an idle connection is its end.
            if raw is not None and not select.select([raw], [], [], 0)[0]:
                raw.settimeout(patience_s)
                return connection
            connection.close()
        try:
            connection = self.link.dial()
        except BROKEN as error:
            raise self.away(error) from error
        connection.sock.settimeout(patience_s)
        return connection

    def _away(self, error: BaseException, connection: http.client.HTTPConnection) -> EngineAway:
        """What broke, asked before the connection is closed."""
        away = self.away(error, connection)
        connection.close()
        return away

    def away(
        self, error: BaseException, connection: http.client.HTTPConnection | None = None
    ) -> EngineAway:
        """What a failure of a connection means."""
        return EngineAway(
            f"the Docker engine does not answer ({self.link.reason(error, connection)})"
        )

    def _give(self, connection: http.client.HTTPConnection) -> None:
        with self._guard:
            if connection.sock is not None and len(self._idle) < IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()


class Stream:
    """An answer that comes in pieces; ``failed`` where the engine refused it."""

    def __init__(
        self,
        http: Http,
        connection: http.client.HTTPConnection,
        response: http.client.HTTPResponse,
        failed: Answer | None,
    ) -> None:
        self.failed = failed
        self._http = http
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        """The pieces as they come. Raises EngineAway where the stream breaks."""
        try:
            while data := self._response.read1(READ_BYTES):
                yield data
        except (*BROKEN, ValueError, AttributeError) as error:
            # A stream that is closed by another thread ends in one of several ways.
            raise self._http.away(error, self._connection) from error
        finally:
            self.close()

    def end(self) -> None:
        """End the stream from another thread: whoever reads it sees its end."""
        raw = self._connection.sock
        if raw is not None:
            try:
                raw.shutdown(socket.SHUT_RDWR)
            except OSError:
                return

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._connection.close()


def _send(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    query: dict[str, Any] | None,
    body: Any,
) -> None:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} if data else {}
    connection.request(method, _url(path, query or {}), body=data, headers=headers)


def _url(path: str, query: dict[str, Any]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _json(data: bytes) -> Any:
    if not data.strip():
        return None
    try:
        return json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace").strip()
