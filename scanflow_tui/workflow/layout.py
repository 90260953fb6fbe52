"""A graph as cells of a terminal: boxes in layers from left to right, and routes between them.

Layers by the longest path, dummies where a route passes a layer, barycentre sweeps that keep the
best (Sugiyama's method), rows by isotonic regression. Pure and deterministic; ``paint`` draws it.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from scanflow_tui.contract.records import dataclass
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.route import Route, Stage, route
from scanflow_tui.workflow.wires import Wire, wires_of

__all__ = ["Box", "Layout", "Route", "layout"]

SWEEPS = 4  # four more take away 3 crossings in 100
BOX_WIDTH_MIN = 14
BOX_WIDTH_MAX = 28
WORDED_WIDTH_MIN = 9


@dataclass(frozen=True, slots=True)
class Box:
    """Where a node stands, in cells; ``x``, ``y`` is the upper left corner."""

    node: str
    x: int
    y: int
    w: int
    h: int
    layer: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Boxes by node in document order, routes, and the whole size in cells."""

    boxes: dict[str, Box]
    routes: tuple[Route, ...]
    width: int
    height: int
    compact: bool


def layout(
    graph: Multigraph,
    *,
    compact: bool = False,
    worded: bool = False,
    messages: bool = True,
    least: Mapping[str, int] | None = None,
) -> Layout:
    """The picture of a graph. ``compact`` boxes have one row, ``worded`` ones a second with words.

    Messages may be left out. ``least`` is the width in cells that a node's box needs for its words.
    """
    ids = list(dict.fromkeys(graph.ids()))
    wires = wires_of(graph, ids, compact=compact, messages=messages)
    layers, back = _layers(len(ids), wires)
    grid = _Grid(len(ids), layers, wires, back, compact_rows=compact + (compact and worded))
    grid.untangle()
    grid.settle()
    narrowest = BOX_WIDTH_MIN if not compact else WORDED_WIDTH_MIN if worded else 6
    widths = _widths(ids, layers, narrowest, least or {})
    stage = Stage(layers, grid.y, widths, grid.bottom(), grid.anchor)
    xs, routes, width, height = route(ids, wires, grid.hops(), stage)
    boxes = {}
    for at, node_id in enumerate(ids):
        layer = layers[at]
        boxes[node_id] = Box(node_id, xs[layer], grid.y[at], widths[layer], grid.heights[at], layer)
    return Layout(boxes, routes, width, height, compact)


def _widths(
    ids: Sequence[str], layers: Sequence[int], narrowest: int, least: Mapping[str, int]
) -> list[int]:
    """The width of each layer's boxes: frame, a symbol, and the longest id in it."""
    widths = [0] * (max(layers, default=-1) + 1)
    for node_id, layer in zip(ids, layers, strict=True):
        wanted = min(max(len(node_id) + 4, narrowest), BOX_WIDTH_MAX)
        wanted = max(wanted, least.get(node_id, 0))
        widths[layer] = max(widths[layer], wanted)
    return widths


def _layers(n_nodes: int, wires: Sequence[Wire]) -> tuple[list[int], set[int]]:
    """The layer of each node by its longest path, and the wires that do not go forward.

    A cycle (a graph that lint refuses, or messages) is cut where the document begins it.
    """
    children: list[list[int]] = [[] for _ in range(n_nodes)]
    waiting = [0] * n_nodes
    for wire in wires:
        if wire.ranks:
            children[wire.source].append(wire.target)
            waiting[wire.target] += 1
    layers = [0] * n_nodes
    placed = [False] * n_nodes
    ready = [at for at in range(n_nodes) if waiting[at] == 0]
    stuck_from = 0
    n_placed = 0
    while n_placed < n_nodes:
        if not ready:
            while placed[stuck_from]:
                stuck_from += 1
            ready.append(stuck_from)
        following = []
        for at in ready:
            if placed[at]:
                continue
            placed[at] = True
            n_placed += 1
            for child in children[at]:
                waiting[child] -= 1
                if not placed[child]:
                    layers[child] = max(layers[child], layers[at] + 1)
                    if waiting[child] == 0:
                        following.append(child)
        ready = following
    back = {at for at, wire in enumerate(wires) if layers[wire.target] <= layers[wire.source]}
    return layers, back


class _Grid:
    """Nodes and dummies in layers: their order within a layer, then their rows.

    Items 0 to n - 1 are nodes, those after it dummies; ``chains`` holds each forward wire's items.
    ``compact_rows`` is the height of unframed boxes, 0 for framed ones.
    """

    def __init__(
        self,
        n_nodes: int,
        layers: Sequence[int],
        wires: Sequence[Wire],
        back: set[int],
        *,
        compact_rows: int,
    ) -> None:
        self.n_nodes = n_nodes
        self.wires = wires
        self.gap = 0 if compact_rows else 1
        self.anchor = 0 if compact_rows else 1
        slots = [1] * n_nodes
        for wire in wires:
            for end in (wire.source, wire.target):
                slots[end] = max(slots[end], wire.slot + 1)
        self.heights = [compact_rows or count + 2 for count in slots]
        self.rows: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
        self.up: list[list[int]] = [[] for _ in range(n_nodes)]
        self.down: list[list[int]] = [[] for _ in range(n_nodes)]
        for at in range(n_nodes):
            self.rows[layers[at]].append(at)
        self.chains: dict[int, list[int]] = {}
        self.buses: dict[tuple[int, str, int], list[int]] = {}
        for at, wire in enumerate(wires):
            if at not in back:
                self.chains[at] = self._chain(wire, layers)
        self.position = [0] * len(self.heights)
        self.means: list[float] = [0.0] * len(self.heights)
        for row in self.rows:
            self._number(row)
        self.y = [0] * len(self.heights)
        self.only_up: list[int] = []
        self.only_down: list[int] = []

    def _chain(self, wire: Wire, layers: Sequence[int]) -> list[int]:
        """The items that a wire passes; wires from one port share their dummies, like a bus."""
        span = layers[wire.target] - layers[wire.source]
        last = wire.source
        chain = [last]
        if span > 1:
            bus = self.buses.setdefault((wire.source, wire.style, wire.slot), [])
            while len(bus) < span - 1:
                self._add_dummy(bus, bus[-1] if bus else last, layers[wire.source] + len(bus) + 1)
            chain += bus[: span - 1]
            last = chain[-1]
        chain.append(wire.target)
        if wire.target not in self.down[last]:
            self.down[last].append(wire.target)
            self.up[wire.target].append(last)
        return chain

    def _add_dummy(self, bus: list[int], last: int, layer: int) -> None:
        dummy = len(self.heights)
        bus.append(dummy)
        self.heights.append(1)
        self.up.append([last])
        self.down.append([])
        self.down[last].append(dummy)
        self.rows[layer].append(dummy)

    def _number(self, row: list[int]) -> None:
        for place, item in enumerate(row):
            self.position[item] = place

    def _find_only(self) -> None:
        """The neighbour of each item that has but one on a side, as most have; else -1."""
        self.only_up = [near[0] if len(near) == 1 else -1 for near in self.up]
        self.only_down = [near[0] if len(near) == 1 else -1 for near in self.down]

    def untangle(self) -> None:
        """Sweep to and fro, each item to the mean place of its neighbours; keep the best.

        Ends early when a sweep each way brought nothing.
        """
        self._find_only()
        best = self._crossings()
        kept = [row[:] for row in self.rows]
        in_vain = 0
        for sweep in range(SWEEPS):
            if best == 0 or in_vain == 2:
                break
            forward = sweep % 2 == 0
            found = self._sweep(
                self.rows[1:] if forward else self.rows[-2::-1],
                self.up if forward else self.down,
                self.only_up if forward else self.only_down,
            )
            in_vain += 1
            if found < best:
                best, in_vain = found, 0
                kept = [row[:] for row in self.rows]
        self.rows = kept
        for row in self.rows:
            self._number(row)

    def _sweep(
        self, rows: Sequence[list[int]], beside: Sequence[Sequence[int]], only: Sequence[int]
    ) -> int:
        """Sort these rows, one after the other; how many lines cross then."""
        position = self.position
        means = self.means
        total = 0
        for row in rows:
            for item in row:
                alone = only[item]
                if alone >= 0:
                    means[item] = position[alone]
                    continue
                near = beside[item]
                n_near = len(near)
                if n_near == 2:
                    means[item] = (position[near[0]] + position[near[1]]) / 2
                elif near:
                    means[item] = sum([position[other] for other in near]) / n_near
                else:
                    means[item] = position[item]
            row.sort(key=means.__getitem__)
            for place, item in enumerate(row):
                position[item] = place
            total += self._crossings_at(row, beside, only)
        return total

    def _crossings(self) -> int:
        beside, only = self.down, self.only_down
        return sum([self._crossings_at(row, beside, only) for row in self.rows[:-1]])

    def _crossings_at(
        self, row: Sequence[int], beside: Sequence[Sequence[int]], only: Sequence[int]
    ) -> int:
        """Lines that cross on one side of a row: each end against those larger before it."""
        position = self.position
        total = 0
        last = -1
        seen: list[int] = []
        for item in row:
            alone = only[item]
            if alone >= 0:
                end = position[alone]
                if end >= last:
                    # Most items are a line's own: they lie in order.
                    seen.append(end)
                    last = end
                    continue
                ends = [end]
            else:
                ends = sorted([position[other] for other in beside[item]])
            for end in ends:
                if end >= last:
                    seen.append(end)
                    last = end
                else:
                    at = bisect_right(seen, end)
                    total += len(seen) - at
                    seen.insert(at, end)
        return total

    def settle(self) -> None:
        """Rows: stacked at first, then near their neighbours', three times, order kept.

        Meanwhile ``y`` is the row of an item's first port, which lines are drawn straight by.
        """
        heights, n_nodes = self.heights, self.n_nodes
        ports = [self.anchor] * n_nodes + [0] * (len(heights) - n_nodes)
        offsets = [self._offsets(row, ports) for row in self.rows]
        for row, stacked in zip(self.rows, offsets, strict=True):
            for item, offset in zip(row, stacked, strict=True):
                self.y[item] = offset
        forth = list(zip(self.rows, offsets, strict=True))[1:]
        back = list(zip(self.rows, offsets, strict=True))[-2::-1]
        up, down = (self.up, self.only_up), (self.down, self.only_down)
        for rows, sides in ((forth, up), (back, down), (forth, up)):
            for row, stacked in rows:
                self._pull(row, stacked, *sides)
        self.y = [y - port for y, port in zip(self.y, ports, strict=True)]
        least = min(self.y, default=0)
        self.y = [y - least for y in self.y]

    def _offsets(self, row: Sequence[int], ports: Sequence[int]) -> list[int]:
        """The port's row of each item when all stand as close as they may."""
        found = []
        bottom, was_line = -self.gap, False
        n_nodes, heights, gap = self.n_nodes, self.heights, self.gap
        for item in row:
            is_line = item >= n_nodes
            top = bottom if is_line and was_line else bottom + gap
            found.append(top + ports[item])
            bottom, was_line = top + heights[item], is_line
        return found

    def _pull(
        self,
        row: Sequence[int],
        offsets: Sequence[int],
        beside: Sequence[Sequence[int]],
        only: Sequence[int],
    ) -> None:
        """Least squares under the order: pool adjacent violators of ``wanted - offset``."""
        y = self.y
        means: list[float] = [-math.inf]
        counts = [0]
        for item, offset in zip(row, offsets, strict=True):
            alone = only[item]
            if alone >= 0:
                aim = y[alone]
            elif near := beside[item]:
                aim = sorted([y[other] for other in near])[(len(near) - 1) // 2]
            else:
                aim = y[item]
            mean: float = aim - offset
            count = 1
            while means[-1] > mean:
                before = counts.pop()
                mean = (means.pop() * before + mean * count) / (before + count)
                count += before
            means.append(mean)
            counts.append(count)
        place = 0
        for mean, count in zip(means, counts, strict=True):
            if count == 1:
                y[row[place]] = int(mean) + offsets[place]
            elif count:
                top = round(mean)
                for at in range(place, place + count):
                    y[row[at]] = top + offsets[at]
            place += count

    def bottom(self) -> int:
        """The first row below everything."""
        return max(map(sum, zip(self.y, self.heights, strict=True)), default=0)

    def hops(self) -> dict[int, list[int]]:
        """Each forward wire's row in every layer from source to target."""
        rows_of = [y + self.anchor for y in self.y[: self.n_nodes]] + self.y[self.n_nodes :]
        found = {}
        for at, chain in self.chains.items():
            rows = found[at] = [rows_of[item] for item in chain]
            if slot := self.wires[at].slot:
                rows[0] += slot
                rows[-1] += slot
        return found
