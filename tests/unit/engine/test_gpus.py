"""GPUs are found by what the driver says, named so that CUDA and Docker know them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine import gpus, surroundings
from scanflow_tui.engine.protocol import Spec

A, B, C = "GPU-aa11", "GPU-bb22", "GPU-cc33"


def machine(root: Path, *uuids: str, minors: tuple[int, ...] | None = None) -> Path:
    """A root with as many GPUs, in the order of their buses."""
    (root / "dev").mkdir()
    (root / "dev/nvidiactl").touch()
    for at, uuid in enumerate(uuids):
        minor = at if minors is None else minors[at]
        (root / f"dev/nvidia{minor}").touch()
        folder = root / f"proc/driver/nvidia/gpus/0000:0{at}:00.0"
        folder.mkdir(parents=True)
        text = f"Model: \t\t A card\nGPU UUID: \t {uuid}\nDevice Minor: \t {minor}\n"
        (folder / "information").write_text(text)
    return root


def test_a_machine_without_a_driver_has_none(tmp_path: Path) -> None:
    assert gpus.found(tmp_path, {}) == ()
    assert "No GPU was found" in gpus.sentence(())


def test_they_are_named_by_uuid_in_the_order_of_the_bus(tmp_path: Path) -> None:
    assert gpus.found(machine(tmp_path, A, B, minors=(1, 0)), {}) == (A, B)
    assert gpus.sentence((A, B)).startswith(f"2 GPUs were found: {A}, {B}")


def test_what_the_driver_knows_but_was_not_given_here_is_none(tmp_path: Path) -> None:
    root = machine(tmp_path, A, B, minors=(0, 3))
    (root / "dev/nvidia0").unlink()
    assert gpus.found(root, {}) == (B,)


def test_without_uuids_they_are_numbered_from_0(tmp_path: Path) -> None:
    root = machine(tmp_path, "GPU-????????", B, minors=(4, 5))
    assert gpus.found(root, {}) == ("0", "1")


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        ("", ()),
        ("1", (B,)),
        ("2, 0", (C, A)),
        ("GPU-b,GPU-cc33", (B, C)),
        ("0,7,1", (A,)),
        ("0,0", (A,)),
        ("GPU-", ()),
        ("nonsense", ()),
    ],
)
def test_who_starts_scanflow_may_see_fewer(
    tmp_path: Path, visible: str, seen: tuple[str, ...]
) -> None:
    root = machine(tmp_path, A, B, C)
    assert gpus.found(root, {"CUDA_VISIBLE_DEVICES": visible}) == seen


def variables(**changed: object) -> dict[str, str]:
    given: dict[str, object] = {"limits": StepLimits(), "gpus": (), "env": {}} | changed
    return surroundings.variables(Spec("sf-x", "/a", "/c", ("x",), **given))  # type: ignore[arg-type]


def test_a_step_sees_the_gpus_that_are_its_own() -> None:
    seen = variables(limits=StepLimits(gpus=2), gpus=(A, C), env={gpus.VISIBLE: "0"})
    assert seen[gpus.VISIBLE] == f"{A},{C}"


def test_a_step_that_asks_for_none_sees_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_gpus_here", lambda: (A,))
    assert variables()[gpus.VISIBLE] == ""
    assert variables(env={gpus.VISIBLE: "0"})[gpus.VISIBLE] == "0"
    monkeypatch.setattr(surroundings, "_gpus_here", lambda: ())
    assert gpus.VISIBLE not in variables()
