"""The real screens at a label node, with somebody who answers as a supervisor does."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.tui.app import ScanflowApp
from tests.fakes.demo_events import demo_events
from tests.fakes.people import PeopleSource, digits, thumbnails

if __name__ == "__main__":
    source = PeopleSource(demo_events("asked"), reads=thumbnails(digits()))
    ScanflowApp(source, Path("/nonexistent"), "workflow", images="half").run()
