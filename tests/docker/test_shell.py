"""``scanflow shell`` where a failed attempt ran in a container: same image, mounts, hardening."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.commandline import HERE, Commandline
from tests.docker.private_engine import PrivateEngine

pytestmark = [pytest.mark.docker, pytest.mark.slow]

PIPELINE = """\
scanflow: 1
name: toy
image: {name: 'IMAGE'}
nodes:
  first: {run: [sh, first.sh], out: [o]}
  second: {run: [sh, second.sh], in: {i: first.o}, out: [o, p]}
"""


@pytest.fixture
def scanflow(
    tmp_path: Path, docker_engine: PrivateEngine, base_image: str
) -> Iterator[Commandline]:
    made = Commandline(tmp_path)
    made.env["DOCKER_HOST"] = docker_engine.url
    made.write("pipeline.yaml", PIPELINE.replace("IMAGE", base_image))
    made.write("first.sh", HERE + 'echo made > "$D/out/o"\n')
    made.write("second.sh", HERE + 'echo half > "$D/out/o"; exit 3\n')
    assert made("run", "--engine", "docker").returncode == 3
    yield made
    made.end()


def test_it_opens_in_the_same_image_and_is_as_closed(scanflow: Commandline) -> None:
    look = (
        'D=${SCANFLOW_STEP%/step.json}; cat second.sh "$D/out/o"; '
        "cat /proc/net/dev | grep -c ':'; touch /spoilt 2>/dev/null || echo closed; "
        "grep NoNewPrivs /proc/self/status; touch second.sh 2>/dev/null || echo frozen"
    )
    done = scanflow("shell", "second", "-c", look)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.split("\n")
    assert "half" in lines and "closed" in lines and "frozen" in lines
    assert "1" in lines, "it has more than the loopback"
    assert any(line.split() == ["NoNewPrivs:", "1"] for line in lines)


def test_the_attempt_is_not_touched_and_no_container_stays(
    scanflow: Commandline, docker_engine: PrivateEngine
) -> None:
    done = scanflow("shell", "second", "-c", 'echo spoilt > "${SCANFLOW_STEP%/step.json}/out/o"')
    assert done.returncode == 0, done.stderr
    left = scanflow.folder / "runs" / "1" / "second" / "1" / "out" / "o"
    assert left.read_text() == "half\n"
    scanflow.end()
    assert docker_engine.containers() == []
