from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.doctor import (
    PODMAN_DIFFERS,
    HostFacts,
    capacity,
    costs,
    host_facts,
    identity,
    sentences,
    unheld,
)

INFO: dict[str, Any] = {
    "NCPU": 4,
    "MemTotal": 8 << 30,
    "Driver": "overlay2",
    "CgroupDriver": "systemd",
    "CgroupVersion": "2",
    "SecurityOptions": ["name=apparmor", "name=seccomp,profile=default"],
    "MemoryLimit": True,
    "SwapLimit": True,
    "CpuCfsQuota": True,
    "PidsLimit": True,
    "LiveRestoreEnabled": False,
}
VERSION: dict[str, Any] = {
    "Version": "28.2",
    "ApiVersion": "1.50",
    "Components": [{"Name": "Engine"}],
}
HERE = Address("unix:///d.sock", "DOCKER_HOST")


def said(**changed: Any) -> str:
    return " ".join(sentences(HERE, INFO | changed, VERSION))


def test_it_says_what_was_found_and_where() -> None:
    text = said()
    assert "Docker 28.2 (API 1.50) answers at unix:///d.sock, found by DOCKER_HOST." in text
    assert "Limits that hold here" in text
    assert "not filtered" not in text and "no AppArmor" not in text


def test_each_lack_has_its_sentence() -> None:
    assert "processes do not hold" in said(CgroupDriver="none")
    assert "do not hold here: swap, CPU" in said(SwapLimit=False, CpuCfsQuota=False)
    assert "has no seccomp" in said(SecurityOptions=[])
    assert "no AppArmor" in said(SecurityOptions=["name=seccomp"])
    assert "rootless" in said(SecurityOptions=["name=seccomp", "name=rootless"])
    assert "Steps go on while the engine restarts" in said(LiveRestoreEnabled=True)


def test_what_is_not_held_is_named_as_a_pipeline_does() -> None:
    assert unheld(INFO) == ()
    assert unheld(INFO | {"SwapLimit": False, "PidsLimit": False}) == ("swap", "pids")
    assert unheld(INFO | {"CgroupDriver": "none"}) == ("memory", "swap", "cpus", "pids")


def test_podman_is_named_with_what_differs() -> None:
    version = VERSION | {"Components": [{"Name": "Podman Engine"}]}
    text = " ".join(sentences(HERE, INFO, version))
    assert text.startswith("Podman 28.2") and "Steps go on" in text
    assert all(sentence in text for sentence in PODMAN_DIFFERS.values())
    assert "Podman" not in said()


def test_an_engine_elsewhere_must_see_the_same_paths() -> None:
    text = " ".join(sentences(Address("ssh://lab", "the context 'lab'"), INFO, VERSION))
    assert "same path" in text


def test_sentences_end_as_sentences_do() -> None:
    assert all(sentence.endswith(".") for sentence in sentences(HERE, INFO, VERSION))


def test_user_namespaces_and_rootless_are_facts() -> None:
    assert host_facts(INFO, VERSION) == HostFacts(False, "", False, cpus=4)
    shifted = host_facts({"SecurityOptions": ["name=userns"]}, {})
    assert shifted == HostFacts(False, "host", False)
    assert host_facts({"SecurityOptions": ["name=rootless"]}, {}).is_rootless
    assert host_facts({}, {"Components": [{"Name": "Podman Engine"}]}).is_podman


def test_capacity_of_an_engine_elsewhere_is_all_it_has() -> None:
    found = capacity(INFO, is_local=False)
    assert (found.cpus, found.memory_bytes, found.gpus) == (4.0, 8 << 30, 0)


def test_capacity_of_a_local_engine_is_this_machines_even_while_it_is_away() -> None:
    found = capacity({}, is_local=True)
    assert found.is_here and found.cpus == len(os.sched_getaffinity(0))
    assert not capacity(INFO, is_local=False).is_here


def test_costs_leave_out_the_file_cache_in_both_cgroup_versions() -> None:
    cpu = {"cpu_usage": {"total_usage": 1_500_000_000}}
    first = {"usage": 100, "stats": {"total_inactive_file": 30, "inactive_file": 1}}
    second = {"usage": 100, "stats": {"inactive_file": 40}}
    assert costs({"cpu_stats": cpu, "memory_stats": first}) == (1.5, 70)
    assert costs({"cpu_stats": cpu, "memory_stats": second}) == (1.5, 60)
    assert costs({}) == (None, None)


def test_engines_are_told_apart_by_their_id_and_where_they_keep_containers() -> None:
    one = INFO | {"ID": "AAAA", "DockerRootDir": "/var/lib/docker", "Name": "host"}
    assert identity(one, VERSION) == identity(one | {"Name": "renamed"}, VERSION) != ""
    assert identity(one | {"DockerRootDir": "/other"}, VERSION) != identity(one, VERSION)
    assert identity(one | {"ID": "BBBB"}, VERSION) != identity(one, VERSION)
    podman = VERSION | {"Components": [{"Name": "Podman Engine"}]}
    assert identity(one | {"ID": "BBBB"}, podman) == identity(one, podman) != ""
    assert identity({}, VERSION) == ""


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        (Address("ssh://lab", "a test"), "your ssh client's"),
        (Address("tcp://lab:2375", "a test"), "not encrypted: whoever can reach the port is root"),
        (Address("tcp://lab:2376", "a test", Path("/certs")), "its certificate is checked"),
        (Address("tcp://lab:2376", "a test", verify=False), "certificate is not checked"),
    ],
)
def test_who_can_listen_on_the_way_is_said(address: Address, sentence: str) -> None:
    text = " ".join(sentences(address, INFO, VERSION))
    assert sentence in text
    assert "must see the sessions' folder at the same path" in text
