from scanflow_tui.contract import canonical
from scanflow_tui.contract.step import CONTRACT, StepFile, StepLimits


def step_file(limits: StepLimits) -> StepFile:
    return StepFile(CONTRACT, "sf", 1, "a", 1, {}, {}, {}, {}, 0, (), "r", "v", limits)


def test_limits_come_back_from_a_step_file() -> None:
    limits = StepLimits(network=True, gpus=1, shm_bytes=1 << 30, mounts=("/a", "/b"), pids=64)
    assert StepFile.from_json(step_file(limits).to_json()).limits == limits


def test_a_limit_of_a_newer_contract_is_ignored() -> None:
    raw = canonical.decode(step_file(StepLimits()).to_json())
    raw["limits"]["warp"] = 9
    assert StepFile.from_json(canonical.encode(raw)).limits == StepLimits()
