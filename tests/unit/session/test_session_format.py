"""``docs/session-format.md`` says what the file really is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb

from scanflow_tui.session import chain, export, store, views
from scanflow_tui.session import events as ev
from tests.unit.session.making import ULID, drawn, found, numbered, opened, session_file, stored

PAGE = (Path(__file__).parents[3] / "docs/session-format.md").read_text()
COMMON = ["seq", "at", "time", "actor"]


def test_every_view_is_documented_with_its_columns(tmp_path: Path) -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `([\w ]+)`", PAGE, re.MULTILINE))
    with duckdb.connect(str(session_file(tmp_path)), read_only=True) as con:
        found = {
            name: [row[0] for row in con.execute(f"DESCRIBE {name}").fetchall()]
            for name in views.NAMES
        }
    assert {name: [*COMMON, *told[name].split()] for name in views.NAMES} == found


def test_the_queries_on_the_page_run(tmp_path: Path) -> None:
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    with duckdb.connect(str(session_file(tmp_path)), read_only=True) as con:
        for query in filter(str.strip, block.split(";")):
            con.execute(query).fetchall()


def test_the_program_on_the_page_verifies_an_export() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    lines = list(export.lines(stored(3)))
    run = [sys.executable, "-c", program]
    assert subprocess.run(run, input=b"".join(lines)).returncode == 0
    lines[2] = lines[2].replace(b"s1", b"s2")
    assert subprocess.run(run, input=b"".join(lines), capture_output=True).returncode == 1


def test_the_view_of_checks_counts_a_queue_over_all_its_events(tmp_path: Path) -> None:
    facts = [opened(), found(2), drawn(2, 3), found(1), drawn(1, 4), drawn(9, 9, node="other")]
    path = tmp_path / "session.duckdb"
    store.create(path, chain.rows(numbered(*facts), chain.first(ULID))).close()
    with duckdb.connect(str(path), read_only=True) as con:
        told = con.execute("SELECT seq, n_queue FROM checks ORDER BY seq").fetchall()
    assert told == [(1, 5), (3, 5)]


def test_an_imported_label_stands_while_its_whole_file_is_in_force(tmp_path: Path) -> None:
    def began(*, whole: bool = True) -> ev.ImportBegan:
        return ev.ImportBegan(1, "label", "f" * 64, "csv", 1, (), whole=whole)

    def brought(begun: int, *, undone: bool = False) -> ev.LabelImported:
        return ev.LabelImported(
            1, "label", "s", "class", 1, "a1", 5, begun, 0, None, None, "", undone
        )

    facts = [
        opened(),
        *(began(), brought(1), ev.ImportEnded(1, "label", 1)),
        *(began(), brought(4), brought(4, undone=True), ev.ImportEnded(1, "label", 4)),
        ev.ImportUndone(1, "label", 1),
        *(began(), brought(9)),
        *(began(whole=False), brought(11)),
    ]
    path = tmp_path / "session.duckdb"
    store.create(path, chain.rows(numbered(*facts), chain.first(ULID))).close()
    with duckdb.connect(str(path), read_only=True) as con:
        told = con.execute("SELECT seq, stands FROM imported_labels ORDER BY seq").fetchall()
    assert told == [(2, False), (5, True), (6, False), (10, False), (12, True)]
