"""Pipelines drawn at random from a seed, as values and as the document that says the same.

Written nodes only: what ``foreach`` makes of them is the oracle's to say, from the docs.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

VALUES: dict[str, Any] = {"n": "number", "w": ["a", "b", "c"], "f": "bool"}
OPTIONS = ("retrain", "filter", "ignore")
VERDICTS = ("clean", "drift", "drift", "drift", "too_few")

Expr = tuple[Any, ...]
"""("is", node, value, operator, literal), ("not", e), ("and", a, b) or ("or", a, b)."""


@dataclass
class Written:
    """One node as it stands in the document. A source is ``node.output``, ``file:x`` or so."""

    id: str
    kind: str = "step"
    inputs: dict[str, list[str]] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=lambda: ["o"])
    after: list[str] = field(default_factory=list)
    when: Expr | None = None
    values: list[str] = field(default_factory=list)
    retries: int = 0
    limits: dict[str, Any] = field(default_factory=dict)
    each: int = 0
    """How many values its ``foreach`` lists."""
    shares: str = ""
    """The foreach node whose list it shares."""
    promotes: list[str] = field(default_factory=list)

    @property
    def is_many(self) -> bool:
        return bool(self.each or self.shares)


@dataclass
class Drawn:
    """A whole pipeline. ``supervised``: it has a batch, a checker and people."""

    nodes: list[Written]
    supervised: bool

    def text(self) -> str:
        """The document."""
        body: dict[str, Any] = {node.id: _body(node) for node in self.nodes}
        top: dict[str, Any] = {"scanflow": 1, "name": "drawn", "nodes": body}
        if self.supervised:
            top["champion"] = {"file": "model", "reference": "reference"}
            top["classes"] = ["zero", "one", "two"]
        return json.dumps(top, indent=1)


def draw(seed: int) -> Drawn:
    """The pipeline of a seed."""
    rng = random.Random(f"graph {seed}")
    supervised = rng.random() < 0.4
    nodes: list[Written] = _conversation() if supervised else []
    for number in range(rng.randint(3, 9)):
        nodes.append(_drawn_node(rng, f"n{number}", nodes))
    return Drawn(nodes, supervised)


def expression_text(expr: Expr) -> str:
    """The condition as it is written."""
    match expr:
        case ("is", node, value, operator, literal):
            shown = f"'{literal}'" if isinstance(literal, str) else json.dumps(literal)
            return f"{node}.{value} {operator} {shown}"
        case ("not", inner):
            return f"not ({expression_text(inner)})"
        case (word, left, right):
            return f"({expression_text(left)}) {word} ({expression_text(right)})"
    raise ValueError(expr)


def _drawn_node(rng: random.Random, node_id: str, before: list[Written]) -> Written:
    node = Written(node_id, retries=rng.choice((0, 0, 1, 2)))
    many = [one for one in before if one.is_many]
    if rng.random() < 0.2:
        node.each = rng.randint(2, 3)
    elif many and rng.random() < 0.3:
        node.shares = rng.choice(many).id
    makers = [one for one in before if one.kind in ("step", "agent") and one.outputs]
    plain = [one for one in makers if not one.is_many]
    for number in range(rng.randint(0, 3)):
        if len(plain) > 1 and rng.random() < 0.3:
            sources = [_output(rng, one) for one in rng.sample(plain, 2)]
        elif makers and rng.random() < 0.85:
            sources = [_output(rng, rng.choice(makers))]
        else:
            sources = ["file:data/train"]
        node.inputs[f"i{number}"] = sources
    if before and rng.random() < 0.2:
        node.after = [rng.choice(before).id]
    readable = [one for one in before if one.values or one.kind == "decide"]
    if readable and rng.random() < 0.4:
        node.when = _drawn_expr(rng, readable, 2)
    if rng.random() < 0.6:
        node.values = rng.sample(sorted(VALUES), rng.randint(1, 3))
    node.limits = {"cpus": rng.choice((0.5, 1, 1, 2, 3, 9)), "backoff": rng.choice((0, 0.5, 2))}
    if rng.random() < 0.3:
        node.limits |= {"memory": rng.choice(("512m", "3g", "6g"))}
    if rng.random() < 0.2:
        node.limits |= {"gpus": 1}
    return node


def _output(rng: random.Random, node: Written) -> str:
    return f"{node.id}.{rng.choice(node.outputs)}"


def _drawn_expr(rng: random.Random, readable: list[Written], depth: int) -> Expr:
    roll = rng.random()
    if depth and roll < 0.15:
        return ("not", _drawn_expr(rng, readable, depth - 1))
    if depth and roll < 0.45:
        left = _drawn_expr(rng, readable, depth - 1)
        return (rng.choice(("and", "or")), left, _drawn_expr(rng, readable, depth - 1))
    node = rng.choice(readable)
    read = f"{node.id}_1" if node.is_many else node.id
    if node.kind == "decide":
        return ("is", read, "action", rng.choice(("==", "!=")), rng.choice(OPTIONS))
    value = rng.choice(node.values)
    if value == "verdict":
        return ("is", read, value, rng.choice(("==", "!=")), rng.choice(("clean", "drift")))
    if value == "n":
        operator = rng.choice(("<", "<=", ">", ">=", "==", "!="))
        return ("is", read, value, operator, rng.randint(0, 3))
    if value == "w":
        return ("is", read, value, rng.choice(("==", "!=")), rng.choice("abc"))
    return ("is", read, value, "==", rng.random() < 0.5)


def _conversation() -> list[Written]:
    """The loop of the paper: a batch, a checker, people, two repairs, an approval."""

    def agent(node_id: str, **more: Any) -> Written:
        return Written(node_id, "agent", retries=1, **more)

    return [
        Written("batches", "input", outputs=["batches"]),
        agent(
            "check",
            inputs={"batch": ["batches"], "model": ["champion.model"]},
            outputs=["finding", "queue"],
            values=["verdict"],
        ),
        Written(
            "label",
            "label",
            inputs={"samples": ["check.queue"]},
            outputs=["labels", "audit"],
            when=("is", "check", "verdict", "==", "drift"),
        ),
        agent("plan", inputs={"labels": ["label.labels"]}, outputs=["options"]),
        Written("decide", "decide", inputs={"options": ["plan.options"]}, outputs=["chosen"]),
        *(
            agent(
                repair,
                inputs={"option": ["decide.chosen"], "labels": ["label.labels"]},
                outputs=["model", "reference"],
                when=("is", "decide", "action", "==", repair),
            )
            for repair in ("retrain", "filter")
        ),
        Written(
            "evaluate",
            inputs={"candidate": ["retrain.model", "filter.model"]},
            outputs=["table"],
            retries=1,
        ),
        Written(
            "approve",
            "approve",
            inputs={"table": ["evaluate.table"]},
            outputs=[],
            promotes=["retrain", "filter"],
        ),
    ]


ROLES = {"check": "checker", "plan": "planner"}


def _body(node: Written) -> dict[str, Any]:
    if node.kind == "input":
        return {"input": "batches"}
    body: dict[str, Any] = {}
    if node.kind in ("label", "decide", "approve"):
        body["human"] = node.kind
    else:
        body["run"] = ["x", node.id]
        if node.kind == "agent":
            body["agent"] = ROLES.get(node.id, "improver")
        if node.outputs:
            body["out"] = node.outputs
        body["limits"] = {"retries": node.retries, **node.limits}
        declared = {name: VALUES[name] for name in node.values if name in VALUES}
        if declared:
            body["values"] = declared
    if node.each:
        body["foreach"] = {"p": list(range(node.each))}
    if node.shares:
        body["foreach"] = node.shares
    taken = {name: one[0] if len(one) == 1 else one for name, one in node.inputs.items()}
    body |= {"in": taken} if taken else {}
    body |= {"after": node.after} if node.after else {}
    body |= {"when": expression_text(node.when)} if node.when else {}
    body |= {"promotes": node.promotes} if node.promotes else {}
    return body
