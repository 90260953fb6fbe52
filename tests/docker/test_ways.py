"""What ``doctor`` says of the way that a context leads to."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from scanflow_tui.engine.docker.address import Address
from tests.crash.commandline import Commandline
from tests.docker.bench import DockerBench

pytestmark = pytest.mark.docker


def add_context(config: Path, name: str, host: str, certificates: Path | None = None) -> None:
    """A context as the docker command writes it."""
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = config / "contexts" / "meta" / key
    meta.mkdir(parents=True)
    endpoints = {"docker": {"Host": host}}
    (meta / "meta.json").write_text(json.dumps({"Name": name, "Endpoints": endpoints}))
    if certificates is not None:
        shutil.copytree(certificates, config / "contexts" / "tls" / key / "docker")


def test_doctor_tells_what_a_context_leads_to(
    tmp_path: Path, bench: DockerBench, through_tls: Address
) -> None:
    (tmp_path / "home").mkdir()
    scanflow = Commandline(tmp_path / "home")
    config = tmp_path / "config"
    add_context(config, "lab", bench.url)
    add_context(config, "far", through_tls.url, through_tls.tls)
    scanflow.env |= {"DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": "lab"}
    said = scanflow("doctor", "--engine", "docker")
    assert said.returncode == 0, said.stderr
    assert f"answers at {bench.url}, found by the context 'lab'." in said.stdout
    scanflow.env["DOCKER_CONTEXT"] = "far"
    said = scanflow("doctor", "--engine", "docker")
    assert said.returncode == 0, said.stderr
    assert f"answers at {through_tls.url}, found by the context 'far'." in said.stdout
    assert "encrypted, and its certificate is checked" in said.stdout
    scanflow.env["DOCKER_CONTEXT"] = "labb"
    said = scanflow("doctor", "--engine", "docker")
    assert said.returncode == 5
    assert "the Docker context 'labb' does not exist" in said.stdout
