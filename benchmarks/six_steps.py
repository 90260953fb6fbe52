"""Six steps that count aloud, and what has to be true of their run whatever died beside them.

Step ``four`` ends with 7 at its first try, ``five`` with 3 and then with 5: all exit codes are
known before. Each try writes when it began, each number and *end* into its output, so a second
start, a half one, and two tries at the same time show.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from scanflow_tui.client.live import LiveSource
from scanflow_tui.client.source import Ref
from scanflow_tui.client.starting import create_session
from scanflow_tui.contract.loglines import Decoder, Line, Stream, rebuild
from scanflow_tui.engine.docker.follow import IN_DOUBT
from scanflow_tui.engine.docker.log import replaced
from scanflow_tui.session.state import AttemptView, NodeView
from tests.crash.toy import Toy

LINES = 40
LONG_AT, SPOILT_AT, LONG_BYTES = 17, 29, 20_000
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
echo "begin $(date +%s%N)" >> "$D/out/x"
i=0
while [ $i -lt {LINES} ]; do
  i=$((i+1))
  echo "$N $T $i"
  [ $((i % 5)) = 0 ] && echo "$N $T e$i" >&2
  [ $i = {LONG_AT} ] && {{ head -c {LONG_BYTES} /dev/zero | tr '\\0' x; echo; }}
  [ $i = {SPOILT_AT} ] && printf '\\377\\376 %s\\n' "$N"
  echo "$i" >> "$D/out/x"
  sleep PACE
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
    replaced: int = 0
    """Logs in which bytes that are no UTF-8 were replaced."""
    wrong: list[str] = field(default_factory=list)


class SixSteps(Toy):
    """A session of the six steps below a folder of its own."""

    def __init__(
        self, tmp: Path, engine: str, *, image: str = "", retries: int = 2, pace_s: float = 0.02
    ) -> None:
        self.pipeline = tmp / "pipeline"
        self.pipeline.mkdir(parents=True)
        text = PIPELINE.format(image=f"image: {{name: '{image}'}}\n" if image else "")
        for name, before in (STEPS | LAST).items():
            reads = ", ".join(f"{one}: {one}.x" for one in before)
            text += NODE.format(name=name, reads=reads, retries=retries)
        (self.pipeline / "pipeline.yaml").write_text(text)
        (self.pipeline / "speak.sh").write_text(SPEAK.replace("PACE", str(pace_s)))
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
        found.wrong += _at_once(toy, node)
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
    path = _output(toy, node, attempt)
    wrote = path.read_text().split("\n")[:-1] if path.exists() else []
    n_begun = sum(row.startswith("begin ") for row in wrote)
    is_whole = wrote[1:] == [*(str(i) for i in range(1, LINES + 1)), f"end {node.id}"]
    if n_begun > 1:
        found.wrong.append(f"{attempt.name}: began {n_begun} times")
    has_code = attempt.state in ("done", "failed") and attempt.code is not None
    if attempt.state == "done" and "x" not in node.outputs:
        found.wrong.append(f"{attempt.name}: done without an output")
    if has_code and path.exists() and not is_whole:
        found.wrong.append(f"{attempt.name}: {attempt.state}, but wrote {wrote[-3:]}")
    record = (await source.read(Ref("log", attempt.name))).data
    decoder = Decoder()
    lines = decoder.feed(record) + decoder.flush()
    marks = {line.text for line in lines if line.stream == "engine"}
    found.marked += bool(marks)
    if has_code:
        _judge_bytes(rebuild(record), marks, node, attempt, found)
    _judge_lines(lines, node, attempt, found, is_whole=has_code)


def _judge_bytes(
    told: dict[Stream, bytes], marks: set[bytes], node: NodeView, attempt: AttemptView, found: Found
) -> None:
    """Byte for byte, but for bytes that are no UTF-8 and whose replacement is marked."""
    known = _payload(node, attempt)
    if told == known:
        return
    found.replaced += 1
    if {stream: replaced(data) for stream, data in told.items()} != {
        stream: replaced(data) for stream, data in known.items()
    }:
        found.wrong.append(f"{attempt.name}: the log is not what was written")
    elif IN_DOUBT.encode() not in marks:
        found.wrong.append(f"{attempt.name}: bytes were replaced without a mark")


def _output(toy: SixSteps, node: NodeView, attempt: AttemptView) -> Path:
    return toy.folder / "runs" / "1" / node.id / str(attempt.number) / "out" / "x"


def _at_once(toy: SixSteps, node: NodeView) -> list[str]:
    """Tries that began before the one before had written its last word, by the host's clock."""
    found, ended_ns = [], 0
    for attempt in node.attempts:
        path = _output(toy, node, attempt)
        first = path.read_text().split("\n")[0] if path.exists() else ""
        if first and int(first.removeprefix("begin ")) < ended_ns:
            found.append(f"{attempt.name}: began while the try before still wrote")
        ended_ns = path.stat().st_mtime_ns if first else ended_ns
    return found


def _payload(node: NodeView, attempt: AttemptView) -> dict[Stream, bytes]:
    """All that a try writes, byte for byte."""
    head = f"{node.id} {attempt.number} "
    out = err = b""
    for i in range(1, LINES + 1):
        out += f"{head}{i}\n".encode()
        err += f"{head}e{i}\n".encode() if i % 5 == 0 else b""
        out += b"x" * LONG_BYTES + b"\n" if i == LONG_AT else b""
        out += f"\xff\xfe {node.id}\n".encode("latin-1") if i == SPOILT_AT else b""
    return {"stdout": out + f"{head}last".encode(), "stderr": err}


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

    def is_over() -> bool:
        run = source.state.runs.get(1)
        return run is not None and run.state not in ("running", "waiting")

    async with asyncio.timeout(seconds):
        await source.until(is_over)
