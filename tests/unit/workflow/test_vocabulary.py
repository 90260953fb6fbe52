from pathlib import Path
from typing import get_args

import pytest

from scanflow_tui.contract.evidence import Action, Verdict
from scanflow_tui.workflow import vocabulary as words
from scanflow_tui.workflow.lint import read
from tests.unit.workflow.pipelines import LOOP

PAGE = Path(__file__).parents[3] / "docs" / "pipeline.md"


def test_verdicts_and_actions_are_those_of_the_contract() -> None:
    assert {"verdict": get_args(Verdict)} == words.CHECKER_VALUES
    assert {"action": get_args(Action)} == words.DECIDE_VALUES


def test_a_human_node_is_shown_its_evidence() -> None:
    graph = read(LOOP)
    found = {node.id: words.evidence_input(node) for node in graph.nodes}
    shown = {node_id: item.name for node_id, item in found.items() if item is not None}
    assert shown == {"label": "samples", "decide": "options", "approve": "table"}


def test_ten_classes_have_digits_and_more_have_letters() -> None:
    assert words.default_class_keys(10) == tuple("0123456789")
    assert words.default_class_keys(12)[10:] == ("a", "b")


def test_very_many_classes_have_no_keys() -> None:
    assert words.default_class_keys(1297) == ()


@pytest.mark.parametrize("n", [37, 120, 360, 361, 1000, 1296])
def test_many_classes_have_two_different_strokes_each(n: int) -> None:
    keys = words.default_class_keys(n)
    assert len(set(keys)) == n
    assert {len(key) for key in keys} == {2}
    assert all(key[1].isdigit() for key in keys) == (n <= 360)


def test_every_key_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    keys = {
        *words.TOP_KEYS,
        *words.IMAGE_KEYS,
        *words.CHAMPION_KEYS,
        *words.NODE_KEYS,
        *words.LIMIT_KEYS,
        *words.VALUE_TYPES,
        *words.ROLES,
        *words.FORMS,
    }
    assert [key for key in sorted(keys) if f"`{key}`" not in page] == []


def test_the_pages_example_is_right() -> None:
    page = PAGE.read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    assert read(example).champion.node == "train"
