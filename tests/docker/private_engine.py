"""A Docker engine of the tests' own: one folder, no bridge, no registry, nothing left behind.

It never touches another engine of the machine: what it ends, unmounts or removes is found by its
own folder and its own cgroup, and it removes only what was not there before it.
``python -m tests.docker.private_engine`` holds one open and prints its address.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from scanflow_tui.contract import limits
from scanflow_tui.engine import procfs

CGROUPS = Path("/sys/fs/cgroup")
SHARED = (Path("/run/docker/plugins"), Path("/run/docker"), Path("/run/containerd/s"))
SHIM_SOCKETS = Path("/run/containerd/s")
QUIET = ("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")
START_S_MAX = 60.0
STOP_S_MAX = 30.0
PATIENCE_S = 5.0
PAUSE_S = 0.02


def why_not() -> str:
    """Why no engine can be had here; empty where one can."""
    if os.geteuid() != 0:
        return "a private Docker engine needs root"
    missing = [name for name in ("dockerd", "containerd", "setpriv") if not program(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


class PrivateEngine:
    """``start``, ``stop``, ``kill`` (as by -9) and ``start`` again; ``remove`` leaves nothing.

    It lies in memory where there is enough: thousands of small files are removed at once then.
    """

    def __init__(
        self,
        *flags: str,
        network: tuple[str, ...] = ("--bridge=none",),
        memory_bytes: int = 2 * limits.GIB,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sf-", dir=short_folder()))
        if memory_bytes and (procfs.memory_free_bytes() or 0) > 2 * memory_bytes:
            options = f"size={memory_bytes},mode=700"
            subprocess.run(
                ["mount", "-t", "tmpfs", "-o", options, "scanflow-test", self.folder], check=False
            )
        self.url = f"unix://{self.folder}/d.sock"
        self._cgroup = f"scanflow-test-{secrets.token_hex(4)}"
        self.is_live = "--live-restore" in flags
        self._flags = (*network, *QUIET, "--userland-proxy=false", *flags)
        self._daemon: subprocess.Popen[bytes] | None = None
        self._before = {path for path in SHARED if path.exists()} | set(cgroup_folders("docker"))
        (self.folder / "daemon.json").write_text("{}")

    def start(self, *flags: str) -> PrivateEngine:
        """Start the daemon and wait for its answer. Raises AssertionError with its last words."""
        folder = self.folder
        (folder / "dockerd.pid").unlink(missing_ok=True)
        # containerd ends with its daemon; where nobody reaps it, a daemon would wait for it.
        (folder / "exec" / "containerd" / "containerd.pid").unlink(missing_ok=True)
        command = [program("setpriv"), "--pdeathsig", "TERM", program("dockerd")]
        command += ["--config-file", f"{folder}/daemon.json", "--data-root", f"{folder}/data"]
        command += ["--exec-root", f"{folder}/exec", "--pidfile", f"{folder}/dockerd.pid"]
        command += ["-H", self.url, "--cgroup-parent", f"/{self._cgroup}", *self._flags, *flags]
        with open(folder / "dockerd.log", "ab") as log:
            self._daemon = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        end_s = time.monotonic() + START_S_MAX
        while not self.answers():
            said = (folder / "dockerd.log").read_text("utf-8", "replace")[-2000:]
            assert self._daemon.poll() is None, f"the engine ended as it started:\n{said}"
            assert time.monotonic() < end_s, f"the engine does not answer:\n{said}"
            time.sleep(PAUSE_S)
        return self

    def answers(self) -> bool:
        """Whether it answers a ping now."""
        return answers(self.url)

    def containers(self) -> list[str]:
        """The names of all containers it has, ended ones too."""
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(PATIENCE_S)
            link.connect(self.url.removeprefix("unix://"))
            link.sendall(b"GET /containers/json?all=1 HTTP/1.0\r\n\r\n")
            answer = http.client.HTTPResponse(link)
            answer.begin()
            rows = json.loads(answer.read())
        return sorted(name.lstrip("/") for row in rows for name in row["Names"])

    def kill(self) -> None:
        """End the daemon alone, as by ``kill -9``."""
        self._end_daemon(signal.SIGKILL)

    def stop(self) -> None:
        """End the daemon as a system would: it stops what runs, unless it restores live."""
        self._end_daemon(signal.SIGTERM)

    def remove(self) -> None:
        """End all that belongs to this engine, then remove every trace."""
        self._end_containers()
        self.stop()
        for one in self._left():
            _remove_shim_sockets(one.pid)
            procfs.send(one.pid, one.start, signal.SIGKILL)
        self._end_containers()
        for mount in sorted(self._mounts(), key=len, reverse=True):
            subprocess.run(["umount", mount], check=False)
        remove_empty(cgroup_folders(self._cgroup))
        remove_empty([path for path in cgroup_folders("docker") if path not in self._before])
        for path in SHARED:
            if path not in self._before and path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        shutil.rmtree(self.folder)

    def remains(self) -> list[str]:
        """What of it can still be found."""
        found = [f"process {one.pid}" for one in self._left()]
        found += [f"mount {mount}" for mount in self._mounts()]
        found += [str(path) for path in cgroup_folders(self._cgroup)]
        found += [str(path) for path in cgroup_folders("docker") if path not in self._before]
        found += [str(path) for path in SHARED if path not in self._before and path.exists()]
        return found + [str(self.folder)] * self.folder.exists()

    def _end_daemon(self, number: signal.Signals) -> None:
        daemon, self._daemon = self._daemon, None
        if daemon is None:
            return
        daemon.send_signal(number)
        try:
            daemon.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()

    def _end_containers(self) -> None:
        """Kill what is in this engine's own cgroup, and nothing else."""
        end_s = time.monotonic() + STOP_S_MAX
        while numbers := _members(self._cgroup):
            for number in numbers:
                one = procfs.process(number)
                if one is not None:
                    procfs.send(one.pid, one.start, signal.SIGKILL)
            assert time.monotonic() < end_s, f"processes {numbers} cannot be ended"
            time.sleep(PAUSE_S)

    def _left(self) -> list[procfs.Process]:
        """Daemons and shims whose arguments name this folder."""
        marker = f"{self.folder}/".encode()
        found = []
        for one in procfs.table().values():
            words = command_of(one.pid)
            name = Path(os.fsdecode(words[0])).name if words else ""
            if name.startswith(("containerd", "dockerd")) and any(marker in word for word in words):
                found.append(one)
        return found

    def _mounts(self) -> list[str]:
        rows = Path("/proc/self/mountinfo").read_text().splitlines()
        places = [row.split()[4] for row in rows]
        return [place for place in places if f"{place}/".startswith(f"{self.folder}/")]


def answers(url: str) -> bool:
    """Whether an engine answers a ping now."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(PATIENCE_S)
        try:
            link.connect(url.removeprefix("unix://"))
            link.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            answer = http.client.HTTPResponse(link)
            answer.begin()
        except (OSError, http.client.HTTPException):
            return False
        return answer.status == 200


@dataclass(frozen=True)
class _Row:
    inode: str
    path: str


def _remove_shim_sockets(pid: int) -> None:
    """A shim that is killed leaves its socket, in a folder that all engines share."""
    rows = [row.split() for row in Path("/proc/net/unix").read_text().splitlines()[1:]]
    known = [_Row(row[6], row[7]) for row in rows if len(row) > 7]
    try:
        links = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return
    for row in known:
        if f"socket:[{row.inode}]" in links and Path(row.path).parent == SHIM_SOCKETS:
            Path(row.path).unlink(missing_ok=True)


def command_of(pid: int) -> list[bytes]:
    """The words that a process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def cgroup_folders(name: str) -> list[Path]:
    """This cgroup and those below it, in each hierarchy, the deepest first."""
    roots = [CGROUPS / name, *CGROUPS.glob(f"*/{name}")]
    found: list[Path] = []
    for root in roots:
        if root.is_dir():
            found += [
                root,
                *(Path(folder) for folder, _, _ in os.walk(root) if folder != str(root)),
            ]
    return sorted(found, key=lambda path: len(path.parts), reverse=True)


def _members(cgroup: str) -> set[int]:
    found: set[int] = set()
    for folder in cgroup_folders(cgroup):
        try:
            found |= {int(word) for word in (folder / "cgroup.procs").read_text().split()}
        except OSError:
            continue
    return found - {0}


def remove_empty(folders: list[Path]) -> None:
    """A cgroup goes once its last member is reaped: a moment after it was killed."""
    end_s = time.monotonic() + STOP_S_MAX
    while folders:
        left = []
        for folder in folders:
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                left.append(folder)
        if time.monotonic() > end_s:
            return
        folders = left
        if left:
            time.sleep(PAUSE_S)


def short_folder() -> str:
    """A Unix socket's address has room for 107 bytes."""
    chosen = tempfile.gettempdir()
    return chosen if len(chosen) < 60 else "/tmp"


def program(name: str) -> str:
    """Where a program lies, those of administrators too; empty where it is not."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or ""


def main() -> None:
    """Hold an engine open until the input ends or Ctrl-C."""
    engine = PrivateEngine().start()
    try:
        sys.stdout.write(f"export DOCKER_HOST={engine.url}\n")
        sys.stdout.flush()
        sys.stdin.read()
    except KeyboardInterrupt:
        pass
    finally:
        engine.remove()


if __name__ == "__main__":
    main()
