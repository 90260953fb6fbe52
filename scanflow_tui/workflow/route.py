"""Routes through the channels between the layers of a picture: which line turns in which column.

Lines that leave one port share a trunk; trunks get lanes so that none runs over another where that
is possible. What does not go forward loops below all boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from scanflow_tui.workflow.wires import Style, Wire

Point = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hop:
    """A forward wire (by index) and its row in each layer from source to target."""

    wire: int
    rows: list[int]


@dataclass(frozen=True, slots=True)
class Route:
    """One line in cells, from beside its source's box to the arrow before its target's box.

    Neighbouring points differ in one coordinate. ``count`` is the number of edges in the line.
    """

    source: str
    target: str
    style: Style
    labels: tuple[str, ...]
    count: int
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


class _Channel:
    """The columns between two layers."""

    def __init__(self) -> None:
        self.trunks: dict[tuple[object, ...], _Trunk] = {}
        self.counts = False
        self.used = False

    def trunk(self, key: tuple[object, ...], left: int | None, start: int) -> _Trunk:
        self.used = True
        found = self.trunks.get(key)
        if found is None:
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
    going_out: dict[int, list[int]] = {}
    ahead = sorted(trunks, key=_turning)
    for at, trunk in enumerate(ahead):
        for row in trunk.rights:
            going_out.setdefault(row, []).append(at)
    after: list[list[int]] = []
    waiting = [0] * len(ahead)
    for at, trunk in enumerate(ahead):
        rows = () if trunk.left is None else going_out.get(trunk.left, ())
        after.append([later for later in rows if later != at])
        for later in after[at]:
            waiting[later] += 1
    least = [0] * len(ahead)
    lanes: list[list[tuple[int, int]]] = []
    left = list(range(len(ahead)))
    while left:
        at = next((at for at in left if waiting[at] <= 0), left[0])
        left.remove(at)
        trunk = ahead[at]
        trunk.lane = _free_lane(lanes, least[at], trunk.low, trunk.high)
        for later in after[at]:
            waiting[later] -= 1
            least[later] = max(least[later], trunk.lane + 1)
    return len(lanes)


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
    ids: Sequence[str], wires: Sequence[Wire], hops: Iterable[Hop], stage: Stage
) -> tuple[list[int], tuple[Route, ...], int, int]:
    """(x of each layer, routes in the order of the wires, width, height).

    Wires without a hop do not go forward: each loops in a row of its own below all boxes.
    """
    router = _Router(wires, {hop.wire: hop.rows for hop in hops}, stage)
    router.enter()
    router.place()
    routes = tuple(
        Route(
            ids[wire.source],
            ids[wire.target],
            wire.style,
            wire.labels,
            wire.count,
            router.points(at),
        )
        for at, wire in enumerate(wires)
    )
    return router.xs, routes, router.width, stage.bottom + len(router.loops)


class _Router:
    """Channel k lies left of layer k; the last one lies right of everything."""

    def __init__(self, wires: Sequence[Wire], rows: dict[int, list[int]], stage: Stage) -> None:
        self.wires = wires
        self.rows = rows
        self.stage = stage
        looping = [at for at in range(len(wires)) if at not in rows]
        self.loops = {at: stage.bottom + place for place, at in enumerate(looping)}
        self.channels = [_Channel() for _ in range(len(stage.widths) + 1)]
        self.trunks: dict[int, list[_Trunk]] = {}
        self.starts: list[int] = []
        self.xs: list[int] = []
        self.width = 0

    def enter(self) -> None:
        """Put every wire into the channels that it passes."""
        for at, wire in enumerate(self.wires):
            if at in self.loops:
                self.trunks[at] = self._enter_loop(at, wire)
            else:
                self.trunks[at] = self._enter_forward(at, wire)
            if wire.count > 1:
                self.channels[self.stage.layers[wire.target]].counts = True

    def _enter_forward(self, at: int, wire: Wire) -> list[_Trunk]:
        found = []
        channel_at = self.stage.layers[wire.source]
        for left, right in pairwise(self.rows[at]):
            channel_at += 1
            trunk = self.channels[channel_at].trunk((wire.style, left), left, left)
            if right < trunk.low:
                trunk.low = right
            elif right > trunk.high:
                trunk.high = right
            trunk.rights.add(right)
            found.append(trunk)
        return found

    def _enter_loop(self, at: int, wire: Wire) -> list[_Trunk]:
        below = self.loops[at]
        leaves, arrives = self._port(wire.source, wire), self._port(wire.target, wire)
        out = self.channels[self.stage.layers[wire.source] + 1].trunk(("out", at), leaves, leaves)
        out.span((leaves, below))
        back = self.channels[self.stage.layers[wire.target]].trunk(("back", at), None, below)
        back.span((below, arrives))
        back.rights.add(arrives)
        return [out, back]

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

    def points(self, at: int) -> tuple[Point, ...]:
        """The corners of a wire, neighbours in one row or one column, none without a turn."""
        wire = self.wires[at]
        layer = self.stage.layers[wire.source]
        if at in self.loops:
            return _straightened(self._loop_points(at, wire, layer))
        rows = self.rows[at]
        found = [(self.xs[layer] + self.stage.widths[layer], rows[0])]
        left = rows[0]
        for trunk, right in zip(self.trunks[at], rows[1:], strict=True):
            layer += 1
            if left != right:
                x = self.starts[layer] + 1 + trunk.lane
                found.append((x, left))
                found.append((x, right))
                left = right
        found.append((self.xs[layer] - 1, left))
        return tuple(found)

    def _loop_points(self, at: int, wire: Wire, layer: int) -> list[Point]:
        out, back = self.trunks[at]
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
