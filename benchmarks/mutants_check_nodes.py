"""One node of a pipeline by docs/pipeline.md, without the others: part of ``mutants_check``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.mutants_check_limits import limit_problems
from benchmarks.mutants_check_yaml import Tree, is_whole, raw, words_of

FOR_ALL = ["in", "out", "when", "after"]
FOR_STEPS = ["run", "with", "foreach", "limits", "env", "values", "seed"]
ROLES = ["tracker", "checker", "planner", "improver", "supervisor"]
FORMS = {
    "label": ("queue", ["labels", "audit"], {}),
    "decide": ("options", ["chosen"], {"action": ["retrain", "filter", "ignore"]}),
    "approve": ("table", [], {}),
}
VERDICT = ["clean", "drift", "too_few"]
ID = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


@dataclass
class Known:
    """What the other nodes have to know of one."""

    kind: str
    out: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)
    when: str = ""
    promotes: list[str] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    params: list[str] = field(default_factory=list)
    each: Tree = None
    lists: list[str] = field(default_factory=list)
    form: str = ""


def node_problems(nodes: dict[str, Known], name: str, entry: Tree) -> Iterator[str]:
    """What is wrong with one node by itself; puts what the others have to know into ``nodes``."""
    if not isinstance(entry, dict):
        yield f"{name} is no mapping"
        return
    kinds = [key for key in ("input", "human", "agent") if key in entry]
    if len(kinds) > 1:
        yield f"{name} is of two kinds"
        return
    kind = kinds[0] if kinds else "step"
    known = nodes[name] = Known(kind)
    allowed = [kind]
    if kind == "human":
        allowed += FOR_ALL
        known.form = raw(entry["human"]) or ""
        if known.form not in FORMS:
            yield f"{name} is no form"
            return
        allowed += ["promotes"] if known.form == "approve" else []
    elif kind != "input":
        allowed += FOR_ALL + FOR_STEPS
    yield from (f"{name} has {key}" for key in entry if key not in allowed)
    if kind == "input":
        known.out = [name]
        if raw(entry["input"]) != "batches":
            yield f"{name} is no input"
        return
    if kind == "agent" and raw(entry["agent"]) not in ROLES:
        yield f"{name} has no role"
    if kind == "agent" and raw(entry["agent"]) == "checker":
        known.values["verdict"] = VERDICT
    yield from _shared(name, entry, known)
    if kind == "human":
        yield from _human(name, entry, known)
    else:
        yield from _step(name, entry, known)


def _shared(name: str, entry: dict[str, Tree], known: Known) -> Iterator[str]:
    for key in ("out", "after"):
        words = words_of(entry.get(key, []))
        if words is None or not all(ID.match(word) for word in words):
            yield f"{key} of {name}"
        elif len(set(words)) < len(words):
            yield f"{key} of {name} twice"
        else:
            setattr(known, key, words)
    if "when" in entry:
        known.when = raw(entry["when"]) or ""
        if not known.when.strip():
            yield f"when of {name}"
    told = entry.get("in", {})
    if not isinstance(told, dict):
        yield f"in of {name}"
        return
    for key, sources in told.items():
        words = words_of(sources)
        if not ID.match(key) or not words or len(set(words)) < len(words):
            yield f"in {key} of {name}"
        else:
            known.sources[key] = words
            if isinstance(sources, list):
                known.lists.append(key)


def _human(name: str, entry: dict[str, Tree], known: Known) -> Iterator[str]:
    needed, made, values = FORMS[known.form]
    if "out" in entry and set(known.out) != set(made):
        yield f"{name} makes something else"
    known.out = list(made)
    known.values = dict(values)
    ends = [[one.partition(".")[2] for one in sources] for sources in known.sources.values()]
    if not any(all(end == needed for end in one) for one in ends):
        yield f"{name} has no {needed}"
    if known.form == "approve":
        promotes = words_of(entry.get("promotes", []))
        if not promotes or len(set(promotes)) < len(promotes):
            yield f"{name} promotes nothing"
        known.promotes = promotes or []


def _step(name: str, entry: dict[str, Tree], known: Known) -> Iterator[str]:
    known.run = program(entry.get("run"))
    if not known.run:
        yield f"run of {name}"
    if "foreach" in entry:
        known.each = entry["foreach"]
    if known.each is not None and raw(entry.get("agent")) in ("checker", "planner"):
        yield f"foreach of {name}"
    told = entry.get("with", {})
    known.params = list(told) if isinstance(told, dict) else []
    if not isinstance(told, dict):
        yield f"with of {name}"
    env = words_of(entry.get("env", []))
    if env is None or not all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]{0,99}", one) for one in env):
        yield f"env of {name}"
    elif len(set(env)) < len(env):
        yield f"env of {name} twice"
    if "seed" in entry and not is_whole(entry["seed"], 0, 2**63 - 1):
        yield f"seed of {name}"
    yield from (f"{one} of {name}" for one in limit_problems(entry.get("limits", {})))
    values = entry.get("values", {})
    if not isinstance(values, dict):
        yield f"values of {name}"
        return
    for key, kind in values.items():
        words = words_of(kind)
        if not ID.match(key):
            yield f"value {key} of {name}"
        elif isinstance(kind, list):
            if not words or len(set(words)) < len(words):
                yield f"value {key} of {name}"
            known.values.setdefault(key, words)
        else:
            if raw(kind) not in ("number", "text", "bool"):
                yield f"value {key} of {name}"
            known.values.setdefault(key, raw(kind))


def program(item: Tree) -> list[str]:
    """The words of a program; none where it is none."""
    if isinstance(item, list):
        words = [raw(one) for one in item]
        found = [] if None in words else [word for word in words if word is not None]
    else:
        try:
            found = shlex.split(raw(item) or "")
        except ValueError:
            return []
    return found if found and found[0] and not any("\0" in word for word in found) else []
