"""The key under which a step's outputs are kept, and what it is made of.

Steps with one key would make the same outputs: whatever may change outputs has to be in the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scanflow_tui.contract import canonical
from scanflow_tui.contract.records import dataclass
from scanflow_tui.contract.step import CONTRACT
from scanflow_tui.workflow.graph import Node

SHOWN_CHARS_MAX = 30


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What a node's key was made of, so that a difference can be named.

    ``inputs`` are hashes by input name. An empty ``package``, ``argv`` or ``key`` (the key itself)
    and a ``seed`` of None are not known, and not compared.
    """

    code: str
    package: str
    environment: str
    params: Mapping[str, Any]
    inputs: Mapping[str, str]
    argv: tuple[str, ...] = ()
    seed: int | None = None
    key: str = ""


def cache_key(
    node: Node,
    *,
    code: str,
    package_version: str,
    environment: str,
    inputs: Mapping[str, str],
    params: Mapping[str, Any] | None = None,
    contract: int = CONTRACT,
) -> str:
    """Hex SHA-256 over everything that may change what the node makes.

    ``code`` is the snapshot's hash, ``environment`` the engine's digest; ``params`` replaces the
    node's own. Limits are left out (they may end a step, never change its result), but for what a
    step can reach: network, GPUs, mounts.
    """
    limits = node.limits
    reaches = {"network": limits.network, "gpus": limits.gpus, "mounts": list(limits.mounts)}
    return canonical.digest(
        {name: value for name, value in reaches.items() if value}
        | {
            "contract": contract,
            "node": node.group or node.id,
            "run": list(node.run),
            "out": list(node.outputs),
            "classes": list(node.classes),
            "seed": node.seed,
            "params": dict(node.params if params is None else params),
            "code": code,
            "package": package_version,
            "environment": environment,
            "inputs": dict(inputs),
        }
    )


def difference(node: Node, before: KeyParts, now: KeyParts) -> str:
    """Why the key is another one than before, in a few words; "" where nothing is found."""
    for name in sorted(set(before.params) | set(now.params)):
        if before.params.get(name, _MISSING) != now.params.get(name, _MISSING):
            return f"param {name} {_shown(before.params, name)} → {_shown(now.params, name)}"
    if before.argv and now.argv and before.argv != now.argv:
        return "the command changed"
    if before.seed is not None and now.seed is not None and before.seed != now.seed:
        return f"seed {before.seed} → {now.seed}"
    sources = {item.name: item.sources for item in node.inputs}
    for name in sorted(set(before.inputs) | set(now.inputs)):
        if before.inputs.get(name) != now.inputs.get(name):
            known = sources.get(name, ())
            return f"input {known[0].text() if len(known) == 1 else name} changed"
    if before.code != now.code:
        return "code changed"
    if before.environment != now.environment:
        return "environment changed"
    if before.package and now.package and before.package != now.package:
        return f"ScanFlow {before.package} → {now.package}"
    if before.key and now.key and before.key != now.key:
        return "its seed, outputs, classes or reach changed"
    return ""


_MISSING = object()


def _shown(params: Mapping[str, Any], name: str) -> str:
    if name not in params:
        return "(none)"
    text = str(params[name])
    return text if len(text) <= SHOWN_CHARS_MAX else text[: SHOWN_CHARS_MAX - 1] + "…"
