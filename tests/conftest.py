"""What holds for every test: a supervisor starts no mirror, and waits for no session of others."""

from __future__ import annotations

import os

os.environ["SCANFLOW_NO_MIRROR"] = "1"
os.environ["SCANFLOW_SLOTS"] = "off"
