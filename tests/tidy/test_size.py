"""Size limits of the house: a list of exceptions with reasons, which may only shrink."""

from __future__ import annotations

import ast

from tests.tidy.source import modules

FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
CLASS_METHODS_MAX = 20
APP_LINES_MAX = 200

EXCEPTIONS: dict[str, str] = {
    "scanflow_tui/cli/main.py": "names and options of every command, and nothing else",
    "scanflow_tui/session/events.py": "every event type in one module, as the design asks",
}


def too_long() -> list[str]:
    found: list[str] = []
    for path, text, tree in modules():
        lines = text.count("\n")
        limit = APP_LINES_MAX if path == "scanflow_tui/tui/app.py" else FILE_LINES_MAX
        if lines > limit and path not in EXCEPTIONS:
            found.append(f"{path}: {lines} lines, at most {limit}")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = body_lines(node)
                if size > FUNCTION_LINES_MAX and f"{path}:{node.name}" not in EXCEPTIONS:
                    found.append(f"{path}:{node.lineno} {node.name}: {size} lines")
            elif isinstance(node, ast.ClassDef):
                methods = sum(
                    isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef) for item in node.body
                )
                if methods > CLASS_METHODS_MAX and f"{path}:{node.name}" not in EXCEPTIONS:
                    found.append(f"{path}:{node.lineno} {node.name}: {methods} methods")
    return found


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    assert node.end_lineno is not None
    size = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        assert first.end_lineno is not None
        size -= first.end_lineno - first.lineno + 1
    return size


def test_nothing_is_longer_than_the_house_allows() -> None:
    assert too_long() == []


def test_every_exception_still_names_something() -> None:
    paths = {path for path, _, _ in modules()}
    assert [name for name in EXCEPTIONS if name.split(":")[0] not in paths] == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        path for path, text, tree in modules() if text.strip() and not ast.get_docstring(tree)
    ]
    assert silent == []
