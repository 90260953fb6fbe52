"""Routes through the channels between the layers of a picture: which line turns in which column.

Lines that leave one port share a trunk; trunks get lanes so that none runs over another where that
is possible. What does not go forward loops below all boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from scanflow_tui.contract.records import dataclass, field
from scanflow_tui.workflow.wires import Style, Wire

Point = tuple[int, int]


class Route(NamedTuple):
    """One line in cells, from beside its source's box to the arrow before its target's box.

    Neighbouring points differ in one coordinate. ``n_edges`` is the number of edges in the line.
    """

    source: str
    target: str
    style: Style
    labels: tuple[str, ...]
    n_edges: int
    points: tuple[Point, ...]

    def cells(self) -> list[Point]:
        """Every cell of the line, in its direction."""
        found = [self.points[0]]
        for (x0, y0), (x1, y1) in pairwise(self.points):
            dx, dy = (x1 > x0) - (x1 < x0), (y1 > y0) - (y1 < y0)
            for step in range(1, max(abs(x1 - x0), abs(y1 - y0)) + 1):
                found.append((x0 + dx * step, y0 + dy * step))
        return found


@dataclass(slots=True)
class _Trunk:
    """What turns in one lane of a channel: where it comes in, where it goes out, what it spans."""

    left: int | None
    rights: set[int] = field(default_factory=set)
    low: int = 0
    high: int = 0
    lane: int = -1

    def span(self, rows: Iterable[int]) -> None:
        self.low = min(self.low, *rows)
        self.high = max(self.high, *rows)


class _Bus:
    """What wires from one port share: turns (trunk, channel, rows), how many after each layer."""

    __slots__ = ("corners", "n_turns", "turns")

    def __init__(self) -> None:
        self.turns: list[tuple[_Trunk, int, int, int]] = []
        self.n_turns: list[int] = []
        self.corners: list[Point] = []


class _Channel:
    """The columns between two layers."""

    def __init__(self) -> None:
        self.trunks: dict[tuple[object, ...], _Trunk] = {}
        self.counts = False
        self.used = False

    def trunk(self, key: tuple[object, ...], left: int | None, start: int) -> _Trunk:
        found = self.trunks.get(key)
        if found is None:
            self.used = True
            found = self.trunks[key] = _Trunk(left, low=start, high=start)
        return found

    def width(self) -> int:
        """Assign lanes; the cells that the channel needs."""
        if not self.used:
            return 0
        n_lanes = _assign_lanes([one for one in self.trunks.values() if one.low != one.high])
        return max(n_lanes + 2, 3) + int(self.counts)


def _assign_lanes(trunks: list[_Trunk]) -> int:
    """Lanes from left to right; returns how many.

    A trunk that comes in on a row on which another goes out has to turn first, else both would lie
    on that row. Falling lines turn lowest first, rising ones highest first: that crosses least.
    """
    ahead = sorted(trunks, key=_turning) if len(trunks) > 1 else trunks
    lefts = {trunk.left for trunk in ahead}
    going_out: dict[int | None, list[int]] = {}
    for at, trunk in enumerate(ahead) if len(ahead) > 1 else ():
        if not lefts.isdisjoint(trunk.rights):
            for row in trunk.rights & lefts:
                going_out.setdefault(row, []).append(at)
    after: dict[int, list[int]] = {}
    for at, trunk in enumerate(ahead) if going_out else ():
        if trunk.left in going_out and (
            later := [one for one in going_out[trunk.left] if one != at]
        ):
            after[at] = later
    lanes: list[list[tuple[int, int]]] = []
    if after:
        _assign_in_turn(ahead, after, lanes)
    else:
        for trunk in ahead:
            trunk.lane = _free_lane(lanes, 0, trunk.low, trunk.high)
    return len(lanes)


def _assign_in_turn(
    ahead: list[_Trunk], after: Mapping[int, list[int]], lanes: list[list[tuple[int, int]]]
) -> None:
    """Lanes where some trunks have to turn before others; a ring of them is cut at its first."""
    waiting = [0] * len(ahead)
    for others in after.values():
        for later in others:
            waiting[later] += 1
    least = [0] * len(ahead)
    left = list(range(len(ahead)))
    while left:
        for place, at in enumerate(left):
            if waiting[at] <= 0:
                del left[place]
                break
        else:
            at = left.pop(0)
        trunk = ahead[at]
        trunk.lane = _free_lane(lanes, least[at], trunk.low, trunk.high)
        for later in after.get(at, ()):
            waiting[later] -= 1
            least[later] = max(least[later], trunk.lane + 1)


def _free_lane(lanes: list[list[tuple[int, int]]], least: int, low: int, high: int) -> int:
    """Take the first lane from ``least`` on in which nothing stands between these rows."""
    for lane in range(least, len(lanes)):
        for taken_low, taken_high in lanes[lane]:
            if low <= taken_high and taken_low <= high:
                break
        else:
            lanes[lane].append((low, high))
            return lane
    while len(lanes) < least:
        lanes.append([])
    lanes.append([(low, high)])
    return len(lanes) - 1


def _turning(trunk: _Trunk) -> tuple[int, int]:
    start = trunk.left if trunk.left is not None else trunk.high
    falls = trunk.high - start > start - trunk.low
    return (0, -start) if falls else (1, start)


@dataclass(frozen=True, slots=True)
class Stage:
    """What routes have to know of the boxes: layer and top row of each node, width of each layer.

    ``bottom`` is the first row below everything, ``anchor`` the row of a box's first port.
    """

    layers: Sequence[int]
    tops: Sequence[int]
    widths: Sequence[int]
    bottom: int
    anchor: int


def route(
    ids: Sequence[str], wires: Sequence[Wire], hops: Mapping[int, list[int]], stage: Stage
) -> tuple[list[int], tuple[Route, ...], int, int]:
    """(x of each layer, routes in the order of the wires, width, height).

    ``hops`` holds each forward wire's row in every layer from source to target. Wires without hops
    do not go forward: each loops in a row of its own below all boxes.
    """
    router = _Router(wires, hops, stage)
    router.enter()
    router.place()
    routes = tuple(
        Route(
            ids[wire.source],
            ids[wire.target],
            wire.style,
            wire.labels,
            wire.n_edges,
            router.points(at, wire),
        )
        for at, wire in enumerate(wires)
    )
    return router.xs, routes, router.width, stage.bottom + len(router.loops)


class _Router:
    """Channel k lies left of layer k; the last one lies right of everything."""

    def __init__(self, wires: Sequence[Wire], rows: Mapping[int, list[int]], stage: Stage) -> None:
        self.wires = wires
        self.rows = rows
        self.stage = stage
        looping = [at for at in range(len(wires)) if at not in rows]
        self.loops = {at: stage.bottom + place for place, at in enumerate(looping)}
        self.channels = [_Channel() for _ in range(len(stage.widths) + 1)]
        self.loop_trunks: dict[int, tuple[_Trunk, _Trunk]] = {}
        self.turns: dict[int, tuple[_Bus, int]] = {}
        self.buses: dict[tuple[int, str, int], _Bus] = {}
        self.lasts: dict[int, _Trunk | None] = {}
        self.starts: list[int] = []
        self.xs: list[int] = []
        self.rights: list[int] = []
        self.width = 0

    def enter(self) -> None:
        """Put every wire into the channels that it passes."""
        layers, channels = self.stage.layers, self.channels
        for at, wire in enumerate(self.wires):
            rows = self.rows.get(at)
            target = layers[wire.target]
            if rows is None:
                self.loop_trunks[at] = self._enter_loop(at, wire)
            else:
                channels[target].used = True
                self.lasts[at] = self._enter_hop(wire.style, target, rows[-2], rows[-1])
                if len(rows) > 2:
                    self.turns[at] = self._enter_bus(wire, rows)
            if wire.n_edges > 1:
                channels[target].counts = True

    def _enter_bus(self, wire: Wire, rows: Sequence[int]) -> tuple[_Bus, int]:
        """The bus that a wire runs on, and how many of its turns it takes before its own last."""
        first = self.stage.layers[wire.source] + 1
        key = (wire.source, wire.style, wire.slot)
        bus = self.buses.get(key)
        if bus is None:
            bus = self.buses[key] = _Bus()
        for step in range(len(bus.n_turns), len(rows) - 1):
            self.channels[first + step].used = True
            if step:
                trunk = self._enter_hop(wire.style, first + step - 1, rows[step - 1], rows[step])
                if trunk is not None:
                    bus.turns.append((trunk, first + step - 1, rows[step - 1], rows[step]))
            bus.n_turns.append(len(bus.turns))
        return bus, bus.n_turns[len(rows) - 2]

    def _enter_hop(self, style: str, channel_at: int, left: int, right: int) -> _Trunk | None:
        """The trunk in which a wire turns from row to row; None where it goes straight on."""
        if left == right:
            return None
        trunks = self.channels[channel_at].trunks
        key = (style, left)
        trunk = trunks.get(key)
        if trunk is None:
            low, high = (left, right) if left < right else (right, left)
            trunk = trunks[key] = _Trunk(left, {right}, low, high)
            return trunk
        if right < trunk.low:
            trunk.low = right
        elif right > trunk.high:
            trunk.high = right
        trunk.rights.add(right)
        return trunk

    def _enter_loop(self, at: int, wire: Wire) -> tuple[_Trunk, _Trunk]:
        below = self.loops[at]
        leaves, arrives = self._port(wire.source, wire), self._port(wire.target, wire)
        out = self.channels[self.stage.layers[wire.source] + 1].trunk(("out", at), leaves, leaves)
        out.span((leaves, below))
        back = self.channels[self.stage.layers[wire.target]].trunk(("back", at), None, below)
        back.span((below, arrives))
        back.rights.add(arrives)
        return out, back

    def _port(self, node: int, wire: Wire) -> int:
        return self.stage.tops[node] + self.stage.anchor + wire.slot

    def place(self) -> None:
        """Columns of channels and layers, from left to right."""
        x = 0
        for at, channel in enumerate(self.channels):
            self.starts.append(x)
            is_inner = 0 < at < len(self.stage.widths)
            x += channel.width() or (2 if is_inner else 0)
            if at < len(self.stage.widths):
                self.xs.append(x)
                x += self.stage.widths[at]
        self.width = x
        self.rights = [x + width for x, width in zip(self.xs, self.stage.widths, strict=True)]

    def points(self, at: int, wire: Wire) -> tuple[Point, ...]:
        """The corners of a wire, neighbours in one row or one column, none without a turn."""
        layers = self.stage.layers
        layer, target = layers[wire.source], layers[wire.target]
        rows = self.rows.get(at)
        if rows is None:
            return _straightened(self._loop_points(at, wire, layer))
        right = rows[-1]
        start, end = (self.rights[layer], rows[0]), (self.xs[target] - 1, right)
        last = self.lasts[at]
        x = 0 if last is None else self.starts[target] + 1 + last.lane
        if len(rows) == 2:
            return (start, end) if last is None else (start, (x, rows[0]), (x, right), end)
        bus, n_turns = self.turns[at]
        found = [start, *self._corners(bus)[: 2 * n_turns]]
        if last is not None:
            found += [(x, rows[-2]), (x, right)]
        found.append(end)
        return tuple(found)

    def _corners(self, bus: _Bus) -> list[Point]:
        """Where a bus turns, in cells."""
        for trunk, channel_at, left, right in bus.turns[len(bus.corners) // 2 :]:
            x = self.starts[channel_at] + 1 + trunk.lane
            bus.corners += [(x, left), (x, right)]
        return bus.corners

    def _loop_points(self, at: int, wire: Wire, layer: int) -> list[Point]:
        out, back = self.loop_trunks[at]
        target = self.stage.layers[wire.target]
        right = self.starts[layer + 1] + 1 + out.lane
        left = self.starts[target] + 1 + back.lane
        leaves, arrives, below = out.low, back.low, self.loops[at]
        return [
            (self.xs[layer] + self.stage.widths[layer], leaves),
            (right, leaves),
            (right, below),
            (left, below),
            (left, arrives),
            (self.xs[target] - 1, arrives),
        ]


def _straightened(points: list[Point]) -> tuple[Point, ...]:
    """The points without repeats and without those in the middle of a straight line."""
    found: list[Point] = []
    for point in points:
        if found and found[-1] == point:
            continue
        if len(found) > 1:
            (x0, y0), (x1, y1) = found[-2], found[-1]
            if (x0 == x1 == point[0]) or (y0 == y1 == point[1]):
                found[-1] = point
                continue
        found.append(point)
    return tuple(found)
