"""``fold``: a session's state after one more event. Pure seen from outside, in place inside.

One function an event kind, in one table. A fold never raises and never judges: an event that fits
nothing (an unknown run, a repeated outcome) changes only ``seq`` and ``at``: the machine refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import structs

from scanflow_tui.contract.limits import REPLIES_KEPT_PER_CLIENT
from scanflow_tui.contract.states import FACES
from scanflow_tui.session import events as ev
from scanflow_tui.session import fold_imports, fold_labels, fold_runs, fold_talk, fold_team
from scanflow_tui.session.fold_labels import redoable, undoable
from scanflow_tui.session.fold_runs import open_runs
from scanflow_tui.session.state import (
    BatchView,
    CheckView,
    ClientReplies,
    DecisionView,
    MessageView,
    NodeView,
    Offer,
    RunView,
    SessionState,
    Version,
)

__all__ = [
    "fold",
    "needs",
    "open_conversation",
    "open_runs",
    "redoable",
    "replay",
    "summary",
    "undoable",
    "word",
]

Folder = Callable[[SessionState, ev.Event, Any], None]


def fold(state: SessionState, event: ev.Event) -> None:
    """Apply one event, in place. Costs no more the longer the session is."""
    state.seq = event.seq
    state.at = event.at
    if event.command is not None:
        _answer(state, event, event.command)
    message = fold_talk.said(event)
    if message is not None:
        state.said.append(message)
    folder = FOLDERS.get(type(event.fact))
    if folder is None:
        state.unknown += isinstance(event.fact, ev.Unknown)
    else:
        folder(state, event, event.fact)


def replay(events: Iterable[ev.Event]) -> SessionState:
    """The state after these events, from event 0 on."""
    state = SessionState()
    for event in events:
        fold(state, event)
    return state


def needs(state: SessionState) -> list[tuple[int, str, str]]:
    """Every human node that waits for a person: (run, node, form), oldest run first."""
    return [
        (run.number, node.id, node.form)
        for run in open_runs(state)
        if run.n_needs
        for node in run.nodes.values()
        if node.state == "needs_you" and not asks_nothing(run, node)
    ]


def asks_nothing(run: RunView, node: NodeView) -> bool:
    """Whether a label node has no sample: it goes on by itself."""
    return node.form == "label" and run.check is not None and not run.check.queue


def open_conversation(state: SessionState) -> int | None:
    """The run that has asked a person and has not ended."""
    return state.conversation


def word(state: SessionState) -> str:
    """The session in one state word: its most urgent open run, else its latest, else ``empty``."""
    states = {run.state for run in open_runs(state)}
    for urgent in ("needs_you", "running", "waiting"):
        if urgent in states:
            return urgent
    return state.runs[max(state.runs)].state if state.runs else "empty"


def summary(state: SessionState) -> str:
    """One line for the list of sessions: what it waits for, does, or came to."""
    asked = needs(state)
    if asked:
        run, node, form = asked[0]
        more = f" (and {len(asked) - 1} more)" if len(asked) > 1 else ""
        return f"run {run} needs you: {_ACTS.get(form, form)} at {node}{more}"
    opened = open_runs(state)
    for run_view in opened:
        active = [node for node in run_view.nodes.values() if node.state in fold_runs.ACTIVE]
        under_way = [node.id for node in active if node.state != "queued"]
        if under_way:
            return f"run {run_view.number}: {', '.join(under_way[:3])} running"
        if active:
            queued = ", ".join(node.id for node in active[:3])
            return f"run {run_view.number}: {queued} queued"
    if opened:
        return f"run {opened[0].number} is {opened[0].state}"
    if not state.runs:
        return f"{len(state.batches)} batches wait for a model" if state.batches else "nothing yet"
    last = state.runs[max(state.runs)]
    model = f", model v{state.champion} in production" if state.champion is not None else ""
    return f"run {last.number} {FACES[last.state].word}{model}"


_ACTS = {"label": "label samples", "decide": "decide", "approve": "approve or discard"}


def _answer(state: SessionState, event: ev.Event, command: str) -> None:
    """Keep what a client's command came to: its last event, for the newest 256 commands."""
    client, _, text = command.rpartition(":")
    if not text.isascii() or not text.isdigit():
        return
    counter = int(text)
    kept = state.clients.get(client)
    if kept is None:
        kept = state.clients[client] = ClientReplies()
    if counter <= kept.highest - REPLIES_KEPT_PER_CLIENT:
        return
    if counter == kept.highest + 1:
        kept.replies.pop(counter - REPLIES_KEPT_PER_CLIENT, None)
        kept.refusals.pop(counter - REPLIES_KEPT_PER_CLIENT, None)
    elif counter > kept.highest:
        first = counter - REPLIES_KEPT_PER_CLIENT
        kept.replies = {key: seq for key, seq in kept.replies.items() if key > first}
        kept.refusals = {key: told for key, told in kept.refusals.items() if key > first}
    kept.highest = max(kept.highest, counter)
    kept.replies[counter] = event.seq
    fact = event.fact
    if isinstance(fact, ev.CommandRefused):
        kept.refusals[counter] = (fact.what, fact.where, fact.hint, fact.code)


def _session_opened(state: SessionState, event: ev.Event, fact: ev.SessionOpened) -> None:
    state.session = fact.session
    state.name = fact.name
    state.engine = fact.engine
    state.folder_content = fact.folder_content
    state.pipeline_content = fact.pipeline_content
    state.opened_at = event.at


def _supervisor_started(state: SessionState, event: ev.Event, fact: ev.SupervisorStarted) -> None:
    state.supervisors += 1
    state.engine = fact.engine
    state.engine_reason = fact.engine_reason


def _engine_seen(state: SessionState, event: ev.Event, fact: ev.EngineSeen) -> None:
    state.engine_reachable = fact.reachable
    state.engine_text = fact.text


def _pipeline_read(state: SessionState, event: ev.Event, fact: ev.PipelineRead) -> None:
    state.pipelines.append(fact.text)


def _batch_arrived(state: SessionState, event: ev.Event, fact: ev.BatchArrived) -> None:
    state.batches[fact.batch] = BatchView(
        fact.batch, fact.artifact, fact.n_bytes, fact.n_files, fact.name_content, event.at
    )


def _message_sent(state: SessionState, event: ev.Event, fact: ev.MessageSent) -> None:
    message = MessageView(
        event.seq, event.at, fact.run, fact.sender, fact.receiver, fact.topic, fact.text
    )
    state.messages.append(message)
    state.said.append(message)
    run = state.runs.get(fact.run)
    node = None if run is None else run.nodes.get(fact.sender)
    if node is not None and fact.attempt is not None:
        for attempt in node.attempts:
            attempt.n_messages += attempt.number == fact.attempt


def _check_found(state: SessionState, event: ev.Event, fact: ev.CheckFound) -> None:
    run = state.runs.get(fact.run)
    if run is not None:
        run.check = CheckView(
            event.seq, fact.run, fact.node, fact.batch, fact.finding, fact.queue,
            dict(fact.thumbnails),
        )  # fmt: skip
        fold_runs.derive(state, run)


def _queue_drawn(state: SessionState, event: ev.Event, fact: ev.QueueDrawn) -> None:
    run = state.runs.get(fact.run)
    check = None if run is None else run.check
    if run is None or check is None or check.node != fact.node:
        return
    # The pictures are the state's own; the entries are copied once every 1,000, which is cheap.
    check.thumbnails.update(fact.thumbnails)
    run.check = structs.replace(check, queue=check.queue + fact.entries)


def _options_offered(state: SessionState, event: ev.Event, fact: ev.OptionsOffered) -> None:
    run = state.runs.get(fact.run)
    if run is not None:
        run.offer = Offer(fact.run, fact.node, fact.options, fact.evidence)


def _decision_taken(state: SessionState, event: ev.Event, fact: ev.DecisionTaken) -> None:
    decision = DecisionView(
        event.seq,
        event.at,
        event.actor,
        fact.run,
        fact.node,
        fact.option,
        fact.action,
        fact.reason_content,
        fact.evidence,
    )
    state.decisions.append(decision)
    run = state.runs.get(fact.run)
    if run is not None:
        run.decision = decision


def _evaluation_made(state: SessionState, event: ev.Event, fact: ev.EvaluationMade) -> None:
    run = state.runs.get(fact.run)
    if run is not None:
        run.table = fact.table


def _model_promoted(state: SessionState, event: ev.Event, fact: ev.ModelPromoted) -> None:
    state.versions[fact.version] = Version(
        fact.version, fact.run, fact.node, fact.outputs, fact.action, event.at
    )
    state.champion = fact.version
    state.champion_history.append((event.seq, fact.version))


def _model_rolled_back(state: SessionState, event: ev.Event, fact: ev.ModelRolledBack) -> None:
    state.champion = fact.version
    state.champion_history.append((event.seq, fact.version))


def _head_issued(state: SessionState, event: ev.Event, fact: ev.HeadIssued) -> None:
    state.heads.append((fact.upto, fact.head, fact.place))


def _content_erased(state: SessionState, event: ev.Event, fact: ev.ContentErased) -> None:
    state.erased.add(fact.digest)


def _nothing(state: SessionState, event: ev.Event, fact: ev.Fact) -> None:
    """The event is history and changes nothing that is in force."""


FOLDERS: dict[type, Folder] = {
    ev.SessionOpened: _session_opened,
    ev.SupervisorStarted: _supervisor_started,
    ev.SupervisorLeft: _nothing,
    ev.PipelineRead: _pipeline_read,
    ev.BatchArrived: _batch_arrived,
    ev.RunPlanned: fold_runs.run_planned,
    ev.RunEnded: fold_runs.run_ended,
    ev.NodeSkipped: fold_runs.node_skipped,
    ev.NodeCached: fold_runs.node_cached,
    ev.AttemptIntended: fold_runs.attempt_intended,
    ev.AttemptAccepted: fold_runs.attempt_accepted,
    ev.AttemptQueued: fold_runs.attempt_queued,
    ev.AttemptStarted: fold_runs.attempt_started,
    ev.MetricReported: fold_runs.metric_reported,
    ev.VitalSampled: fold_runs.vital_sampled,
    ev.AttemptEnded: fold_runs.attempt_ended,
    ev.AttemptExplained: fold_runs.attempt_explained,
    ev.MessageSent: _message_sent,
    ev.CheckFound: _check_found,
    ev.QueueDrawn: _queue_drawn,
    ev.PersonAsked: fold_runs.person_asked,
    ev.LabelGiven: fold_labels.label_given,
    ev.LabelUndone: fold_labels.label_undone,
    ev.NoteWritten: fold_labels.note_written,
    ev.ImportBegan: fold_imports.import_began,
    ev.LabelImported: fold_imports.label_imported,
    ev.NoteImported: fold_imports.note_imported,
    ev.ImportEnded: fold_imports.import_ended,
    ev.ImportUndone: fold_imports.import_undone,
    ev.LabellingFinished: fold_labels.labelling_finished,
    ev.PlaceKept: fold_labels.place_kept,
    ev.OptionsOffered: _options_offered,
    ev.DecisionTaken: _decision_taken,
    ev.EvaluationMade: _evaluation_made,
    ev.NodeEnded: fold_runs.node_ended,
    ev.ModelPromoted: _model_promoted,
    ev.CandidateDiscarded: _nothing,
    ev.ModelRolledBack: _model_rolled_back,
    ev.CancelAsked: fold_runs.cancel_asked,
    ev.RetryAsked: fold_runs.retry_asked,
    ev.RunResumed: fold_runs.run_resumed,
    ev.CommandRefused: _nothing,
    ev.HeadIssued: _head_issued,
    ev.ContentErased: _content_erased,
    ev.EngineSeen: _engine_seen,
    ev.SessionShared: fold_team.session_shared,
    ev.SessionUnshared: fold_team.session_unshared,
    ev.AnnotatorJoined: fold_team.annotator_joined,
}
