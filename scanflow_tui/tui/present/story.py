"""An event as one sentence for people. Pure; words kept out of the log are not needed here."""

from __future__ import annotations

from scanflow_tui.contract.states import FACES
from scanflow_tui.session import events as ev
from scanflow_tui.session.fold_labels import shown_words
from scanflow_tui.tui.present.times import duration, short, size

_LABEL_WORDS = {"unsure": "unsure", "skip": "skipped", "invalid": "not an image"}


def sentence(event: ev.Event) -> tuple[str, str, str]:
    """Symbol, where (node or part), and what happened."""
    fact = event.fact
    found = _of_attempt(fact) or _of_person(fact) or _of_session(fact)
    if found is not None:
        return found
    node = getattr(fact, "node", "") or ""
    return ("·", str(node), event.kind)


def _of_attempt(fact: ev.Fact | ev.Unknown) -> tuple[str, str, str] | None:
    match fact:
        case ev.AttemptIntended():
            return ("◌", fact.node, f"attempt {fact.attempt} is to start: {fact.reason}")
        case ev.AttemptAccepted():
            return ("◌", fact.node, f"the engine took attempt {fact.attempt}")
        case ev.AttemptQueued():
            return ("◌", fact.node, f"queued: {fact.reason}")
        case ev.AttemptStarted():
            return ("▶", fact.node, f"attempt {fact.attempt} runs")
        case ev.AttemptEnded():
            face = FACES[fact.state]
            tail = f": {fact.reason}" if fact.reason else ""
            return (face.symbol, fact.node, f"{face.word} in {duration(fact.seconds)}{tail}")
        case ev.AttemptExplained():
            return ("!", fact.node, fact.reason)
        case ev.MetricReported():
            return ("·", fact.node, f"{fact.name} {fact.value:.4g}")
        case ev.VitalSampled():
            share = "" if fact.progress is None else f"{fact.progress:.0%} "
            return ("·", fact.node, f"{share}{fact.text}" or _used(fact))
        case ev.NodeCached():
            return ("≡", fact.node, f"cached: {fact.reason}")
        case ev.NodeSkipped():
            return ("–", fact.node, f"skipped: {fact.reason}")
        case ev.NodeEnded():
            return (FACES[fact.state].symbol, fact.node, FACES[fact.state].word)
        case ev.CheckFound():
            finding = fact.finding
            text = f"{finding.n_flagged} of {finding.n} flagged"
            return ("⚠" if finding.verdict == "drift" else "✔", fact.node, finding.sentence or text)
        case ev.QueueDrawn():
            return ("·", fact.node, f"{len(fact.entries)} more samples for the queue")
    return None


def _used(fact: ev.VitalSampled) -> str:
    parts = ["runs"]
    if fact.cpu_s is not None:
        parts.append(f"cpu {duration(fact.cpu_s)}")
    if fact.rss_bytes is not None:
        parts.append(f"memory {size(fact.rss_bytes)}")
    return ", ".join(parts)


def _of_person(fact: ev.Fact | ev.Unknown) -> tuple[str, str, str] | None:
    match fact:
        case ev.PersonAsked():
            return ("?", fact.node, fact.text or f"asks a person to {fact.form}")
        case ev.LabelGiven():
            word = _LABEL_WORDS.get(fact.label_kind, f"class {fact.value}")
            if fact.label_kind == "rejected":
                word = f"not class {fact.value}"
            again = "" if fact.redoes is None else " again"
            where = f" · {fact.order}, place {fact.place + 1}" if fact.place >= 0 else ""
            seen = f" · {shown_words(fact)}{where}" if fact.view else ""
            text = f"{fact.sample} is {word}{again}, {fact.ms / 1000:.1f} s on screen{seen}"
            return ("✓", fact.node, text)
        case ev.LabelUndone():
            return ("↺", fact.node, f"the label of {fact.sample} was taken back")
        case ev.NoteWritten():
            return ("·", fact.node, f"a note on {fact.sample}")
        case ev.ImportBegan():
            return ("▶", fact.node, f"{fact.n_labels} labels of a {fact.form} file are brought in")
        case ev.LabelImported():
            word = _LABEL_WORDS.get(fact.label_kind, f"class {fact.value}")
            if fact.label_kind == "rejected":
                word = f"not class {fact.value}"
            return ("✓", fact.node, f"{fact.sample} is {word}, a file says of {fact.author}")
        case ev.NoteImported():
            return ("·", fact.node, f"a note on {fact.sample}, a file says of {fact.author}")
        case ev.ImportEnded():
            return ("✓", fact.node, f"the labels of import {fact.begun} are in force")
        case ev.ImportUndone():
            return ("↺", fact.node, f"all labels of import {fact.begun} were taken back")
        case ev.PlaceKept():
            return ("·", fact.node, f"somebody is at {fact.sample}, order {fact.order}")
        case ev.LabellingFinished():
            return ("✔", fact.node, f"{fact.n_labelled} labelled, {fact.n_left} left")
        case ev.OptionsOffered():
            return ("?", fact.node, fact.options.sentence)
        case ev.DecisionTaken():
            return ("✔", fact.node, f"decided: {fact.action} ({fact.option})")
        case ev.EvaluationMade():
            return ("✔", fact.node, fact.table.sentence)
        case ev.CandidateDiscarded():
            return ("⊘", fact.node, "the candidate was not promoted")
        case ev.ModelPromoted():
            return ("✔", fact.node, f"version {fact.version} is in production")
        case ev.ModelRolledBack():
            return ("✔", "model", f"version {fact.version} is back in production")
        case ev.CancelAsked():
            return ("⊘", fact.node or "run", "was asked to stop")
        case ev.RetryAsked():
            return ("↻", fact.node or "run", "is to be tried again")
        case ev.RunResumed():
            return ("↻", f"run {fact.run}", f"goes on with new {', '.join(fact.changes)}")
        case ev.CommandRefused():
            return ("✖", fact.command, f"refused: {fact.what}")
    return None


def _of_session(fact: ev.Fact | ev.Unknown) -> tuple[str, str, str] | None:
    match fact:
        case ev.SessionOpened():
            return ("·", "session", f"{fact.name} was made")
        case ev.SupervisorStarted():
            tail = f"; {fact.recovered}" if fact.recovered else ""
            return ("▶", "supervisor", f"started with engine {fact.engine}{tail}")
        case ev.SupervisorLeft():
            return ("·", "supervisor", f"left: {fact.reason}")
        case ev.PipelineRead():
            return ("·", "pipeline", "was read")
        case ev.BatchArrived():
            return ("▶", fact.batch, f"arrived, {fact.n_files} files ({short(fact.artifact)})")
        case ev.RunPlanned():
            n_run = sum(node.verdict == "run" for node in fact.nodes)
            return ("▶", f"run {fact.run}", f"planned: {n_run} of {len(fact.nodes)} nodes run")
        case ev.RunEnded():
            face = FACES[fact.state]
            return (face.symbol, f"run {fact.run}", f"{face.word} {fact.reason}".rstrip())
        case ev.MessageSent():
            return ("▶", fact.sender, f"to {fact.receiver}: {fact.text or fact.topic}")
        case ev.HeadIssued():
            return ("·", "receipt", f"up to event {fact.upto}")
        case ev.ContentErased():
            return ("·", "content", f"{short(fact.digest)} was erased: {fact.reason}")
        case ev.EngineSeen():
            state = "reachable" if fact.reachable else "unreachable"
            return ("·" if fact.reachable else "⚠", "engine", f"{state} {fact.text}".rstrip())
    return None
