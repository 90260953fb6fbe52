"""Labelling side by side with Label Studio: keys, bytes and time from a label to the next image.

    python -m venv /tmp/ls && /tmp/ls/bin/pip install label-studio
    python benchmarks/label_studio.py --label-studio /tmp/ls/bin/label-studio [--tasks N ...]
        [--labels N] [--json FILE]

Label Studio is asked over its own HTTP API on loopback: store an annotation, then give the next
task, whose image (the same 28x28 PNG) comes inside it. No browser is in it: neither its rendering
nor its code, its cookies or its further requests, all of which favours Label Studio. ScanFlow is
the real program in a pseudo-terminal that counts bytes, from the key to the last byte of the frame
with the next image, sixel included; and to the last byte of all, which says that the label is saved
(drawn once no key came for a quarter of a second).
"""

from __future__ import annotations

import argparse
import base64
import http.client
import io
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image

from labelling_session import CLASSES, Queued
from labelling_terminal import SIXEL_BEGINS, XTERM, Chunk, CountingTerminal
from real_images import digits
from report import Row, save, show

TOKEN = "0123456789abcdef0123456789abcdef01234567"
START_S_MAX = 300
IMPORT_TASKS = 2500
ENTER = "\r"
STILL_S = 0.3
SIXEL_ENDS = b"\x1b\\"
ANSWER_S_MAX = 10.0
CONFIG = (
    '<View><Image name="image" value="$image"/><Choices name="label" toName="image" '
    'choice="single" showInline="true">{}</Choices></View>'
)
OFF = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
}


class Counting(io.RawIOBase):
    """A socket's reading end that counts."""

    def __init__(self, sock: socket.socket, owner: Api) -> None:
        self._sock, self._owner = sock, owner

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = self._sock.recv_into(buffer)
        self._owner.n_bytes += n
        return n


class Api(http.client.HTTPConnection):
    """Label Studio's HTTP API over one connection that stays; ``n_bytes`` both ways."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port, timeout=START_S_MAX)
        self.n_bytes = 0

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw = self.sock
        self.sock = _Counted(raw, self)  # type: ignore[assignment]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask, and take the whole answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Token {TOKEN}"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        self.request(method, path, data, headers)
        answer = self.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text) if text else None


class _Counted:
    """A socket for ``http.client`` that counts what passes."""

    def __init__(self, sock: socket.socket, owner: Api) -> None:
        self._sock, self._owner = sock, owner

    def sendall(self, data: bytes) -> None:
        self._owner.n_bytes += len(data)
        self._sock.sendall(data)

    def makefile(self, _mode: str, *_more: Any, **_named: Any) -> io.BufferedReader:
        return io.BufferedReader(Counting(self._sock, self._owner))

    def close(self) -> None:
        self._sock.close()


@contextmanager
def label_studio(program: str) -> Iterator[int]:
    """Label Studio with a data folder of its own; its port."""
    with tempfile.TemporaryDirectory(prefix="ls-", ignore_cleanup_errors=True) as folder:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            program, "start", "--no-browser", "--port", str(port), "--internal-host", "127.0.0.1",
            "--username", "bench@example.org", "--password", "benchbench1", "--user-token", TOKEN,
        ]  # fmt: skip
        environ = os.environ | OFF | {"LABEL_STUDIO_BASE_DATA_DIR": folder, "HOME": folder}
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            _wait(port, server, Path(folder) / "log")
            yield port
        finally:
            server.terminate()
            server.wait()


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end_s = time.perf_counter() + START_S_MAX
    while True:
        try:
            Api(port).call("GET", "/api/projects")
        except (OSError, http.client.HTTPException):
            if server.poll() is not None or time.perf_counter() > end_s:
                raise SystemExit(f"Label Studio does not start: {log.read_text()[-500:]}") from None
            time.sleep(0.5)
        else:
            return


def pictures(n: int) -> list[str]:
    """So many digits as data URIs, 28x28 PNG: what is in ScanFlow's queue too."""
    found = []
    for picture in digits(min(n, 5000)):
        packed = io.BytesIO()
        Image.fromarray(picture).save(packed, "PNG")
        found.append("data:image/png;base64," + base64.b64encode(packed.getvalue()).decode())
    return found


def studio(port: int, n_tasks: int, n_labels: int) -> tuple[list[float], list[int], Any]:
    """Milliseconds and bytes of each label: store it, and get the next task; what it exports."""
    api = Api(port)
    choices = "".join(f'<Choice value="{name}" hotkey="{at}"/>' for at, name in enumerate(CLASSES))
    project = api.call(
        "POST", "/api/projects", {"title": "digits", "label_config": CONFIG.format(choices)}
    )["id"]
    images = pictures(n_tasks)
    for first in range(0, n_tasks, IMPORT_TASKS):
        tasks = [
            {"data": {"image": images[at % len(images)], "sample": f"{at:06d}"}}
            for at in range(first, min(n_tasks, first + IMPORT_TASKS))
        ]
        api.call("POST", f"/api/projects/{project}/import", tasks)
    task = api.call("GET", f"/api/projects/{project}/next")
    took_ms, n_bytes = [], []
    for number in range(n_labels):
        said = {"choices": [CLASSES[number % 10]]}
        result = {"from_name": "label", "to_name": "image", "type": "choices", "value": said}
        before, at_s = api.n_bytes, time.perf_counter()
        annotation = {"result": [result], "lead_time": 1.0}
        api.call("POST", f"/api/tasks/{task['id']}/annotations?project={project}", annotation)
        task = api.call("GET", f"/api/projects/{project}/next")
        took_ms.append((time.perf_counter() - at_s) * 1e3)
        n_bytes.append(api.n_bytes - before)
    exported = api.call("GET", f"/api/projects/{project}/export?exportType=JSON")
    return took_ms, n_bytes, exported


@contextmanager
def labelling(n_tasks: int) -> Iterator[CountingTerminal]:
    """`scanflow label` on a queue of so many digits, in a terminal that takes sixel."""
    with tempfile.TemporaryDirectory(prefix="sf-labels-", ignore_cleanup_errors=True) as name:
        queued = Queued(Path(name), n_tasks)
        terminal = CountingTerminal(queued.command, XTERM)
        try:
            terminal.until(lambda text: "Label" in text and "0 zero" in text)
            terminal.quiet(2.0)
            yield terminal
        finally:
            terminal.close()
            queued.close()
            for folder, _, _ in os.walk(name):
                Path(folder).chmod(0o700)


def scanflow(n_tasks: int, n_labels: int) -> tuple[list[float], list[int], list[float]]:
    """The same of a class key in the single view, image and text of the next sample included; and
    milliseconds until all is said.
    """
    took_ms, n_bytes, said_ms = [], [], []
    with labelling(n_tasks) as terminal:
        terminal.type(ENTER)
        terminal.quiet(2.0)
        for number in range(n_labels):
            mark, at_s = terminal.mark(), terminal.type(str(number % 10))
            while not terminal.since(mark):
                if time.perf_counter() - at_s > ANSWER_S_MAX:
                    raise SystemExit(f"nothing is written after a key:\n{terminal.text()}")
                time.sleep(0.002)
            terminal.quiet(STILL_S)
            chunks = terminal.since(mark)
            took_ms.append((shown_s(chunks) - at_s) * 1e3)
            said_ms.append((chunks[-1].at_s - at_s) * 1e3)
            n_bytes.append(1 + sum(len(chunk.data) for chunk in chunks))
    return took_ms, n_bytes, said_ms


def shown_s(chunks: list[Chunk]) -> float:
    """When the next image was whole, which a frame ends with. Raises SystemExit where none came."""
    seen = b""
    for chunk in chunks:
        seen += chunk.data
        begins = seen.find(SIXEL_BEGINS)
        if begins >= 0 and seen.find(SIXEL_ENDS, begins) >= 0:
            return chunk.at_s
    raise SystemExit("no image came after a key")


def told(took_ms: list[float], n_bytes: list[int], said_ms: list[float] | None = None) -> str:
    """One line of a measurement."""
    p99 = quantiles(took_ms, n=100)[98]
    said = "" if said_ms is None else f"; said to be saved: p50 {median(said_ms):.0f} ms"
    return (
        f"{median(n_bytes):,.0f} bytes a label; key to next: p50 {median(took_ms):.1f} ms, "
        f"p99 {p99:.1f} ms{said}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--label-studio", default="", metavar="PROGRAM")
    parser.add_argument("--tasks", nargs="*", type=int, default=[1000, 5000, 100_000])
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument(
        "--export", type=Path, metavar="FILE", help="where Label Studio's export goes"
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    rows = [
        Row("keys a label, ScanFlow", "1", "1 (the class; it moves on)", True),
        Row("keys a label, Label Studio", "", "2 (the class, then Ctrl+Enter; by its documents)"),
    ]
    for n_tasks in given.tasks:
        name = f"{n_tasks:,} tasks"
        try:
            ours = scanflow(n_tasks, given.labels)
            rows.append(Row(f"ScanFlow, {name}", "", told(*ours), None, ours))
        except SystemExit as error:
            rows.append(Row(f"ScanFlow, {name}", "", f"not measured: {error}"))
        if not given.label_studio:
            rows.append(Row(f"Label Studio, {name}", "", "not measured: --label-studio"))
            continue
        with label_studio(given.label_studio) as port:
            *theirs, exported = studio(port, n_tasks, given.labels)
        if given.export:
            given.export.write_text(json.dumps(exported))
        rows.append(Row(f"Label Studio, {name}", "", told(*theirs), None, theirs))
        for row in rows[-2:]:
            sys.stderr.write(f"{row.claim}: {row.figure}\n")
    show("labelling beside Label Studio", rows)
    if given.json:
        save(given.json, rows, {"python": platform.python_version(), "load": os.getloadavg()[0]})
    return 0


if __name__ == "__main__":
    sys.exit(main())
