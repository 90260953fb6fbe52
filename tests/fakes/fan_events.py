"""A run with a foreach node of many members: some done, one failed, some running, most waiting."""

from __future__ import annotations

from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event
from tests.fakes.demo_events import SESSION, Script, sha

GROUP = 40


def pipeline(n: int = GROUP) -> str:
    """``tune`` n times, ``test`` for each of them, ``best`` over all."""
    rates = ", ".join(str(at / 100) for at in range(1, n + 1))
    return f"""\
scanflow: 1
name: fan
nodes:
  load: {{run: python load.py, out: [data]}}
  tune:
    foreach: {{lr: [{rates}]}}
    run: python tune.py
    in: {{data: load.data}}
    out: [model]
  test: {{foreach: tune, run: python test.py, in: {{model: tune.model}}, out: [score]}}
  best: {{run: python best.py, in: {{models: tune.model, scores: test.score}}, out: [model]}}
"""


def fanned(n: int = GROUP, *, n_done: int = 12, fails: bool = True) -> list[Event]:
    """``tune_1`` to ``tune_12`` are done, the next one failed, the one after it runs."""
    script = Script()
    script.add(
        ev.SessionOpened(SESSION, "fan", "scanflow-1", "0.1.0", sha("f"), sha("p"), "process")
    )
    script.add(ev.SupervisorStarted("0.1.0", 4242, "process", "asked for"))
    script.add(ev.PipelineRead(pipeline(n)))
    members = [f"{group}_{at}" for at in range(1, n + 1) for group in ("tune", "test")]
    nodes = tuple(ev.PlannedNode(node, "run", "first run") for node in ("load", *members, "best"))
    script.add(ev.RunPlanned(1, None, None, sha("code"), sha("environment"), {}, nodes))
    script.step(1, "load", 2.0, ("data",))
    for at in range(1, n_done + 1):
        script.step(1, f"tune_{at}", 3.0, ("model",), params={"lr": at / 100})
    if fails:
        node = f"tune_{n_done + 1}"
        script.start(1, node)
        error = ev.StepError("loss is not a number", f"{node}, attempt 1", "")
        script.add(
            ev.AttemptEnded(1, node, 1, "failed", 3, None, "exit code 3", 2.0, 2.0, {}, {},
                            None, error)
        )  # fmt: skip
    script.start(1, f"tune_{n_done + 2}")
    return script.events
