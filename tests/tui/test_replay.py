"""The replay transport over the same screens."""

from __future__ import annotations

from scanflow_tui.session.events import Event
from scanflow_tui.tui import fitting
from scanflow_tui.tui.doors import Doors
from tests.driver import drive
from tests.fakes.demo_events import demo_events
from tests.fakes.source import FakeSource, FakeTape


async def test_the_transport_shows_position_verdict_and_read_only() -> None:
    async with drive(FakeTape(demo_events(), seq=20)) as it:
        it.expect_text("READ ONLY", "event 20 of", "✔ verified", "●")
        it.expect_footer("space play", ", . step", "< > decision")


async def test_steps_move_the_cursor_by_one_event() -> None:
    async with drive(FakeTape(demo_events(), seq=20)) as it:
        await it.press(".")
        it.expect_text("event 21 of")
        await it.press(",", ",")
        it.expect_text("event 19 of")


async def test_keys_that_come_faster_than_events_are_folded_all_count() -> None:
    async with drive(FakeTape(demo_events(), seq=20)) as it:
        following = it.app.following
        last = following.heading
        due = [following.head_for(following.heading - 1) for _ in range(5)]
        assert due == [True, False, False, False, False]
        await following.arrive()
        assert it.app.transport is not None
        assert it.app.transport.seq == following.heading == last - 5


async def test_decisions_are_jumped_to() -> None:
    tape = FakeTape(demo_events(), seq=40)
    async with drive(tape) as it:
        await it.press(">")
        it.expect_text("decided: retrain")
        assert tape.all[tape.seq].kind == "DecisionTaken"
        await it.press(">")
        it.expect_text("version 2 is in production")
        await it.press("<", "<")
        it.expect_footer("no further decision in that direction")


async def test_digits_set_the_speed() -> None:
    async with drive(FakeTape(demo_events(), seq=0)) as it:
        await it.press("4")
        it.expect_text("4x")


async def test_space_plays_and_stops() -> None:
    tape = FakeTape(demo_events(), seq=0)
    async with drive(tape) as it:
        await it.press("space")
        it.expect_text("▶ event")
        await it.press("space")
        it.expect_text("■ event")


async def test_what_would_change_something_is_refused() -> None:
    async with drive(FakeTape(demo_events(), seq=20)) as it:
        await it.press("x")
        it.expect_footer("read only: this is a replay")


async def test_a_chain_that_does_not_verify_is_said() -> None:
    verdict = "✖ event 402 was changed (hash differs)"
    async with drive(FakeTape(demo_events(), verdict=verdict), size=(120, 40)) as it:
        it.expect_footer(verdict)
        await it.press("q")
    assert it.app.return_value == 4


async def test_an_intact_replay_leaves_with_zero() -> None:
    async with drive(FakeTape(demo_events())) as it:
        await it.press("q")
    assert it.app.return_value == 0


async def test_a_live_session_has_no_transport() -> None:
    async with drive(FakeSource(demo_events())) as it:
        it.expect_no_text("READ ONLY", "event 20 of")


async def test_the_replay_of_the_open_session_takes_its_place_and_the_list_lies_below() -> None:
    doors = Doors(open_replay=lambda name: FakeTape(demo_events(), seq=20))
    async with drive(FakeSource(demo_events("asked")), doors=doors) as it:
        await it.press("p")
        await it.until("READ ONLY")
        await it.press("q")
        it.expect_place("sessions")
        it.expect_no_text("READ ONLY", "event 20 of", "play")


async def test_a_key_that_comes_as_the_cursor_arrives_counts() -> None:
    class Turning(FakeTape):
        async def event(self, seq: int) -> Event | None:
            if seq == 19:
                assert not following.head_for(18)
            return await super().event(seq)

    tape = Turning(demo_events(), seq=20)
    async with drive(tape) as it:
        following = it.app.following
        assert following.head_for(19)
        await following.arrive()
        assert tape.seq == 18


async def test_an_update_that_finds_a_place_on_its_way_waits_for_it() -> None:
    async with drive(FakeTape(demo_events(), seq=20)) as it:
        it.app.moves.go("label")
        it.app.refresh_place(None)
        it.app.say("a notice")
        await it.settle()
        it.expect_text("a notice")


async def test_help_names_each_key_of_a_replay_once() -> None:
    async with drive(FakeTape(demo_events()), size=(80, 50)) as it:
        await it.press("?")
        rows = [row for row in it.lines() if "One event on" in row or "Go to what runs" in row]
        assert len(rows) == 1
        it.expect_rows("1-9", "Play this many times as fast")


async def test_a_key_that_the_replay_took_is_not_in_the_footer() -> None:
    async with drive(FakeTape(demo_events(), seq=40), size=(200, 50)) as it:
        assert "to the active" not in it.lines()[-1]


async def test_p_opens_the_replay_in_the_place_one_is_at() -> None:
    doors = Doors(open_replay=lambda name: FakeTape(demo_events()))
    async with drive(FakeSource(demo_events()), start="result", doors=doors) as it:
        await it.press("p")
        await it.until("READ ONLY")
        it.expect_place("result")
        await it.press("escape")
        it.expect_place("workflow")


async def test_the_empty_label_screen_has_the_keys_of_the_tape() -> None:
    async with drive(FakeTape(demo_events()), start="label", size=(120, 40)) as it:
        it.expect_footer("space play", "enter evidence")
        assert it.lines()[-1].count("evidence") == 1


async def test_p_behind_other_places_opens_the_replay() -> None:
    doors = Doors(open_replay=lambda name: FakeTape(demo_events()))
    async with drive(FakeSource(demo_events()), doors=doors) as it:
        for place in ("r", "o", "e", "d"):
            await it.press(place)
        await it.press("r")
        await it.press("p")
        await it.until("READ ONLY")
        it.expect_place("result")


async def test_a_place_that_was_left_for_good_is_not_painted_again() -> None:
    doors = Doors(open_replay=lambda name: FakeTape(demo_events()))
    async with drive(FakeSource(demo_events()), start="workflow", doors=doors) as it:
        left = it.app.screen
        await it.press("p")
        await it.until("READ ONLY")
        assert left is not it.app.screen and not left.children
        left.repaint()
        left.paint_bars()
        fitting.settle(left)


async def test_the_label_footer_of_a_replay_offers_nothing_that_labels() -> None:
    async with drive(FakeTape(demo_events("asked")), start="label", size=(160, 40)) as it:
        it.expect_footer("space play", "? help")
        assert "accept" not in it.lines()[-1] and "undo" not in it.lines()[-1]
