"""Supervisors and engines that die at random moments of a run: what is true in the end.

    python benchmarks/docker_crashes.py supervisor [--engine docker] [--kills 200] [--seed 0]
    python benchmarks/docker_crashes.py daemon [--live-restore] [--both] [--tls] [--rounds 40]
                                               [--pace .02]

Each run is of six steps that count aloud (``six_steps.py``). ``supervisor`` kills it with -9,
again and again, until so many kills have fallen; some fall on one that is just coming up.
``daemon`` kills or stops a private engine, in turn, once a run, while a step is under way; with
``--both`` the supervisor dies too, shortly before, while the engine is away, or shortly after;
with ``--tls`` the engine is reached as one elsewhere. A slow ``--pace`` has steps that outlive an
engine's absence. A private engine needs root and the programs of a Docker engine. A run in which
something is wrong is kept, and said.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import docker

import six_steps
from report import Row, save, show
from scanflow_tui.client.live import LiveSource
from scanflow_tui.contract.commands import StartRun
from scanflow_tui.contract.errors import ScanflowError
from six_steps import SixSteps
from tests.crash.toy import WAIT_S, end
from tests.docker import certificates, host_image
from tests.docker.conftest import load_base_image
from tests.docker.private_engine import PrivateEngine, why_not
from tests.docker.private_ssh import free_port

RUN_S_MAX = 240
APART_S = 1.2
"""A kill comes at a random moment of so many seconds after the last supervisor answered."""

COMING_UP = 0.3
"""So many of the kills are followed by one of the supervisor that comes up after it."""

COMING_UP_S = 0.7
"""Within so many seconds after the kill before."""

AWAY_S = 0.75
"""An engine is away twice so many seconds at most."""

MID_STEP_S = 0.9
"""An engine dies within so many seconds after a step began that takes a little longer."""


@dataclass
class Campaign:
    """All runs of one campaign."""

    runs: int = 0
    whole: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    """What became of the tries that were under way at the hit."""
    lines: int = 0
    marked: int = 0
    replaced: int = 0
    wrong: list[str] = field(default_factory=list)


@contextmanager
def engine_of(folder: Path, *flags: str, tls: bool) -> Iterator[PrivateEngine]:
    """A private engine with the base image in it, named to everything that starts from here.

    With ``tls`` it is reached as one elsewhere, whose lives cannot be seen.
    """
    authority, port = certificates.make(folder / "certificates"), free_port()
    engine = PrivateEngine(*flags, *(authority.flags(port) if tls else ()))
    try:
        engine.start()
        tar = engine.folder / "base.tar"
        host_image.write(tar)
        load_base_image(engine.url, tar)
        tar.unlink()
        os.environ["DOCKER_HOST"] = engine.url
        if tls:
            os.environ["DOCKER_HOST"] = f"tcp://127.0.0.1:{port}"
            os.environ |= {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(authority.client)}
        yield engine
    finally:
        engine.remove()


async def one_run(
    toy: SixSteps, campaign: Campaign, hurt: asyncio.Task[None] | None, source: LiveSource
) -> None:
    """Wait for the end of a run and judge it."""
    try:
        await six_steps.ended(source, RUN_S_MAX)
    except TimeoutError:
        campaign.wrong.append(f"run {campaign.runs + 1}: not over after {RUN_S_MAX} s")
    except ScanflowError as error:
        campaign.wrong.append(f"run {campaign.runs + 1}: the client gave up: {error}")
    if hurt is not None:
        hurt.cancel()
        for problem in await asyncio.gather(hurt, return_exceptions=True):
            if isinstance(problem, Exception):
                campaign.wrong.append(f"run {campaign.runs + 1}: {problem!r} after a kill")


async def supervised(toy: SixSteps, campaign: Campaign, rng: random.Random, kills: int) -> None:
    """One run under kills of its supervisor."""
    source = toy.source()
    await source.open()
    await source.send(StartRun())

    async def kill_again() -> None:
        while sum(campaign.hits.values()) < kills:
            await asyncio.sleep(rng.random() * APART_S)
            pid = source.card["pid"]
            campaign.hits[six_steps.phase(source)] += 1
            os.kill(pid, signal.SIGKILL)
            if rng.random() < COMING_UP:
                await asyncio.sleep(rng.random() * COMING_UP_S)
                campaign.hits["coming up"] += kill_newcomers(toy, pid)
            async with asyncio.timeout(WAIT_S):
                await source.until(partial(_is_another, source, pid))

    since = time.time()
    await one_run(toy, campaign, asyncio.create_task(kill_again()), source)
    await judged(source, toy, campaign, since, may_doubt=False)


def kill_newcomers(toy: SixSteps, known: int) -> bool:
    """Kill whatever is coming up as the session's supervisor; whether there was one."""
    killed = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            if b"scanflow_tui.supervisor" in words and os.fsencode(toy.folder) in words:
                killed += int(place.name) != known
                os.kill(int(place.name), signal.SIGKILL)
        except OSError:
            continue
    return killed > 0


def _is_another(source: LiveSource, pid: int) -> bool:
    return bool(source.card["pid"] != pid)


async def restarted(
    toy: SixSteps, campaign: Campaign, rng: random.Random, engine: PrivateEngine, *, both: bool
) -> None:
    """One run under one death of its engine while a step runs."""
    source = toy.source()
    await source.open()
    since = time.time()
    await source.send(StartRun())
    chosen = rng.randrange(1, 7)
    async with asyncio.timeout(WAIT_S):
        await source.until(lambda: n_begun(source) >= chosen)
    await asyncio.sleep(rng.random() * MID_STEP_S)
    how = "stop" if campaign.runs % 2 else "kill"
    campaign.hits[how] += 1
    run = source.state.runs[1]
    under_way = [
        one.name for node in run.nodes.values() for one in node.attempts if one.state == "running"
    ]
    moments = ("before", "while away", "after")
    chosen_moment = rng.choice(moments) if both else ""

    def kill_at(moment: str) -> None:
        if moment == chosen_moment:
            campaign.hits[f"supervisor {moment}"] += kill_newcomers(toy, 0)

    kill_at("before")
    # In this thread: the engine ends with the thread that started it.
    getattr(engine, how)()
    await asyncio.sleep(rng.random() * AWAY_S)
    kill_at("while away")
    await asyncio.sleep(rng.random() * AWAY_S)
    engine.start()
    await asyncio.sleep(rng.random() * APART_S * both)
    kill_at("after")
    await one_run(toy, campaign, None, source)
    ends = [one for node in run.nodes.values() for one in node.attempts if one.name in under_way]
    campaign.fates.update(f"{how}: {one.state} {_timeless(one.outcome)}".strip() for one in ends)
    campaign.fates[f"{how}: nothing was under way"] += not ends
    await judged(source, toy, campaign, since, may_doubt=True)


def _timeless(text: str) -> str:
    return re.sub(r" from [0-9:]{8} UTC on", "", text)


def n_begun(source: LiveSource) -> int:
    """How many tries have begun."""
    nodes = source.state.runs[1].nodes.values() if 1 in source.state.runs else ()
    return sum(one.claimed_at is not None for node in nodes for one in node.attempts)


async def judged(
    source: LiveSource, toy: SixSteps, campaign: Campaign, since: float, *, may_doubt: bool
) -> None:
    """Compare, count, and end the session."""
    found = await six_steps.judge(source, toy, may_doubt=may_doubt)
    if "DOCKER_HOST" in os.environ and not may_doubt:
        found.wrong += started_twice(since)
    await source.close()
    await end(toy)
    if not toy.verified().holds:
        found.wrong.append("the chain is broken")
    campaign.runs += 1
    campaign.whole += not found.wrong
    campaign.outcomes.update(found.outcomes)
    campaign.lines += found.lines
    campaign.marked += found.marked
    campaign.replaced += found.replaced
    campaign.wrong += [f"run {campaign.runs}: {text}" for text in found.wrong]
    if found.wrong:
        sys.stderr.write(f"kept: {toy.folder}\n")
    else:
        shutil.rmtree(toy.pipeline.parent)
    hits = ", ".join(f"{n} {what}" for what, n in sorted(campaign.hits.items()))
    sys.stderr.write(
        f"run {campaign.runs}: {'; '.join(found.wrong) or 'whole'}; tries "
        f"{dict(Counter(found.outcomes))}; so far {hits}\n"
    )
    for text, n in sorted(campaign.fates.items()):
        sys.stderr.write(f"   {n} {text}\n")
    sys.stderr.flush()


def started_twice(since: float) -> list[str]:
    """Containers that the engine itself saw start more than once."""
    client = docker.APIClient(base_url=os.environ["DOCKER_HOST"])
    told = client.events(
        since=int(since) - 1,
        until=int(time.time()) + 1,
        filters={"type": "container", "event": "start"},
        decode=True,
    )
    names = Counter(event["Actor"]["Attributes"]["name"] for event in told)
    client.close()
    if not names:
        return ["the engine saw no start at all"]
    return [f"{name} started {n} times" for name, n in names.items() if n > 1]


def row_of(campaign: Campaign, what: str) -> Row:
    """The campaign as a row."""
    hits = ", ".join(f"{n} {word}" for word, n in sorted(campaign.hits.items()))
    tries = ", ".join(f"{n} {state}" for state, n in sorted(campaign.outcomes.items()))
    return Row(
        what,
        "every run whole",
        f"{campaign.whole} of {campaign.runs} runs whole; hit: {hits}; tries: {tries}; "
        f"{campaign.lines} log lines compared; {campaign.marked} logs with a mark, "
        f"{campaign.replaced} of them with replaced bytes",
        campaign.whole == campaign.runs and not campaign.wrong and campaign.runs > 0,
        {
            "hits": dict(campaign.hits),
            "fates": dict(campaign.fates),
            "outcomes": dict(campaign.outcomes),
            "wrong": campaign.wrong,
        },
    )


def against_supervisors(given: argparse.Namespace, folder: Path) -> Row:
    """Kill supervisors until so many kills have fallen."""
    campaign, rng = Campaign(), random.Random(given.seed)
    image = host_image.BASE if given.engine == "docker" else ""
    while sum(campaign.hits.values()) < given.kills:
        toy = SixSteps(folder / f"s{campaign.runs}", given.engine, image=image)
        asyncio.run(supervised(toy, campaign, rng, given.kills))
    return row_of(campaign, f"supervisor killed -9, engine {given.engine}")


def against_daemons(given: argparse.Namespace, folder: Path, engine: PrivateEngine) -> Row:
    """Kill or stop the engine once a run."""
    campaign, rng = Campaign(), random.Random(given.seed)
    for number in range(given.rounds):
        toy = SixSteps(
            folder / f"d{number}", "docker", image=host_image.BASE, retries=10, pace_s=given.pace
        )
        asyncio.run(restarted(toy, campaign, rng, engine, both=given.both))
    how = "with" if given.live_restore else "without"
    too = "; supervisor killed too" if given.both else ""
    too += "; over TCP with TLS" if given.tls else ""
    return row_of(campaign, f"engine killed or stopped mid-step, {how} live-restore{too}")


def main() -> int:
    """The command line; exit 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("supervisor", "daemon"))
    parser.add_argument("--engine", choices=("docker", "process"), default="process")
    parser.add_argument("--live-restore", action="store_true")
    parser.add_argument("--both", action="store_true")
    parser.add_argument("--tls", action="store_true", help="daemon: over TCP with TLS")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pace", type=float, default=0.02, metavar="SECONDS")
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    needs_docker = given.what == "daemon" or given.engine == "docker"
    if needs_docker and (reason := why_not()):
        sys.exit(f"docker_crashes: {reason}")
    folder = Path(tempfile.mkdtemp(prefix="sf-crash-"))
    os.environ.pop("DOCKER_HOST", None)
    os.environ |= {"XDG_STATE_HOME": str(folder / "state"), "SCANFLOW_NO_MIRROR": "1"}
    if not needs_docker:
        row = against_supervisors(given, folder)
    else:
        flags = ["--live-restore"] if given.live_restore else []
        with engine_of(folder, *flags, tls=given.tls) as engine:
            if given.what == "daemon":
                row = against_daemons(given, folder, engine)
            else:
                row = against_supervisors(given, folder)
    show(f"{given.what}, seed {given.seed}", [row])
    for text in row.figures["wrong"]:
        sys.stderr.write(f"{text}\n")
    if row.met:
        shutil.rmtree(folder)
    if given.json:
        save(given.json, [row], {"seed": given.seed, "python": platform.python_version()})
    return 0 if row.met else 1


if __name__ == "__main__":
    sys.exit(main())
