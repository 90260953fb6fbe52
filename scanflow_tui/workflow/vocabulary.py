"""Every word that a pipeline document may use, and what the words bring with them.

One table for the reader, the linter and the docs (a test asks that each key is documented).
"""

from __future__ import annotations

import re
from typing import get_args

from scanflow_tui.workflow.graph import HumanForm, Input, Node, Role

FORMAT = 1

TOP_KEYS = (
    "scanflow",
    "name",
    "image",
    "classes",
    "guidelines",
    "champion",
    "ignore_above",
    "messages",
    "nodes",
)
IMAGE_KEYS = ("dockerfile", "name")
CHAMPION_KEYS = ("file", "reference")
STEP_KEYS = (
    "run",
    "in",
    "out",
    "with",
    "foreach",
    "limits",
    "env",
    "when",
    "after",
    "values",
    "seed",
)
HUMAN_KEYS = ("human", "in", "out", "when", "after", "promotes", "overlap", "repeats")
INPUT_KEYS = ("input",)
NODE_KEYS = ("input", "agent", "human", *STEP_KEYS, "promotes", "overlap", "repeats")
LIMIT_KEYS = (
    "cpus",
    "memory",
    "time",
    "log",
    "grace",
    "retries",
    "backoff",
    "pids",
    "disk",
    "network",
    "gpus",
    "shm",
    "mounts",
)
VALUE_TYPES = ("number", "text", "bool")
INPUT_KINDS = ("batches",)

SYNONYMS = {
    "inputs": "in",
    "outputs": "out",
    "params": "with",
    "parameters": "with",
    "command": "run",
    "needs": "after",
    "depends": "after",
    "resources": "limits",
    "role": "agent",
    "steps": "nodes",
    "version": "scanflow",
    "labels": "classes",
    "matrix": "foreach",
    "for": "foreach",
    "net": "network",
    "gpu": "gpus",
    "volumes": "mounts",
    "processes": "pids",
}
"""What people write for a key of ours, used for suggestions only."""

ROLES: tuple[Role, ...] = get_args(Role)
FORMS: tuple[HumanForm, ...] = get_args(HumanForm)

RESERVED_IDS = frozenset({"champion", "file", "and", "or", "not", "true", "false"})

# The words of contract.evidence, whose import would double what lint costs; a test compares them.
CHECKER_VALUES: dict[str, str | tuple[str, ...]] = {"verdict": ("clean", "drift", "too_few")}
DECIDE_VALUES: dict[str, str | tuple[str, ...]] = {"action": ("retrain", "filter", "ignore")}

HUMAN_NEEDS: dict[HumanForm, str] = {"label": "queue", "decide": "options", "approve": "table"}
"""The output that a human node of this form has to be given."""

HUMAN_MAKES: dict[HumanForm, tuple[str, ...]] = {
    "label": ("labels", "audit"),
    "decide": ("chosen",),
    "approve": (),
}

MODEL_OUTPUTS = ("model", "reference")
"""What a version of the model consists of, at least."""

EVIDENCE = frozenset(
    {"finding", "queue", "filtered", "options", "chosen", "labels", "audit", "table"}
)
"""Outputs that the supervisor or a screen reads, whether a node does or not."""

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
MOUNT = re.compile(r"/[^:,\0-\x1f\x7f\\]{0,1000}")
TOPIC = re.compile(r"[a-z][a-z0-9_ -]{0,39}")

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def default_class_keys(n_classes: int) -> tuple[str, ...]:
    """Keys of classes that have none: digits, then letters, then two strokes.

    The second of two strokes is a digit as long as that is enough; none beyond 1,296 classes.
    """
    single = _DIGITS + _LETTERS
    if n_classes <= len(single):
        return tuple(single[:n_classes])
    n_second = max(len(_DIGITS), -(-n_classes // len(single)))
    if n_second > len(single):
        return ()
    double = [first + second for first in _LETTERS + _DIGITS for second in single[:n_second]]
    return tuple(double[:n_classes])


def evidence_input(node: Node) -> Input | None:
    """The input of a human node that holds what the person is shown (queue, options or table)."""
    if node.form is None:
        return None
    wanted = HUMAN_NEEDS[node.form]
    for item in node.inputs:
        if item.sources and all(s.kind == "node" and s.name == wanted for s in item.sources):
            return item
    return None
