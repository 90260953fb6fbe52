"""Certificates of the tests' own, made by openssl: an authority, a server, its clients.

They hold for the loopback address alone, and lie in a folder that goes with the test.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.docker.private_engine import program

DAYS = "2"
SERVER_NAMES = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
CLIENT_USE = "extendedKeyUsage=clientAuth\n"


def why_not() -> str:
    """Why none can be made here; empty where they can."""
    return "" if program("openssl") else "not installed: openssl"


@dataclass(frozen=True)
class Authority:
    """An authority, its server's certificate, and one client's, each in a folder of its own.

    ``server`` and ``client`` hold ca.pem, cert.pem and key.pem, as the docker command wants them.
    """

    folder: Path

    @property
    def server(self) -> Path:
        return self.folder / "server"

    @property
    def client(self) -> Path:
        return self.folder / "client"

    def flags(self, port: int) -> tuple[str, ...]:
        """What a daemon is started with, to answer this authority's clients alone."""
        mine = self.server
        return (
            *("-H", f"tcp://127.0.0.1:{port}", "--tlsverify", "--tlscacert", f"{mine}/ca.pem"),
            *("--tlscert", f"{mine}/cert.pem", "--tlskey", f"{mine}/key.pem"),
        )


def make(folder: Path) -> Authority:
    """Make an authority with a server and a client."""
    folder.mkdir()
    _key(folder / "ca-key.pem")
    _openssl(
        *("req", "-new", "-x509", "-key", folder / "ca-key.pem", "-out", folder / "ca.pem"),
        *("-days", DAYS, "-subj", "/CN=scanflow test authority"),
    )
    made = Authority(folder)
    for place, extensions in ((made.server, SERVER_NAMES), (made.client, CLIENT_USE)):
        place.mkdir()
        (place / "ca.pem").write_bytes((folder / "ca.pem").read_bytes())
        (place / "extensions").write_text(extensions)
        _key(place / "key.pem")
        _openssl(
            *("req", "-new", "-key", place / "key.pem", "-out", place / "request"),
            *("-subj", f"/CN=scanflow test {place.name}"),
        )
        _openssl(
            *("x509", "-req", "-in", place / "request", "-CA", folder / "ca.pem"),
            *("-CAkey", folder / "ca-key.pem", "-CAcreateserial", "-days", DAYS),
            *("-extfile", place / "extensions", "-out", place / "cert.pem"),
        )
    return made


def _key(path: Path) -> None:
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)


def _openssl(*words: str | Path) -> None:
    subprocess.run([program("openssl"), *words], check=True, capture_output=True)
