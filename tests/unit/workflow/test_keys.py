from dataclasses import replace

import pytest

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.workflow.graph import Input, Node, Source
from scanflow_tui.workflow.keys import KeyParts, cache_key, difference

NODE = Node(
    "train",
    "step",
    run=("python", "t.py"),
    inputs=(Input("data", (Source("node", "load", "model"),)),),
    outputs=("model",),
    params={"epochs": 3},
    seed=1,
)
PARTS = KeyParts("code", "1.0", "env", {"epochs": 3}, {"data": "aa"})


def key(node: Node = NODE, **changes: object) -> str:
    given: dict[str, object] = {
        "code": "code",
        "package_version": "1.0",
        "environment": "env",
        "inputs": {"data": "aa"},
    }
    return cache_key(node, **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "other"},
        {"package_version": "1.1"},
        {"environment": "other"},
        {"inputs": {"data": "bb"}},
        {"inputs": {}},
        {"params": {"epochs": 5}},
        {"contract": 2},
    ],
)
def test_everything_told_is_in_the_key(changes: dict[str, object]) -> None:
    assert key(**changes) != key()


@pytest.mark.parametrize(
    "changes",
    [{"run": ("sh",)}, {"seed": 2}, {"outputs": ("m",)}, {"classes": ("a",)}, {"id": "other"}],
)
def test_everything_a_step_sees_is_in_the_key(changes: dict[str, object]) -> None:
    assert key(replace(NODE, **changes)) != key()  # type: ignore[arg-type]


def test_limits_are_not_in_the_key() -> None:
    assert key(replace(NODE, limits=StepLimits(time_s=1))) == key()


@pytest.mark.parametrize("limits", [{"network": True}, {"gpus": 1}, {"mounts": ("/data",)}])
def test_what_a_step_can_reach_is_in_the_key(limits: dict[str, object]) -> None:
    reaching = replace(NODE, limits=StepLimits(**limits))  # type: ignore[arg-type]
    assert key(reaching) != key()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"params": {"epochs": 5}}, "param epochs 3 → 5"),
        ({"params": {}}, "param epochs 3 → (none)"),
        ({"inputs": {"data": "bb"}}, "input load.model changed"),
        ({"code": "other"}, "code changed"),
        ({"environment": "other"}, "environment changed"),
        ({"package": "1.1"}, "ScanFlow 1.0 → 1.1"),
        ({"package": ""}, ""),
        ({}, ""),
    ],
)
def test_a_difference_is_named(changes: dict[str, object], sentence: str) -> None:
    assert difference(NODE, PARTS, replace(PARTS, **changes)) == sentence  # type: ignore[arg-type]


def test_a_long_parameter_is_cut() -> None:
    now = replace(PARTS, params={"epochs": "x" * 500})
    assert len(difference(NODE, PARTS, now)) < 60
