"""What holds for every test: a supervisor starts no mirror, and waits for no session of others."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ["SCANFLOW_NO_MIRROR"] = "1"
os.environ["SCANFLOW_SLOTS"] = "off"

settings.register_profile("shared machine", deadline=None)  # a timing never decides a test
settings.load_profile("shared machine")
