"""What several people at one label node mean for a screen: whose queue it is, what is looked at
again. Pure, but for reading features.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Mapping, Sequence

from scanflow_tui.client.source import Ref, Source
from scanflow_tui.contract.errors import ScanflowError
from scanflow_tui.contract.evidence import QUEUE_FEATURES, QueueEntry
from scanflow_tui.labels.assign import AGAIN, Part, part_of
from scanflow_tui.session.fold_labels import SECOND_LOOK
from scanflow_tui.session.state import CheckView, LabelDesk, RunView, SessionState
from scanflow_tui.tui.labelling.annotating import Annotating
from scanflow_tui.tui.present.class_keys import ClassKeys
from scanflow_tui.workflow.graph import Multigraph


def is_guest(state: SessionState, me: str) -> bool:
    """Whether somebody labels whom the owner admitted, or had admitted."""
    if state.shared is not None:
        return state.shared.owner != me
    return any(me in desk.annotators for desk in state.desks.values())


def must_join(state: SessionState, desk: LabelDesk, me: str) -> bool:
    """Whether a part of the queue has to be asked for first."""
    return is_guest(state, me) and not desk.finished and me not in desk.annotators


def my_part(desk: LabelDesk, check: CheckView, graph: Multigraph | None, me: str) -> Part:
    """The samples that a person is asked, and which need their own word."""
    node = next((node for node in graph.nodes if node.id == desk.node), None) if graph else None
    known = set(desk.annotators)
    said = {sample: known & by.keys() for sample, by in desk.labels.items()} if known else {}
    return part_of(
        check.queue,
        desk.annotators,
        me,
        overlap=None if node is None else node.overlap,
        repeats=None if node is None else node.repeats,
        said=said,
    )


def with_sample(part: Part, entry: QueueEntry) -> Part:
    """A part that holds this sample in any case: a key that is about to be pressed is for it."""
    if any(one.id == entry.id for one in part.entries):
        return part
    return Part((*part.entries, entry), part.mine | {entry.id})


def again_in(part: Part) -> tuple[QueueEntry, ...]:
    """The second showings in a part, all of which need the person's own word."""
    if not part.mine:
        return ()
    return tuple(e for e in part.entries if e.id.endswith(AGAIN) and e.id in part.mine)


def with_again(pictures: Mapping[str, str], entries: Sequence[QueueEntry]) -> Mapping[str, str]:
    """Pictures by sample, those shown again too."""
    again = {
        entry.id: pictures.get(entry.id.removesuffix(AGAIN), "")
        for entry in entries
        if entry.id.endswith(AGAIN) and entry.id not in pictures
    }
    return {**pictures, **again} if again else pictures


def note_digest(source: Source | None, work: Annotating, sample: str) -> str:
    """The note to show: others' notes say too much of an image whose guess is hidden, where one
    labels it.
    """
    is_live = source is not None and source.writable
    is_alone = work.order != SECOND_LOOK and work.is_hidden(work.queue.entries[sample])
    return work.queue.note_digest(sample, own=is_live and is_alone)


async def second_look(
    source: Source | None, run: RunView, check: CheckView, desk: LabelDesk, n_classes: int
) -> tuple[str, ...]:
    """What is disputed, or looks wrong by the other labels: the samples to look at again."""
    features = await _features(source, run, check)

    def look() -> tuple[str, ...]:
        # numpy is loaded when somebody asks for this, and never before the first paint.
        from scanflow_tui.labels.review import review

        samples = [entry.id for entry in check.queue]
        return review(dict(desk.labels), samples, n_classes, features()).second_look

    return await asyncio.to_thread(look)


def progress(
    desk: LabelDesk, check: CheckView, graph: Multigraph | None, named: Mapping[str, str]
) -> list[str]:
    """How far each guest is with their part: ``ana 12 of 30``."""
    said: dict[str, set[str]] = {who: set() for who in desk.annotators}
    for sample, by in desk.labels.items():
        for who in by.keys() & said.keys():
            said[who].add(sample)
    found = []
    for who, samples in said.items():
        asked = {entry.id for entry in my_part(desk, check, graph, who).entries}
        found.append(f"{name_of(who, named)} {len(samples & asked)} of {len(asked)}")
    return found


def name_of(who: str, named: Mapping[str, str]) -> str:
    """A login, where it is kept and this machine knows one; else the user's number."""
    name = named.get(who, "")
    if name and not name.isdigit():
        return name
    return who.removeprefix("human:").removeprefix("said:")


def said_of(desk: LabelDesk, sample: str, keys: ClassKeys, named: Mapping[str, str]) -> str:
    """Who said what of a sample, in one line."""
    words = []
    for who, word in sorted(desk.labels.get(sample, {}).items()):
        name = name_of(who, named)
        is_class = word.value is not None and word.value < len(keys.names)
        said = keys.names[word.value or 0] if is_class else word.kind
        words.append(f"{name}: {'not ' if word.kind == 'rejected' else ''}{said}")
    return "said so far: " + (" · ".join(words) or "nothing")


async def _features(
    source: Source | None, run: RunView, check: CheckView
) -> Callable[[], dict[str, Sequence[float]]]:
    """A function that gives what the model saw of each sample; nothing where none was kept."""
    made = run.nodes[check.node].outputs.get("queue") if check.node in run.nodes else None
    data = b""
    if source is not None and made is not None:
        try:
            data = (await source.read(Ref("artifact", made.sha, QUEUE_FEATURES))).data
        except ScanflowError:
            data = b""

    def features() -> dict[str, Sequence[float]]:
        import numpy as np

        try:
            rows = np.load(io.BytesIO(data), allow_pickle=False) if data else np.empty(0)
        except (ValueError, EOFError, OSError):
            return {}
        if rows.ndim != 2 or len(rows) != len(check.queue) or not np.isfinite(rows).all():
            return {}
        return {entry.id: row for entry, row in zip(check.queue, rows, strict=True)}

    return features
