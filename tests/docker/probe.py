"""What a step finds when it looks about itself: printed as JSON. Runs inside the container.

Standard library only. It must not trace: init would take that for an end that it does not know.
"""
# ruff: noqa: PTH101, PTH104, PTH108, PTH109, PTH110, PTH120, PTH208, T201, SIM115
# Short and plain: it is no part of the program.

import ctypes
import errno
import json
import os
import resource
import socket
import sys
import time

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
SYS_KEYCTL, SYS_BPF, SYS_UNSHARE = 250, 321, 272


def why(act):
    """The errno of an act by its name; "done" where it succeeds."""
    try:
        act()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error.errno))
    return "done"


def call(number, *arguments):
    ctypes.set_errno(0)
    if LIBC.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def write(path):
    with open(path, "wb") as file:
        file.write(b"x")


def status():
    rows = [line.split(":", 1) for line in open("/proc/self/status") if ":" in line]
    return {name: value.split() for name, value in rows}


def cgroup(*paths):
    """The first of these files that is there: version 2, then version 1."""
    for path in paths:
        try:
            return open(f"/sys/fs/cgroup/{path}").read().split()
        except OSError:
            continue
    return []


def fill(path):
    """How many MiB fit, and what stops it."""
    n_mib = 0
    try:
        with open(path, "wb", buffering=0) as file:
            while n_mib < 4096:
                file.write(b"x" * (1 << 20))
                n_mib += 1
    except OSError as error:
        return [n_mib, errno.errorcode[error.errno]]
    finally:
        os.unlink(path)
    return [n_mib, "done"]


def fork_until_refused():
    children = []
    try:
        while len(children) < 5000:
            pid = os.fork()
            if pid == 0:
                time.sleep(60)
                os._exit(0)
            children.append(pid)
    except OSError as error:
        return [len(children), errno.errorcode[error.errno]]
    finally:
        for pid in children:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
    return [len(children), "done"]


def cpu_share():
    """CPU seconds a second while nothing but this runs."""
    began_s, cpu_s = time.monotonic(), time.process_time()
    while time.monotonic() < began_s + 1.5:
        pass
    return (time.process_time() - cpu_s) / (time.monotonic() - began_s)


def main():
    folder = os.path.dirname(os.environ["SCANFLOW_STEP"])
    read_only = sys.argv[1]
    tmp_program = "/tmp/program"
    with open(tmp_program, "w") as file:
        file.write("#!/bin/sh\n")
    os.chmod(tmp_program, 0o755)
    found = {
        "status": status(),
        "setuid": why(lambda: os.setuid(0)),
        "root": why(lambda: write("/x")),
        "root_etc": why(lambda: write("/etc/x")),
        "code": why(lambda: write("x")),
        "input": why(lambda: write(f"{read_only}/x")),
        "step_file": why(lambda: write(f"{folder}/step.json")),
        "step_file_gone": why(lambda: os.unlink(f"{folder}/step.json")),
        "record_kind": mounted(f"{folder}/engine"),
        "record_listed": why(lambda: seen(folder)),
        "record": why(lambda: write(f"{folder}/engine/exit.json")),
        "record_moved": why(lambda: os.rename(f"{folder}/engine", f"{folder}/other")),
        "link_to_input": why(lambda: os.link(f"{read_only}/file", f"{folder}/out/file")),
        "outputs": why(lambda: write(f"{folder}/out/made")),
        "mknod": why(lambda: os.mknod(f"{folder}/out/null", 0o020666, os.makedev(1, 3))),
        "chown": why(lambda: os.chown(f"{folder}/out/made", 0, 0)),
        "mount": why(lambda: mount(folder)),
        "unshare": why(lambda: call(SYS_UNSHARE, CLONE_NEWUSER)),
        "keyctl": why(lambda: call(SYS_KEYCTL, 0, 0, 0)),
        "bpf": why(lambda: call(SYS_BPF, 0, 0, 0)),
        "tmp_exec": why(lambda: os.execv(tmp_program, [tmp_program])),
        "tmp_full": fill("/tmp/full"),
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "connect": why(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
        "localhost": socket.gethostbyname("localhost"),
        "forks": fork_until_refused(),
        "cpu_share": cpu_share(),
        "memory": cgroup("memory.max", "memory/memory.limit_in_bytes"),
        "swap": cgroup("memory.swap.max", "memory/memory.memsw.limit_in_bytes"),
        "pids": cgroup("pids.max", "pids/pids.max"),
        "cgroup": why(lambda: write("/sys/fs/cgroup/pids/pids.max")),
        "sysctl": why(lambda: write("/proc/sys/kernel/hostname")),
        "kcore": why(lambda: write("/proc/kcore")),
        "shm": os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize,
        "init": open("/proc/1/cmdline").read().split("\0")[0],
        "core": resource.getrlimit(resource.RLIMIT_CORE),
        "fsize": resource.getrlimit(resource.RLIMIT_FSIZE),
        "nofile": resource.getrlimit(resource.RLIMIT_NOFILE),
        "sockets": [path for path in ("/var/run/docker.sock", "/run") if os.path.exists(path)],
        "devices": sorted(os.listdir("/dev")),
        "environment": dict(os.environ),
        "directory": os.getcwd(),
    }
    print(json.dumps(found))


def mounted(place):
    """The kind of file system that is mounted at a place."""
    for row in open("/proc/self/mountinfo"):
        fields = row.split()
        if fields[4] == place:
            return fields[fields.index("-") + 1]
    return ""


def seen(folder):
    """Fails where the record's folder shows anything."""
    if os.listdir(f"{folder}/engine"):
        raise OSError(errno.EEXIST, "something is there")


def mount(folder):
    if LIBC.mount(b"none", f"{folder}/out".encode(), b"tmpfs", 0, None) < 0:
        raise OSError(ctypes.get_errno(), "refused")


main()
