"""``scanflow decide``: show the evidence, or choose an option with a reason."""

from __future__ import annotations

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.figures import change
from scanflow_tui.cli.running import follow, report
from scanflow_tui.contract.commands import Decide
from scanflow_tui.contract.errors import PersonNeeded, Refused
from scanflow_tui.contract.evidence import to_json
from scanflow_tui.session.folds import needs
from scanflow_tui.session.state import Offer, SessionState


def execute(
    option: str | None, session: str | None, reason: str, root: str | None, as_json: bool
) -> int:
    """Without an option print the repair plan (exit 7); with one take the decision and follow."""
    if option is None:
        with reach.reading(session, root) as link:
            _, offer = _asked(link.state)
        show(offer, as_json)
        return PersonNeeded.exit_code
    with reach.acting(session, root) as link:
        run, offer = _asked(link.state)
        node = next(
            name for number, name, form in needs(link.state) if (number, form) == (run, "decide")
        )
        link.send(Decide(run, node, option, reason, offer.evidence))
        # The decision stands; the node ends when its file is in the store.
        link.wait(lambda state: state.runs[run].nodes[node].state != "needs_you" or None)
        follow(link, run)
        state = link.state
    return report(state, run, as_json, detached=False)


def _asked(state: SessionState) -> tuple[int, Offer]:
    for run, _, form in needs(state):
        offer = state.runs[run].offer
        if form == "decide" and offer is not None:
            return run, offer
    raise Refused(f"session {state.name} asks for no decision now")


def show(offer: Offer, as_json: bool) -> None:
    """Print the repair plan."""
    plan = offer.options
    if as_json:
        output.write_json({"run": offer.run, "evidence": offer.evidence, **to_json(plan)})
        return
    output.write(plan.sentence)
    rows = []
    for item in plan.options:
        found = item.evidence
        rows.append(
            (
                item.id,
                item.title,
                change(found.before, found.after),
                change(found.clean_before, found.clean_after),
                f"{found.seconds:.0f} s" if found.seconds else "",
                found.why,
            )
        )
    output.table(("option", "", "drifted", "clean", "time", "why"), rows)
