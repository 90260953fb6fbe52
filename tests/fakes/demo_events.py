"""A plausible whole session of the MNIST loop: training, a clean batch, a stripe batch, labels,
decision, evaluation, promotion. ``demo_events(chapter)`` ends with a chapter of ``CHAPTERS``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator

from scanflow_tui.contract.evidence import (
    Baseline,
    ClassRow,
    Finding,
    Gate,
    Histogram,
    Interval,
    Option,
    OptionEvidence,
    Options,
    QueueEntry,
    Table,
    TableRow,
    WorstClass,
)
from scanflow_tui.contract.ids import attempt_name
from scanflow_tui.session import events as ev
from scanflow_tui.session.events import Event, Kind

SESSION = "01JDEMO0000000000000000000"
T0 = 1_763_971_200_000_000
"""2025-11-24 08:00 UTC, microseconds."""
EVIDENCE = hashlib.sha256(b"options").hexdigest()
CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

PIPELINE = """\
scanflow: 1
name: mnist
classes: [zero, one, two, three, four, five, six, seven, eight, nine]
champion: train
nodes:
  batches: {input: batches}
  train:
    run: python -m scanflow_tui.steps.train --model model.py
    in: {data: file:data/train}
    out: [model, reference]
    with: {epochs: 12}
    limits: {cpus: 2, memory: 2g, time: 10m, retries: 1}
  base:
    run: python -m scanflow_tui.steps.filter --base
    in: {model: champion.model, data: file:data/train}
    out: [filter]
  check:
    agent: checker
    run: python -m scanflow_tui.steps.check
    in: {model: champion.model, reference: champion.reference, batch: batches}
    out: [finding, queue]
    values: {verdict: [clean, drift, too_few]}
  label:
    human: label
    when: check.verdict == 'drift'
    in: {samples: check.queue}
    out: [labels, audit]
  plan:
    agent: planner
    run: python -m scanflow_tui.steps.plan
    in: {batch: batches, labels: label.labels, model: champion.model, base: base.filter}
    out: [options]
  decide: {human: decide, in: {options: plan.options}, out: [chosen]}
  retrain:
    agent: improver
    when: decide.action == 'retrain'
    run: python -m scanflow_tui.steps.retrain
    in: {model: champion.model, labels: label.labels, batch: batches, option: decide.chosen}
    out: [model, reference]
  filter:
    agent: improver
    when: decide.action == 'filter'
    run: python -m scanflow_tui.steps.filter
    in: {model: champion.model, labels: label.labels, base: base.filter, option: decide.chosen}
    out: [model, reference]
  evaluate:
    run: python -m scanflow_tui.steps.evaluate
    in:
      candidate: [retrain.model, filter.model]
      champion: champion.model
      batch: batches
      audit: label.audit
    out: [table]
  approve: {human: approve, promotes: [retrain, filter], in: {table: evaluate.table}}
messages:
  - check -> plan: finding
  - plan -> decide: options
  - decide -> retrain: option
  - decide -> filter: option
"""

NODES = (
    "batches", "train", "base", "check", "label", "plan", "decide", "retrain", "filter",
    "evaluate", "approve",
)  # fmt: skip


def sha(text: str) -> str:
    """A digest for a name."""
    return hashlib.sha256(text.encode()).hexdigest()


def artifact(name: str, n_bytes: int = 48_000) -> ev.Artifact:
    """An output of that name."""
    return ev.Artifact(sha(name), n_bytes, 3)


class Script:
    """Writes events one after another; ``wait`` moves the clock, in seconds."""

    def __init__(self, start_us: int = T0) -> None:
        self.events: list[Event] = []
        self.now = start_us

    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.now += int(seconds * 1e6)

    def add(self, fact: Kind, actor: str = "supervisor") -> None:
        """One event, now."""
        self.events.append(Event(len(self.events), self.now, actor, fact))

    def step(
        self,
        run: int,
        node: str,
        seconds: float,
        outputs: tuple[str, ...] = (),
        values: dict[str, object] | None = None,
        inputs: dict[str, str] | None = None,
        params: dict[str, object] | None = None,
        metrics: tuple[tuple[str, float], ...] = (),
    ) -> None:
        """A whole attempt that ends well."""
        self.start(run, node, inputs=inputs, params=params)
        for number, (name, value) in enumerate(metrics):
            self.wait(seconds / (len(metrics) + 1))
            self.add(ev.MetricReported(run, node, 1, name, value, number))
        self.wait(seconds / (len(metrics) + 1))
        made = {name: artifact(f"{run}.{node}.{name}") for name in outputs}
        log = ev.LogRecord(2_480, 40, sha(f"log {run} {node}"), sha("head"), sha("tail"))
        self.add(
            ev.AttemptEnded(
                run, node, 1, "done", 0, None, "", seconds, seconds * 1.7, made, values or {}, log
            ),
            actor="engine:process",
        )

    def start(
        self,
        run: int,
        node: str,
        *,
        attempt: int = 1,
        reason: str = "first run",
        inputs: dict[str, str] | None = None,
        params: dict[str, object] | None = None,
    ) -> None:
        """An attempt that runs."""
        name = attempt_name(SESSION, run, node, attempt)
        given = inputs or {"data": sha("data")}
        self.add(
            ev.AttemptIntended(
                run, node, attempt, name, sha(f"key {run} {node}"), given,
                dict.fromkeys(given, ""), params or {}, ("python", "-m", f"steps.{node}"), reason,
            )
        )  # fmt: skip
        self.add(ev.AttemptAccepted(run, node, attempt, f"pid {4000 + len(self.events)}"))
        self.wait(0.2)
        self.add(ev.AttemptStarted(run, node, attempt, self.now))

    def planned(self, run: int, batch: str | None, champion: int | None, **verdicts: str) -> None:
        """A frozen plan: nodes run unless named as cached or skipped."""
        nodes = []
        for node in NODES:
            verdict = verdicts.get(node, "run")
            reason = {
                "run": "first run",
                "cached": f"unchanged since run {run - 1}",
                "skipped": "needs a champion" if champion is None else "not needed by this run",
            }[verdict]
            nodes.append(ev.PlannedNode(node, verdict, reason))
        self.add(
            ev.RunPlanned(
                run, batch, champion, sha("code"), sha("environment"),
                {"data/train": sha("train")}, tuple(nodes),
            )
        )  # fmt: skip
        for node in nodes:
            if node.verdict == "skipped":
                self.add(ev.NodeSkipped(run, node.node, node.reason))
            elif node.verdict == "cached":
                origin = attempt_name(SESSION, run - 1, node.node, 1)
                made = {"model": artifact(f"{run}.{node.node}")}
                self.add(ev.NodeCached(run, node.node, sha("key"), origin, made, {}, node.reason))


def thumbnail(sample: str) -> str:
    """The digest of a sample's thumbnail."""
    return sha(f"thumbnail {sample}")


def queue(n_repair: int = 50, n_audit: int = 20) -> tuple[QueueEntry, ...]:
    """A queue: images for repair, flagged ones among them, then an audit share."""
    entries = []
    for number in range(n_repair + n_audit):
        guess = (number * 7) % 10
        audit = number >= n_repair
        confidence = 0.35 + 0.6 * ((number * 37) % 100) / 100
        entries.append(
            QueueEntry(
                id=f"{400 + number:05}",
                index=400 + number,
                share="audit" if audit else "repair",
                flagged=not audit and number % 5 != 0,
                p=round(0.001 + 0.004 * ((number * 13) % 50) / 50, 4),
                guess=guess,
                confidence=round(confidence, 2),
                risk=round(1 - confidence, 2),
                probability=0.1 if audit else None,
                stratum=guess if audit else None,
                next_guesses=(((guess + 2) % 10, 0.2), ((guess + 5) % 10, 0.1)),
                why="" if audit else f"p .00{1 + number % 5} · cluster {1 + number % 4} of 4",
            )
        )
    return tuple(entries)


def finding(*, drift: bool, n: int = 200) -> Finding:
    """A check's finding, with one histogram of 64 bins."""
    edges = tuple(i / 64 for i in range(65))
    held = tuple(int(60 * math.exp(-((i - 14) ** 2) / 60)) for i in range(64))
    centre = 40 if drift else 15
    batch = tuple(int(20 * math.exp(-((i - centre) ** 2) / 90)) for i in range(64))
    n_flagged = 132 if drift else 2
    rows = tuple(
        ClassRow(label, n // 10, n_flagged // 10 + label % 3, 0.004 if drift else 0.48)
        for label in range(10)
    )
    said = (
        f"drift: {n_flagged} of {n} images flagged, p .0003"
        if drift
        else f"nothing unusual: {n_flagged} of {n} images flagged, p .41"
    )
    return Finding(
        verdict="drift" if drift else "clean",
        n=n,
        alpha=0.01,
        p=0.0003 if drift else 0.41,
        statistic="mean log p",
        n_calibration=600,
        n_flagged=n_flagged,
        flag_share=0.1,
        histograms=(Histogram("distance", edges, held, batch),),
        p_values=tuple(30 if i < 2 and drift else 8 for i in range(20)),
        classes=rows,
        tests={"rank sum": 0.0004 if drift else 0.38},
        slices={"join": sha("join"), "p": sha("p")},
        sentence=said,
    )


def _interval(value: float, half: float, n: int) -> Interval:
    return Interval(value, round(max(value - half, 0), 3), round(min(value + half, 1), 3), n)


def options() -> Options:
    """The repair plan: four options, one not measurable yet."""

    def row(
        option: str, action: str, title: str, after: float | None, worst: float, seconds: float,
        fixed: int | None, broken: int | None, why: str, undecided: str = "",
    ) -> Option:  # fmt: skip
        evidence = OptionEvidence(
            before=_interval(0.52, 0.14, 50),
            after=None if after is None else _interval(after, 0.09, 50),
            clean_before=_interval(0.95, 0.03, 200),
            clean_after=_interval(0.95, 0.03, 200),
            clean_change=_interval(0.0, 0.01, 200),
            worst=WorstClass(5, worst, 6),
            fixed=fixed,
            broken=broken,
            mcnemar_p=0.0004 if fixed else None,
            seconds=seconds,
            labels_used=50,
            undecided_against=undecided,
            why=why,
        )
        return Option(option, action, title, {}, evidence)  # type: ignore[arg-type]

    return Options(
        options=(
            row("retrain", "retrain", "retrain", 0.86, 0.71, 12, 19, 2, "fixed 19, broke 2"),
            row("filter", "filter", "filter, no labels", 0.80, 0.60, 0, 15, 1, "fixed 15, broke 1"),
            row("filter_labels", "filter", "filter + labels", 0.84, 0.68, 22, 17, 1,
                "undecided against retrain", "retrain"),
            row("ignore", "ignore", "ignore", 0.52, 0.08, 0, None, None, "1 in 2 wrong"),
        ),
        baseline=Baseline(_interval(0.61, 0.13, 50), _interval(0.62, 0.06, 200)),
        recommended="retrain",
        sentence="retrain repairs most: .52 to .86 on the drifted images",
        n_labels=50,
    )  # fmt: skip


def table() -> Table:
    """The evaluation of the candidate."""

    def row(
        data: str, before: float, baseline: float, after: float, worst: tuple[float, float], n: int
    ) -> TableRow:
        return TableRow(
            data,
            _interval(before, 0.03, n),
            _interval(baseline, 0.05, n),
            _interval(after, 0.03, n),
            Interval(round(after - before, 3), round(after - before - 0.02, 3),
                     round(after - before + 0.02, 3), n),
            WorstClass(5, worst[0], n // 10),
            WorstClass(5, worst[1], n // 10),
        )  # fmt: skip

    diagonal = tuple(tuple(28 if i == j else 0 for j in range(10)) for i in range(10))
    return Table(
        rows=(
            row("drifted", 0.52, 0.61, 0.93, (0.08, 0.88), 20),
            row("clean", 0.95, 0.62, 0.95, (0.91, 0.91), 300),
        ),
        gate=Gate(True, (), ("the drifted interval rests on 20 images",)),
        action="retrain",
        candidate=artifact("2.retrain.model").sha,
        confusion_before=diagonal,
        confusion_after=diagonal,
        now_right=("00451", "00455", "00460"),
        newly_wrong=("00462",),
        still_wrong=("00468",),
        sentence="drifted .52 to .93, clean unchanged",
    )


def _opening(script: Script) -> None:
    script.add(
        ev.SessionOpened(
            SESSION, "mnist-demo", "scanflow-1", "0.1.0", sha("folder"), sha("pipeline"), "process"
        )
    )
    script.add(ev.SupervisorStarted("0.1.0", 4242, "process", "no Docker daemon answered"))
    script.add(ev.PipelineRead(PIPELINE))


def _training(script: Script) -> None:
    others = {node: "skipped" for node in NODES if node != "train"}
    script.planned(1, None, None, **others)
    losses = tuple(("loss", round(2.2 / (1 + epoch), 4)) for epoch in range(12))
    script.step(
        1, "train", 41.0, ("model", "reference"), {"accuracy": 0.952},
        {"data": sha("train")}, {"epochs": 12, "seed": 0}, losses,
    )  # fmt: skip
    made = {name: artifact(f"1.train.{name}") for name in ("model", "reference")}
    script.add(ev.ModelPromoted(1, 1, "train", made, None, "", "train"))
    script.add(ev.RunEnded(1, "done", "version 1 is in production"))


def _checked(script: Script, run: int, batch: str, *, drift: bool) -> None:
    script.wait(120)
    script.add(ev.BatchArrived(batch, sha(batch), 160_000, 200, sha(f"name {batch}")))
    script.planned(run, batch, 1, train="skipped")
    script.add(ev.NodeCached(run, "batches", sha("k"), "", {"batches": artifact(batch)}, {}, batch))
    script.add(ev.MessageSent(run, "supervisor", "check", "batch", f"batch {batch} arrived"))
    if run == 2:
        script.start(run, "base")
    inputs = {"model": artifact("1.train.model").sha, "reference": sha("r"), "batch": sha(batch)}
    verdict = "drift" if drift else "clean"
    script.step(run, "check", 3.1, ("finding", "queue"), {"verdict": verdict}, inputs)
    found = finding(drift=drift)
    entries = queue() if drift else ()
    thumbs = {entry.id: thumbnail(entry.id) for entry in entries}
    script.add(ev.CheckFound(run, "check", batch, found, entries, thumbs), actor="agent:check")
    script.add(ev.MessageSent(run, "check", "plan", "finding", found.sentence))


def _clean(script: Script) -> None:
    _checked(script, 2, "b0001", drift=False)
    script.wait(18)
    script.add(
        ev.AttemptEnded(2, "base", 1, "done", 0, None, "", 21.4, 40.0,
                        {"filter": artifact("2.base.filter")}, {})
    )  # fmt: skip
    for node in ("label", "plan", "decide", "retrain", "filter", "evaluate", "approve"):
        script.add(ev.NodeSkipped(2, node, "check.verdict is 'clean'"))
    script.add(ev.RunEnded(2, "done", "nothing unusual in batch b0001"))


def _asked(script: Script) -> None:
    _checked(script, 3, "b0002", drift=True)
    script.add(
        ev.NodeCached(3, "base", sha("k"), attempt_name(SESSION, 2, "base", 1),
                      {"filter": artifact("2.base.filter")}, {}, "unchanged since run 2")
    )  # fmt: skip
    script.wait(0.5)
    script.add(
        ev.PersonAsked(3, "label", "label", sha("queue"), "70 images of batch b0002 to label")
    )


def _labelled(script: Script, n: int = 70) -> None:
    for number, entry in enumerate(queue()[:n]):
        script.wait(1.9)
        value = entry.guess if number % 2 else (entry.guess + 3) % 10
        script.add(
            ev.LabelGiven(3, "label", entry.id, "class", value, 1800, entry.share == "repair",
                          "typical"),
            actor="human:u1000",
        )  # fmt: skip


def _decided(script: Script) -> None:
    script.wait(2)
    script.add(ev.LabellingFinished(3, "label", 70, 0, 0, 0, 0), actor="human:u1000")
    made = {name: artifact(f"3.label.{name}", 9_000) for name in ("labels", "audit")}
    script.add(ev.NodeEnded(3, "label", "done", made, {"n": 70}))
    script.step(3, "plan", 9.4, ("options",))
    offered = options()
    script.add(ev.OptionsOffered(3, "plan", offered, EVIDENCE), actor="agent:plan")
    script.add(ev.MessageSent(3, "plan", "decide", "options", offered.sentence))
    script.add(ev.PersonAsked(3, "decide", "decide", EVIDENCE, offered.sentence))


def _evaluated(script: Script) -> None:
    script.wait(44)
    script.add(
        ev.DecisionTaken(3, "decide", "retrain", "retrain", sha("reason"), EVIDENCE),
        actor="human:u1000",
    )
    chosen = {"chosen": artifact("3.decide.chosen", 600)}
    script.add(ev.NodeEnded(3, "decide", "done", chosen, {"action": "retrain"}))
    script.add(ev.HeadIssued(script.events[-1].seq, sha("head"), "receipt"))
    script.add(ev.MessageSent(3, "decide", "retrain", "option", "retrain"))
    script.add(ev.NodeSkipped(3, "filter", "decide.action is 'retrain'"))
    script.step(3, "retrain", 12.2, ("model", "reference"), {"accuracy": 0.93})
    script.step(3, "evaluate", 2.8, ("table",))
    script.add(ev.EvaluationMade(3, "evaluate", table()), actor="agent:evaluate")
    script.add(ev.PersonAsked(3, "approve", "approve", sha("table"), table().sentence))


def _promoted(script: Script) -> None:
    script.wait(31)
    made = {name: artifact(f"3.retrain.{name}") for name in ("model", "reference")}
    script.add(ev.NodeEnded(3, "approve", "done", {}, {}))
    script.add(
        ev.ModelPromoted(2, 3, "retrain", made, 1, sha("promote"), "retrain"), actor="human:u1000"
    )
    script.add(ev.RunEnded(3, "done", "version 2 is in production"))


CHAPTERS: dict[str, Callable[[Script], None]] = {
    "opened": _opening,
    "trained": _training,
    "clean": _clean,
    "asked": _asked,
    "labelled": _labelled,
    "decide": _decided,
    "evaluated": _evaluated,
    "promoted": _promoted,
}
"""In order: after ``asked`` the label node waits for a person, after ``decide`` the decision does,
after ``evaluated`` the approval."""


def demo_events(upto: str = "promoted") -> list[Event]:
    """Every event up to the end of a chapter."""
    script = Script()
    for name, write in CHAPTERS.items():
        write(script)
        if name == upto:
            break
    return script.events


def half_labelled(n: int = 12) -> list[Event]:
    """The label node is open, and n images are labelled."""
    script = Script()
    for write in (_opening, _training, _clean, _asked):
        write(script)
    _labelled(script, n)
    return script.events


def training() -> list[Event]:
    """The training step runs, with five epochs behind it."""
    script = Script()
    _opening(script)
    others = {node: "skipped" for node in NODES if node != "train"}
    script.planned(1, None, None, **others)
    script.start(1, "train", params={"epochs": 12, "seed": 0}, inputs={"data": sha("train")})
    for epoch in range(5):
        script.wait(3.4)
        script.add(ev.MetricReported(1, "train", 1, "loss", round(2.2 / (1 + epoch), 4), epoch))
        script.add(
            ev.VitalSampled(1, "train", 1, epoch / 12, f"epoch {epoch} of 12", 6.1 * epoch,
                            (310 + 20 * epoch) * 1_000_000, 400 * epoch)
        )  # fmt: skip
    return script.events


def failed() -> list[Event]:
    """The training step has failed for good."""
    script = Script()
    script.events = training()
    script.now = script.events[-1].at
    script.wait(3)
    script.add(
        ev.AttemptEnded(1, "train", 1, "failed", 3, None, "exit code 3", 21.0, 30.1, {}, {},
                        ev.LogRecord(2_000, 31, sha("log"), sha("h"), sha("t")),
                        ev.StepError("data/train holds no images", "train, attempt 1",
                                     "scanflow init writes them"))
    )  # fmt: skip
    script.add(ev.RunEnded(1, "failed", "train failed"))
    return script.events


def log_bytes(n: int = 40, start_us: int = T0) -> bytes:
    """A log record of n lines, every fifth on stderr."""
    return b"".join(_log_lines(n, start_us))


def _log_lines(n: int, start_us: int) -> Iterator[bytes]:
    from datetime import UTC, datetime

    for number in range(n):
        at = datetime.fromtimestamp(start_us / 1e6 + 0.377 * number, UTC)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
        stream = "stderr" if number % 5 == 4 else "stdout"
        text = (
            f"warning: {number} workers"
            if stream == "stderr"
            else f"epoch {number // 3} loss {2.2 / (1 + number):.4f}"
        )
        yield f"{stamp} {stream} F {text}\n".encode()
