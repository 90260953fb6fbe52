"""``scanflow logs``: the log of a step, whole or followed."""

from __future__ import annotations

from difflib import get_close_matches

from scanflow_tui.cli import output, reach
from scanflow_tui.cli.link import Link
from scanflow_tui.client.source import Ref
from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.contract.loglines import Decoder, Line, sanitise
from scanflow_tui.contract.states import ATTEMPT_ENDED, RUN_ENDED
from scanflow_tui.session.state import AttemptView, RunView
from scanflow_tui.session.unreached import named, unreached

WORDS = {"stdout": "out", "stderr": "ERR", "engine": "***"}


def execute(
    node: str,
    session: str | None,
    number: int | None,
    attempt: int | None,
    follow: bool,
    root: str | None,
    as_json: bool,
) -> int:
    """Print the lines, each with its time and stream; escape sequences are shown as text."""
    way = reach.acting if follow else reach.reading
    with way(session, root) as link:
        run = reach.latest_run(link.state, number, lambda run: _is_started(run, node))
        while follow and node in run.nodes and not _is_started(run, node) and not _is_over(run):
            link.next()
        view = attempt_of(run, node, attempt)
        decoder = Decoder()
        offset = _print(link, view, decoder, 0, as_json)
        while follow and view.state not in ATTEMPT_ENDED:
            link.next()
            view = attempt_of(link.state.runs[run.number], node, view.number)
            offset = _print(link, view, decoder, offset, as_json)
        for line in decoder.flush():
            _write(line, as_json)
    return 0


def _is_started(run: RunView, node: str) -> bool:
    return node in run.nodes and bool(run.nodes[node].attempts)


def _is_over(run: RunView) -> bool:
    return run.state in RUN_ENDED


def attempt_of(run: RunView, node: str, number: int | None) -> AttemptView:
    """A try of a node, the latest unless a number is given. Raises UsageError."""
    found = run.nodes.get(node)
    if found is None:
        near = get_close_matches(node, run.nodes, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"It has {named(list(run.nodes))}."
        raise UsageError(f"run {run.number} has no node {node!r}", hint=hint)
    if not found.attempts:
        why = unreached(run, found) or found.reason
        raise UsageError(f"node {node} of run {run.number} was not started: {why}")
    if number is None:
        return found.attempts[-1]
    for item in found.attempts:
        if item.number == number:
            return item
    raise UsageError(f"node {node} has no attempt {number}", hint=f"It has {len(found.attempts)}.")


def _print(link: Link, view: AttemptView, decoder: Decoder, offset: int, as_json: bool) -> int:
    """Print from an offset on; where the log goes on."""
    while True:
        chunk = link.read(Ref("log", view.name), offset, limits.READ_BYTES_MAX)
        if chunk.note:
            output.note(chunk.note)
        for line in decoder.feed(chunk.data):
            _write(line, as_json)
        offset += len(chunk.data)
        if not chunk.data or offset >= chunk.size:
            # Whoever follows through a pipe must see a line when it is there.
            output.flush()
            return offset


def _write(line: Line, as_json: bool) -> None:
    word = WORDS[line.stream]
    text = sanitise(line.text)
    if as_json:
        output.write_line({"at": line.at_us, "stream": line.stream, "text": text})
    else:
        output.write(f"{word} {text}")
