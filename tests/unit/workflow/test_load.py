import pytest

from scanflow_tui.contract.errors import InputError
from scanflow_tui.workflow.graph import Edge, Input, Source
from scanflow_tui.workflow.load import load
from tests.unit.workflow.pipelines import LOOP, steps


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(InputError) as caught:
        load(text, "p")
    return caught.value.findings


def test_the_loop_is_read_whole() -> None:
    graph = load(LOOP)
    assert graph.name == "mnist"
    assert graph.dockerfile == "Dockerfile"
    assert graph.champion.node == "train"
    assert graph.class_keys == ("0", "1", "2")
    assert len(graph.nodes) == 11


def test_run_is_split_like_a_shell_does() -> None:
    assert load(LOOP).node("train").run == ("python", "-m", "train", "--model", "my model.py")


def test_run_as_a_list_is_taken_as_it_is() -> None:
    graph = load(steps("a: {run: [sh, -c, 'echo $X', 3]}"))
    assert graph.node("a").run == ("sh", "-c", "echo $X", "3")


def test_limits_are_bytes_seconds_and_cores() -> None:
    limits = load(LOOP).node("train").limits
    assert (limits.cpus, limits.memory_bytes, limits.time_s) == (2.0, 2 << 30, 600.0)
    assert limits.retries == 1


def test_the_seed_is_the_parameter_unless_the_key_says_otherwise() -> None:
    assert load(LOOP).node("train").seed == 7
    assert load(steps("a: {run: x, seed: 3, with: {seed: 7}}")).node("a").seed == 3


def test_sources_are_files_champion_and_nodes() -> None:
    graph = load(LOOP)
    assert graph.node("base").inputs == (
        Input("model", (Source("champion", "", "model"),)),
        Input("data", (Source("file", "", "data/train"),)),
    )
    batch = next(item for item in graph.node("check").inputs if item.name == "batch")
    assert batch.sources == (Source("node", "batches", "batches"),)


def test_a_list_of_sources_is_kept_in_order() -> None:
    candidate = load(LOOP).node("evaluate").inputs[0]
    assert candidate.is_list
    assert [source.text() for source in candidate.sources] == ["retrain.model", "filter.model"]


def test_values_that_come_with_a_role() -> None:
    graph = load(LOOP)
    assert graph.node("check").values == {"verdict": ("clean", "drift", "too_few")}
    assert graph.node("decide").values == {"action": ("retrain", "filter", "ignore")}


def test_human_outputs_may_be_left_out() -> None:
    graph = load(steps("a: {human: label, in: {s: b.queue}}", "b: {run: x, out: queue}"))
    assert graph.node("a").outputs == ("labels", "audit")


def test_a_label_node_says_what_several_people_share() -> None:
    node = load(
        steps(
            "a: {human: label, overlap: .3, repeats: 0, in: {s: b.queue}}",
            "b: {run: x, out: queue}",
        )
    ).node("a")
    assert (node.overlap, node.repeats) == (0.3, 0.0)


def test_conditions_and_after_are_order_edges() -> None:
    graph = load(steps("a: {run: x, values: {n: number}}", "b: {run: x, when: a.n > 1, after: a}"))
    assert Edge("a", "b", "order", "when") in graph.edges
    assert Edge("a", "b", "order", "after") in graph.edges


def test_messages_are_read_with_and_without_quotes() -> None:
    found = [edge for edge in load(LOOP).edges if edge.kind == "message"]
    assert [edge.label for edge in found] == ["finding", "options", "option"]


def test_parallel_edges_are_kept_apart() -> None:
    graph = load(steps("a: {run: x, out: [m, n]}", "b: {run: x, in: {m: a.m, n: a.n}}"))
    assert [edge.label for edge in graph.edges] == ["m", "n"]


def test_class_keys_may_be_given() -> None:
    graph = load(steps("a: {run: x}") + "classes: {cat: c, dog: d}\n")
    assert (graph.classes, graph.class_keys) == (("cat", "dog"), ("c", "d"))


def test_many_classes_get_letters_then_two_strokes() -> None:
    names = ", ".join(f"c{at}" for at in range(40))
    graph = load(steps("a: {run: x}") + f"classes: [{names}]\n")
    assert graph.class_keys[:2] == ("a0", "a1") and len(set(graph.class_keys)) == 40


def test_a_champion_may_come_from_files() -> None:
    champion = load(steps("a: {run: x}") + "champion: {file: m/, reference: r/}\n").champion
    assert (champion.model_file, champion.reference_file) == ("m/", "r/")


def test_every_problem_is_found_in_the_order_of_the_document() -> None:
    text = "scanflow: 2\nnodes:\n  a: {rn: x}\n  B: {run: x}\n"
    assert problems(text) == (
        "p:1:11: the format is '2'; this ScanFlow reads 1",
        "p:3:3: a step node needs 'run' ('a' has none)",
        "p:3:7: unknown key 'rn'; did you mean 'run'?",
        "p:4:3: the id 'B' is not a name (a-z, 0-9, _; first a letter; at most 40)",
    )


def test_the_error_says_how_many_more_there_are() -> None:
    with pytest.raises(InputError) as caught:
        load("scanflow: 2\nnodes: {}", "p")
    assert caught.value.where == "p:1:11"
    assert caught.value.hint.startswith("1 more")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("a: {run: x, imputs: {}}", "unknown key 'imputs'; did you mean 'in'?"),
        ("a: {run: x, limits: {mem: 2g}}", "unknown key 'mem'; did you mean 'memory'?"),
        (
            "a: {run: x, limits: {memory: much}}",
            "limit 'memory' is a size such as 512m or 2g, not 'much'",
        ),
        (
            "a: {run: x, limits: {time: 5 weeks}}",
            "limit 'time' is a time such as 90s or 10m, not '5 weeks'",
        ),
        (
            "a: {run: x, limits: {retries: 11}}",
            "limit 'retries' is a whole number from 0 to 10, not '11'",
        ),
        ("a: {run: x, limits: {cpus: true}}", "limit 'cpus' is a number, not 'true'"),
        ('a: {run: "x \'y"}', "'run' cannot be split into words: no closing quotation"),
        ("a: {run: ''}", "'run' names no program"),
        ("a: {run: x, in: [b]}", "'in' is a mapping, not a list"),
        ("a: {run: x, in: {i: 'x y'}}", "the source 'x y' is not file:PATH"),
        ("a: {run: x, in: {i: []}}", "input 'i' names no source"),
        ("a: {run: x, in: {i: [b.c, b.c]}}", "input 'i' names a source twice"),
        ("a: {run: x, out: [m, m]}", "output 'm' stands twice"),
        ("a: {run: x, env: [1A]}", "variable '1A' is not the name of an environment variable"),
        ("a: {run: x, when: ''}", "'when' is empty"),
        (
            "a: {run: x, values: {v: numbr}}",
            "unknown type of value 'numbr'; did you mean 'number'?",
        ),
        ("a: {human: label, overlap: 1.5}", "'overlap' is a share from 0 to 1, not 1.5"),
        ("a: {human: label, repeats: few}", "'repeats' is a number, not 'few'"),
        ("a: {human: decide, overlap: .2}", "a node that asks to decide takes no 'overlap'"),
        ("a: {run: x, promotes: [b]}", "a step node takes no 'promotes'"),
        ("a: {human: label, run: x}", "a human node takes no 'run'"),
        ("a: {human: lable}", "unknown human form 'lable'; did you mean 'label'?"),
        ("a: {agent: chekcer, run: x}", "unknown role 'chekcer'; did you mean 'checker'?"),
        ("a: {agent: checker}", "an agent node needs 'run' ('a' has none)"),
        ("a: {input: files}", "unknown input 'files'"),
        ("a: [x]", "node 'a' is a mapping, not a list"),
        ("champion: {run: x}", "the id 'champion' is reserved"),
        ("a: {run: x, seed: -1}", "'seed' is a whole number"),
    ],
)
def test_a_wrong_node_gets_one_sentence(line: str, sentence: str) -> None:
    found = problems(steps(line))
    assert len(found) == 1
    assert sentence in found[0]
    assert found[0].startswith("p:3:")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("name: Has Space", "the name 'Has Space' is not a name"),
        ("image: {dockerfile: a, name: b}", "'image' has a dockerfile or a name, not both"),
        ("classes: []", "'classes' is empty"),
        ("champion: {file: m}", "'champion' needs 'reference' (a path)"),
        ("ignore_above: 95", "'ignore_above' is an accuracy from 0 to 1"),
        ("messages: [a to b]", "the message 'a to b' is not written 'node -> node: topic'"),
        ("guidelines: [x]", "'guidelines' is a mapping, not a list"),
        ("stpes: {}", "unknown key 'stpes'; did you mean 'nodes'?"),
    ],
)
def test_a_wrong_head_gets_one_sentence(line: str, sentence: str) -> None:
    found = problems(steps("a: {run: x}") + line + "\n")
    assert len(found) == 1
    assert sentence in found[0]


@pytest.mark.parametrize("text", ["", "# only a comment", "null", "- a", "text", "scanflow: 1"])
def test_a_document_without_nodes_is_refused(text: str) -> None:
    assert problems(text)


def test_a_flood_of_problems_is_cut() -> None:
    text = "scanflow: 1\nnodes: {}\n" + "".join(f"key{at}: 1\n" for at in range(2000))
    found = problems(text)
    assert len(found) == 501
    assert any("what else there is" in line for line in found)
