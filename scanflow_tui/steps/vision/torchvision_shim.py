"""Makes ``import torchvision`` work beside a CPU-only torch; does nothing where it is whole.

PyPI's torchvision is compiled for CUDA builds of torch. Beside a CPU build its library does not
load, and its import fails as the operator ``torchvision::nms`` is not declared. Declared here, the
data sets, transforms and models work; the compiled operators themselves stay unavailable.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

import torch

from scanflow_tui.contract.errors import Missing

SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}

_library: list[Any] = []
"""The declarations live as long as the object that made them."""


def torchvision() -> ModuleType:
    """The module torchvision, imported. Raises Missing where it is not installed."""
    try:
        return importlib.import_module("torchvision")
    except ModuleNotFoundError:
        raise Missing("torchvision is not installed", hint="scanflow-tui[steps]") from None
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
    declare(SCHEMAS)
    return importlib.import_module("torchvision")


def declare(schemas: dict[str, str]) -> None:
    """Declare operators of torchvision that are absent; those that are there are left alone."""
    absent = {name: text for name, text in schemas.items() if not is_declared(name)}
    if not absent:
        return
    library = torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
    for text in absent.values():
        library.define(text)  # type: ignore[no-untyped-call]
    _library.append(library)


def is_declared(name: str) -> bool:
    """Whether torch knows the operator ``torchvision::name``."""
    return bool(torch._C._jit_get_schemas_for_operator(f"torchvision::{name}"))


def is_whole() -> bool:
    """Whether torchvision's compiled operators work here (for ``doctor``)."""
    try:
        extension = importlib.import_module("torchvision.extension")
    except (ImportError, RuntimeError):
        return False
    return bool(extension._has_ops())
