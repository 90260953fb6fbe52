"""Labels from a file: all judged before one is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanflow_tui.cli.commands.label import read_labels, shown_of
from scanflow_tui.contract.errors import InputError
from scanflow_tui.session.folds import replay
from scanflow_tui.session.state import RunView
from scanflow_tui.tui.present.label_order import is_hidden
from tests.fakes.demo_events import CLASSES, demo_events


@pytest.fixture(scope="module")
def run() -> RunView:
    return replay(demo_events("asked")).runs[3]


def test_a_class_is_named_by_number_or_by_name(run: RunView, tmp_path: Path) -> None:
    assert run.check is not None
    first, second, third = (entry.id for entry in run.check.queue[:3])
    path = tmp_path / "labels.jsonl"
    path.write_text(
        f'{{"id":"{first}","label":3}}\n\n{{"id":"{second}","label":"four"}}\n'
        f'{{"id":"{third}","kind":"unsure"}}\n'
    )
    given = read_labels(path, run.check.queue, CLASSES)
    assert given == [(first, "class", 3), (second, "class", 4), (third, "unsure", None)]


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "[]",
        '{"label": 1}',
        '{"id": "none-such", "label": 1}',
        '{"id": "ID", "label": 10}',
        '{"id": "ID", "label": true}',
        '{"id": "ID", "label": "eleven"}',
        '{"id": "ID", "kind": "skip", "label": 1}',
    ],
)
def test_a_bad_line_is_named_and_nothing_is_given(run: RunView, tmp_path: Path, line: str) -> None:
    assert run.check is not None
    sample = run.check.queue[0].id
    path = tmp_path / "labels.jsonl"
    path.write_text(f'{{"id":"{sample}","label":3}}\n{line.replace("ID", sample)}\n')
    with pytest.raises(InputError) as caught:
        read_labels(path, run.check.queue, CLASSES)
    assert [text.startswith(f"{path}:2: ") for text in caught.value.findings] == [True]


def test_what_shows_no_guess_on_screen_shows_none_in_a_file_and_no_share_is_named(
    run: RunView,
) -> None:
    assert run.check is not None
    shares = {entry.share for entry in run.check.queue if is_hidden(entry)}
    assert shares == {"audit", "repair"}, "an audit sample is one of many"
    for entry in run.check.queue:
        shown = shown_of(entry)
        if is_hidden(entry):
            assert shown.keys() == {"id", "index", "guess_hidden"}
        else:
            assert (shown["guess"], shown["guess_hidden"]) == (entry.guess, False)
        assert not {"share", "probability", "stratum"} & shown.keys()
