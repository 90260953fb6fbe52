"""The workflow graph: faces of states, moves along edges, detail, dialogs, messages."""

from __future__ import annotations

import asyncio

from scanflow_tui.client.source import AttemptVital, Chunk, Ref, Vitals
from scanflow_tui.contract.commands import NEW_CODE, Cancel, Command, Retry
from scanflow_tui.contract.errors import Missing, Refused
from scanflow_tui.contract.ids import attempt_name
from scanflow_tui.session import events as ev
from scanflow_tui.tui.present.artifacts import artifacts_of
from tests.driver import LARGE, drive
from tests.fakes.demo_events import SESSION, T0, demo_events, failed, log_bytes, training
from tests.fakes.source import FakeSource

TRAIN = attempt_name(SESSION, 1, "train", 1)


async def test_the_cursor_starts_on_what_needs_a_person() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        it.expect_rows("▸? label", "needs you", "← check ×2")
        it.expect_text("70 images of batch b0002 to label", "label · human node")


async def test_moves_go_along_edges() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("h")
        it.expect_text("check · agent (checker)")
        await it.press("l", "l")
        it.expect_text("plan · agent (planner)")


async def test_a_state_change_is_painted_live() -> None:
    source = FakeSource(training())
    async with drive(source) as it:
        it.expect_rows("▶", "33%")
        done = ev.AttemptEnded(1, "train", 1, "done", 0, None, "", 41.0, 60.0, {}, {})
        source.feed(done)
        await it.until("✔ train    41 s")


async def test_vitals_are_shown_and_never_needed() -> None:
    source = FakeSource(training())
    async with drive(source) as it:
        vital = AttemptVital(progress=0.61, text="epoch 7 of 12", rss_bytes=390_000_000)
        source.tell(vitals=Vitals({TRAIN: vital}))
        await it.until("61%")
        it.expect_text("epoch 7 of 12 · memory 390 MB")


async def test_the_detail_ends_with_the_last_log_lines() -> None:
    source = FakeSource(training(), reads={("log", TRAIN, ""): log_bytes(40, T0)})
    async with drive(source, size=LARGE) as it:
        await it.until("ERR warning: 39 workers")


class Slow(FakeSource):
    """It reads nothing before it may."""

    may: asyncio.Event

    async def read(self, ref: Ref, offset: int = 0, length: int | None = None) -> Chunk:
        await self.may.wait()
        return await super().read(ref, offset, length)


async def test_log_lines_that_came_after_the_cursor_had_left_are_there_on_the_way_back() -> None:
    check, plan = attempt_name(SESSION, 3, "check", 1), attempt_name(SESSION, 3, "plan", 1)
    reads = {("log", check, ""): log_bytes(40, T0), ("log", plan, ""): log_bytes(7, T0)}
    source = Slow(demo_events("promoted"), reads=reads)
    source.may = asyncio.Event()
    async with drive(source, size=LARGE) as it:
        await it.press("l", "l", "l")
        it.expect_text("plan · agent")
        await it.press("h", "h")
        it.expect_text("check · agent")
        source.may.set()
        await it.until("ERR warning: 39 workers")


async def test_a_failure_is_gone_to_once_and_said_with_the_keys() -> None:
    async with drive(FakeSource(failed())) as it:
        it.expect_text("▸✖ train", "data/train holds no images")
        it.expect_footer("Nothing was lost.  [t] retry  [o] log")
        await it.press("k")
        it.expect_footer("enter open")


async def test_retry_is_confirmed_by_r_and_sent() -> None:
    source = FakeSource(failed())
    async with drive(source) as it:
        await it.press("t")
        it.expect_text("Retry train of run 1?", "[r] retry train of run 1", "[enter] cancel")
        await it.press("t")
        assert source.sent == []
        await it.press("r")
        assert source.sent == [Retry(1, "train")]


async def test_code_that_changed_is_said_and_taken_when_confirmed() -> None:
    source = FakeSource(failed())

    def changed(command: Command) -> list[ev.Kind]:
        if command == Retry(1, "train"):
            raise Refused("model.py changed since run 1 was planned", hint=f"{NEW_CODE} takes it")
        return []

    source.answer = changed
    async with drive(source) as it:
        await it.press("t")
        await it.press("r")
        it.expect_text("The code changed: train of run 1", "model.py changed since run 1 was")
        it.expect_text("[n] new code", "[k] keep the code", "[enter] cancel")
        await it.press("t", "r", "n")
        assert source.sent == [Retry(1, "train"), Retry(1, "train", "new")]


async def test_enter_and_escape_stand_on_the_safe_answer() -> None:
    source = FakeSource(training())
    async with drive(source) as it:
        for key in ("enter", "escape"):
            await it.press("x")
            it.expect_text("Cancel node train of run 1?")
            await it.press(key)
            it.expect_no_text("Cancel node train")
        assert source.sent == []


async def test_cancel_names_the_node_that_runs() -> None:
    source = FakeSource(training())
    async with drive(source) as it:
        await it.press("x", "c")
        assert source.sent == [Cancel(1, "train")]


async def test_a_refusal_is_said_in_one_sentence() -> None:
    def refuse(command: object) -> list[ev.Kind]:
        raise Refused("only the owner may cancel", hint="ask ana")

    async with drive(FakeSource(training(), answer=refuse)) as it:
        await it.press("x", "c")
        await it.until("✖ only the owner may cancel; ask ana")


async def test_retry_where_nothing_failed_says_why() -> None:
    async with drive(FakeSource(training())) as it:
        await it.press("t")
        it.expect_footer("only what failed or was made is tried again")


async def test_m_shows_the_conversation_and_enter_reads_a_message() -> None:
    async with drive(FakeSource(demo_events())) as it:
        await it.press("m")
        it.expect_rows("supervisor → decide", "asks")
        it.expect_rows("decide → supervisor", "decision", "retrain")
        it.expect_rows("retrain → all", "promoted", "version 2")
        await it.press("enter")
        it.expect_text("retrain → all", "event")
        await it.press("escape", "escape")
        it.expect_text("Graph · run 3")


async def test_f_folds_the_steps_then_the_agents() -> None:
    async with drive(FakeSource(demo_events()), size=LARGE) as it:
        it.expect_text("base", "check")
        await it.press("f")
        it.expect_text("steps folded", "check")
        it.expect_no_text("base ]")
        await it.press("f")
        it.expect_text("agents folded", "base")
        it.expect_no_text("check]")


async def test_plus_and_minus_go_from_the_list_to_boxes_and_back() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        it.expect_rows("▸? label", "← check ×2")
        await it.press("+")
        it.expect_text("[✔ check]", "▸? label]", "needs you")
        await it.press("+")
        it.expect_rows("┏ label ━")
        it.expect_rows("┃? needs you ┣")
        await it.press("+")
        it.expect_footer("that is the largest form")
        await it.press("-", "-")
        it.expect_rows("▸? label", "← check ×2")


async def test_the_largest_form_that_fits_is_drawn() -> None:
    async with drive(FakeSource(demo_events("asked")), size=LARGE) as it:
        it.expect_text("[✔ check]", "▸? label]", "[· approve]")
    async with drive(FakeSource(demo_events("asked")), size=(200, 50)) as it:
        it.expect_rows("┏ label ━")
        it.expect_rows("┃? needs you ┣")


async def test_slash_finds_a_node() -> None:
    async with drive(FakeSource(demo_events())) as it:
        await it.press("/")
        await it.type("eval")
        await it.press("enter")
        await it.until("evaluate · step node")


async def test_brackets_show_other_runs() -> None:
    async with drive(FakeSource(demo_events())) as it:
        it.expect_text("run 3 of 3 · batch b0002")
        await it.press("[")
        it.expect_text("run 2 of 3 · batch b0001")


async def test_enter_opens_the_log_of_a_step() -> None:
    async with drive(FakeSource(training())) as it:
        await it.press("enter")
        it.expect_place("logs")
        it.expect_text("train, attempt 1")


async def test_no_run_yet_says_what_helps() -> None:
    async with drive(FakeSource(demo_events("opened")[:2])) as it:
        it.expect_text("No run yet. scanflow run starts one")


async def test_a_source_that_cannot_be_opened_is_said() -> None:
    broken = FakeSource(fails=Missing("no supervisor answers", hint="scanflow doctor says more"))
    async with drive(broken) as it:
        it.expect_text("✖ no supervisor answers; scanflow doctor says more", "not connected")


async def test_a_pipeline_that_cannot_be_read_leaves_the_rest() -> None:
    events = demo_events("opened")
    source = FakeSource(events)
    async with drive(source) as it:
        source.feed(ev.PipelineRead("nodes: ["))
        await it.until("cannot be read")
        await it.press("o")
        it.expect_place("logs")


async def test_c_shows_what_was_really_run_and_y_copies_it() -> None:
    async with drive(FakeSource(demo_events())) as it:
        await it.press("c")
        it.expect_text("Commands of run 3")
        it.expect_rows("✔ check 1", "python -m steps.check")
        await it.press("g", "y")
        it.expect_footer("copied, if this terminal allows it: python -m")
        assert it.app.clipboard.startswith("python -m steps.check")
        await it.press("enter")
        it.expect_text("engine", "folder", "runs/3/", "scanflow shell sf-")
        await it.press("escape", "c")
        it.expect_text("Graph · run 3")


async def test_i_shows_what_a_node_made_and_enter_reads_it() -> None:
    source = FakeSource(demo_events("asked"))
    async with drive(source) as it:
        await it.press("h", "i")
        it.expect_text("Artifacts of check")
        sha = artifacts_of(source.state.runs[3].nodes["check"])[0].sha
        source.reads[("artifact", sha, ".")] = b'[["",24]]'
        source.reads[("artifact", sha, "")] = b'{"verdict": "drift"}'
        await it.press("enter")
        it.expect_text(sha, '"verdict": "drift"')


async def test_a_folder_is_listed() -> None:
    source = FakeSource(demo_events("asked"))
    async with drive(source) as it:
        await it.press("h", "i")
        sha = artifacts_of(source.state.runs[3].nodes["check"])[0].sha
        source.reads[("artifact", sha, ".")] = b'[["images/0.png",312],["queue.jsonl",4100]]'
        await it.press("enter")
        it.expect_rows("images/0.png", "312 B")


async def test_vitals_draw_sparklines_of_cpu_and_memory() -> None:
    source = FakeSource(training())
    async with drive(source, size=LARGE) as it:
        for second in range(1, 5):
            it.app.steady_s = lambda at=float(second): at
            vital = AttemptVital(cpu_s=2.0 * second, rss_bytes=second * 100_000_000)
            source.tell(vitals=Vitals({TRAIN: vital}))
            await it.settle()
        it.expect_rows("cpu", "200% of one", "▄▄▄")
        it.expect_rows("memory", "400 MB", "▁▃▆█")


async def test_a_second_click_opens_the_node() -> None:
    source = FakeSource(training(), reads={("log", TRAIN, ""): log_bytes(5, T0)})
    async with drive(source) as it:
        rows = it.lines()
        y = next(at for at, row in enumerate(rows) if "▸▶ train" in row)
        x = rows[y].index("train")
        await it.pilot.click(offset=(x, y), times=2)
        await it.settle()
        it.expect_place("logs")


async def test_panning_leaves_the_cursor_where_it_is() -> None:
    async with drive(FakeSource(demo_events("asked"))) as it:
        await it.press("+", "+", "L", "L")
        it.expect_text("filter", "label · human node")
        it.expect_no_text("┏ label")
        await it.press("H", "H", "H", "H")
        it.expect_text("batches")
