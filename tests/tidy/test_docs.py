"""Generated documents are current, and every link inside the repository leads somewhere."""

from __future__ import annotations

import re

from scanflow_tui.cli.main import command_names
from scanflow_tui.cli.reference import reference
from scanflow_tui.contract import errors
from scanflow_tui.session.events import KINDS
from scanflow_tui.workflow import vocabulary
from tests.tidy.source import ROOT

LINK = re.compile(r"\]\(([^)#\s]+)")


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_page_of_commands_is_current() -> None:
    assert text("docs/cli.md") == reference(), "python -m scanflow_tui.cli.reference > docs/cli.md"


def test_every_command_and_exit_code_is_documented() -> None:
    page = text("docs/cli.md")
    assert [name for name in command_names() if f"## scanflow {name}" not in page] == []
    assert [code for code in errors.BY_CODE if f"| {code} |" not in page] == []


def test_every_event_is_documented() -> None:
    page = text("docs/session-format.md")
    assert [kind for kind in KINDS if kind not in page] == []


def test_every_pipeline_key_is_documented() -> None:
    page = text("docs/pipeline.md")
    keys = {*vocabulary.TOP_KEYS, *vocabulary.NODE_KEYS, *vocabulary.LIMIT_KEYS}
    assert sorted(key for key in keys if f"`{key}" not in page) == []


def test_links_lead_somewhere() -> None:
    broken = []
    for page in [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in LINK.findall(page.read_text(encoding="utf-8")):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []
