"""An ssh server of the tests' own on the loopback address, and a client that finds it as ``lab``.

Keys and configuration lie in one folder: nobody's own are read or written. Whoever comes in finds
one engine there, as ``docker`` on that host would.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from scanflow_tui.engine import procfs
from tests.docker.private_engine import PAUSE_S, STOP_S_MAX, program

HOST = "lab"
PRIVILEGES = Path("/run/sshd")
MADE = "made-by-scanflow-tests"
SERVER = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
PidFile none
AuthorizedKeysFile {folder}/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv DOCKER_HOST={docker} PATH={path}
"""
CLIENT = """\
Host {host}
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
"""


def why_not() -> str:
    """Why none can be had here; empty where one can."""
    missing = [name for name in ("sshd", "ssh", "ssh-keygen", "docker") if not program(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def free_port() -> int:
    """A port of the loopback address that nobody listens at now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class PrivateSsh:
    """``start`` and ``stop`` the server, ``cut`` whoever is in; ``programs`` holds the client."""

    def __init__(self, folder: Path, docker: str) -> None:
        folder.mkdir(mode=0o700)
        self.folder = folder
        self.programs = folder / "bin"
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        for name in ("host", "user", "stranger"):
            make_key(folder / name)
        self.trust("user")
        self.know("host")
        fields = {"folder": folder, "port": self.port, "host": HOST, "docker": docker}
        fields |= {"user": "root", "path": f"{os.environ['PATH']}:/usr/sbin"}
        (folder / "server").write_text(SERVER.format(**fields))
        (folder / "client").write_text(CLIENT.format(**fields))
        self.programs.mkdir()
        client = self.programs / "ssh"
        client.write_text(f'#!/bin/sh\nexec {program("ssh")} -F {folder}/client "$@"\n')
        client.chmod(0o755)

    def trust(self, name: str) -> None:
        """From now on this key, and no other, lets in."""
        key = (self.folder / f"{name}.pub").read_bytes()
        (self.folder / "authorized").write_bytes(key)

    def know(self, name: str) -> None:
        """From now on the client takes the server for the owner of this key."""
        key = (self.folder / f"{name}.pub").read_text()
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {key}")

    def start(self) -> PrivateSsh:
        """Start the server and wait until it listens. Raises AssertionError with its last words."""
        enter_privileges(self.port)
        log = self.folder / "log"
        command = [program("sshd"), "-D", "-f", f"{self.folder}/server", "-E", str(log)]
        self._server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        end_s = time.monotonic() + STOP_S_MAX
        while not self.listens():
            said = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
            assert self._server.poll() is None, f"sshd ended as it started:\n{said}"
            assert time.monotonic() < end_s, f"sshd does not listen:\n{said}"
            time.sleep(PAUSE_S)
        return self

    def listens(self) -> bool:
        """Whether somebody listens at the port."""
        with socket.socket() as link:
            return link.connect_ex(("127.0.0.1", self.port)) == 0

    def sessions(self) -> list[procfs.Process]:
        """The processes of the server that serve somebody."""
        if self._server is None:
            return []
        found: list[procfs.Process] = []
        parents = {self._server.pid}
        table = procfs.table()
        while parents:
            below = [one for one in table.values() if one.parent in parents]
            found += [one for one in below if procfs.command(one.pid) == "sshd"]
            parents = {one.pid for one in below}
        return found

    def cut(self) -> int:
        """End whoever is in, as a link that breaks does; how many processes served them."""
        served = self.sessions()
        for one in served:
            procfs.send(one.pid, one.start, signal.SIGKILL)
        return len(served)

    def stop(self) -> None:
        """End the server and whoever is in."""
        self.cut()
        server, self._server = self._server, None
        if server is not None:
            server.terminate()
            server.wait(STOP_S_MAX)
        leave_privileges(self.port)


def enter_privileges(port: int) -> None:
    """Every server wants one folder of the machine; a name in it says who uses it."""
    if not PRIVILEGES.exists():
        PRIVILEGES.mkdir(mode=0o755)
        (PRIVILEGES / MADE).touch()
    (PRIVILEGES / f"scanflow-{port}").touch()


def leave_privileges(port: int) -> None:
    """Whoever is the last of the tests' servers takes away what they made."""
    (PRIVILEGES / f"scanflow-{port}").unlink(missing_ok=True)
    if PRIVILEGES.is_dir() and [one.name for one in PRIVILEGES.iterdir()] == [MADE]:
        (PRIVILEGES / MADE).unlink(missing_ok=True)
        PRIVILEGES.rmdir()


def make_key(path: Path) -> None:
    """A pair of keys without a passphrase."""
    command = [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
