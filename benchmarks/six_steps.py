"""Six steps that count aloud, and what has to be true of their run whatever died beside them.

Step ``four`` ends with 7 at its first try, ``five`` with 3 and then with 5: all exit codes are
known before. Each try writes *begin* and *end* into its output, so a second start and a half one
show.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.source import Ref
from scanflow_tui.client.start import create_session
from scanflow_tui.contract.loglines import Decoder, Line
from scanflow_tui.session.state import AttemptView, NodeView
from tests.crash.toy import Toy

LINES = 40
LONG_AT, SPOILT_AT = 17, 29
CODES = {"four": [7, 0], "five": [3, 5, 0]}
"""Exit codes of tries one after the other; every other step ends with 0 at once."""

STEPS = {"one": (), "two": ("one",), "three": ("one",), "four": ("two",), "five": ("two", "three")}
LAST = {"six": ("four", "five")}
PIPELINE = """\
scanflow: 1
name: six
{image}nodes:
"""
NODE = """\
  {name}:
    run: [sh, speak.sh, {name}]
    in: {{{reads}}}
    out: [x]
    limits: {{retries: {retries}, backoff: 0, cpus: .1, grace: 1s}}
"""
SPEAK = f"""\
D=${{SCANFLOW_STEP%/step.json}}
N=$1
T=$(sed -n 's/.*"attempt": *\\([0-9]*\\).*/\\1/p' "$SCANFLOW_STEP")
echo begin >> "$D/out/x"
i=0
while [ $i -lt {LINES} ]; do
  i=$((i+1))
  echo "$N $T $i"
  [ $((i % 5)) = 0 ] && echo "$N $T e$i" >&2
  [ $i = {LONG_AT} ] && {{ head -c 20000 /dev/zero | tr '\\0' x; echo; }}
  [ $i = {SPOILT_AT} ] && printf '\\377\\376 %s\\n' "$N"
  sleep 0.02
done
printf '%s' "$N $T last"
echo "end $N" >> "$D/out/x"
case "$N $T" in "four 1") exit 7;; "five 1") exit 3;; "five 2") exit 5;; esac
exit 0
"""


@dataclass
class Found:
    """What one run came to: tries by outcome, lines compared, and what is wrong."""

    outcomes: list[str] = field(default_factory=list)
    lines: int = 0
    marked: int = 0
    wrong: list[str] = field(default_factory=list)


class SixSteps(Toy):
    """A session of the six steps below a folder of its own."""

    def __init__(self, tmp: Path, engine: str, *, image: str = "", retries: int = 2) -> None:
        self.pipeline = tmp / "pipeline"
        self.pipeline.mkdir(parents=True)
        text = PIPELINE.format(image=f"image: {{name: '{image}'}}\n" if image else "")
        for name, before in (STEPS | LAST).items():
            reads = ", ".join(f"{one}: {one}.x" for one in before)
            text += NODE.format(name=name, reads=reads, retries=retries)
        (self.pipeline / "pipeline.yaml").write_text(text)
        (self.pipeline / "speak.sh").write_text(SPEAK)
        self.folder = create_session(tmp / "sessions", "six", self.pipeline, engine)


def phase(source: LiveSource) -> str:
    """What was under way, in one word, by what the client knows."""
    run = source.state.runs.get(1)
    states = {one.state for node in run.nodes.values() for one in node.attempts} if run else set()
    order = ("starting", "queued", "running")
    return next((state for state in order if state in states), "between steps")


async def judge(source: LiveSource, toy: SixSteps, *, may_doubt: bool) -> Found:
    """Compare the ended run with what is known; with ``may_doubt`` a try may end without a code,
    with a reason, and is then tried again.
    """
    found = Found()
    run = source.state.runs[1]
    if run.state != "done":
        found.wrong.append(f"the run is {run.state}")
    for node in run.nodes.values():
        _judge_codes(node, found, may_doubt=may_doubt)
        for attempt in node.attempts:
            await _judge_attempt(source, toy, node, attempt, found)
    return found


def _judge_codes(node: NodeView, found: Found, *, may_doubt: bool) -> None:
    known = CODES.get(node.id, [0])
    told = []
    for attempt in node.attempts:
        found.outcomes.append(attempt.state)
        if attempt.state in ("done", "failed") and attempt.code is not None:
            told.append((attempt.number, attempt.code))
        elif not may_doubt:
            found.wrong.append(f"{attempt.name}: {attempt.state} ({attempt.outcome})")
        elif not attempt.outcome:
            found.wrong.append(f"{attempt.name}: {attempt.state} without a reason")
    for number, code in told:
        expected = known[number - 1] if number <= len(known) else 0
        if code != expected:
            found.wrong.append(f"{node.id} {number}: exit code {code}, not {expected}")
    if not may_doubt and [code for _, code in told] != known:
        found.wrong.append(f"{node.id}: exit codes {told}, not {known}")


async def _judge_attempt(
    source: LiveSource, toy: SixSteps, node: NodeView, attempt: AttemptView, found: Found
) -> None:
    path = toy.folder / "runs" / "1" / node.id / str(attempt.number) / "out" / "x"
    wrote = path.read_text().split("\n")[:-1] if path.exists() else []
    is_whole = wrote == ["begin", f"end {node.id}"]
    if wrote.count("begin") > 1:
        found.wrong.append(f"{attempt.name}: began {wrote.count('begin')} times")
    has_code = attempt.state in ("done", "failed") and attempt.code is not None
    if attempt.state == "done" and "x" not in attempt_outputs(node):
        found.wrong.append(f"{attempt.name}: done without an output")
    if has_code and path.exists() and not is_whole:
        found.wrong.append(f"{attempt.name}: {attempt.state}, but wrote {wrote}")
    record = (await source.read(Ref("log", attempt.name))).data
    decoder = Decoder()
    lines = decoder.feed(record) + decoder.flush()
    found.marked += any(line.stream == "engine" for line in lines)
    _judge_lines(lines, node, attempt, found, is_whole=has_code)


def attempt_outputs(node: NodeView) -> dict[str, object]:
    """A node's outputs by name."""
    return dict(node.outputs)


def _judge_lines(
    lines: list[Line], node: NodeView, attempt: AttemptView, found: Found, *, is_whole: bool
) -> None:
    head = f"{node.id} {attempt.number} ".encode()
    for stream, known in (
        ("stdout", [b"%d" % i for i in range(1, LINES + 1)] + [b"last"]),
        ("stderr", [b"e%d" % i for i in range(5, LINES + 1, 5)]),
    ):
        said = [line.text for line in lines if line.stream == stream]
        told = [text.removeprefix(head) for text in said if text.startswith(head)]
        found.lines += len(told)
        if is_whole and told != known:
            lost = len(set(known) - set(told))
            found.wrong.append(
                f"{attempt.name}: {len(told)} lines of {len(known)} on {stream}, {lost} lost"
            )
        elif told != known[: len(told)]:
            found.wrong.append(f"{attempt.name}: lines out of order or twice on {stream}")


async def ended(source: LiveSource, seconds: float) -> None:
    """Wait until the run is over."""
    async with asyncio.timeout(seconds):
        await source.until(
            lambda: (
                1 in source.state.runs and source.state.runs[1].state not in ("running", "waiting")
            )
        )
