"""Each item of the hardening, as the step itself finds it from inside its container."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.contract import limits, loglines
from scanflow_tui.contract.step import StepLimits
from tests.contract_cases.benches import NAME, Program, record, until_exit
from tests.docker.bench import DockerBench
from tests.docker.private_engine import PrivateEngine

pytestmark = pytest.mark.docker
PROBE = Path(__file__).with_name("probe.py")
NO_CAPABILITY = ["0000000000000000"]
GIVEN = StepLimits(
    cpus=0.5,
    memory_bytes=512 * limits.MIB,
    pids=48,
    disk_bytes=64 * limits.MIB,
    shm_bytes=96 * limits.MIB,
)
PLAIN_DEVICES = {
    *("core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin"),
    *("stdout", "tty", "urandom", "zero"),
}


@pytest.fixture(scope="module")
def bench(
    tmp_path_factory: pytest.TempPathFactory, docker_engine: PrivateEngine, base_image: str
) -> Iterator[DockerBench]:
    made = DockerBench(tmp_path_factory.mktemp("hardening"), url=docker_engine.url)
    yield made
    made.clear()


@pytest.fixture(scope="module")
def inside(bench: DockerBench) -> dict[str, Any]:
    """What the probe found in a container with limits of its own."""
    spec = bench.spec(Program(), GIVEN)
    folder, given = Path(spec.folder), bench.folder / "input"
    given.mkdir()
    (given / "file").write_text("given")
    (folder / "out").mkdir(mode=0o700)
    (folder / "step.json").write_text("{}")
    (folder / "step.json").chmod(0o600)
    (Path(spec.code) / "probe.py").write_bytes(PROBE.read_bytes())
    spec = replace(spec, argv=("python", "probe.py", str(given)), reads=(str(given),))
    bench.engine.start(spec)
    seen = until_exit(bench)
    said = loglines.rebuild(record(bench))
    assert seen.code == 0, said["stderr"].decode()
    found: dict[str, Any] = json.loads(said["stdout"])
    return found


def test_it_is_not_root_and_cannot_become_root(inside: dict[str, Any]) -> None:
    assert set(inside["status"]["Uid"]) == {str(os.geteuid() or 65534)}
    assert set(inside["status"]["Gid"]) == {str(os.getegid() or 65534)}
    assert inside["status"]["Groups"] in ([], inside["status"]["Gid"][:1])
    assert inside["setuid"] == "EPERM"


def test_it_has_no_capability_and_gains_none(inside: dict[str, Any]) -> None:
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert inside["status"][kind] == NO_CAPABILITY, kind
    assert inside["status"]["NoNewPrivs"] == ["1"]
    for act in ("mknod", "chown", "mount"):
        assert inside[act] == "EPERM", act


def test_system_calls_are_filtered(inside: dict[str, Any]) -> None:
    assert inside["status"]["Seccomp"] == ["2"]
    for name in ("unshare", "keyctl", "bpf"):
        assert inside[name] == "EPERM", name


@pytest.mark.parametrize("place", ["root", "root_etc", "code", "input", "step_file", "record"])
def test_it_cannot_write_what_is_not_its_own(inside: dict[str, Any], place: str) -> None:
    assert inside[place] in ("EROFS", "EACCES"), place


def test_it_writes_its_outputs_and_they_become_ours(
    inside: dict[str, Any], bench: DockerBench
) -> None:
    made = bench.folder / "attempt" / "out" / "made"
    assert inside["outputs"] == "done"
    assert (made.stat().st_uid, made.stat().st_gid) == (os.geteuid(), os.getegid())


def test_it_neither_sees_nor_moves_its_record(inside: dict[str, Any]) -> None:
    assert inside["record_kind"] == "tmpfs"
    assert inside["record_listed"] in ("done", "EACCES")
    assert inside["record_moved"] == "EBUSY"
    assert inside["step_file_gone"] == "EBUSY"


def test_it_cannot_name_an_input_as_an_output(inside: dict[str, Any]) -> None:
    assert inside["link_to_input"] == "EXDEV"


def test_its_scratch_is_small_and_runs_nothing(inside: dict[str, Any]) -> None:
    assert inside["tmp_exec"] == "EACCES"
    n_mib, reason = inside["tmp_full"]
    # Whichever comes first: the size of the scratch, or of a file.
    assert reason in ("ENOSPC", "EFBIG") and n_mib <= 256


def test_it_has_no_network_but_itself(inside: dict[str, Any]) -> None:
    assert inside["interfaces"] == ["lo"]
    assert inside["connect"] == "ENETUNREACH"
    assert inside["localhost"] == "127.0.0.1"


def test_its_processes_are_counted(inside: dict[str, Any]) -> None:
    assert inside["pids"] == ["48"]
    n_forks, reason = inside["forks"]
    assert (reason, 40 <= n_forks < 48) == ("EAGAIN", True)


def test_its_memory_is_limited_and_not_swapped(inside: dict[str, Any]) -> None:
    assert inside["memory"] == [str(512 * limits.MIB)]
    assert inside["swap"] in (["0"], [str(512 * limits.MIB)], [])


def test_its_cpu_is_limited_and_its_threads_follow(inside: dict[str, Any]) -> None:
    assert inside["cpu_share"] < 0.75
    for name in ("OMP", "MKL", "OPENBLAS", "NUMEXPR"):
        assert inside["environment"][f"{name}_NUM_THREADS"] == "1"


def test_its_shared_memory_and_files_are_limited(inside: dict[str, Any]) -> None:
    assert inside["shm"] == 96 * limits.MIB
    assert inside["core"] == [0, 0]
    assert inside["fsize"] == [64 * limits.MIB] * 2
    assert inside["nofile"] == [4096, 4096]


def test_kernel_and_cgroups_cannot_be_set(inside: dict[str, Any]) -> None:
    assert inside["sysctl"] in ("EROFS", "EACCES")
    assert inside["cgroup"] in ("EROFS", "EACCES", "ENOENT")
    assert inside["kcore"] in ("EROFS", "EACCES", "ENOENT", "EPERM")


def test_no_socket_of_the_engine_and_no_device_is_there(inside: dict[str, Any]) -> None:
    assert "/var/run/docker.sock" not in inside["sockets"]
    assert set(inside["devices"]) <= PLAIN_DEVICES


def test_init_is_its_first_process(inside: dict[str, Any]) -> None:
    assert "init" in inside["init"]


def test_its_environment_is_built_and_its_directory_the_code(
    inside: dict[str, Any], bench: DockerBench
) -> None:
    environment = inside["environment"]
    assert environment["SCANFLOW_STEP"] == str(bench.folder / "attempt" / "step.json")
    assert (environment["HOME"], environment["TMPDIR"]) == ("/tmp", "/tmp")
    assert not {"DOCKER_HOST", "PYTHONPATH", "USER"} & set(environment)
    assert inside["directory"] == str(bench.folder / "code")


def test_the_container_is_private_and_not_removed_by_the_engine(bench: DockerBench) -> None:
    found: Any = bench.inspect(NAME)
    host = found["HostConfig"]
    assert (host["Privileged"], host["AutoRemove"]) == (False, False)
    assert host["IpcMode"] == "private"
    assert host["LogConfig"]["Type"] == "json-file"
    assert found["Config"]["NetworkDisabled"] is True
