"""torchvision beside a CPU-only torch: declared what is absent, untouched what is there."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from scanflow_tui.steps.vision import torchvision_shim as shim


def test_torchvision_imports_here_and_its_transforms_run() -> None:
    module = shim.torchvision()
    assert callable(module.datasets.MNIST)
    from torchvision.transforms import v2

    turned = v2.functional.horizontal_flip(torch.tensor([[[1.0, 2.0]]]))
    assert turned.tolist() == [[[2.0, 1.0]]]


def test_a_second_call_gives_the_same_module() -> None:
    assert shim.torchvision() is shim.torchvision()


def test_what_is_declared_is_left_alone() -> None:
    library = torch.library.Library("torchvision", "FRAGMENT")
    library.define("scanflow_there(Tensor x) -> Tensor")
    before = len(shim._library)
    shim.declare({"scanflow_there": "scanflow_there(Tensor x) -> Tensor"})
    assert len(shim._library) == before


def test_what_is_absent_is_declared() -> None:
    assert not shim.is_declared("scanflow_absent")
    shim.declare({"scanflow_absent": "scanflow_absent(Tensor x) -> Tensor"})
    assert shim.is_declared("scanflow_absent")


@pytest.mark.slow
def test_a_whole_torchvision_is_imported_without_a_declaration() -> None:
    # A torchvision whose operators load, played by declaring them before the first import.
    code = (
        "import torch\n"
        "from scanflow_tui.steps.vision import torchvision_shim as shim\n"
        "if not shim.is_whole():\n"
        "    whole = torch.library.Library('torchvision', 'FRAGMENT')\n"
        "    for text in shim.SCHEMAS.values():\n"
        "        if not shim.is_declared(text.split('(')[0]):\n"
        "            whole.define(text)\n"
        "shim.torchvision()\n"
        "assert not shim._library, 'declared although nothing was absent'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
