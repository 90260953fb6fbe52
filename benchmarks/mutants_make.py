"""Mutated pipeline.yaml files: from a seed, a document that is nearly, or no longer, a pipeline.

Kinds: bytes, tokens, lines, keys, values and structure. The first three know nothing of YAML; the
others change the tree of a document and write it anew.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from benchmarks.drawn import pipeline
from benchmarks.mutants_edges import EDGES, LIMITS

ROOT = Path(__file__).resolve().parent.parent
SIZES = (2, 3, 5, 8, 12, 14, 20)

KEYS = (
    *("scanflow", "name", "image", "classes", "guidelines", "champion", "ignore_above", "messages"),
    *("nodes", "input", "agent", "human", "run", "in", "out", "with", "limits", "env", "when"),
    *("after", "values", "promotes", "seed", "foreach", "cpus", "memory", "time", "log", "grace"),
    *("retries", "backoff", "pids", "disk", "network", "gpus", "shm", "mounts", "dockerfile"),
    *("file", "reference", "inputs", "outputs", "params", "needs", "__proto__", "1", "on", "<<"),
)
SCALARS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 11, 0.5, 1.0, 1.5, 1e300, 10**30, float("inf")),
    *("", " ", "a", "A", "é", "batches", "train", "champion", "check", "approve", "decide"),
    *("label", "checker", "planner", "number", "text", "bool", "list", "drift", "model"),
    *("train.model", "train.nothing", "champion.model", "champion.nothing", "check.queue"),
    *("s0.o0", "s1.o0", "s2.o1", "s3", "nobody.o0", "train.", ".model", "a.b.c", "batches.batches"),
    *("file:data/train", "file:", "file:/etc/passwd", "file:../x", "file:a/../b", "file:~/x"),
    *("512m", "2g", "2 GiB", "1e3", "10", "-1s", "90s", "10m", "2h", "1d", "5ms", "0", "2x"),
    *("/data/imagenet", "/proc/1", "/var/run/docker.sock", "/dev/shm", "data/x", "/a/../b", "/"),
    *("check.verdict == 'drift'", "check.verdict == 'nope'", "train.acc", "train.acc > 0.5"),
    *("train.acc > 'x'", "not (train.acc < 1 or true)", "train.acc < 1 < 2", "(train.acc > 1"),
    *("train.acc = 1", "decide.action == 'retrain' or evaluate.sure", "true", "'a' == 'a'"),
    *("python -m x --a 'b c'", "python 'x", "2020-01-01", "12:30:00", "0x1f", "1_000", "~"),
    *("check -> plan: finding", "plan -> plan: a", "train -> check: a", "check->plan:x", "a -> b"),
    *("x" * 41, "x" * 5000, "🙂", "a\u2028b", "a\nb", "*shared", "&x", "<<", "!x"),
)
PIECES = (
    *("{", "}", "[", "]", ":", ": ", ",", "'", '"', "\n", "\t", "|", ">", "#", "- ", "? ", "  "),
    *("&a ", "*a", "*shared", "!!int ", "!!binary ", "!x ", "<<: *shared\n", "---\n", "...\n"),
    *("%YAML 1.1\n", "\x00", "\x07", "\u2028", "\ufeff", "é", "🙂", "null", "true", "1e999"),
    *(".inf", ".nan", "2020-01-01", "0o7", "0x", "-", "~", "{" * 40, "[" * 400, "- " * 50),
)
Draw = random.Random

EACH = """\
scanflow: 1
name: each
champion: best
nodes:
  data: {run: [sh, data.sh], out: [o0]}
  tune:
    foreach: {lr: [0.1, 0.01], depth: [1, 2]}
    run: python tune.py --rate {lr} {depth}
    in: {data: data.o0}
    out: [model]
    values: {acc: number}
  test: {foreach: tune, run: python t.py, in: {model: tune.model}, out: [score], after: [tune]}
  voice: {foreach: {who: [a, b]}, agent: tracker, run: ["{who}"], in: {s: test_1.score}}
  best:
    run: python best.py
    in: {models: tune.model, scores: test.score, one: [tune_1.model, tune_2.model]}
    out: [model, reference]
    when: tune_1.acc > 0.5
  batches: {input: batches}
  check: {agent: checker, run: c, in: {m: champion.model, b: batches}, out: [finding, queue]}
  label: {human: label, in: {samples: check.queue}}
messages: ["voice -> check: news", "check -> voice: more"]
"""


def sources() -> list[str]:
    """The documents that are mutated: the shipped ones and drawn ones of several sizes."""
    shipped = [path.read_text("utf-8") for path in sorted(ROOT.glob("pipelines/*/pipeline.yaml"))]
    return [*shipped * 4, EACH, EACH, EACH] + [
        pipeline(seed, size) for seed in range(4) for size in SIZES
    ]


def mutant(seed: int, documents: Sequence[str]) -> tuple[str, bytes]:
    """(how it was made, the document) of one seed; the same for ever while the program stays."""
    draw = Draw(seed)
    start = data = draw.choice(documents).encode()
    names: list[str] = []
    wanted = draw.choice((1, 1, 1, 1, 2, 3))
    while len(names) < wanted or (data == start and len(names) < 20):
        names += draw.choices(list(KINDS), WEIGHTS)
        data = KINDS[names[-1]](draw, data)
    return "+".join(names), data


def _bytes(draw: Draw, data: bytes) -> bytes:
    at = draw.randrange(len(data) + 1)
    end = at + draw.choice((0, 1, 1, 2, 20))
    piece = draw.choice((b"", bytes([draw.randrange(256)]), data[at:end] * 2))
    return data[:at] + piece + data[end:]


def _tokens(draw: Draw, data: bytes) -> bytes:
    tokens = re.findall(r"\w+|\s+|[^\w\s]", data.decode("utf-8", "replace"))
    if not tokens:
        return data
    at, other = draw.randrange(len(tokens)), draw.randrange(len(tokens))
    match draw.randrange(5):
        case 0:
            del tokens[at]
        case 1:
            tokens.insert(at, tokens[other])
        case 2:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        case 3:
            tokens[at] = tokens[other]
        case _:
            tokens.insert(at, draw.choice(PIECES))
    return "".join(tokens).encode()


def _lines(draw: Draw, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    match draw.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            lines[at], lines[other] = lines[other], lines[at]
        case 3:
            lines[at] = b"  " + lines[at]
        case _:
            lines[at] = lines[at].lstrip()
    return b"".join(lines)


def _on_tree(change: Callable[[Draw, Any], Any]) -> Callable[[Draw, bytes], bytes]:
    """A mutation of bytes from one of a tree; what has no tree (any more) stays as it is."""

    def mutate(draw: Draw, data: bytes) -> bytes:
        try:
            tree = copy.deepcopy(yaml.safe_load(data))
            if not isinstance(tree, dict | list):
                return data
            tree = change(draw, tree)
            style = draw.choice((None, None, False, True))
            text = yaml.safe_dump(tree, default_flow_style=style, sort_keys=False, width=90)
        except (yaml.YAMLError, ValueError, TypeError, RecursionError):
            return data
        return text.encode("utf-8", "replace")

    return mutate


def _slots(tree: Any) -> list[tuple[Any, Any]]:
    """Every (holder, key or index) of a tree."""
    found: list[tuple[Any, Any]] = []
    ahead = [tree]
    while ahead:
        holder = ahead.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], dict | list):
                ahead.append(holder[key])
    return found


def _keys(draw: Draw, tree: Any) -> Any:
    mappings = [tree, *(h[k] for h, k in _slots(tree) if isinstance(h[k], dict))]
    holder = draw.choice([one for one in mappings if isinstance(one, dict)])
    others = [key for h, key in _slots(tree) if isinstance(h, dict)]
    new = draw.choice((draw.choice(KEYS), draw.choice(others), "zz"))
    if not holder or draw.random() < 0.3:
        holder[new] = draw.choice((draw.choice(SCALARS), [draw.choice(SCALARS)], {}))
        return tree
    old = draw.choice(list(holder))
    if draw.random() < 0.3:
        del holder[old]
        return tree
    if draw.random() < 0.5 and isinstance(old, str) and old:
        new = draw.choice((old[:-1], old + "s", old.upper(), old[::-1]))
    items = [(new if key == old else key, value) for key, value in holder.items()]
    holder.clear()
    holder.update(items)
    return tree


def _edges(draw: Draw, tree: Any) -> Any:
    """A key with a value at the edge of what it takes, where such a key may stand."""
    key = draw.choice(list(EDGES))
    holders = [h for h, k in _slots(tree) if k == key and isinstance(h, dict)]
    nodes = tree.get("nodes") if isinstance(tree, dict) else None
    if not holders and isinstance(nodes, dict):
        steps = [one for one in nodes.values() if isinstance(one, dict) and "run" in one]
        holders = [one.setdefault("limits", {}) for one in steps] if key in LIMITS else steps
    holders = [one for one in holders if isinstance(one, dict)]
    if holders:
        draw.choice(holders)[key] = copy.deepcopy(draw.choice(EDGES[key]))
    return tree


def _values(draw: Draw, tree: Any) -> Any:
    leaves = [(h, k) for h, k in _slots(tree) if not isinstance(h[k], dict | list)]
    holder, key = draw.choice(leaves)
    others = [h[k] for h, k in leaves]
    holder[key] = draw.choice((draw.choice(SCALARS), draw.choice(SCALARS), draw.choice(others)))
    return tree


def _structure(draw: Draw, tree: Any) -> Any:
    slots = _slots(tree)
    (holder, key), (other, place) = draw.choice(slots), draw.choice(slots)
    value, second = holder[key], copy.deepcopy(other[place])
    match draw.randrange(7):
        case 0:
            holder[key] = [value]
        case 1:
            holder[key] = {draw.choice(KEYS): value}
        case 2:
            holder[key] = second
        case 3:
            del holder[key]
        case 4 if isinstance(value, list):
            draw.shuffle(value)
            value.append(draw.choice((second, *value, "s0")))
        case 5:
            for _ in range(draw.choice((2, 27, 30, 33))):
                value = [value] if draw.random() < 0.5 else {"a": value}
            holder[key] = value
        case _:
            _edge(draw, tree)
    return tree


def _edge(draw: Draw, tree: Any) -> None:
    """One more edge between any two nodes, mostly of a kind that exists; it may close a cycle."""
    nodes = tree.get("nodes") if isinstance(tree, dict) else None
    if not isinstance(nodes, dict) or not nodes:
        return
    name, node = draw.choice(list(nodes.items()))
    if not isinstance(node, dict):
        return
    other = draw.choice(list(nodes))
    if draw.random() < 0.4:
        node["after"] = [other]
    elif draw.random() < 0.5:
        made = nodes[other].get("out") if isinstance(nodes[other], dict) else None
        output = draw.choice(made) if isinstance(made, list) and made else "model"
        inputs = node.get("in")
        node["in"] = {**(inputs if isinstance(inputs, dict) else {}), "more": f"{other}.{output}"}
    elif draw.random() < 0.5:
        node["when"] = draw.choice(("train.acc > 0.5", f"{name}.x > 1", f"{other}.acc < .5"))
    else:
        node["promotes"] = [other]


KINDS: dict[str, Callable[[Draw, bytes], bytes]] = {
    "bytes": _bytes,
    "tokens": _tokens,
    "lines": _lines,
    "keys": _on_tree(_keys),
    "edges": _on_tree(_edges),
    "values": _on_tree(_values),
    "structure": _on_tree(_structure),
}
WEIGHTS = (1, 2, 1, 2, 6, 2, 3)
