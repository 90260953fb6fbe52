import pytest

from scanflow_tui.workflow.when import (
    Both,
    Compare,
    Constant,
    Name,
    WhenError,
    check,
    evaluate,
    misfits,
    names,
    parse,
    verdict,
)

TYPES = {"a": {"n": "number", "b": "bool", "t": "text", "w": ("x", "y")}}


def test_and_binds_tighter_than_or() -> None:
    values = {("a", "b"): True, ("a", "c"): False}
    assert evaluate(parse("a.b or a.c and a.c"), values)
    assert not evaluate(parse("(a.b or a.c) and a.c"), values)


def test_not_binds_tightest() -> None:
    assert isinstance(parse("not a.b and a.b"), Both)


def test_a_comparison_keeps_its_sides() -> None:
    expr = parse("a.n <= 1.5")
    assert expr == Compare("<=", Name("a", "n", 1), Constant(1.5, 8), 5)


def test_names_are_all_that_is_read() -> None:
    assert names(parse("a.b and not (c.d == 'x' or 1 < e.f)")) == {
        ("a", "b"),
        ("c", "d"),
        ("e", "f"),
    }


@pytest.mark.parametrize(
    ("text", "column", "word"),
    [
        ("", 1, "too early"),
        ("a.b ==", 7, "too early"),
        ("a.b = 1", 5, "equality is written =="),
        ("a.b == 'x", 8, "not closed"),
        ("(a.b", 5, "closing parenthesis"),
        ("a.b)", 4, "not expected"),
        ("a.b c.d", 5, "not expected"),
        ("1 < a.b < 3", 9, "joined with 'and'"),
        ("verdict == 'x'", 1, "neither node.value nor quoted text"),
        ("a.b == and", 8, "missing before 'and'"),
        ("a.b $ 1", 5, "not understood"),
        ("not " * 60 + "a.b", 205, "nested"),
        ("a.b == 1e999", 8, "finite"),
        ("x" * 3000, 1, "longer than"),
    ],
)
def test_errors_have_a_column(text: str, column: int, word: str) -> None:
    with pytest.raises(WhenError) as caught:
        parse(text)
    assert caught.value.column == column
    assert word in caught.value.sentence


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("b.n == 1", "unknown node 'b'"),
        ("a.m == 1", "declares no value 'm'"),
        ("a.n", "is not true or false"),
        ("a.n == 'x'", "a number is compared with a text"),
        ("a.t < 'x'", "'<' compares numbers, not text"),
        ("a.w == 'z'", "'z' is never given; the value is 'x' or 'y'"),
        ("1", "1 alone is no condition"),
    ],
)
def test_names_and_types_are_checked(text: str, sentence: str) -> None:
    found = check(parse(text), TYPES)
    assert len(found) == 1
    assert sentence in found[0][1]


@pytest.mark.parametrize("text", ["a.b", "not a.b", "a.n >= 1", "a.w != 'x'", "a.t == a.w", "true"])
def test_good_conditions_pass(text: str) -> None:
    assert check(parse(text), TYPES) == []


def test_a_verdict_waits_for_what_decides_it() -> None:
    expr = parse("a.b and a.c")
    assert verdict(expr, {}) is None
    assert verdict(expr, {("a", "c"): False}) is False
    assert verdict(parse("not a.b"), {}) is None
    assert verdict(parse("a.b or a.c"), {("a", "c"): True}) is True


def test_evaluate_names_the_value_that_is_missing() -> None:
    with pytest.raises(KeyError) as caught:
        evaluate(parse("a.b == 1"), {})
    assert caught.value.args == (("a", "b"),)


def test_values_of_other_types_are_unequal_and_never_raise() -> None:
    values = {("a", "n"): "text", ("a", "b"): 1}
    assert not evaluate(parse("a.n < 1"), values)
    assert evaluate(parse("a.n != 1"), values)
    assert not evaluate(parse("a.b == true"), values)


def test_misfits_name_what_is_missing_or_of_another_type() -> None:
    declared = {"n": "number", "w": ("x", "y"), "b": "bool"}
    assert misfits(declared, {"n": 1.5, "w": "x", "b": True, "more": 1}) == []
    found = misfits(declared, {"n": True, "w": "z"})
    assert found == [
        "the value 'n' is True, not a number",
        "the value 'w' is 'z', not 'x' or 'y'",
        "the value 'b' is missing",
    ]
