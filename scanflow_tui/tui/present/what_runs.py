"""What a decision would start: which nodes run, wait or are skipped, with their limits. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scanflow_tui.contract.evidence import Action
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.session.state import RunView
from scanflow_tui.workflow.graph import Multigraph, Node
from scanflow_tui.workflow.when import Values, WhenError, parse, verdict

Fate = Literal["run", "skipped", "asks you"]


@dataclass(frozen=True, slots=True)
class Coming:
    """A node after the decision. ``why`` is a sentence, empty where nothing needs saying."""

    node: str
    fate: Fate
    why: str
    limits: StepLimits | None = None


def what_runs(graph: Multigraph, run: RunView, decide: str, action: Action) -> tuple[Coming, ...]:
    """Every node that hangs on the decision, in the pipeline's order."""
    values: dict[tuple[str, str], str | int | float | bool] = {
        (node.id, name): value for node in run.nodes.values() for name, value in node.values.items()
    }
    values[decide, "action"] = action
    after = _downstream(graph, decide)
    skipped: set[str] = set()
    found = []
    for node in graph.nodes:
        if node.id not in after:
            continue
        why = _why_skipped(node, values, skipped)
        if why:
            skipped.add(node.id)
            found.append(Coming(node.id, "skipped", why))
        elif node.kind == "human":
            found.append(Coming(node.id, "asks you", ""))
        else:
            found.append(Coming(node.id, "run", "", node.limits))
    return tuple(found)


def _why_skipped(node: Node, values: Values, skipped: set[str]) -> str:
    if node.when:
        try:
            holds = verdict(parse(node.when), values)
        except WhenError:
            holds = None
        if holds is False:
            return f"needs {node.when}"
    for item in node.inputs:
        made = [source for source in item.sources if source.kind == "node"]
        if made and len(made) == len(item.sources) and all(s.node in skipped for s in made):
            return f"{made[0].node} is skipped"
    return ""


def _downstream(graph: Multigraph, start: str) -> set[str]:
    found: set[str] = set()
    front = [start]
    while front:
        for node in graph.downstream(front.pop()):
            if node not in found:
                found.add(node)
                front.append(node)
    return found


def limits_text(limits: StepLimits) -> str:
    """``2 CPUs, 2 GB, at most 10 min``."""
    parts = [f"{limits.cpus:g} {'CPU' if limits.cpus == 1 else 'CPUs'}"]
    if limits.memory_bytes is not None:
        parts.append(f"{limits.memory_bytes / 2**30:.1f} GiB")
    minutes = limits.time_s / 60
    parts.append(f"at most {minutes:.0f} min" if minutes >= 1 else f"at most {limits.time_s:.0f} s")
    return ", ".join(parts)
