"""The parser of conditions against Python's own, on the part of the grammar that both share."""

from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.workflow.when import WhenError, evaluate, names, parse, verdict

NUMBERS = {("a", "n"): 3, ("b", "n"): -2}
BOOLS = {("a", "b"): True, ("b", "b"): False}
VALUES = NUMBERS | BOOLS

comparisons = st.builds(
    lambda left, sign, right: f"{left} {sign} {right}",
    st.sampled_from(["a.n", "b.n", "1", "-2", "3.0"]),
    st.sampled_from(["==", "!=", "<", "<=", ">", ">="]),
    st.sampled_from(["a.n", "b.n", "0", "3", "-2.5"]),
)
atoms = st.one_of(comparisons, st.sampled_from(["a.b", "b.b", "true", "false"]))
conditions = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.builds(lambda one: f"not ({one})", inner),
        st.builds(lambda one: f"({one})", inner),
        st.builds(lambda one, two: f"{one} and {two}", inner, inner),
        st.builds(lambda one, two: f"{one} or {two}", inner, inner),
    ),
    max_leaves=12,
)


class _Space:
    def __init__(self, node: str) -> None:
        for (owner, name), value in VALUES.items():
            if owner == node:
                setattr(self, name, value)


def oracle(text: str) -> bool:
    names = {"a": _Space("a"), "b": _Space("b"), "true": True, "false": False}
    return bool(eval(text, {"__builtins__": {}}, names))


@settings(deadline=None, max_examples=300)
@given(conditions)
def test_it_means_what_python_means(text: str) -> None:
    assert evaluate(parse(text), VALUES) is oracle(text)


@settings(deadline=None, max_examples=200)
@given(conditions, st.sets(st.sampled_from(sorted(VALUES))))
def test_a_verdict_on_less_is_never_taken_back(text: str, hidden: set[tuple[str, str]]) -> None:
    expr = parse(text)
    early = verdict(expr, {name: VALUES[name] for name in VALUES if name not in hidden})
    assert early in (None, oracle(text))
    if not names(expr) & hidden:
        assert early is not None


@settings(deadline=None, max_examples=300)
@given(st.text("abn.()<>=!'\" 019-_andortrue", max_size=40))
def test_any_text_is_a_condition_or_an_error_with_a_column(text: str) -> None:
    try:
        parse(text)
    except WhenError as error:
        assert 1 <= error.column <= len(text) + 1
        assert error.sentence
