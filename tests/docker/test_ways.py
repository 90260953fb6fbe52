"""Ways to an engine: through ssh's client, through a context, and what ``doctor`` says of them."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scanflow_tui.engine.docker import DockerEngine
from scanflow_tui.engine.docker_address import Address
from scanflow_tui.engine.docker_link import Link
from tests.contract_cases.benches import Program, record, run
from tests.contract_cases.engine_cases import awkward
from tests.crash.commandline import Commandline
from tests.docker.bench import DockerBench

pytestmark = pytest.mark.docker
SSH = """\
#!{python} -S
import os, select, socket, sys
with open({told!r}, "a") as told:
    told.write(" ".join(sys.argv[1:]) + "\\n")
link = socket.socket(socket.AF_UNIX)
link.connect({path!r})
ways = {{0: link.fileno(), link.fileno(): 1}}
while True:
    for source in select.select(list(ways), [], [])[0]:
        data = os.read(source, 65536)
        if not data and source != 0:
            sys.exit(0)
        if not data:
            del ways[0]
            link.shutdown(socket.SHUT_WR)
        while data:
            data = data[os.write(ways[source], data):]
"""


@pytest.fixture
def ssh(tmp_path: Path, bench: DockerBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A stand-in for the ssh client, that dials the private engine; the file of its arguments."""
    told = tmp_path / "told"
    program = tmp_path / "bin" / "ssh"
    program.parent.mkdir()
    path = bench.url.removeprefix("unix://")
    program.write_text(SSH.format(python=sys.executable, told=str(told), path=path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    yield told


def test_a_step_runs_through_ssh(bench: DockerBench, ssh: Path) -> None:
    bench.engine = through_ssh()
    try:
        seen = run(bench, Program(stdout=awkward(3), code=3))
        assert (seen.code, seen.doubt) == (3, "")
        assert len(record(bench)) > 1_000_000
    finally:
        bench.engine.close()
    asked = set(ssh.read_text().splitlines())
    assert asked == {"-l me -p 2222 -o BatchMode=yes -- lab docker system dial-stdio"}


def test_ssh_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\necho 'lab: no such host' >&2\nexit 255\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    engine = through_ssh()
    assert "lab: no such host" in " ".join(engine.doctor())
    engine.close()


def test_doctor_tells_what_a_context_leads_to(tmp_path: Path, bench: DockerBench) -> None:
    (tmp_path / "home").mkdir()
    scanflow = Commandline(tmp_path / "home")
    config = tmp_path / "config"
    meta = config / "contexts" / "meta" / hashlib.sha256(b"lab").hexdigest()
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": bench.url}}
    (meta / "meta.json").write_text(json.dumps({"Name": "lab", "Endpoints": endpoints}))
    scanflow.env |= {"DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": "lab"}
    said = scanflow("doctor", "--engine", "docker")
    assert said.returncode == 0, said.stderr
    assert f"answers at {bench.url}, found by the context 'lab'." in said.stdout
    scanflow.env["DOCKER_CONTEXT"] = "labb"
    said = scanflow("doctor", "--engine", "docker")
    assert said.returncode == 5
    assert "the Docker context 'labb' does not exist" in said.stdout


def through_ssh() -> DockerEngine:
    return DockerEngine(Link(Address("ssh://me@lab:2222", "a test")))
