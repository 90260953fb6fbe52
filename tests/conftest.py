"""What holds for every test: no supervisor that a test starts may start a mirror of its own."""

from __future__ import annotations

import os

os.environ["SCANFLOW_NO_MIRROR"] = "1"
