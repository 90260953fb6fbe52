"""Pipelines drawn at random from a seed: valid documents of any size, with every kind of thing.

Steps take outputs of nodes a little before them, so pictures have the depth and breadth of real
ones; every pipeline from 12 nodes on holds the whole loop of check, label, plan, decide, repair,
evaluate, approve; edges run in parallel, and agents speak.
"""

from __future__ import annotations

import random
from itertools import pairwise

LOOP = """\
  check:
    agent: checker
    run: python -m steps.check --all
    in: {model: champion.model, reference: champion.reference, batch: batches}
    out: [finding, queue]
    with: {alpha: 0.01, names: ["a b", 'c'], deep: {x: [1, {y: null}], z: true}}
  label: {human: label, when: check.verdict == 'drift', in: {samples: check.queue}}
  plan:
    agent: planner
    run: [python, -m, steps.plan]
    in: {batch: batches, labels: label.labels, model: champion.model, data: "file:data/train"}
    out: [options]
    env: [CUDA_VISIBLE_DEVICES, HF_HOME]
  decide: {human: decide, in: {options: plan.options}, out: [chosen]}
  retrain:
    agent: improver
    when: decide.action == 'retrain' and not (check.verdict == 'clean')
    run: python -m steps.retrain
    in: {labels: label.labels, batch: batches, option: decide.chosen}
    out: [model, reference]
    limits: {cpus: 2, memory: 2g, time: 10m, retries: 2, backoff: 500ms}
  evaluate:
    run: python -m steps.evaluate
    in:
      candidate: [retrain.model, train.model]
      champion: champion.model
      audit: label.audit
    out: [table]
    values: {gain: number, best: [yes_, no_], sure: bool}
  approve:
    human: approve
    when: evaluate.gain > -0.5 or evaluate.sure
    promotes: [retrain]
    in: {table: evaluate.table}
"""
MESSAGES = """\
messages:
  - "check -> plan: finding"
  - plan -> decide: options
  - "decide -> retrain: option"
"""
LOOP_IDS = ("check", "label", "plan", "decide", "retrain", "evaluate", "approve")
ROLES = ("tracker", "planner", "improver", "supervisor")


def pipeline(seed: int, n_nodes: int, *, reach: int = 8) -> str:
    """The text of a pipeline of ``n_nodes`` nodes (at least 2).

    ``reach`` is how many nodes back a step looks for its inputs.
    """
    draw = random.Random(seed)
    has_loop = n_nodes >= len(LOOP_IDS) + 5
    lines = [
        "# A pipeline made by a program.",
        "scanflow: 1",
        f"name: drawn-{seed}",
        draw.choice(("image: {dockerfile: Dockerfile}", "image: {name: 'python:3.11-slim'}")),
        draw.choice(("classes: [zero, one, two]", "classes: {zero: a, one: b, two: c}")),
        "guidelines: {zero: 'a round one'}",
        "champion: train",
        "ignore_above: 0.97",
        "nodes:",
        "  batches: {input: batches}",
        "  train:",
        "    run: python -m steps.train --model 'my model.py'",
        "    in: {data: file:data/train}",
        "    out: [model, reference, o0]",
        "    with: &shared {epochs: 12, seed: 7}",
        "    limits: {cpus: 1, memory: 512m, time: 90s, disk: 1g}",
        "    values: {acc: number}",
    ]
    if has_loop:
        lines += LOOP.splitlines()
    n_others = n_nodes - 2 - (len(LOOP_IDS) if has_loop else 0)
    outputs: dict[str, int] = {"train": 1}
    for at in range(n_others):
        lines += _node(draw, f"s{at}", outputs, reach)
    if has_loop:
        lines += MESSAGES.splitlines()
        speakers = [name for name in outputs if name.startswith("s") and _speaks(lines, name)]
        for first, second in pairwise(speakers):
            lines.append(f'  - "{first} -> {second}: news"')
    return "\n".join(lines) + "\n"


def _node(draw: random.Random, name: str, outputs: dict[str, int], reach: int) -> list[str]:
    """The lines of one step or agent behind those that are there; it is added to ``outputs``."""
    before = list(outputs)[-reach:]
    taken = draw.sample(before, min(len(before), draw.choice((1, 1, 2, 2, 3))))
    sources: list[str] = []
    for one in taken:
        n_taken = min(outputs[one], draw.choice((1, 1, 1, 2)))
        sources += [f"{one}.o{number}" for number in draw.sample(range(outputs[one]), n_taken)]
    inputs = [f"i{number}: {source}" for number, source in enumerate(sources)]
    if len(sources) > 1 and draw.random() < 0.2:
        inputs = [f"i: [{', '.join(sources)}]"]
    if draw.random() < 0.1:
        inputs.append("m: champion.model")
    if draw.random() < 0.15:
        inputs.append(draw.choice(("b: batches", "f: file:data/tune")))
    n_outputs = draw.choice((1, 1, 2, 3))
    made = ", ".join(f"o{number}" for number in range(n_outputs))
    lines = [f"  {name}:"]
    if draw.random() < 0.2:
        lines.append(f"    agent: {draw.choice(ROLES)}")
    lines.append(draw.choice(("    run: sh step.sh", "    run: [sh, -c, 'exit 0']")))
    lines.append("    in: {" + ", ".join(inputs) + "}")
    lines.append(f"    out: [{made}]")
    if draw.random() < 0.3:
        lines.append(draw.choice(("    with: *shared", "    with: {rate: 1e-3, on: true}")))
    if draw.random() < 0.2:
        lines.append(f"    after: [{draw.choice(before)}]")
    if draw.random() < 0.2:
        lines.append("    when: train.acc >= .5")
    if draw.random() < 0.2:
        lines.append("    limits: {retries: 1, grace: 2s, log: 1m, pids: 64}")
    if draw.random() < 0.05:
        lines.append("    seed: 3")
    outputs[name] = n_outputs
    return lines


def _speaks(lines: list[str], name: str) -> bool:
    return lines[lines.index(f"  {name}:") + 1].startswith("    agent:")
