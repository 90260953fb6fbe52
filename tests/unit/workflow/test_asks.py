import pytest

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.workflow.asks import asks, mount_problem
from scanflow_tui.workflow.lint import check
from scanflow_tui.workflow.load import load
from tests.unit.workflow.pipelines import steps

EASED = "{network: true, gpus: 1, shm: 2g, mounts: [/data/imagenet]}"


def findings(limits: str) -> list[str]:
    return [one.text("p") for one in check(steps(f"a: {{run: x, limits: {limits}}}"))]


def test_a_step_without_asks_asks_for_nothing() -> None:
    assert asks(StepLimits()) == ()


def test_the_fields_are_read() -> None:
    text = steps("a: {run: x, limits: {network: true, gpus: 2, shm: 2g, mounts: [/d, /e/f]}}")
    read = load(text).node("a").limits
    assert (read.network, read.gpus, read.shm_bytes, read.mounts) == (
        True,
        2,
        2 << 30,
        ("/d", "/e/f"),
    )


def test_the_other_new_limits_are_read() -> None:
    read = load(steps("a: {run: x, limits: {pids: 64, disk: 1g, backoff: 2s}}")).node("a").limits
    assert (read.pids, read.disk_bytes, read.backoff_s) == (64, 1 << 30, 2.0)


def test_each_ask_is_said_in_words() -> None:
    limits = load(steps(f"a: {{run: x, limits: {EASED}}}")).node("a").limits
    assert asks(limits) == (
        "network",
        "1 GPU",
        "2 GiB of shared memory",
        "/data/imagenet mounted read-only",
    )


def test_lint_warns_of_each_ask_and_refuses_none() -> None:
    found = findings(EASED)
    assert len(found) == 4
    assert all("warning: 'a' asks for less hardening" in line for line in found)


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        ("{network: 1}", "limit 'network' is true or false, not '1'"),
        ("{gpus: 1.5}", "limit 'gpus' is a whole number from 0 to 64"),
        ("{shm: 1k}", "limit 'shm' is from 64k to 1t"),
        ("{mounts: [data]}", "mount 'data' is not an absolute path"),
        ("{mounts: ['/a:/b']}", "is not an absolute path (plain, without ':' and ',')"),
        ("{mounts: [/a, /a]}", "mount '/a' stands twice"),
        ("{pids: 1}", "limit 'pids' is from 4 to"),
        ("{disk: 1}", "limit 'disk' is from 1k to 1t"),
        ("{backoff: 2h}", "limit 'backoff' is from 0 to 1h"),
        ("{net: true}", "unknown key 'net'; did you mean 'network'?"),
    ],
)
def test_a_mistake_gets_its_sentence(limits: str, sentence: str) -> None:
    assert any(sentence in line for line in findings(limits))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/var",
        "/run/",
        "/var/run/docker.sock",
        "/dev/shm",
        "/a/../b",
        "/x/p.sock",
        "/./dev",
    ],
)
def test_sockets_devices_and_kernel_files_are_never_mounted(path: str) -> None:
    assert mount_problem(path)


@pytest.mark.parametrize("path", ["/data", "/data/", "/home/x/runs", "/devices", "/srv/my data"])
def test_a_folder_of_data_may_be_mounted(path: str) -> None:
    assert mount_problem(path) == ""
