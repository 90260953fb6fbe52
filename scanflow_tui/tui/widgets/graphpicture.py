"""One drawn graph: laid out once in its form, painted whole, repainted box by box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from scanflow_tui.tui.present.graph import FORMS, Form
from scanflow_tui.tui.present.graphlist import Listing, listing
from scanflow_tui.tui.present.graphlist import painted as painted_list
from scanflow_tui.tui.present.graphlist import row as list_row
from scanflow_tui.tui.present.groups import least_widths
from scanflow_tui.workflow.layout import Layout, layout
from scanflow_tui.workflow.paint import Painted, paint

if TYPE_CHECKING:
    from scanflow_tui.workflow.graph import Multigraph

LIST_BELOW_COLUMNS = 96
"""A list is scrolled in one direction: where little is seen at once, that is easier."""

SEEN_OF = 2
"""Of a picture of more widths or heights of the pane than this, lines without ends are seen."""

Labels = Mapping[str, tuple[str, str]]
Folded = Mapping[str, tuple[str, ...]]
"""The members of each folded group's box."""


class Picture:
    """``form`` is how it is drawn, ``painted`` None before the first labels."""

    def __init__(self, graph: Multigraph, form: Form, boxes: Folded) -> None:
        self.graph = graph
        self.form = form
        self.layout, self.listing = _laid_out(graph, form, boxes)
        self.painted: Painted | None = None

    def paint(self, labels: Labels, *, ascii: bool) -> None:
        """The whole picture."""
        if self.listing is not None:
            self.painted = painted_list(self.listing, labels, ascii=ascii)
        else:
            self.painted = paint(self.layout, labels, ascii=ascii)

    def relabel(self, node: str, label: tuple[str, str], *, ascii: bool) -> range:
        """Write a box's new words into the painted rows; the rows of the box.

        A whole picture of 200 nodes takes 60 ms to paint, a box of it 0.05 ms.
        """
        box = self.layout.boxes[node]
        if self.painted is None:
            return range(0)
        rows = self.painted.rows
        if self.listing is not None:
            rows[box.y] = list_row(self.listing, node, label, ascii=ascii)
            return range(box.y, box.y + 1)
        alone = replace(
            self.layout,
            boxes={node: replace(box, x=0, y=0)},
            routes=(),
            width=box.w,
            height=box.h,
        )
        drawn = paint(alone, {node: label}, ascii=ascii).rows
        # A frame holds the ports of its edges: only what is inside is written anew.
        rim = 0 if self.layout.compact else 1
        left, right = box.x + rim, box.x + box.w - rim
        for at in range(rim, box.h - rim):
            old = rows[box.y + at]
            rows[box.y + at] = old[:left] + drawn[at][rim : box.w - rim] + old[right:]
        return range(box.y, box.y + box.h)


def form_for(graph: Multigraph, boxes: Folded, width: int, height: int) -> Form:
    """The largest form that shows all of a graph in so many cells; else one that is scrolled."""
    picture_of = {}
    for form in FORMS:
        picture, rows = _laid_out(graph, form, boxes)
        picture_of[form] = picture
        if picture.height <= height and (rows is not None or picture.width <= width):
            return form
    is_near = picture_of["lines"].width <= SEEN_OF * width
    is_near = is_near and picture_of["lines"].height <= SEEN_OF * height
    return "lines" if is_near and width >= LIST_BELOW_COLUMNS else "list"


def _laid_out(graph: Multigraph, form: Form, boxes: Folded) -> tuple[Layout, Listing | None]:
    if form == "list":
        rows = listing(graph)
        return rows.picture, rows
    compact = form == "lines"
    least = least_widths(boxes, compact=compact)
    return layout(graph, compact=compact, worded=compact, least=least), None
