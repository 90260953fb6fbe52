"""What the app's first paint may not wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "PIL",
    "duckdb",
    "pydantic",
    "mlflow",
    "torch",
    "scipy",
    "docker",
    "msgspec",
    "yaml",
)


@pytest.mark.parametrize("start", ["workflow", "sessions"])
def test_the_app_and_its_first_screen_load_nothing_heavy(start: str) -> None:
    code = (
        "import sys, scanflow_tui.tui.app; from scanflow_tui.tui import screens;"
        f"screens.make({start!r});"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
