"""What people were asked and what they answered, as parts of the conversation beside messages."""

from __future__ import annotations

from scanflow_tui.session import events as ev
from scanflow_tui.session.state import MessageView

ALL = "all"
"""The receiver of what is said to nobody in particular."""

_HEARS = (
    ev.PersonAsked,
    ev.LabellingFinished,
    ev.DecisionTaken,
    ev.EvaluationMade,
    ev.ModelPromoted,
    ev.CandidateDiscarded,
)


def said(event: ev.Event) -> MessageView | None:
    """A person's part of the conversation, or what was said to one; None for other events."""
    fact = event.fact
    if not isinstance(fact, _HEARS) or fact.run is None:
        return None
    sender, receiver, topic, text = _words(fact)
    return MessageView(event.seq, event.at, fact.run, sender, receiver, topic, text)


def _words(fact: ev.Fact) -> tuple[str, str, str, str]:
    """Sender, receiver, topic and sentence."""
    match fact:
        case ev.PersonAsked():
            return "supervisor", fact.node, "asks", fact.text or f"to {fact.form}"
        case ev.LabellingFinished():
            text = f"{fact.n_labelled} labelled, {fact.n_unsure} unsure, {fact.n_left} left"
            return fact.node, "supervisor", "labels", text
        case ev.DecisionTaken():
            return fact.node, "supervisor", "decision", f"{fact.action} ({fact.option})"
        case ev.EvaluationMade():
            return fact.node, ALL, "evaluation", fact.table.sentence
        case ev.ModelPromoted():
            why = f" by {fact.action}" if fact.action else ""
            return fact.node, ALL, "promoted", f"version {fact.version} is in production{why}"
        case ev.CandidateDiscarded():
            return fact.node, ALL, "discarded", "the candidate was not promoted"
    raise AssertionError(fact)
