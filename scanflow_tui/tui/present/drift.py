"""What the Drift screen says of a batch: histogram, verdict, p-values, classes, history. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from scanflow_tui.contract.evidence import Finding, Histogram, QueueEntry
from scanflow_tui.session.state import CheckView
from scanflow_tui.tui.known import Known
from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.tui.present.decide import wrapped
from scanflow_tui.tui.present.faces import waiting
from scanflow_tui.tui.present.label_order import is_hidden
from scanflow_tui.tui.present.numbers import count, p_value, share
from scanflow_tui.tui.theme import TONES

BLOCKS = " ▁▂▃▄▅▆▇█"
ASCII_BLOCKS = " ..::||##"
MARKS = {"clean": ("✔", "no alarm", "good"), "drift": ("⚠", "drift", "bad"),
         "too_few": ("–", "too few", "dim")}  # fmt: skip
BAR_ROWS = 4


def title(check: CheckView) -> str:
    """The verdict for the top bar: symbol, word and p."""
    symbol, word, _ = MARKS[check.finding.verdict]
    p = check.finding.p
    return f"{symbol} {word}" + (f" · p {p_value(p)}" if p is not None else "")


def story(
    check: CheckView, others: Sequence[CheckView], keys: ClassKeys, width: int, *, ascii: bool,
    limits: bool, compared: CheckView | None,
) -> list[Text]:  # fmt: skip
    """Every row of the pane, the most important first."""
    finding = check.finding
    rows = verdict_rows(check, width)
    rows.append(history_row(others, check.batch))
    for histogram in finding.histograms:
        rows += [Text(""), *histogram_rows(histogram, width, ascii=ascii)]
    if compared is not None:
        for histogram in compared.finding.histograms[:1]:
            rows += [Text(""), Text(f" for comparison, batch {compared.batch}:", TONES["dim"])]
            rows += histogram_rows(histogram, width, ascii=ascii)
    if finding.p_values:
        rows += [Text(""), *p_value_rows(finding, ascii=ascii)]
    if limits:
        rows += [Text(""), *limit_rows(finding, width)]
    if finding.classes:
        rows += [Text(""), *class_rows(finding, keys)]
    return rows


def verdict_rows(check: CheckView, width: int) -> list[Text]:
    """Verdict, p, alarm limit and sizes; the checker's sentence."""
    finding = check.finding
    symbol, word, tone = MARKS[finding.verdict]
    text = Text(f" {symbol} {word}", TONES[tone], no_wrap=True, end="")
    if finding.p is not None:
        text.append(f"  p-value {p_value(finding.p)}", TONES["strong"])
        text.append(f" · alarm limit {share(finding.alpha)}", TONES["dim"])
    rows = [text]
    if finding.verdict == "clean" and not finding.sentence:
        rows.append(Text(f" Nothing unusual in batch {check.batch}.", TONES["plain"]))
    elif finding.verdict == "too_few":
        few = f"Batch {check.batch} has {count(finding.n, 'sample')}: too few for a verdict."
        rows += wrapped(few, width, "plain")
    if finding.sentence:
        rows += wrapped(finding.sentence, width, "plain")
    sizes = f"{count(finding.n, 'sample')} against {finding.n_calibration:,} held out"
    false = share(finding.flag_share)
    flagged = f"{finding.n_flagged:,} flagged (share of false flags at most {false})"
    return rows + wrapped(f"{sizes} · {flagged}", width, "dim")


def history_row(checks: Sequence[CheckView], shown: str) -> Text:
    """One symbol a batch, oldest first; the shown one in brackets."""
    text = Text(" batches ", TONES["dim"], no_wrap=True, end="")
    for check in checks[-24:]:
        symbol, word, tone = MARKS[check.finding.verdict]
        name = check.batch.lstrip("b0") or "0"
        said = word if check.finding.verdict == "too_few" else symbol
        here = check.batch == shown
        text.append(f"[{name} {said}]" if here else f" {name} {said} ", TONES[tone])
    return text


def rebinned(counts: Sequence[int], columns: int) -> list[float]:
    """Counts spread over another number of columns, each sharing what it covers; the sum stays."""
    n = len(counts)
    found = [0.0] * columns
    for at, number in enumerate(counts):
        left, right = at * columns / n, (at + 1) * columns / n
        column = int(left)
        while column < columns and column < right:
            covered = min(right, column + 1) - max(left, column)
            found[column] += number * covered / (right - left)
            column += 1
    return found


def bars(values: Sequence[float], top: float, rows: int, *, ascii: bool) -> list[str]:
    """Columns of ``rows`` characters, exact to an eighth; what is there is never blank."""
    blocks = ASCII_BLOCKS if ascii else BLOCKS
    lines = []
    for row in range(rows - 1, -1, -1):
        line = ""
        for value in values:
            eighths = value / top * rows * 8 if top > 0 else 0.0
            if value > 0 and row == 0:
                eighths = max(eighths, 1.0)
            line += blocks[max(0, min(8, round(eighths) - row * 8))]
        lines.append(line)
    return lines


def histogram_rows(histogram: Histogram, width: int, *, ascii: bool) -> list[Text]:
    """Held-out above, batch below, the same axis and scale: shares of their own number."""
    columns = max(8, min(width - 2, len(histogram.reference)))
    if width - 2 >= 2 * columns:
        columns *= 2
    both = [rebinned(counts, columns) for counts in (histogram.reference, histogram.batch)]
    totals = [sum(values) or 1.0 for values in both]
    shares = [[v / t for v in values] for values, t in zip(both, totals, strict=True)]
    top = max(max(values) for values in shares)
    rows = []
    names = ("held-out", "batch")
    tones = ("good", "bad")
    for name, values, tone, counts in zip(
        names, shares, tones, (histogram.reference, histogram.batch), strict=True
    ):
        head = Text(f" {name}", TONES[tone], no_wrap=True, end="")
        rows.append(head.append(f"  n {sum(counts):,} · {histogram.name}", TONES["dim"]))
        rows += [
            Text(f" {line}", TONES[tone], no_wrap=True, end="")
            for line in bars(values, top, BAR_ROWS, ascii=ascii)
        ]
    low, high = f"{histogram.edges[0]:.3g}", f"{histogram.edges[-1]:.3g}"
    rows.append(Text(f" {low}{high.rjust(columns - len(low))}", TONES["dim"]))
    return rows


def p_value_rows(finding: Finding, *, ascii: bool) -> list[Text]:
    """How many samples have which p-value: even where nothing changed, high left in drift."""
    counts = finding.p_values
    top = max(max(counts), 1)
    rows = [Text(" p-values: even where nothing changed", TONES["dim"])]
    wide = [value for value in counts for _ in range(2)]
    rows += [Text(f" {line}", TONES["active"]) for line in bars(wide, top, 2, ascii=ascii)]
    rows.append(Text(f" 0{'1'.rjust(2 * len(counts) - 1)}", TONES["dim"]))
    return rows


def class_rows(finding: Finding, keys: ClassKeys) -> list[Text]:
    """By predicted class: how many, how many flagged, the median p."""
    rows = [Text(" predicted class    n  flagged  median p", TONES["dim"])]
    for item in finding.classes:
        name = f"{keys.code(item.label)} {keys.name(item.label)}"[:15]
        flagged = f"{item.flagged:>4} {item.flagged / item.n:>4.0%}" if item.n else "   0"
        rows.append(
            Text(
                f" {name:<15}{item.n:>5}{flagged}  {p_value(item.median_p):>8}", TONES["plain"],
                no_wrap=True, end="",
            )
        )  # fmt: skip
    return rows


def limit_rows(finding: Finding, width: int) -> list[Text]:
    """Limits, tests and the slices of calibration data that were used."""
    rows = [Text(" limits and sizes", TONES["dim"])]
    facts = [f"statistic {finding.statistic}", f"alarm below {finding.alpha:g}"]
    facts += [f"{name} p {p_value(p)}" for name, p in finding.tests.items()]
    rows += wrapped(" · ".join(facts), width, "plain")
    slices = " · ".join(f"{name} {sha[:8]}" for name, sha in finding.slices.items())
    if slices:
        rows += wrapped(f"slices: {slices}", width, "dim")
    return rows


def flagged(check: CheckView) -> list[QueueEntry]:
    """The flagged samples of the queue, the strangest first; none whose guess the Label screen
    hides: were only the audit share absent here, it could be told from the others.
    """
    found = [entry for entry in check.queue if entry.flagged and not is_hidden(entry)]
    return sorted(found, key=lambda entry: entry.p)


def flagged_head(check: CheckView, first: int, shown: int, total: int) -> Text:
    """``flagged 132/200``, and which of the kept ones are on screen."""
    finding = check.finding
    text = Text(f" flagged {finding.n_flagged}/{finding.n}", TONES["plain"])
    if total:
        last = min(first + shown, total)
        span = f"{last}" if shown == 1 else f"{first + 1}–{last}"
        text.append(f" · {span} of {total}", TONES["dim"])
    return text


def nothing(known: Known) -> list[Text]:
    """The faces without a batch: an error, loading, empty."""
    if known.error or known.state is None:
        return waiting(known)
    n = len(known.state.batches)
    said = f"{count(n, 'batch', 'batches')} arrived, none checked yet." if n else "No batch yet."
    hint = "" if n else " scanflow add-batch PATH brings one."
    return [Text(""), Text(f"  {said}{hint}", TONES["plain"])]
