"""Documents that several tests read."""

LOOP = """\
scanflow: 1
name: mnist
image: {dockerfile: Dockerfile}
classes: [zero, one, two]
champion: train
nodes:
  batches: {input: batches}
  train:
    run: python -m train --model 'my model.py'
    in: {data: file:data/train}
    out: [model, reference]
    with: {epochs: 12, seed: 7}
    limits: {cpus: 2, memory: 2g, time: 10m, retries: 1}
  base: {run: python b.py, in: {model: champion.model, data: file:data/train}, out: [filter]}
  check: {agent: checker, run: python c.py,
    in: {model: champion.model, batch: batches}, out: [finding, queue]}
  label: {human: label, when: check.verdict == 'drift',
    in: {samples: check.queue}, out: [labels, audit]}
  plan: {agent: planner, run: python p.py,
    in: {labels: label.labels, base: base.filter}, out: [options]}
  decide: {human: decide, in: {options: plan.options}, out: [chosen]}
  retrain: {agent: improver, when: decide.action == 'retrain', run: python r.py,
    in: {labels: label.labels, option: decide.chosen}, out: [model, reference]}
  filter: {agent: improver, when: decide.action == 'filter', run: python f.py,
    in: {base: base.filter, option: decide.chosen}, out: [model, reference]}
  evaluate: {run: python e.py,
    in: {candidate: [retrain.model, filter.model], champion: champion.model,
      audit: label.audit}, out: [table]}
  approve: {human: approve, promotes: [retrain, filter], in: {table: evaluate.table}}
messages: [check -> plan: finding, "plan -> decide: options", decide -> retrain: option]
"""


def steps(*lines: str) -> str:
    """A document with these nodes."""
    return "scanflow: 1\nnodes:\n" + "".join(f"  {line}\n" for line in lines)
