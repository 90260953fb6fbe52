"""What the Result screen says: evaluation, gate, dialogs, what still runs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from scanflow_tui.contract.evidence import Interval, Table, TableRow, WorstClass
from scanflow_tui.session.state import RunView, SessionState
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.tui.present.decide import wrapped
from scanflow_tui.tui.present.faces import waiting
from scanflow_tui.tui.present.numbers import change, half_width, share
from scanflow_tui.tui.present.underway import node_rows
from scanflow_tui.tui.theme import TONES

WIDTHS = (14, 10, 10, 10, 12, 6)
NAMES = ("held-out", "before", "no labels", "after", "change", "n")


@dataclass(frozen=True, slots=True)
class Seen:
    """A sample of the evaluation and what became of it."""

    sample: str
    symbol: str
    word: str
    tone: str


def table_rows(table: Table, keys: ClassKeys, width: int) -> list[Text]:
    """Before, without labels and after, paired on the same images; the worst class beside."""
    head = Text(" ", TONES["dim"], no_wrap=True, end="")
    for name, room in zip(NAMES, WIDTHS, strict=True):
        head.append(name.ljust(room))
    head.append("worst class")
    return [head, *(_row(row, keys) for row in table.rows)]


def _row(row: TableRow, keys: ClassKeys) -> Text:
    wide = half_width(row.before)
    cells = (
        row.data,
        f"{share(row.before.value)} {wide}",
        "—" if row.no_labels is None else share(row.no_labels.value),
        f"{share(row.after.value)} {half_width(row.after)}",
        change(row.delta),
        f"{row.after.n}",
    )
    text = Text(" ", no_wrap=True, end="")
    for at, (cell, room) in enumerate(zip(cells, WIDTHS, strict=True)):
        text.append(cell[: room - 1].ljust(room), TONES["strong" if at in (0, 4) else "plain"])
    return text.append(_worst(row.worst_before, row.worst_after, keys), TONES["plain"])


def _worst(before: WorstClass | None, after: WorstClass | None, keys: ClassKeys) -> str:
    if before is None or after is None:
        return "—"
    names = keys.name(before.label)
    if after.label != before.label:
        names = f"{names} → {keys.name(after.label)}"
    return f"{share(before.accuracy)} → {share(after.accuracy)} {names}"


def gate_rows(table: Table, width: int) -> list[Text]:
    """What forbids a promotion first, then what should be known, then the sentence."""
    rows = []
    for refusal in table.gate.refusals:
        rows += wrapped(f"✖ the gate refuses: {refusal}", width, "bad")
    if table.gate.passes:
        rows += wrapped("✔ the gate lets it pass", width, "good")
    for warning in warnings(table):
        rows += wrapped(f"⚠ {warning}", width, "you")
    if table.sentence:
        rows += wrapped(table.sentence, width, "plain")
    return rows


def warnings(table: Table) -> list[str]:
    """What to know before promoting: the gate's words, and every gain that may be none."""
    found = list(table.gate.warnings)
    for row in table.rows:
        if row.delta.value > 0 and _holds_zero(row.delta):
            low, high = _signed(row.delta.low), _signed(row.delta.high)
            sentence = f"the gain on {row.data} may be none: its interval is {low} to {high}"
            if not any(f"gain on {row.data}" in known for known in found):
                found.append(sentence)
    return found


def _holds_zero(delta: Interval) -> bool:
    return delta.low <= 0 <= delta.high


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{share(abs(value))}"


def standing(state: SessionState, run: RunView) -> str:
    """The top bar: which version the candidate became, or would."""
    for version in state.versions.values():
        if version.run == run.number:
            is_here = version.number == state.champion
            return f"v{version.number} {'in production' if is_here else 'promoted, replaced'}"
    return f"v{next_version(state)} not promoted"


def next_version(state: SessionState) -> int:
    """The number that a promotion would get."""
    return max(state.versions, default=0) + 1


def version_before(state: SessionState) -> int | None:
    """The version to which a roll-back would go."""
    now = state.champion
    earlier = [
        version for _, version in state.champion_history if now is not None and version < now
    ]
    return earlier[-1] if earlier else None


def promote_body(state: SessionState, run: RunView, table: Table) -> str:
    """From which version to which, and what speaks against it."""
    rows = [
        f"In production: version {run.champion} → version {next_version(state)}, "
        f"made by {table.action} in run {run.number}.",
    ]
    rows += [
        f"{row.data}: {share(row.before.value)} → {share(row.after.value)} "
        f"({change(row.delta)}, n {row.after.n})"
        for row in table.rows
    ]
    rows += [f"⚠ {warning}" for warning in warnings(table)]
    rows.append("The next batch is checked with its own new reference.")
    return "\n".join(rows)


def roll_back_body(state: SessionState, to: int) -> str:
    """From which version to which."""
    version = state.versions.get(to)
    made = f", made by {version.action or version.node} in run {version.run}" if version else ""
    return (
        f"In production: version {state.champion} → version {to}{made}.\n"
        f"Version {state.champion} stays in the session and can be put back.\n"
        "Batches that wait are checked again with it."
    )


def discard_body(run: RunView, table: Table) -> str:
    """What is given up."""
    return (
        f"The candidate of run {run.number} ({table.action}) is not promoted and the run ends.\n"
        f"Version {run.champion} stays in production; the candidate's files stay in the store."
    )


def confusion_rows(table: Table, keys: ClassKeys) -> list[Text]:
    """True classes down, answers across; before and after where the evaluation kept them."""
    rows = []
    for name, matrix in (("before", table.confusion_before), ("after", table.confusion_after)):
        if not matrix:
            continue
        widest = max(len(str(number)) for line in matrix for number in line)
        room = max(widest, 2) + 1
        rows.append(Text(f" {name}: true class ↓, answer →", TONES["dim"]))
        across = "".join(f"{(keys.code(at) or str(at)):>{room}}" for at in range(len(matrix)))
        rows.append(Text(f" {'':<10}{across}", TONES["dim"], no_wrap=True, end=""))
        for at, line in enumerate(matrix):
            text = Text(f" {keys.name(at)[:9]:<10}", TONES["dim"], no_wrap=True, end="")
            for other, number in enumerate(line):
                tone = "good" if other == at else "bad" if number else "dim"
                text.append(f"{number or '·':>{room}}", TONES[tone])
            rows.append(text)
        rows.append(Text(""))
    return rows or [Text(" this evaluation kept no confusion matrix", TONES["dim"])]


def samples(table: Table) -> list[Seen]:
    """The images that changed: newly wrong first, they are the price."""
    return [
        *(Seen(sample, "!", "newly wrong", "bad") for sample in table.newly_wrong),
        *(Seen(sample, "✖", "still wrong", "you") for sample in table.still_wrong),
        *(Seen(sample, "✔", "now right", "good") for sample in table.now_right),
    ]


def images_head(first: int, shown: int, total: int, table: Table) -> Text:
    """The line above the pictures."""
    text = Text(f" ✔ {len(table.now_right)} now right", TONES["good"], no_wrap=True, end="")
    text.append(f" · ✖ {len(table.still_wrong)} still wrong", TONES["you"])
    text.append(f" · ! {len(table.newly_wrong)} newly wrong", TONES["bad"])
    if total > shown:
        text.append(f" · {first + 1}–{first + shown} of {total}", TONES["dim"])
    return text


def nothing(known: Known, run: RunView | None) -> list[Text]:
    """The faces without a table: an error, loading, or what the candidate's run is doing."""
    if known.error or known.state is None:
        return waiting(known)
    if run is None or run.decision is None:
        return [Text(""), Text("  No candidate yet: it comes after a decision.", TONES["plain"])]
    said = f"  run {run.number}: {run.decision.action} was decided, no evaluation yet"
    return [Text(said), Text(""), *node_rows(known, run)]


def of_samples(seen: Sequence[Seen], room: int) -> list[tuple[str, Text]]:
    """(sample, foot of its tile); words where they fit, the line above explains the symbols."""
    is_wide = all(len(item.word) + 2 <= room for item in seen)
    return [
        (
            item.sample,
            Text(f"{item.symbol} {item.word}" if is_wide else item.symbol, TONES[item.tone]),
        )
        for item in seen
    ]
