"""A registry with one small image, on this machine's own address: what a pull needs, and no more.

A Docker engine speaks to 127.0.0.1 without TLS.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "small"
TAG = "1"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def _sha(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def blobs() -> dict[str, tuple[str, bytes]]:
    """Path → (media type, bytes) of an image with one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("pulled")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"yes\n"))
    layer = gzip.compress(out.getvalue(), mtime=0)
    history = {"architecture": "amd64", "os": "linux", "config": {}}
    history |= {"rootfs": {"type": "layers", "diff_ids": [_sha(out.getvalue())]}}
    config = json.dumps(history).encode()
    described = [(CONFIG, config), (LAYER, layer)]
    parts = [
        {"mediaType": media, "size": len(data), "digest": _sha(data)} for media, data in described
    ]
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": MANIFEST, "config": parts[0], "layers": parts[1:]}
    ).encode()
    found = {f"/v2/{NAME}/blobs/{_sha(data)}": (media, data) for media, data in described}
    for key in (TAG, _sha(manifest)):
        found[f"/v2/{NAME}/manifests/{key}"] = (MANIFEST, manifest)
    return found | {"/v2/": ("application/json", b"{}")}


class _Handler(BaseHTTPRequestHandler):
    known = blobs()

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self, *, with_body: bool) -> None:
        media, data = self.known.get(self.path, ("application/json", b""))
        self.send_response(200 if data else 404)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Docker-Content-Digest", _sha(data))
        self.end_headers()
        if with_body:
            self.wfile.write(data)


@contextmanager
def registry() -> Iterator[str]:
    """The name under which the image can be pulled while this is open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}/{NAME}:{TAG}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
