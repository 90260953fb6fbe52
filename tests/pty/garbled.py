"""The Label screen with somebody who answers as a supervisor does; what was said is printed last.

The terminal is asked what it can show, as ``scanflow label`` asks it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from scanflow_tui.contract import commands as cmd
from scanflow_tui.tui.app import ScanflowApp
from tests.fakes.demo_events import demo_events
from tests.fakes.people import PeopleSource, squares

if __name__ == "__main__":
    source = PeopleSource(demo_events("asked"), reads=squares())
    app = ScanflowApp(source, Path("/nonexistent"), "label")
    code = app.run()
    if app.defect is not None:
        raise app.defect
    said = [(c.kind, c.value) for c in source.done if isinstance(c, cmd.GiveLabel)]
    sys.stdout.write(f"said {json.dumps(said)}\n")
    sys.exit(code or 0)
