"""A queue of several thousand samples through a real supervisor: taken, labelled, killed, kept."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest

from scanflow_tui.client.recorded import RecordedSource
from scanflow_tui.client.source import Ref
from scanflow_tui.contract.commands import AddBatch, FinishLabelling, GiveLabel, StartRun
from scanflow_tui.contract.limits import QUEUE_EVENT_ENTRIES_MAX
from scanflow_tui.session import events as ev
from scanflow_tui.session import export
from scanflow_tui.session.copy import open_copy
from scanflow_tui.session.places import SessionFolder
from tests.crash.toy import FINDING, Toy, end, kill, until

pytestmark = pytest.mark.slow

N = 5 * QUEUE_EVENT_ENTRIES_MAX
PNG = b"\x89PNG\r\n\x1a\n"
CHECK = f"""\
D=${{SCANFLOW_STEP%/step.json}}
cp -r "QUEUE" "$D/out/queue"
echo '{FINDING}' > "$D/out/finding"
echo '{{"verdict": "drift"}}' > "$D/values.json"
"""


@pytest.fixture
async def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Toy]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = Toy(tmp_path)
    images = tmp_path / "queue" / "images"
    images.mkdir(parents=True)
    common = {"share": "repair", "flagged": True, "p": 0.1, "guess": 0, "confidence": 0.5}
    lines = [json.dumps({"id": f"s{at}", "index": at} | common) for at in range(N)]
    (images.parent / "queue.jsonl").write_text("\n".join(lines))
    for at in range(N):
        (images / f"s{at}.png").write_bytes(PNG + b"%d" % at)
    check = CHECK.replace("QUEUE", str(images.parent))
    (made.pipeline / "check.sh").write_text(check)
    made.open_gate()
    yield made
    await end(made)


async def test_a_long_queue_is_whole_for_every_client_through_kills(toy: Toy) -> None:
    source = toy.source()
    await source.open()
    await source.send(StartRun())
    await source.send(AddBatch(str(toy.batch)))
    state = await until(source, lambda state: bool(state.desks))
    run = max(state.runs)
    check = state.runs[run].check
    assert check is not None
    assert [entry.index for entry in check.queue] == list(range(N))
    last = await source.read(Ref("content", check.thumbnails[f"s{N - 1}"]))
    assert last.data == PNG + b"%d" % (N - 1)

    for at in (0, N // 2, N - 1):
        await source.send(GiveLabel(run, "label", f"s{at}", "class", 1))
    await kill(source)
    other = toy.source()
    await other.open()
    assert other.state.runs[run].check == check
    assert list(other.state.desks[f"{run}.label"].labels) == ["s0", f"s{N // 2}", f"s{N - 1}"]
    await other.send(FinishLabelling(run, "label"))
    state = await until(other, lambda state: state.runs[run].state == "done")
    labels = state.runs[run].nodes["label"].outputs["labels"]
    told = (await other.read(Ref("artifact", labels.sha))).data.splitlines()
    assert [json.loads(line)["index"] for line in told] == [0, N // 2, N - 1]
    await source.close()
    await other.close()
    await end(toy)
    _its_file_is_whole(toy)
    await _its_replay_shows_it_grow(toy)


def _its_file_is_whole(toy: Toy) -> None:
    """The chain holds, the events of the queue follow one another, an export is the same."""
    assert toy.verified().holds
    drawn = [e.seq for e in toy.events() if isinstance(e.fact, ev.CheckFound | ev.QueueDrawn)]
    assert len(drawn) == N // QUEUE_EVENT_ENTRIES_MAX
    assert all(after == before + 1 for before, after in pairwise(drawn))
    copy = toy.folder.parent / "copy.duckdb"
    with open_copy(SessionFolder(toy.folder)) as store:
        rows = list(store.all())
        with export.import_lines(export.lines(rows), copy) as imported:
            assert list(imported.all()) == rows


async def _its_replay_shows_it_grow(toy: Toy) -> None:
    source = RecordedSource(toy.folder)
    await source.open()
    first = next(e.seq for e in toy.events() if isinstance(e.fact, ev.CheckFound))
    sizes = []
    for seq in (first + 2, first, first + 1):
        state = await source.seek(seq)
        check = state.runs[max(state.runs)].check
        assert check is not None
        sizes.append(len(check.queue) // QUEUE_EVENT_ENTRIES_MAX)
    await source.close()
    assert sizes == [3, 1, 2]
