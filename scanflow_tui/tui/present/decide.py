"""What the Decide screen says: options with their evidence, the dialog, the decision. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from scanflow_tui.contract.evidence import Interval, Option, Options
from scanflow_tui.session.state import DecisionView, RunView, SessionState
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.tui.present.faces import waiting
from scanflow_tui.tui.present.numbers import change, count, half_width, seconds, share
from scanflow_tui.tui.present.times import clock
from scanflow_tui.tui.present.underway import node_rows
from scanflow_tui.tui.present.what_runs import Coming, limits_text
from scanflow_tui.tui.theme import TONES

TITLE_WIDTH = 22
NOT_YET = "not measurable yet"
COLUMNS = (15, 6, 10, 7)
WIDE = 1000


def header() -> Text:
    """The columns' names."""
    names = ("drifted acc.", "worst", "clean", "time")
    text = Text(" " * (TITLE_WIDTH + 2), TONES["dim"], no_wrap=True, end="")
    for name, width in zip(names, COLUMNS, strict=True):
        text.append(name.ljust(width))
    return text.append("why")


def option_rows(options: Sequence[Option], chosen: int, width: int = WIDE) -> list[Text]:
    """A row an option; ``▸`` marks the one that a decision would take."""
    room = width - TITLE_WIDTH - 2 - sum(COLUMNS)
    return [_option_row(option, at == chosen, room) for at, option in enumerate(options)]


def _option_row(option: Option, chosen: bool, room: int) -> Text:
    seen = option.evidence
    text = Text(no_wrap=True, end="")
    text.append("▸ " if chosen else "  ", TONES["key"])
    text.append(set_cell_size(option.title, TITLE_WIDTH), TONES["strong"])
    cells = [_before_after(seen.before, seen.after, option), "—", "—", seconds(seen.seconds)]
    if seen.worst is not None:
        cells[1] = share(seen.worst.accuracy)
    if seen.clean_before is not None:
        after = seen.clean_after if option.action != "ignore" else None
        cells[2] = share(seen.clean_before.value) + (f" → {share(after.value)}" if after else "")
    if option.action == "ignore":
        cells[3] = "—"
    for cell, width in zip(cells, COLUMNS, strict=True):
        text.append(cell.ljust(width), TONES["plain"])
    text.append(_brief(option, room), TONES["dim"])
    if chosen:
        text.stylize(TONES["cursor"])
    return text


def _before_after(before: Interval | None, after: Interval | None, option: Option) -> str:
    if option.action == "ignore":
        return share(before.value) if before else "—"
    if after is None:
        return NOT_YET[:14] + " " if before is None else f"{share(before.value)} → ?"
    start = f"{share(before.value)} → " if before else ""
    return f"{start}{share(after.value)} {half_width(after)}"


def _why(option: Option) -> str:
    seen = option.evidence
    if seen.undecided_against and "undecided" not in seen.why:
        tail = f"; {seen.why}" if seen.why else ""
        return f"undecided against {seen.undecided_against}{tail}"
    if option.action != "ignore" and seen.after is None:
        return seen.why or NOT_YET
    return seen.why


def _brief(option: Option, room: int) -> str:
    """Why, in as many words as there is room for; the whole stands in the details."""
    whole = _why(option)
    if cell_len(whole) <= room:
        return whole
    if "undecided" in whole:
        return "undecided"
    return whole.replace(", ", " ") if cell_len(whole) - whole.count(",") <= room else whole


def baseline_row(options: Options) -> Text | None:
    """What needs no label at all, so that nobody credits the labels with it."""
    base = options.baseline
    if base is None:
        return None
    text = Text("  no-label baseline", TONES["dim"], no_wrap=True, end="")
    text.append(" (batch statistics): drifted ")
    text.append(share(base.drifted.value if base.drifted else None))
    return text.append(f", clean {share(base.clean.value if base.clean else None)}")


def details(option: Option, keys: ClassKeys, width: int) -> list[Text]:
    """Everything known of the option under the cursor."""
    seen = option.evidence
    why = _why(option) if option.action == "ignore" or seen.after is not None else ""
    rows = wrapped(f"{option.title}: {why}" if why else option.title, width, "strong")
    facts = []
    if seen.after is not None:
        facts.append(
            f"drifted {share(seen.after.low)} to {share(seen.after.high)} (95 %, n {seen.after.n})"
        )
    if seen.fixed is not None and seen.broken is not None and "fixed" not in why:
        facts.append(f"fixed {seen.fixed}, broke {seen.broken}")
    if seen.mcnemar_p is not None:
        facts.append(f"McNemar p {seen.mcnemar_p:.2g}")
    if seen.clean_change is not None and option.action != "ignore":
        facts.append(f"clean changes by {change(seen.clean_change)} (n {seen.clean_change.n})")
    if seen.worst is not None:
        name = keys.name(seen.worst.label)
        facts.append(f"worst class {name} {share(seen.worst.accuracy)} (n {seen.worst.n})")
    facts.append(f"{count(seen.labels_used, 'label')} used")
    rows += wrapped(" · ".join(facts), width, "plain")
    if option.action != "ignore" and seen.after is None:
        rows += wrapped(f"⚠ {seen.why or NOT_YET}", width, "you")
    for warning in seen.warnings:
        rows += wrapped(f"⚠ {warning}", width, "you")
    return rows


def wrapped(sentence: str, width: int, tone: str) -> list[Text]:
    """A sentence on as many lines as it needs, indented by a blank."""
    lines, now = [], ""
    for word in sentence.split():
        joined = f"{now} {word}" if now else word
        if cell_len(joined) > width - 2 and now:
            lines.append(now)
            now = word
        else:
            now = joined
    return [Text(f" {line}", TONES[tone]) for line in (*lines, now)]


def coming_rows(coming: Sequence[Coming]) -> list[Text]:
    """The run after the decision, a row a node."""
    rows = []
    for item in coming:
        text = Text(f"  {item.node:<12}", TONES["strong"], no_wrap=True, end="")
        tone = "dim" if item.fate == "skipped" else "active"
        text.append(f"{item.fate:<10}", TONES[tone])
        note = limits_text(item.limits) if item.limits is not None else item.why
        rows.append(text.append(note, TONES["dim"]))
    return rows or [Text("  nothing: the run ends", TONES["plain"])]


def dialog_body(option: Option, coming: Sequence[Coming], engine: str, reason: str) -> str:
    """What the decision starts, with limits and time, and what speaks against it."""
    rows = [f"Option: {option.title}"]
    runs = [item for item in coming if item.fate == "run"]
    if option.action == "ignore" or not runs:
        rows.append("Nothing is started: the model in production stays as it is.")
    else:
        rows.append(f"Starts, with engine {engine or '?'}:")
        for item in runs:
            tail = f" ({limits_text(item.limits)})" if item.limits is not None else ""
            rows.append(f"  {item.node}{tail}")
        rows.append(f"Expected time: {seconds(option.evidence.seconds)}")
    if option.evidence.after is None and option.action != "ignore":
        rows.append(f"⚠ {option.evidence.why or NOT_YET}")
    rows += [f"⚠ {warning}" for warning in option.evidence.warnings]
    return "\n".join((*rows, f"Reason: {reason}"))


def decided(decision: DecisionView, reason: str) -> list[Text]:
    """Who decided what, when, on which evidence."""
    who = decision.actor.removeprefix("human:")
    head = f" ✔ decided: {decision.action} ({decision.option}) by {who} at {clock(decision.at)}"
    return [
        Text(head, TONES["good"]),
        Text(f"   reason: {reason or '…'}", TONES["plain"]),
        Text(f"   evidence {decision.evidence[:12]} · event {decision.seq}", TONES["dim"]),
    ]


def nothing(known: Known) -> list[Text]:
    """The faces without options: an error, loading, empty."""
    if known.error or known.state is None:
        return waiting(known)
    asked = any(
        node.form == "label" and node.state == "needs_you"
        for run in known.state.runs.values()
        for node in run.nodes.values()
    )
    under_way = _working_out(known.state)
    if under_way is not None and not asked:
        said = f"  run {under_way.number}: labelling is finished, the options are on their way"
        return [Text(said, TONES["plain"]), Text(""), *node_rows(known, under_way)]
    said = "No options yet."
    said += " Labels come first: [a] labels." if asked else " They come after labels of a batch."
    return [Text(""), Text(f"  {said}", TONES["plain"])]


def _working_out(state: SessionState) -> RunView | None:
    """The open run whose labels are given and whose options are not there yet."""
    for run in reversed(state.runs.values()):
        labelled = any(node.form == "label" and node.state == "done" for node in run.nodes.values())
        if labelled and run.offer is None and run.ended_at is None:
            return run
    return None
