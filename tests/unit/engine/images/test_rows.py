from __future__ import annotations

from typing import Any

import pytest

from scanflow_tui.contract.errors import InputError, Missing
from scanflow_tui.engine.images.rows import Pulling, follow_build, follow_pull

STEPS: list[dict[str, Any]] = [
    {"stream": "Step 1/2 : FROM base\n"},
    {"stream": " ---> 1234\n"},
    {"stream": "Step 2/2 : RUN make it\n"},
    {"stream": " ---> Running in 99\n"},
    {"stream": "\x1b[91mfirst\x1b[0m\nsecond\n"},
]


def test_progress_tells_the_instruction_and_what_it_prints() -> None:
    told: list[tuple[float | None, str]] = []
    rows = [*STEPS, {"aux": {"ID": "sha256:abc"}}]
    assert follow_build(rows, "Dockerfile", lambda *it: told.append(it)) == "sha256:abc"
    assert told == [
        (0.0, "step 1 of 2: FROM base"),
        (0.5, "step 2 of 2: RUN make it"),
        (0.5, "second"),
    ]


def test_the_steps_of_podman_are_read_too() -> None:
    told: list[str] = []
    rows = [{"stream": "[1/2] STEP 3/4: RUN x"}, {"stream": "--> 030d8dbe359"}]
    follow_build(rows, "", lambda _, it: told.append(it))
    assert told == ["step 3 of 4: RUN x"]


def test_a_failed_instruction_is_named_with_its_last_lines() -> None:
    rows = [*STEPS, {"error": "The command '/bin/sh -c make it' returned a non-zero code: 2"}]
    with pytest.raises(InputError) as caught:
        follow_build(rows, "p/Dockerfile", lambda *_: None)
    assert "the build failed at step 2 of 2: RUN make it" in caught.value.sentence()
    assert caught.value.findings[:2] == ("  first", "  second")


def test_a_full_disk_is_told_from_a_failed_instruction() -> None:
    rows = [*STEPS, {"stream": "OSError: [Errno 28] No space left on device\n"}, {"error": "1"}]
    with pytest.raises(Missing, match="disk is full"):
        follow_build(rows, "p/Dockerfile", lambda *_: None)


def test_a_pull_adds_its_layers_up() -> None:
    pulling = Pulling()
    assert pulling.row({"status": "Pulling from library/python"}) is None
    layers = [("a", 50, 100), ("b", 0, 300), ("a", 100, 100)]
    shares = [
        pulling.row(
            {
                "status": "Downloading",
                "id": name,
                "progressDetail": {"current": come, "total": total},
            }
        )
        for name, come, total in layers
    ]
    assert shares == [0.5, 0.125, 0.25]
    assert pulling.row({"status": "Pull complete", "id": "b", "progressDetail": {}}) == 1.0


def test_a_pull_that_fails_names_the_base_and_the_reason() -> None:
    rows = [{"status": "Pulling"}, {"error": "manifest unknown"}]
    with pytest.raises(Missing, match=r"'a:1' is not in .* pulled .manifest unknown"):
        follow_pull(rows, "a:1", lambda *_: None)
