import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.workflow.graph import Multigraph, Node
from scanflow_tui.workflow.lint import check, lint, read
from tests.unit.workflow.pipelines import LOOP, steps


def errors(text: str) -> list[str]:
    return [one.text("p") for one in check(text) if one.severity == "error"]


def test_the_loop_has_no_findings() -> None:
    assert check(LOOP) == []


def test_read_gives_the_graph() -> None:
    assert read(LOOP).name == "mnist"


def test_read_raises_all_errors_by_place() -> None:
    with pytest.raises(InputError) as caught:
        read(LOOP.replace("check.queue", "chek.queue").replace("'drift'", "'drit'"), "p")
    assert [line.split(": ")[0] for line in caught.value.findings] == ["p:17:31", "p:18:19"]


def test_errors_of_shape_and_sense_come_together() -> None:
    found = errors(steps("a: {run: x, rn: y, in: {i: b.c}}"))
    assert len(found) == 2


def test_duplicate_ids_of_a_built_graph_are_found() -> None:
    twice = Multigraph("x", (Node("a", "step"), Node("a", "step")), ())
    assert "stands twice" in lint(twice)[0].sentence


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("check.queue", "chek.queue", "unknown node 'chek'; did you mean 'check'?"),
        ("plan.options", "plan.option", "node 'plan' makes no 'option'; did you mean 'options'?"),
        ("base: base.filter, option", "base: base, option", "name an output: base.filter"),
        ("== 'drift'", "== 'drit'", "'drit' is never given"),
        ("== 'drift'", "= 'drift'", "'when', column 15: '=' is not understood"),
        ("check.verdict ==", "check.verdit ==", "declares no value 'verdit'; did you mean"),
        ("promotes: [retrain, filter]", "promotes: [retrain, fliter]", "unknown node 'fliter'"),
        ("promotes: [retrain, filter], ", "", "an approve node needs 'promotes' (whose model)"),
        ("promotes: [retrain, filter]", "promotes: [base]", "has to make 'model'"),
        ("promotes: [retrain, filter]", "promotes: [train]", "but does not wait for it"),
        ("promotes: [retrain, filter]", "promotes: [decide]", "which makes no model"),
        ("{table: evaluate.table}", "{t: plan.options}", "needs an input from a node's 'table'"),
        ("out: [labels, audit]", "out: [labels]", "makes exactly labels, audit"),
        ("out: [chosen]", "out: [chosen], promotes: [train]", "a decide node promotes nothing"),
        ("champion: train\n", "champion: trian\n", "does not exist; did you mean 'train'?"),
        ("champion: train\n", "champion: base\n", "'base' has to make 'model'"),
        ("champion: train\n", "", "the pipeline names no champion"),
        ("champion: train\n", "champion: retrain\n", "waits for the input node (batches)"),
        ("champion.model, batch", "champion.filtr, batch", "makes no 'filtr'"),
        ("decide -> retrain", "decide -> evaluate", "'evaluate' is a step node; messages go"),
        ("decide -> retrain", "decide -> retrian", "unknown node 'retrian'; did you mean"),
        ("time: 10m", "time: 0", "limit 'time' is from 100ms to 365d"),
        ("memory: 2g", "memory: 1k", "limit 'memory' is from 1m to 64t"),
        ("dockerfile: Dockerfile", "dockerfile: ../D", "leaves the pipeline's folder"),
        ("dockerfile: Dockerfile", "dockerfile: ''", "image 'dockerfile' is empty"),
        ("seed: 7}", "seed: 7}\n    values: {a: [x, x]}", "value 'a' has a word twice"),
        ("{epochs: 12", "{<<: {}, epochs: 12", "'<<' merges nothing here"),
        ("cpus: 2", "cpus: 0", "limit 'cpus' is from .01 to 1,024 cores"),
        ("data: file:data/train}\n", "data: file:/etc}\n", "'/etc' is not relative"),
        ("data: file:data/train}\n", "data: file:a/../../b}\n", "leaves the pipeline's folder"),
        ("data: file:data/train}\n", "data: file:.}\n", "is the pipeline's folder itself"),
        ("classes: [zero, one, two]", "classes: [zero, zero]", "the class 'zero' stands twice"),
        ("[zero, one, two]", "{zero: 0, one: 0}", "classes 'zero' and 'one' share the key '0'"),
        ("[zero, one, two]", "{zero: '-'}", "is no digit or small letter"),
        ("name: mnist\n", "name: mnist\nguidelines: {zer: x}\n", "unknown class 'zer'; did you"),
    ],
)
def test_a_mistake_gets_its_sentence(before: str, after: str, sentence: str) -> None:
    assert before in LOOP
    assert any(sentence in line for line in errors(LOOP.replace(before, after)))


def test_a_cycle_is_named() -> None:
    found = errors(
        steps(
            "a: {run: x, in: {i: c.o}, out: o}",
            "b: {run: x, in: {i: a.o}, out: o}",
            "c: {run: x, in: {i: b.o}, out: o}",
            "d: {run: x, in: {i: c.o}}",
        )
    )
    assert found == ["p:4:3: the nodes wait for one another: b → c → a → b"]


def test_after_a_cycle_nobody_is_blamed_for_not_waiting() -> None:
    found = errors(LOOP.replace("when: check.verdict", "after: [evaluate], when: check.verdict"))
    assert len(found) == 1
    assert "wait for one another" in found[0]


def test_a_large_graph_with_many_warnings_is_read() -> None:
    text = steps(*(f"a{at}: {{run: x, out: [o]}}" for at in range(600)))
    assert len(read(text).nodes) == 600


def test_a_document_with_very_many_errors_says_that_some_are_not_listed() -> None:
    found = errors(steps(*(f"a{at}: {{run: x, rn: y}}" for at in range(600))))
    assert len(found) == 501
    assert sum("is not listed" in line for line in found) == 1


@pytest.mark.parametrize(
    ("values", "run", "sentence"),
    [
        ('["\\0"]', "'x {v}'", "holds a NUL character"),
        ("['']", "['{v}', x]", "'run' names no program"),
        (f"[{'y' * 3000}]", f"'x {'{v}' * 40}'", "fills 100000 characters or more"),
    ],
)
def test_what_foreach_fills_into_a_command_is_judged(values: str, run: str, sentence: str) -> None:
    found = errors(steps(f"a: {{foreach: {{v: {values}}}, run: {run}}}"))
    assert any(sentence in line for line in found), found


def test_a_node_that_takes_its_own_output_is_found() -> None:
    assert any(
        "takes its own output" in line
        for line in errors(steps("a: {run: x, in: {i: a.o}, out: o}"))
    )


def test_a_champion_from_files_gives_model_and_reference_only() -> None:
    text = steps("a: {run: x, in: {f: champion.filter}}") + "champion: {file: m, reference: r}\n"
    assert any("no 'filter'" in line for line in errors(text))


def test_a_champion_that_needs_a_champion_is_refused() -> None:
    text = steps("a: {run: x, in: {m: champion.model}, out: [model, reference]}") + "champion: a\n"
    assert any("waits for a champion (a)" in line for line in errors(text))


def test_an_unused_output_is_a_warning() -> None:
    found = check(steps("a: {run: x, out: [o]}"))
    assert [(one.severity, one.sentence) for one in found] == [("warning", "nothing reads a.o")]


def test_warnings_do_not_stop_a_run() -> None:
    assert read(steps("a: {run: x, out: [o]}")).ids() == ("a",)


def test_a_checker_without_finding_is_warned_of() -> None:
    found = check(LOOP.replace("out: [finding, queue]", "out: [queue]"))
    assert [one.severity for one in found] == ["warning"]


def test_a_file_that_is_not_there_yet_is_a_warning_with_its_place() -> None:
    text = "scanflow: 1\nname: p\nnodes:\n  a: {run: x, in: {have: file:here, want: file:gone}}\n"
    found = check(text, exists=lambda path: path == "here")
    assert [(one.severity, one.place.line, one.sentence) for one in found] == [
        ("warning", 4, "there is no 'gone' yet; a run needs it")
    ]
    assert check(text) == []
