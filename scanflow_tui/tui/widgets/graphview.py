"""The graph drawn by the Line API: boxes in the tone of their state, the chosen one framed heavily.

The layout is made once a graph; a change of state repaints the rows that it changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from scanflow_tui.tui.present.folding import folded_row
from scanflow_tui.tui.present.graph import Direction, Form, neighbour
from scanflow_tui.tui.theme import TONES

if TYPE_CHECKING:
    from scanflow_tui.tui.widgets.graphpicture import Folded, Picture
    from scanflow_tui.workflow.graph import Multigraph
    from scanflow_tui.workflow.layout import Layout
    from scanflow_tui.workflow.paint import Painted

_HEAVY = str.maketrans("┌─┐│└┘├┤", "┏━┓┃┗┛┣┫")
_HEAVY_ASCII = str.maketrans("-|", "=#")


class GraphView(ScrollView, can_focus=True):
    """``chosen`` is the node the cursor stands on."""

    class Moved(Message):
        """The cursor went to another node."""

    class Opened(Message):
        """The chosen node is to be opened."""

    class Folds(Message):
        """The group of the chosen node is to be folded, or unfolded."""

    def __init__(self) -> None:
        super().__init__(id="graph", classes="pane")
        self.chosen = ""
        self.on_choose: Callable[[str], None] = lambda node: None
        """Told at once: what a message would tell comes after the next repaint."""
        self.sentence = ""
        self.ascii = False
        self._picture: Picture | None = None
        self._tones: dict[str, str] = {}
        self._labels: dict[str, tuple[str, str]] = {}
        self._near: set[int] = set()

    @property
    def _layout(self) -> Layout | None:
        return None if self._picture is None else self._picture.layout

    @property
    def _painted(self) -> Painted | None:
        return None if self._picture is None else self._picture.painted

    @property
    def _is_list(self) -> bool:
        return self._picture is not None and self._picture.form == "list"

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that are drawn."""
        return () if self._layout is None else tuple(self._layout.boxes)

    @property
    def rows(self) -> int:
        """The height of the picture."""
        return 8 if self._layout is None else max(self._layout.height, 6)

    def draw(self, graph: Multigraph | None, *, form: Form, boxes: Folded) -> None:
        """Lay a graph out; nothing happens where it is drawn already."""
        drawn = self._picture
        if graph is None:
            self._picture = None
            self.virtual_size = Size(0, 1)
        elif drawn is not None and graph is drawn.graph and form == drawn.form:
            return
        else:
            # The first paint has no graph yet and does without these.
            from scanflow_tui.tui.widgets.graphpicture import Picture

            self._picture = Picture(graph, form, boxes)
            picture = self._picture.layout
            self.virtual_size = Size(picture.width + 2, picture.height)
            if self.chosen not in picture.boxes:
                self.chosen = next(iter(picture.boxes), "")
            # Another form, another place of the cursor; the pane gets its size by this, too.
            self.call_after_refresh(self.reveal)
        self.refresh()

    def label(self, labels: Mapping[str, tuple[str, str]], tones: Mapping[str, str]) -> None:
        """What the boxes say; only rows that changed are repainted."""
        picture = self._picture
        if picture is None:
            self.refresh()
            return
        old_labels, self._labels = self._labels, dict(labels)
        old_tones, self._tones = self._tones, dict(tones)
        if picture.painted is None:
            picture.paint(labels, ascii=self.ascii)
            self._beside()
            self.refresh()
            return
        changed: set[int] = set()
        for node in picture.layout.boxes:
            said = self._labels.get(node, ("", ""))
            if said != old_labels.get(node) or self._tones.get(node) != old_tones.get(node):
                changed |= set(picture.relabel(node, said, ascii=self.ascii))
        for y in sorted(changed):
            self.refresh(Region(0, y - self.scroll_offset.y, self.size.width, 1))

    def say(self, sentence: str) -> None:
        """One sentence in place of a graph."""
        self.draw(None, form="boxes", boxes={})
        if sentence != self.sentence:
            self.sentence = sentence
            self.refresh()

    def choose(self, node: str) -> None:
        """Put the cursor on a node, and the node on screen."""
        if self._layout is None or node not in self._layout.boxes:
            return
        if node != self.chosen:
            self.chosen = node
            self.on_choose(node)
            self._beside()
            self.refresh()
            self.post_message(self.Moved())
        self.reveal()

    def reveal(self) -> None:
        """Have the chosen box on screen."""
        if self._layout is None or self.chosen not in self._layout.boxes:
            return
        box = self._layout.boxes[self.chosen]
        around = Region(max(box.x - 4, 0), max(box.y - 1, 0), box.w + 9, box.h + 2)
        self.scroll_to_region(around, animate=False, force=True, immediate=True)
        self._tell_rest()

    def on_resize(self) -> None:
        """A smaller pane may have left the cursor outside."""
        self.reveal()
        self._tell_rest()

    def watch_scroll_x(self, old: float, new: float) -> None:
        """The frame says what lies beside."""
        super().watch_scroll_x(old, new)
        self._tell_rest()

    def _tell_rest(self) -> None:
        """In the frame instead of a bar, which would cost a row of the graph."""
        left, right = ("<", ">") if self.ascii else ("◀", "▶")
        parts = [f"H {left}"] if self.scroll_offset.x > 0 else []
        parts += [f"{right} L"] if self.scroll_offset.x < self.max_scroll_x else []
        self.border_subtitle = "  ".join(parts)

    def _beside(self) -> None:
        """The routes that touch the chosen node stand out."""
        if self._layout is None:
            return
        first = len(self._layout.boxes)
        if self._is_list:
            # Behind a row stands what the node takes; the chosen one's, and who takes from it.
            takers = {r.target for r in self._layout.routes if r.source == self.chosen}
            rows = {self._layout.boxes[node].y for node in (self.chosen, *takers)}
            self._near = {first + y for y in rows}
            return
        self._near = {
            first + at
            for at, route in enumerate(self._layout.routes)
            if self.chosen in (route.source, route.target)
        }

    def move(self, direction: str) -> None:
        """Along edges; first and last are the ends of the document."""
        if self._layout is None or not self.chosen:
            return
        nodes = self.nodes
        if direction in ("first", "last"):
            self.choose(nodes[0 if direction == "first" else -1])
        elif direction in ("page_up", "page_down") and self._is_list:
            page = max(self.size.height - 1, 1) * (1 if direction == "page_down" else -1)
            at = min(max(nodes.index(self.chosen) + page, 0), len(nodes) - 1)
            self.choose(nodes[at])
        elif direction in ("page_up", "page_down"):
            self.pan("left" if direction == "page_up" else "right")
        else:
            self.choose(neighbour(self._layout, self.chosen, _direction(direction)))

    def pan(self, direction: Direction) -> None:
        """Half a pane on; the cursor stays where it is."""
        x, y = self.scroll_offset
        x += {"left": -1, "right": 1}.get(direction, 0) * max(self.size.width // 2, 1)
        y += {"up": -1, "down": 1}.get(direction, 0) * max(self.size.height // 2, 1)
        self.scroll_to(x, y, animate=False, force=True, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """The mouse may choose too; a second click opens, the right button folds."""
        if self._painted is None:
            return
        x, y = event.x + self.scroll_offset.x - 2, event.y + self.scroll_offset.y - 1
        owner = self._painted.owner(0 if self._is_list else x, y)
        if owner is not None and owner[0] == "node":
            self.choose(str(owner[1]))
            if event.button == 3:
                self.post_message(self.Folds())
            elif event.chain == 2:
                self.post_message(self.Opened())

    def render_line(self, y: int) -> Strip:
        """One visible row, in runs of one owner."""
        scroll_x, scroll_y = self.scroll_offset
        width, row = self.size.width, y + scroll_y
        painted = self._painted
        if painted is None or row >= len(painted.rows):
            said = folded_row(Text(f" {self.sentence}"), width - 1) if painted is None else []
            text = said[row].plain if row < len(said) else ""
            strip = Strip([Segment(text, Style.parse(TONES["dim"]))])
            return strip.extend_cell_length(width).apply_style(self.rich_style)
        segments = [Segment(" ")]
        line, owners = painted.rows[row], painted.owners[row]
        start = 0
        for x in range(1, len(line) + 1):
            if x == len(line) or owners[x] != owners[start]:
                segments.append(self._segment(line[start:x], owners[start], row))
                start = x
        strip = Strip(segments).crop_extend(scroll_x, scroll_x + width, Style.null())
        return strip.apply_style(self.rich_style)

    def _segment(self, text: str, owner: int, row: int) -> Segment:
        assert self._painted is not None and self._layout is not None
        if owner < 0:
            return Segment(text)
        if owner >= len(self._painted.nodes):
            return Segment(text, Style.parse(TONES["key" if owner in self._near else "dim"]))
        node = self._painted.nodes[owner]
        style = Style.parse(TONES[self._tones.get(node, "dim")])
        if node != self.chosen:
            return Segment(text, style)
        box = self._layout.boxes[node]
        if self._layout.compact:
            if row == box.y:
                text = (">" if self.ascii else "▸") + text[1:]
            return Segment(text, Style.parse(TONES["cursor"]))
        inside = 0 < row - box.y < box.h - 1
        heavy = _HEAVY_ASCII if self.ascii else _HEAVY
        body = text[1:-1] if inside else text.translate(heavy)
        if inside:
            body = text[0].translate(heavy) + body + text[-1].translate(heavy)
        return Segment(body, style + Style(bold=True))


def _direction(word: str) -> Direction:
    match word:
        case "up" | "down" | "left" | "right":
            return word
    raise AssertionError(word)
