from scanflow_tui.workflow.layout import layout
from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.paint import paint
from tests.unit.workflow.pipelines import LOOP, steps

TWO = read(steps("a: {run: x, out: o}", "b: {run: x, in: {i: a.o}}"))


def test_two_boxes_and_an_arrow() -> None:
    rows = paint(layout(TWO), {"a": ("✔", "41 s"), "b": ("▶", "running")}).rows
    assert rows == [
        "┌ a ─────────┐   ┌ b ─────────┐",
        "│✔ 41 s      ├──▶│▶ running   │",
        "└────────────┘   └────────────┘",
    ]


def test_ascii_alone_when_asked() -> None:
    rows = paint(layout(TWO), {}, ascii=True).rows
    assert all(row.isascii() for row in rows)


def test_compact_boxes_are_brackets() -> None:
    assert paint(layout(TWO, compact=True), {"a": ("✔", "")}).rows == ["[✔ a ]──▶[· b ]"]


def test_each_cell_tells_its_owner() -> None:
    picture = layout(TWO)
    made = paint(picture, {})
    assert made.owner(0, 0) == ("node", "a")
    assert made.owner(15, 1) == ("edge", 0)
    assert made.owner(15, 0) is None
    assert made.owner(-1, 99) is None


def test_all_rows_are_equally_wide() -> None:
    picture = layout(read(LOOP))
    made = paint(picture, {})
    assert {len(row) for row in made.rows} == {picture.width}
    assert len(made.rows) == len(made.owners) == picture.height


def test_a_long_text_is_cut() -> None:
    rows = paint(layout(TWO), {"a": ("?", "a very long text indeed")}).rows
    assert "│? a very lo…├" in rows[1]


def test_messages_are_dashed() -> None:
    rows = paint(layout(read(LOOP)), {}).rows
    assert any("┄┄▶" in row for row in rows)


def test_a_count_stands_before_the_arrow() -> None:
    text = steps(
        "a: {run: x, out: [k, l, m, n]}", "b: {run: x, in: {k: a.k, l: a.l, m: a.m, n: a.n}}"
    )
    assert "─4▶" in paint(layout(read(text)), {}).rows[1]
