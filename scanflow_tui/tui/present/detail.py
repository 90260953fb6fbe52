"""What is known of one node in one run, as rows: why, attempts, in and out, limits, log. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rich.text import Text

from scanflow_tui.contract.states import ATTEMPT_ENDED, BAD
from scanflow_tui.session.unreached import state_shown, unreached
from scanflow_tui.tui.present.commands import image, runs_in
from scanflow_tui.tui.present.times import duration, elapsed, short, size
from scanflow_tui.tui.present.underway import elsewhere_text, runs_elsewhere
from scanflow_tui.tui.theme import TONES, face
from scanflow_tui.workflow.asks import asks

if TYPE_CHECKING:
    from scanflow_tui.session.state import AttemptView, NodeView, RunView
    from scanflow_tui.tui.known import Known, Measured
    from scanflow_tui.tui.present.logwindow import Row
    from scanflow_tui.workflow.graph import Multigraph, Node

BARS = " ▁▂▃▄▅▆▇█"
ASCII_BARS = " .:-=+*#@"
METRICS_SHOWN_MAX = 6
LOG_LINES_SHOWN = 8

_SETTLED = {
    " will be made": " was made in this run",
    " will be decided in the run": " holds",
}

_ASKS = {
    "label": "[enter] opens the images to label",
    "decide": "[enter] opens the evidence to decide on",
    "approve": "[enter] opens the evaluation to approve",
}


def title(node_id: str, node: Node | None) -> str:
    """``label · human node`` or ``check · agent (checker)``."""
    if node is None:
        return node_id
    what = f"{node.kind} ({node.role})" if node.role else f"{node.kind} node"
    return f"{node_id} · {what}"


def rows(
    run: RunView | None,
    node_id: str,
    graph: Multigraph | None,
    known: Known,
    now_us: int,
    *,
    log: Sequence[Row] = (),
    ascii: bool = False,
) -> list[Text]:
    """Everything, the most needed first."""
    node = None if run is None else run.nodes.get(node_id)
    drawn = _drawn(graph, node_id)
    found: list[Text] = []
    if node is None:
        found.append(_pair("state", "no run has planned this node yet", "dim"))
    else:
        found += _state(node, run, known, now_us, ascii=ascii)
        found += _attempts(node, now_us, ascii=ascii)
        found += _log(log)
        found += _inputs(node)
        found += _outputs(node)
        found += _measured(node, known, ascii=ascii)
        found += _ran_in(node, run, known)
    if drawn is not None:
        found += _planned(drawn)
    return found


def _drawn(graph: Multigraph | None, node_id: str) -> Node | None:
    found = [] if graph is None else [node for node in graph.nodes if node.id == node_id]
    return found[0] if found else None


def _state(
    node: NodeView, run: RunView | None, known: Known, now_us: int, *, ascii: bool
) -> list[Text]:
    symbol, word, tone = face(node.state if run is None else state_shown(run, node), ascii=ascii)
    row = Text(f" {symbol} {word}", TONES[tone], no_wrap=True, end="")
    if node.state in ("needs_you", "running", "queued") and node.since is not None:
        row.append(f" {elapsed((now_us - node.since) / 1e6)}", TONES["plain"])
    if run is not None and (left := unreached(run, node)):
        row.append(f" · {left.removeprefix('not run: ')}", TONES["plain"])
    elif node.reason and not (node.form and node.planned == "run"):
        planned = "" if word in (node.planned, "skipped") else f"{node.planned}: "
        row.append(f" · {planned}{_why(node)}", TONES["plain"])
    found = [row]
    other = None
    if known.state is not None and run is not None:
        other = runs_elsewhere(known.state, run, node.id)
    if other is not None:
        found.append(Text(f"   {elsewhere_text(other)}", TONES["you"], no_wrap=True, end=""))
    if node.state == "needs_you":
        found.append(Text(f"   {node.asked}", TONES["you"], no_wrap=True, end=""))
        found.append(Text(f"   {_ASKS.get(node.form, '')}", TONES["key"], no_wrap=True, end=""))
    attempt = node.attempts[-1] if node.attempts else None
    if attempt is not None and node.state in BAD:
        found += _failure(attempt)
    if attempt is not None and attempt.state not in ATTEMPT_ENDED:
        found += _vital(attempt, known)
    return found


def _why(node: NodeView) -> str:
    """Why it was planned so; what the plan left open is settled once there is an attempt."""
    if not node.attempts:
        return node.reason
    for left_open, settled in _SETTLED.items():
        if node.reason.endswith(left_open):
            return node.reason.removesuffix(left_open) + settled
    return node.reason


def failure(node_id: str, attempt: AttemptView) -> str:
    """One sentence for a failed node: what, what is safe, the keys."""
    what = attempt.error.what if attempt.error is not None else attempt.outcome
    what = what or "it ended without a word"
    return f"✖ step {node_id}: {what.rstrip('.')}. Nothing was lost.  [t] retry  [o] log"


def _failure(attempt: AttemptView) -> list[Text]:
    found = []
    error = attempt.error
    if error is not None:
        found.append(Text(f"   ✖ {error.what}", TONES["bad"], no_wrap=True, end=""))
        if error.where or error.hint:
            told = " · ".join(part for part in (error.where, error.hint) if part)
            found.append(Text(f"     {told}", TONES["plain"], no_wrap=True, end=""))
    elif attempt.outcome:
        found.append(Text(f"   ✖ {attempt.outcome}", TONES["bad"], no_wrap=True, end=""))
    found.append(Text("   Nothing was lost.  [t] retry  [o] log", TONES["key"], end=""))
    return found


def _vital(attempt: AttemptView, known: Known) -> list[Text]:
    vital = known.vital(attempt.name)
    if vital is None:
        if attempt.queued_reason:
            return [Text(f"   {attempt.queued_reason}", TONES["plain"], no_wrap=True, end="")]
        return []
    parts = []
    if vital.progress is not None:
        parts.append(f"{vital.progress:.0%}")
    if vital.text:
        parts.append(vital.text)
    if vital.cpu_s is not None:
        parts.append(f"cpu {vital.cpu_s:.0f} s")
    if vital.rss_bytes is not None:
        parts.append(f"memory {size(vital.rss_bytes)}")
    return [Text(f"   {' · '.join(parts)}", TONES["active"], no_wrap=True, end="")]


def _attempts(node: NodeView, now_us: int, *, ascii: bool) -> list[Text]:
    found = []
    for attempt in reversed(node.attempts):
        symbol, word, tone = face(attempt.state, ascii=ascii)
        row = Text(f" {'attempt ' + str(attempt.number):<10}", TONES["dim"], no_wrap=True, end="")
        row.append(f"{symbol} ", TONES[tone])
        parts = [word if attempt.code is None else f"exit {attempt.code}"]
        if attempt.signal is not None:
            parts[0] = f"signal {attempt.signal}"
        if attempt.seconds is not None:
            parts.append(duration(attempt.seconds))
        if attempt.cpu_s is not None:
            parts.append(f"cpu {duration(attempt.cpu_s)}")
        if attempt.not_before > now_us and attempt.state not in ATTEMPT_ENDED:
            parts.append(f"not before {elapsed((attempt.not_before - now_us) / 1e6)} from now")
        if attempt.gpus:
            parts.append(f"GPU {', '.join(attempt.gpus)}")
        if attempt.number > 1:
            parts.append(attempt.reason)
        row.append(" · ".join(parts), TONES["plain"])
        found.append(row)
    return found


def _log(log: Sequence[Row]) -> list[Text]:
    found = []
    for line in list(log)[-LOG_LINES_SHOWN:]:
        row = Text(" ", no_wrap=True, overflow="ellipsis", end="")
        row.append("ERR " if line.is_err else "out ", TONES["bad" if line.is_err else "dim"])
        row.append(line.words(), TONES["plain"])
        found.append(row)
    return found


def _inputs(node: NodeView) -> list[Text]:
    if not node.attempts:
        return []
    attempt = node.attempts[-1]
    found = []
    for name, sha in attempt.inputs.items():
        source = attempt.sources.get(name, "")
        found.append(_pair("in", f"{name}  {source + '  ' if source else ''}{short(sha)}…"))
    return found


def _outputs(node: NodeView) -> list[Text]:
    found = []
    if node.origin and all(attempt.name != node.origin for attempt in node.attempts):
        found.append(_pair("from", f"{node.origin} (cached)"))
    for name, made in node.outputs.items():
        found.append(_pair("out", f"{name}  {short(made.sha)}…  {size(made.n_bytes)}"))
    for name, value in node.values.items():
        found.append(_pair("value", f"{name} = {_value(value)}"))
    return found


def _measured(node: NodeView, known: Known, *, ascii: bool) -> list[Text]:
    if not node.attempts:
        return []
    attempt = node.attempts[-1]
    found = []
    for name, told in list(attempt.metrics.items())[:METRICS_SHOWN_MAX]:
        values = [value for _, value in told]
        found.append(_pair(name, f"{values[-1]:.4g}  {sparkline(values, ascii=ascii)}"))
    points: list[Measured] = [(at / 1e6, cpu, rss) for at, _, cpu, rss in attempt.samples]
    points = list(known.history.get(attempt.name, ())) or points
    spent = [(at, cpu) for at, cpu, _ in points if cpu is not None]
    shares = [
        max(cpu - cpu_before, 0) / (at - before)
        for (before, cpu_before), (at, cpu) in pairwise(spent)
        if at > before
    ]
    memory = [float(rss) for _, _, rss in points if rss is not None]
    if shares:
        line = sparkline(shares, ascii=ascii)
        found.append(_pair("cpu", f"{shares[-1]:.0%} of one  {line}"))
    if len(memory) > 1:
        line = sparkline(memory, ascii=ascii)
        found.append(_pair("memory", f"{size(memory[-1])}  {line}"))
    return found


def _ran_in(node: NodeView, run: RunView | None, known: Known) -> list[Text]:
    """Engine and image of the last attempt."""
    if not node.attempts or run is None or known.state is None:
        return []
    found = [_pair("engine", runs_in(known.state, run, node.attempts[-1]))]
    if run.image:
        found.append(_pair("image", image(run)))
    return found


def _planned(node: Node) -> list[Text]:
    found = []
    if node.params:
        text = ", ".join(f"{name} {_value(value)}" for name, value in node.params.items())
        found.append(_pair("params", text))
    if node.kind in ("step", "agent"):
        limits = node.limits
        parts = [f"{limits.cpus:g} cpu", f"time {duration(limits.time_s)}"]
        if limits.memory_bytes is not None:
            parts.insert(1, f"memory {size(limits.memory_bytes)}")
        parts.append(f"retries {limits.retries}")
        found.append(_pair("limits", " · ".join(parts)))
        if asked := asks(limits):
            found.append(_pair("asks for", ", ".join(asked), "you"))
    if node.when:
        found.append(_pair("when", node.when))
    if node.run:
        found.append(_pair("run", " ".join(node.run)))
    return found


def sparkline(values: Sequence[float], *, ascii: bool = False, width: int = 16) -> str:
    """The last values as bars, from the least to the greatest; nothing at all lies low."""
    last = list(values)[-width:]
    low, high = min(last), max(last)
    bars = ASCII_BARS if ascii else BARS
    steps = len(bars) - 1
    if high == low:
        return bars[steps // 2 if high else 1] * len(last)
    return "".join(bars[1 + round((value - low) / (high - low) * (steps - 1))] for value in last)


def _pair(name: str, value: str, tone: str = "plain") -> Text:
    row = Text(f" {name:<10}", TONES["dim"], no_wrap=True, end="")
    row.append(value, TONES[tone])
    return row


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
