"""Calls and names that belong to one owner, or to nobody."""

from __future__ import annotations

import ast
import re

from tests.tidy.source import modules

PURE = (
    "scanflow_tui/contract/",
    "scanflow_tui/workflow/",
    "scanflow_tui/checks/",
    "scanflow_tui/labels/",
    "scanflow_tui/repair/",
    "scanflow_tui/tui/present/",
    "scanflow_tui/session/events.py",
    "scanflow_tui/session/state.py",
    "scanflow_tui/session/fold",
    "scanflow_tui/session/chain.py",
    "scanflow_tui/contract/loglines.py",
    "scanflow_tui/supervisor/machine/turn.py",
    "scanflow_tui/supervisor/machine/advance.py",
    "scanflow_tui/supervisor/machine/commands.py",
    "scanflow_tui/supervisor/machine/progress.py",
    "scanflow_tui/supervisor/machine/outcomes.py",
    "scanflow_tui/supervisor/machine/production.py",
    "scanflow_tui/supervisor/machine/stimuli.py",
    "scanflow_tui/supervisor/machine/effects.py",
)
STEP_CONVENIENCE = "scanflow_tui/contract/step.py"
CLOCKS = {"time.time", "time.time_ns", "time.monotonic", "datetime.now", "datetime.utcnow"}
CHANCE = {"random.random", "random.randint", "os.urandom", "secrets.token_bytes", "uuid.uuid4"}
FILES = {"open", "Path.read_text", "os.environ.get", "os.getenv"}
NAMES = re.compile(r"(^|/)(utils?|helpers?|common|base|manager|types|misc)\.py$")


def calls(tree: ast.Module) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_pure_modules_read_no_clock_file_or_chance() -> None:
    found = [
        f"{path}: {name}"
        for path, _, tree in modules()
        if path.startswith(PURE) and path != STEP_CONVENIENCE
        for name in sorted(calls(tree) & (CLOCKS | CHANCE | FILES))
    ]
    assert found == []


def test_only_the_command_line_writes_to_the_terminal() -> None:
    found = [
        path
        for path, _, tree in modules()
        if "print" in calls(tree) and not path.startswith("pipelines/")
    ]
    assert found == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [path for path, _, _ in modules() if NAMES.search(path)] == []


def test_no_pickle_is_ever_loaded() -> None:
    loads = {"pickle.load", "pickle.loads", "torch.load", "joblib.load"}
    found = [path for path, _, tree in modules() if calls(tree) & loads]
    allowed = [
        path
        for path, text, _ in modules()
        if re.search(r"np\.load\([^)]*allow_pickle\s*=\s*True", text)
    ]
    assert found + allowed == []


def test_no_stub_is_called_done() -> None:
    found = [
        f"{path}: {word}"
        for path, text, _ in modules()
        for word in ("TODO", "FIXME", "XXX", "NotImplementedError")
        if word in text
    ]
    assert found == []
