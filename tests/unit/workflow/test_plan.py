from collections.abc import Callable, Mapping

from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.plan import CacheEntry, KeyParts, Plan, PlanFacts, plan
from tests.unit.workflow.pipelines import LOOP, steps

CHAMPION = {"model": "m1", "reference": "r1"}
FILES = {"data/train": "f1"}


def facts(
    lookup: Callable[[str], CacheEntry | None] = lambda key: None,
    previous: Mapping[str, KeyParts] | None = None,
) -> PlanFacts:
    return PlanFacts("code", "1.0", "env", FILES, lookup, previous or {})


def planned(
    text: str = LOOP,
    known: PlanFacts | None = None,
    batch: str | None = "b1",
    champion: Mapping[str, str] | None = CHAMPION,
) -> Plan:
    return plan(read(text), known or facts(), batch=batch, champion=champion, champion_version=1)


def caching(text: str, *nodes: str, **values: Mapping[str, str]) -> PlanFacts:
    """Facts in which these nodes are cached, found by planning until each key is known."""
    graph = read(text)
    entries: dict[str, CacheEntry] = {}
    for node_id in nodes:
        made = plan(graph, facts(entries.get), batch="b1", champion=CHAMPION)
        key = next(one.key for one in made.nodes if one.node == node_id)
        assert key, node_id
        outputs = {name: f"{node_id}.{name}" for name in graph.node(node_id).outputs}
        entries[key] = CacheEntry(f"sf-{node_id}", outputs, values.get(node_id, {}))
    return facts(entries.get)


def test_without_a_batch_only_what_needs_neither_is_planned() -> None:
    made = planned(batch=None, champion=None)
    assert {one.node for one in made.nodes if one.verdict == "run"} == {"train"}
    assert made.reasons()["train"] == "first run"
    assert made.reasons()["approve"] == "needs a batch"
    assert made.reasons()["base"] == "needs the champion; it is planned when a batch arrives"


def test_with_a_batch_the_champions_node_is_left_out() -> None:
    made = planned()
    assert made.verdicts()["train"] == "skipped"
    assert made.reasons()["train"] == "champion v1 is in production"
    assert made.verdicts()["base"] == "run"


def test_what_only_feeds_the_champion_is_left_out() -> None:
    text = LOOP.replace("in: {data: file:data/train}\n", "in: {data: clean.out}\n").replace(
        "  base:", "  clean: {run: x, in: {data: file:data/train}, out: [out]}\n  base:"
    )
    assert planned(text).reasons()["clean"] == "champion v1 is in production"


def test_what_a_needed_node_takes_from_the_champions_node_is_planned() -> None:
    text = LOOP.replace("in: {labels: label.labels, base", "in: {first: train.model, base")
    assert planned(text).verdicts()["train"] == "run"


def test_a_condition_that_waits_for_the_run_says_so() -> None:
    reason = planned().reasons()["label"]
    assert reason == "input check.queue will be made" or reason.startswith("when: ")
    assert planned().reasons()["retrain"] == (
        "when: decide.action == 'retrain' will be decided in the run"
    )


def test_an_input_that_the_run_makes_is_named() -> None:
    assert planned().reasons()["decide"] == "input plan.options will be made"


def test_a_cached_step_names_its_origin() -> None:
    made = planned(known=caching(LOOP, "base"))
    assert made.verdicts()["base"] == "cached"
    assert made.reasons()["base"] == "unchanged since sf-base"


def test_a_clean_batch_again_runs_nothing() -> None:
    made = planned(known=caching(LOOP, "base", "check", check={"verdict": "clean"}))
    assert [one.node for one in made.nodes if one.verdict == "run"] == ["batches"]
    assert made.reasons()["label"] == (
        "when: check.verdict == 'drift' does not hold (check.verdict is 'clean')"
    )
    assert made.reasons()["plan"] == "input label.labels is not made: label is skipped"
    assert made.reasons()["evaluate"] == "none of retrain.model, filter.model is made"


def test_a_cached_verdict_of_drift_asks_a_person() -> None:
    made = planned(known=caching(LOOP, "check", check={"verdict": "drift"}))
    assert made.reasons()["label"] == "a person labels"


def test_a_cache_entry_without_all_outputs_is_not_used() -> None:
    known = facts(lambda key: CacheEntry("sf-x", {"finding": "1"}))
    assert planned(known=known).verdicts()["check"] == "run"


def test_a_difference_is_the_reason() -> None:
    before = KeyParts("code", "", "env", {"epochs": 3, "seed": 7}, {"data": "f1"})
    made = planned(known=facts(previous={"train": before}), batch=None, champion=None)
    assert made.reasons()["train"] == "param epochs 3 → 12"


def test_a_result_that_is_gone_is_made_again() -> None:
    before = KeyParts("code", "", "env", {"epochs": 12, "seed": 7}, {"data": "f1"})
    made = planned(known=facts(previous={"train": before}), batch=None, champion=None)
    assert made.reasons()["train"] == "no result is kept"


def test_without_a_champion_what_needs_one_is_skipped() -> None:
    made = planned(champion=None)
    assert made.reasons()["check"] == "no champion is in production yet"
    assert made.verdicts()["train"] == "run"


def test_an_output_that_the_champion_lacks_is_named() -> None:
    text = LOOP.replace("champion.model, batch", "champion.reference, batch")
    made = planned(text, champion={"model": "m1"})
    assert made.reasons()["check"] == "the champion in production has no 'reference'"


def test_cached_outputs_make_later_keys_known() -> None:
    text = steps(
        "a: {run: x, out: o}", "b: {run: x, in: {i: a.o}, out: o}", "c: {run: x, in: {i: b.o}}"
    )
    made = planned(text, caching(text, "a", "b"))
    assert made.count("cached") == 2
    assert made.reasons()["c"] == "first run"


def test_a_node_that_only_comes_after_a_skipped_one_runs() -> None:
    text = steps(
        "a: {run: x, values: {n: number}}",
        "b: {run: x, when: a.n > 1}",
        "c: {run: x, after: b}",
    )
    made = planned(text, caching(text, "a", a={"n": 0}))  # type: ignore[dict-item]
    assert made.verdicts() == {"a": "cached", "b": "skipped", "c": "run"}


def test_a_condition_on_a_skipped_node_cannot_be_decided() -> None:
    text = steps(
        "a: {run: x, values: {n: number}}",
        "b: {run: x, when: a.n > 1, values: {m: bool}}",
        "c: {run: x, when: b.m}",
    )
    made = planned(text, caching(text, "a", a={"n": 0}))  # type: ignore[dict-item]
    assert made.reasons()["c"] == "when: b.m cannot be decided: b gave no 'm'"


def test_nodes_are_in_the_order_of_the_document() -> None:
    assert [one.node for one in planned().nodes] == list(read(LOOP).ids())
