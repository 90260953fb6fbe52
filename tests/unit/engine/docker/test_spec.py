from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanflow_tui.contract import limits
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.docker.spec import Host, body, job_from, job_of, labels_of
from scanflow_tui.engine.protocol import Spec

SPEC = Spec(
    name="sf-01jabc-3-train-2",
    folder="/s/runs/3/train/2",
    code="/s/store/code",
    argv=("python", "-m", "train"),
    env={"TOKEN": "x", "LANG": "de_DE.UTF-8"},
    limits=StepLimits(cpus=1.5, memory_bytes=limits.GIB),
    reads=("/s/store/a", "/s/store/b", "/s/store/a"),
    image="mnist:1",
)
HOST = Host("1000:1000")


def made(given: StepLimits | None = None, host: Host = HOST) -> dict[str, Any]:
    return body(replace(SPEC, limits=given) if given else SPEC, host)


def host_config(given: StepLimits | None = None) -> dict[str, Any]:
    found: dict[str, Any] = made(given)["HostConfig"]
    return found


def test_everything_is_hardened_by_default() -> None:
    config = host_config()
    assert config["ReadonlyRootfs"] and config["Init"]
    assert config["CapDrop"] == ["ALL"]
    assert config["SecurityOpt"] == ["no-new-privileges:true"]
    assert config["IpcMode"] == "private"
    assert not config["Privileged"] and not config["AutoRemove"]
    assert made()["NetworkDisabled"] is True
    assert "DeviceRequests" not in config and "NetworkMode" not in config


def test_memory_is_not_swapped_and_cpu_and_threads_follow_the_limit() -> None:
    config = host_config()
    assert config["Memory"] == config["MemorySwap"] == limits.GIB
    assert config["NanoCpus"] == 1_500_000_000
    assert "OMP_NUM_THREADS=2" in made()["Env"]


def test_only_the_attempts_folder_can_be_written_and_its_record_is_hidden() -> None:
    mounts = host_config()["Mounts"]
    assert [one["Source"] for one in mounts if not one["ReadOnly"]] == [SPEC.folder]
    assert {one["Target"] for one in mounts if one["ReadOnly"]} == {
        "/s/store/code", "/s/store/a", "/s/store/b", f"{SPEC.folder}/step.json", "/etc/hosts",
    }  # fmt: skip
    assert host_config()["Tmpfs"][f"{SPEC.folder}/engine"].startswith("ro,")
    targets = [one["Target"] for one in mounts]
    assert len(targets) == len(set(targets))


def test_a_step_asks_for_less_in_its_limits_alone() -> None:
    given = StepLimits(
        network=True, gpus=2, shm_bytes=limits.GIB, pids=7, mounts=("/data",), disk_bytes=5
    )
    config = host_config(given)
    assert made(given)["NetworkDisabled"] is False
    assert config["DeviceRequests"] == [{"Count": 2, "Capabilities": [["gpu"]]}]
    assert (config["ShmSize"], config["PidsLimit"]) == (limits.GIB, 7)
    mounted = {one["Target"]: one for one in config["Mounts"]}
    assert mounted["/data"]["ReadOnly"]
    assert "/etc/hosts" not in mounted
    assert {"Name": "fsize", "Soft": 5, "Hard": 5} in config["Ulimits"]


def test_the_gpus_that_were_set_aside_are_asked_for_by_name() -> None:
    spec = replace(SPEC, limits=StepLimits(gpus=2), gpus=("GPU-a", "GPU-b"))
    asked = body(spec, HOST)["HostConfig"]["DeviceRequests"]
    assert asked == [{"DeviceIDs": ["GPU-a", "GPU-b"], "Capabilities": [["gpu"]]}]


def test_the_images_own_program_and_checks_are_not_used() -> None:
    found = made()
    assert (found["Entrypoint"], found["Cmd"]) == (["python"], ["-m", "train"])
    assert found["Healthcheck"] == {"Test": ["NONE"]}
    assert found["WorkingDir"] == SPEC.code


def test_what_the_pipeline_lets_through_wins_but_not_over_the_step_file() -> None:
    env = made()["Env"]
    assert "LANG=de_DE.UTF-8" in env and "TOKEN=x" in env
    assert f"SCANFLOW_STEP={SPEC.folder}/step.json" in env
    spec = replace(SPEC, env={"SCANFLOW_STEP": "/elsewhere"})
    assert "SCANFLOW_STEP=/elsewhere" not in body(spec, HOST)["Env"]


def test_a_container_is_found_again_by_its_labels() -> None:
    labels = labels_of(SPEC)
    assert labels["scanflow.session"] == "01jabc"
    assert (labels["scanflow.run"], labels["scanflow.node"]) == ("3", "train")
    assert labels["scanflow.name"] == SPEC.name
    assert job_from(labels) == job_of(SPEC)
    assert "x" not in labels.values() and "TOKEN" not in str(labels)


def test_labels_of_somebody_else_are_no_job() -> None:
    assert job_from({}) is None
    assert job_from({"scanflow.job": "{"}) is None
    assert job_from({"scanflow.job": "[1]"}) is None
    assert job_from({"scanflow.job": '{"folder": "/x"}'}) is None


def test_the_engines_own_log_has_room_for_what_the_record_holds() -> None:
    config = host_config(StepLimits(log_bytes=100 * limits.MIB))["LogConfig"]
    assert config == {"Type": "json-file", "Config": {"max-size": "153600k", "max-file": "1"}}


def test_an_engine_that_heeds_no_plain_field_is_told_by_the_network_mode() -> None:
    host = Host("1:1", no_network="none")
    assert made(host=host)["HostConfig"]["NetworkMode"] == "none"
    assert "NetworkMode" not in made(StepLimits(network=True), host)["HostConfig"]


def test_user_namespace_is_the_hosts_only_where_the_engine_shifts_ids() -> None:
    assert "UsernsMode" not in made()["HostConfig"]
    assert made(host=Host("1:1", userns="host"))["HostConfig"]["UsernsMode"] == "host"


@pytest.mark.parametrize(("asked", "there", "given"), [(500, 2, 2), (1.5, 2, 1.5), (500, 0, 500)])
def test_who_asks_for_more_cores_than_there_are_gets_all(
    asked: float, there: float, given: float
) -> None:
    config = made(StepLimits(cpus=asked), Host("1:1", cpus=there))["HostConfig"]
    assert config["NanoCpus"] == given * 1e9
