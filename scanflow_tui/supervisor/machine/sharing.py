"""Which attempt may begin on a machine that sessions share, first come, first served. Pure.

Nobody is overtaken in what he waits for, so nobody waits for ever; what he does not lack may be
used by others meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scanflow_tui.contract.limits import GIB
from scanflow_tui.contract.records import dataclass
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.engine.protocol import Capacity

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Ask:
    """An attempt that holds room, or waits for it since ``since`` (microseconds UTC)."""

    name: str
    session: str
    node: str
    cpus: float
    memory_bytes: int
    n_gpus: int
    since: int
    gpus: tuple[str, ...] = ()
    holds: bool = False

    @property
    def uses(self) -> frozenset[str]:
        """What kinds of things it needs at all."""
        memory = {"memory"} if self.memory_bytes else set()
        return frozenset({"cores"} | memory | ({"GPUs"} if self.n_gpus else set()))


def ask_of(name: str, session: str, node: str, limits: StepLimits, since: int) -> Ask:
    """What an attempt with these limits asks for."""
    return Ask(name, session, node, limits.cpus, limits.memory_bytes or 0, limits.gpus, since)


def never(capacity: Capacity, limits: StepLimits) -> str:
    """Why a step can never begin here, in a sentence; empty where it can.

    Cores and memory are not asked: a step that wants more than there is runs alone.
    """
    if limits.gpus <= capacity.gpus:
        return ""
    has = {0: "no GPU", 1: "1 GPU"}.get(capacity.gpus, f"{capacity.gpus} GPUs")
    wants = f"{limits.gpus} GPU{'s' if limits.gpus > 1 else ''}"
    return f"it asks for {wants} (limits: gpus), and this machine has {has}"


def decide(capacity: Capacity, others: Iterable[Ask], asked: Ask) -> Ask | str:
    """The attempt as it holds its room, or why it has to wait, in a sentence."""
    others = list(others)
    held = [one for one in others if one.holds]
    blocked: frozenset[str] = frozenset()
    ahead = [one for one in others if not one.holds and _turn(one) < _turn(asked)]
    for one in sorted(ahead, key=_turn):
        lacks = lacking(capacity, held, one)
        blocked |= lacks
        if not lacks:
            # It has not looked yet: its room is kept.
            held.append(grant(capacity, held, one))
    lacks = lacking(capacity, held, asked) | (blocked & asked.uses)
    if not lacks:
        return grant(capacity, held, asked)
    return _reason(capacity, [*held, *ahead], asked, lacks)


def lacking(capacity: Capacity, held: list[Ask], asked: Ask) -> frozenset[str]:
    """The kinds of things of which there is not enough left."""
    if not held:
        return frozenset()
    found = set()
    cpus = sum(one.cpus for one in held) + asked.cpus
    if capacity.cpus is not None and cpus > capacity.cpus + ROUNDING:
        found.add("cores")
    memory = sum(one.memory_bytes for one in held) + asked.memory_bytes
    limit = capacity.memory_bytes
    if limit is not None and asked.memory_bytes and memory > limit:
        found.add("memory")
    if len(_free(capacity, held)) < asked.n_gpus:
        found.add("GPUs")
    return frozenset(found)


def grant(capacity: Capacity, held: list[Ask], asked: Ask) -> Ask:
    """The attempt with its room, and with GPUs that nobody holds."""
    return replace(asked, holds=True, gpus=tuple(_free(capacity, held)[: asked.n_gpus]))


def in_use(capacity: Capacity, asks: Iterable[Ask]) -> str:
    """What is held and who waits, as a sentence."""
    asks = list(asks)
    held, waits = [one for one in asks if one.holds], [one for one in asks if not one.holds]
    if not asks:
        return "no step runs"
    cpus = sum(one.cpus for one in held)
    parts = [f"{cpus:g} of {capacity.cpus or 0:g} cores"]
    if memory := sum(one.memory_bytes for one in held):
        parts.append(f"{memory / GIB:.1f} GiB of memory")
    if capacity.gpus:
        parts.append(f"{sum(len(one.gpus) for one in held)} of {capacity.gpus} GPUs")
    found = f"{', '.join(parts)} are in use"
    found += f" by {_named(held)}" if held else ""
    return found + (f"; {_named(waits)} waits" if waits else "")


def _turn(one: Ask) -> tuple[int, str]:
    return one.since, one.name


def _free(capacity: Capacity, held: list[Ask]) -> list[str]:
    taken = {gpu for one in held for gpu in one.gpus}
    return [gpu for gpu in capacity.gpu_ids if gpu not in taken]


def _reason(capacity: Capacity, others: list[Ask], asked: Ask, lacks: frozenset[str]) -> str:
    """Who uses what, without figures that change from one look to the next."""
    names = sorted({one.session for one in others if one.session != asked.session})
    who = f"session{'s' if len(names) > 1 else ''} {_listed(names)}" if names else "this session"
    verb = "use" if len(names) > 1 else "uses"
    needs = {
        "cores": f"{asked.cpus:g} of {capacity.cpus or 0:g} cores",
        "memory": f"{asked.memory_bytes / GIB:.3g} GiB of memory",
        "GPUs": f"{asked.n_gpus} of {capacity.gpus} GPUs",
    }
    kinds = [kind for kind in needs if kind in lacks]
    return (
        f"{who} {verb} this machine's {_listed(kinds)}, and this step needs "
        f"{_listed([needs[kind] for kind in kinds])}; it starts when there is room"
    )


def _named(asks: list[Ask]) -> str:
    return _listed(sorted(f"{one.node} of session {one.session}" for one in asks))


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
