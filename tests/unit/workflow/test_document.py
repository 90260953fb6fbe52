import pytest

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError
from scanflow_tui.workflow.document import decode, plain, tree
from scanflow_tui.workflow.findings import Findings, findings_text


def problems(text: str) -> tuple[str, ...]:
    findings = Findings()
    tree(text, findings)
    return findings_text(findings.found, "p")


def value(text: str) -> object:
    findings = Findings()
    item = tree(text, findings)
    assert not findings.found
    assert item is not None
    return plain(item)


def test_scalars_mean_what_the_safe_loader_says() -> None:
    assert value("[1, 2.5, yes, null, '1', 0x10, text]") == [1, 2.5, True, None, "1", 16, "text"]


def test_an_alias_stands_for_its_anchor() -> None:
    assert value("a: &x {b: 1}\nc: *x") == {"a": {"b": 1}, "c": {"b": 1}}


def test_every_item_has_its_place() -> None:
    root = tree("a:\n  b: [1, 2]", Findings())
    assert root is not None and isinstance(root.value, dict)
    inner = root.value["a"].item.value
    assert isinstance(inner, dict)
    assert (inner["b"].place.line, inner["b"].place.column) == (2, 3)


def test_a_byte_order_mark_is_no_problem() -> None:
    assert value("\ufeffa: 1") == {"a": 1}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: 2\na: 3", "p:3:1: the key 'a' stands twice; first on line 1"),
        ("a: &x [*x]", "p:1:8: the alias '*x' has no anchor before it"),
        ("a:\n\t- b", "p:2:1: a tab indents this line; YAML takes spaces"),
        ("a: 1\n---\nb: 2", "p:2:1: a second document starts here; one file holds one pipeline"),
        ("? [a]\n: b", "p:1:3: a key is a word, not a list or a mapping"),
        ("a: .nan", "p:1:4: '.nan' is not a finite number"),
        ("a: 2020-01-01", "p:1:4: '2020-01-01' is a date; write text in quotes"),
        ("a: !!set {x}", "p:1:4: the tag 'tag:yaml.org,2002:set' is not allowed"),
        ("a: \x00", "p:1:4: the character U+0000 may not stand in a document"),
        ("a: \udcff", "p:1:4: the character U+DCFF may not stand in a document"),
        ("[" * 100_000, "p:1:33: nested more than 32 deep"),
        ("- " * 100, "p:1:65: nested more than 32 deep"),
    ],
)
def test_one_sentence_with_its_place(text: str, line: str) -> None:
    found = problems(text)
    assert len(found) == 1
    if text.startswith("["):  # the parser may look further ahead than we do
        assert found[0].endswith("nested more than 32 deep")
    else:
        assert found[0] == line


def test_syntax_errors_name_line_and_column() -> None:
    assert problems("a: [1\nb: 2")[0].startswith("p:2:2: not YAML: ")


def test_aliases_that_multiply_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for at in range(1, 9):
        members = ", ".join([f"*a{at - 1}"] * 10)
        lines.append(f"a{at}: &a{at} [{members}]")
    assert "aliases counted" in problems("\n".join(lines))[0]


def test_aliases_that_nest_are_refused() -> None:
    lines = ["a0: &a0 " + "[" * 20 + "]" * 20]
    lines += [f"a{at}: &a{at} {'[' * 20}*a{at - 1}{']' * 20}" for at in range(1, 50)]
    assert "nested more than" in problems("\n".join(lines))[0]


def test_a_text_over_the_limit_is_not_read() -> None:
    assert "larger than" in problems("#" * (limits.PIPELINE_BYTES_MAX + 1))[0]


def test_bytes_that_are_not_utf8_name_the_place() -> None:
    with pytest.raises(InputError) as caught:
        decode(b"a: 1\nb: \xff\n", "p.yaml")
    assert caught.value.findings == ("p.yaml:2:4: not UTF-8 text",)


def test_bytes_over_the_limit_are_refused() -> None:
    with pytest.raises(InputError):
        decode(b"#" * (limits.PIPELINE_BYTES_MAX + 1))
