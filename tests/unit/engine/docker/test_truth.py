from __future__ import annotations

from typing import Any

import pytest

from scanflow_tui.engine.docker.truth import Known, exited, split_code, state_of, time_us


def inspection(code: int = 0, **changed: Any) -> dict[str, Any]:
    state = {
        "Status": "exited",
        "ExitCode": code,
        "OOMKilled": False,
        "Error": "",
        "StartedAt": "2025-11-25T15:00:00.5Z",
        "FinishedAt": "2025-11-25T15:00:02.123456789Z",
    }
    return {"State": state | changed}


def test_times_are_read_to_the_microsecond() -> None:
    second = time_us("2025-11-25T15:00:00Z")
    assert time_us("2025-11-25T15:00:00.5Z") - second == 500_000
    assert time_us("2025-11-25T15:00:00.123456789Z") - second == 123_456
    assert time_us("2025-11-25T16:00:00+01:00") == second
    assert time_us("0001-01-01T00:00:00Z") == time_us("nonsense") == 0


@pytest.mark.parametrize(
    ("code", "expected"),
    [(0, (0, None)), (3, (3, None)), (128, (128, None)), (137, (None, 9)), (143, (None, 15)),
     (139, (None, 11)), (192, (None, 64)), (193, (193, None)), (255, (255, None))],
)  # fmt: skip
def test_codes_above_128_are_signals(code: int, expected: tuple[int | None, int | None]) -> None:
    assert split_code(code) == expected


def test_a_container_that_was_never_started_has_not_ended() -> None:
    state = state_of(inspection(Status="created", StartedAt="0001-01-01T00:00:00Z"))
    assert state.never_ran
    assert not state.has_ended


def test_an_empty_answer_has_empty_values() -> None:
    state = state_of({})
    assert (state.status, state.code, state.never_ran) == ("", 0, True)


def test_a_clean_end_is_believed() -> None:
    seen = exited(state_of(inspection(3)), Known())
    assert (seen.code, seen.signal, seen.hit, seen.doubt) == (3, None, "", "")
    assert seen.ended_at - seen.claimed_at == 1_623_456


def test_memory_that_ran_out_counts_although_the_code_is_0() -> None:
    assert exited(state_of(inspection(0, OOMKilled=True)), Known()).hit == "memory"


def test_our_own_limit_wins_over_memory() -> None:
    state = state_of(inspection(137, OOMKilled=True))
    assert exited(state, Known(hit="time")).hit == "time"


@pytest.mark.parametrize("code", [0, 137, 143, 255])
@pytest.mark.parametrize("ran_on", [True, False])
def test_codes_that_a_restart_leaves_are_doubted(code: int, ran_on: bool) -> None:
    known = Known(away="the engine was away", ran_on=ran_on)
    assert "may not be true" in exited(state_of(inspection(code)), known).doubt


def test_another_code_after_running_on_is_believed() -> None:
    known = Known(away="the engine was away", ran_on=True)
    assert exited(state_of(inspection(7)), known).doubt == ""
    known = Known(away="the engine was away")
    assert exited(state_of(inspection(7)), known).doubt


def test_what_we_ended_ourselves_is_not_doubted() -> None:
    state = state_of(inspection(143))
    assert exited(state, Known(is_cancelled=True, away="away")).doubt == ""
    assert exited(state, Known(hit="time", foreign=(15,))).doubt == ""


def test_a_foreign_signal_is_doubted_whatever_the_code() -> None:
    assert "signal 15" in exited(state_of(inspection(0)), Known(foreign=(15,))).doubt


def test_a_0_with_an_error_is_doubted() -> None:
    assert "went wrong" in exited(state_of(inspection(0, Error="went wrong")), Known()).doubt


def test_init_tells_why_a_program_cannot_run() -> None:
    line = b"2025-11-25T15:00:00.000000Z stderr F "
    line += b"[FATAL tini (7)] exec nope failed: No such file or directory\n"
    found = inspection(127) | {"Config": {"Entrypoint": ["nope"]}}
    seen = exited(state_of(found), Known(last_line=line))
    assert seen.exec_error == "cannot run 'nope': No such file or directory"


@pytest.mark.parametrize(
    ("reason", "code"), [("No such file or directory", 127), ("Permission denied", 126)]
)
def test_podmans_init_says_it_in_words_and_always_ends_with_1(reason: str, code: int) -> None:
    line = (
        f"2025-11-25T15:00:00.000000Z stderr F ERROR (catatonit:6): failed to exec pid1: {reason}\n"
    )
    found = inspection(1) | {"Config": {"Entrypoint": "nope"}}
    seen = exited(state_of(found), Known(last_line=line.encode()))
    assert (seen.code, seen.exec_error) == (code, f"cannot run 'nope': {reason}")


def test_a_1_of_the_steps_own_stays_a_1() -> None:
    said = b"x stderr F catatonit: failed to exec pid1: No\nx stderr F Traceback\n"
    for line in (b"", said):
        seen = exited(state_of(inspection(1)), Known(last_line=line))
        assert (seen.code, seen.exec_error) == (1, "")


def test_127_of_the_steps_own_is_no_failure_to_run() -> None:
    assert (
        exited(state_of(inspection(127)), Known(last_line=b"sh: 1: x: not found")).exec_error == ""
    )
