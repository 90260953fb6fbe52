"""Podman's Docker-compatible service of the tests' own: own storage, own mounts, no registry.

It never touches another Podman of the machine: it has its own folders, locks and mount namespace,
and what it ends is found by its own folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import docker
from docker import errors

from scanflow_tui.contract import limits
from scanflow_tui.engine import procfs
from tests.docker import host_image
from tests.docker.private_engine import (
    PAUSE_S,
    START_S_MAX,
    STOP_S_MAX,
    answers,
    cgroup_folders,
    command_of,
    program,
    remove_empty,
    short_folder,
)

IMAGE = f"localhost/{host_image.BASE}"
CGROUP = "libpod_parent"
CONF = """\
[containers]
default_ulimits = ["nofile=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
"""
HOME = Path("/var/lib/containers")
RUNC = Path("/run/runc")
COVERED = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
"""Some of what it remembers it would write to its usual place, whatever it is told."""
NEEDED = ("podman", "conmon", "runc", "catatonit", "setpriv", "unshare")


def why_not() -> str:
    """Why no Podman can be had here; empty where one can."""
    if os.geteuid() != 0:
        return "a private Podman needs root"
    missing = [name for name in NEEDED if not program(name)]
    return f"not installed: {', '.join(missing)}" if missing else ""


class PrivatePodman:
    """``start``, then ``remove``, which leaves nothing. It lies in memory, as far as there is."""

    def __init__(self, memory_bytes: int = limits.GIB) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sf-", dir=short_folder()))
        if (procfs.memory_free_bytes() or 0) > 2 * memory_bytes:
            options = f"size={memory_bytes},mode=700"
            mount = ["mount", "-t", "tmpfs", "-o", options, "scanflow-test", str(self.folder)]
            subprocess.run(mount, check=False)
        self.url = f"unix://{self.folder}/p.sock"
        self._service: subprocess.Popen[bytes] | None = None
        self._before = set(cgroup_folders(CGROUP))
        (self.folder / "containers.conf").write_text(CONF)
        self._shared = [path for path in (RUNC, HOME) if not path.exists()]
        HOME.mkdir(exist_ok=True)
        for name in ("home", "spare"):
            (self.folder / name).mkdir()

    def start(self, base: Path) -> PrivatePodman:
        """Start the service, and import the base image. Raises AssertionError with last words."""
        self.launch()
        client = docker.APIClient(base_url=self.url)
        try:
            client.import_image_from_file(str(base), repository=IMAGE, changes=host_image.CHANGES)
        finally:
            client.close()
        return self

    def launch(self) -> None:
        """Start the service over what is there, and wait for its answer."""
        folder = self.folder
        command = [program("setpriv"), "--pdeathsig", "TERM"]
        command += [program("unshare"), "--mount", "--propagation", "slave", "sh", "-c", COVERED]
        command += ["sh", f"{folder}/home", str(HOME), program("podman")]
        command += ["--root", f"{folder}/data", "--runroot", f"{folder}/run"]
        command += ["--tmpdir", f"{folder}/tmp", "system", "service", "--time=0", self.url]
        environ = os.environ | {"CONTAINERS_CONF": f"{folder}/containers.conf"}
        environ["TMPDIR"] = f"{folder}/spare"
        with open(folder / "podman.log", "ab") as log:
            self._service = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environ,
                cwd=folder,  # a file is left there for each container whose memory ran out
            )
        end_s = time.monotonic() + START_S_MAX
        while not answers(self.url):
            said = (folder / "podman.log").read_text("utf-8", "replace")[-2000:]
            assert self._service.poll() is None, f"Podman ended as it started:\n{said}"
            assert time.monotonic() < end_s, f"Podman does not answer:\n{said}"
            time.sleep(PAUSE_S)

    def kill(self) -> None:
        """End the service alone, as by ``kill -9``; what runs goes on."""
        service, self._service = self._service, None
        if service is not None:
            service.kill()
            service.wait()

    def remove(self) -> None:
        """End all that belongs to it, then remove every trace."""
        with contextlib.suppress(errors.DockerException, OSError):
            client = docker.APIClient(base_url=self.url)
            for row in client.containers(all=True):
                client.remove_container(row["Id"], force=True, v=True)
            client.close()
        service, self._service = self._service, None
        if service is not None:
            service.terminate()
            try:
                service.wait(STOP_S_MAX)
            except subprocess.TimeoutExpired:
                service.kill()
                service.wait()
        for one in self._left():
            procfs.send(one.pid, one.start, signal.SIGKILL)
        end_s = time.monotonic() + STOP_S_MAX
        while self._left() and time.monotonic() < end_s:
            time.sleep(PAUSE_S)
        remove_empty([path for path in cgroup_folders(CGROUP) if path not in self._before])
        remove_empty([path for path in self._shared if path.exists()])
        subprocess.run(["umount", self.folder], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder)

    def remains(self) -> list[str]:
        """What of it can still be found."""
        found = [f"process {one.pid}" for one in self._left()]
        found += [str(path) for path in cgroup_folders(CGROUP) if path not in self._before]
        found += [str(path) for path in self._shared if path.exists()]
        return found + [str(self.folder)] * self.folder.exists()

    def _left(self) -> list[procfs.Process]:
        """Processes whose arguments name this folder."""
        marker = f"{self.folder}/".encode()
        return [
            one
            for one in procfs.table().values()
            if any(marker in word for word in command_of(one.pid))
        ]
