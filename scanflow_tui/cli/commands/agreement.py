"""``scanflow agreement``: how far annotators agree, what they dispute, which labels look wrong.

It reads and changes nothing; a second look is taken on the Label screen.
"""

from __future__ import annotations

import io
from dataclasses import asdict
from typing import Any

import numpy as np

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.guests import refuse_early
from scanflow_tui.cli.link import Link
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.errors import Refused, ScanflowError
from scanflow_tui.contract.evidence import QUEUE_FEATURES
from scanflow_tui.images.opening import Opened, open_image
from scanflow_tui.labels.doubt import PREDICTED_MIN
from scanflow_tui.labels.review import Review, review
from scanflow_tui.session.state import LabelDesk, RunView, SessionState
from scanflow_tui.workflow.lint import read

SIDE_PX = 16
"""Pictures are compared at this size, where the check kept no features."""
SHOWN_MAX = 20


def execute(session: str | None, number: int | None, root: str | None, as_json: bool) -> int:
    """The desk of a run, or of the latest that was labelled."""
    with reach.reading(session, root) as link:
        run, desk = _labelled(link.state, number)
        refuse_early(link.state, desk, "how far people agree")
        queue = run.check.queue if run.check else ()
        classes = read(link.state.pipelines[run.pipeline]).classes
        samples = [entry.id for entry in queue]
        features = _features(link, run)
        found = review(desk.labels, samples, len(classes), features)
        names = _names(link)
    if as_json:
        output.write_json(_as_json(run, found, names, classes, samples))
    else:
        _print(run, found, names, classes, len(samples))
    return 0


def _labelled(state: SessionState, number: int | None) -> tuple[RunView, LabelDesk]:
    desks = {desk.run: desk for desk in state.desks.values() if desk.labels}
    run = reach.latest_run(state, number, lambda run: run.number in desks)
    if run.number not in desks:
        raise Refused(f"nothing was labelled in run {run.number}")
    return run, desks[run.number]


def _names(link: Link) -> dict[str, str]:
    """The logins of those who took part, as far as they are kept."""
    found = {}
    for actor, digest in link.state.names.items():
        try:
            found[actor] = link.read(Ref("content", digest)).data.decode("utf-8", "replace")
        except ScanflowError:
            continue  # erased: the number stands for them
    return found


def _features(link: Link, run: RunView) -> dict[str, Any]:
    """What the model sees in each sample; of a check that kept none, small pictures."""
    check = run.check
    if check is None:
        return {}
    output_of = run.nodes[check.node].outputs.get("queue")
    try:
        if output_of is not None:
            data = link.read(Ref("artifact", output_of.sha, QUEUE_FEATURES)).data
            rows = np.load(io.BytesIO(data), allow_pickle=False)
            if rows.ndim == 2 and len(rows) == len(check.queue) and np.isfinite(rows).all():
                return {entry.id: row for entry, row in zip(check.queue, rows, strict=True)}
    except (ScanflowError, ValueError, OSError, EOFError):
        pass  # an older check, or a queue that is not in the store any more
    found = {}
    for entry in check.queue:
        row = _small(link, check.thumbnails.get(entry.id, ""))
        if row is not None:
            found[entry.id] = row
    return found


def _small(link: Link, digest: str) -> Any:
    """A picture's brightness on a small grid, or None where it cannot be read."""
    try:
        opened = open_image(link.read(Ref("content", digest)).data) if digest else None
    except ScanflowError:
        return None
    if not isinstance(opened, Opened):
        return None
    grey = np.asarray(opened.pixels, dtype=np.float64)
    grey = grey.mean(axis=2) if grey.ndim == 3 else grey
    rows = np.linspace(0, len(grey) - 1, SIDE_PX).round().astype(int)
    columns = np.linspace(0, grey.shape[1] - 1, SIDE_PX).round().astype(int)
    return grey[np.ix_(rows, columns)].ravel()


def _print(
    run: RunView, found: Review, names: dict[str, str], classes: tuple[str, ...], n: int
) -> None:
    def named(who: str) -> str:
        return names.get(who, who.removeprefix("human:"))

    def class_of(value: int) -> str:
        return classes[value] if value < len(classes) else "not valid"

    output.write(f"run {run.number}: {len(found.settled)} of {n} samples have a word")
    output.table(
        ("annotator", "labels", "shown again", "same word", "right, estimated"),
        [
            (
                named(one.who),
                str(one.n),
                str(one.n_again),
                str(one.n_same) if one.n_again else "–",
                _figure(one.right),
            )
            for one in found.people
        ],
    )
    if found.n_several:
        output.write(
            f"{found.n_several} samples have several words; Krippendorff's alpha "
            f"{_figure(found.alpha)}"
        )
        output.table(
            ("pair", "both", "same", "Cohen's kappa"),
            [
                (f"{named(p.one)}, {named(p.other)}", str(p.n), str(p.n_same), _figure(p.kappa))
                for p in found.pairs
                if p.n
            ],
        )
    output.write(f"{len(found.disputed)} disputed, {_judged(found)}")
    rows = [
        (sample, "disputed", f"likeliest {class_of(_value(found, sample, len(classes)))}")
        for sample in found.disputed
    ]
    rows += [
        (one.sample, f"labelled {class_of(one.given)}", f"looks like {class_of(one.looks_like)}")
        for one in found.suspects
    ]
    if rows:
        output.table(("sample", "word", "look again"), rows[:SHOWN_MAX])
        more = f"; {len(rows) - SHOWN_MAX} more with --json" if len(rows) > SHOWN_MAX else ""
        output.write(f"Nothing was changed: on the Label screen, O, second look{more}.")


def _judged(found: Review) -> str:
    """How many labels look wrong, and what that says."""
    if found.predicted is None:
        return "too few labels to judge one by the others"
    said = f"the other labels predict {found.predicted:.0%} of {found.n_judged} from the pictures"
    if found.predicted < PREDICTED_MIN:
        return f"no label is doubted: {said}, which is too little"
    return f"{len(found.suspects)} labels look wrong ({said})"


def _value(found: Review, sample: str, invalid: int) -> int:
    value = found.settled[sample].value
    return invalid if value is None else value


def _as_json(
    run: RunView,
    found: Review,
    names: dict[str, str],
    classes: tuple[str, ...],
    samples: list[str],
) -> dict[str, Any]:
    return {
        "run": run.number,
        "classes": list(classes),
        "samples": len(samples),
        "with_a_word": len(found.settled),
        "annotators": [asdict(one) | {"name": names.get(one.who, "")} for one in found.people],
        "pairs": [asdict(pair) for pair in found.pairs],
        "several_words": found.n_several,
        "krippendorff_alpha": found.alpha,
        "disputed": [{"sample": name} | asdict(found.settled[name]) for name in found.disputed],
        "look_wrong": [asdict(one) for one in found.suspects],
        "judged": found.n_judged,
        "predicted": found.predicted,
    }


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
