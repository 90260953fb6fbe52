"""``scanflow graph`` on drawn graphs of 80 nodes: each format, read back by a reader of its own."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.drawn import pipeline
from scanflow_tui.cli.commands.graph import execute
from scanflow_tui.workflow import export
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.lint import read

N_NODES = 80
TEXTS = [pipeline(seed, N_NODES, reach=reach) for seed, reach in ((0, 8), (1, 3), (2, 30))]
GRAPHS = [read(text) for text in TEXTS]
graphs = pytest.mark.parametrize("graph", GRAPHS, ids=["middling", "deep", "wide"])

Said = Counter[tuple[str, str, str, str]]
UP, DOWN, LEFT, RIGHT = (0, -1), (0, 1), (-1, 0), (1, 0)
ARMS = {
    **{sign: {LEFT, RIGHT} for sign in "─┄┈23456789+"},
    **{sign: {UP, DOWN} for sign in "│┆┊"},
    "┌": {DOWN, RIGHT},
    "┐": {DOWN, LEFT},
    "└": {UP, RIGHT},
    "┘": {UP, LEFT},
    "├": {UP, DOWN, RIGHT},
    "┤": {UP, DOWN, LEFT},
    "┬": {LEFT, RIGHT, DOWN},
    "┴": {LEFT, RIGHT, UP},
    "┼": {UP, DOWN, LEFT, RIGHT},
    "▶": {LEFT},
}


def edges_of(graph: Multigraph) -> Said:
    """(source, target, look, label) of everything that a picture has to show."""
    found: Said = Counter()
    for edge in graph.edges:
        found[edge.source, edge.target, edge.kind, edge.label] += 1
    for node in graph.nodes:
        outputs = {one.name for i in node.inputs for one in i.sources if one.kind == "champion"}
        for output in outputs:
            found[graph.champion.node, node.id, "champion", output] += 1
    return found


def pairs(said: Said) -> set[tuple[str, str, str]]:
    """(source, target, label): a line for order beside one for data says both."""
    return {(source, target, label) for source, target, _, label in said}


@graphs
def test_json_holds_the_whole_graph(graph: Multigraph) -> None:
    made = json.loads(json.dumps(export.to_json(graph)))
    assert [node["id"] for node in made["nodes"]] == list(graph.ids())
    edges = Counter((e["source"], e["target"], e["kind"], e["label"]) for e in made["edges"])
    assert edges == Counter((e.source, e.target, e.kind, e.label) for e in graph.edges)
    for node, said in zip(graph.nodes, made["nodes"], strict=True):
        assert said["in"] == {one.name: [s.text() for s in one.sources] for one in node.inputs}
        assert (said["when"], said["after"]) == (node.when, list(node.after))


@graphs
def test_mermaid_can_be_read_back(graph: Multigraph) -> None:
    first, *lines = export.mermaid(graph).splitlines()
    assert first == "flowchart LR"
    boxes, said = [], set()
    for line in lines:
        box = re.fullmatch(r'  n_(\w+)(?:\(\["|\["|\("|\{")([^"]+)"(?:\]\)|\]|\)|\})', line)
        arrow = re.fullmatch(r'  n_(\w+) (-->|-\.->)\|"([^"|]+)"\| n_(\w+)', line)
        assert box or arrow, line
        if box:
            boxes.append(box[1])
            assert box[2].split("<br>")[0] == box[1]
        elif arrow:
            labels = re.sub("^(message|champion): ", "", arrow[3]).split(", ")
            said |= {(arrow[1], arrow[4], label) for label in labels}
    assert boxes == list(graph.ids())
    assert said == pairs(edges_of(graph))


@graphs
def test_dot_can_be_read_back(graph: Multigraph) -> None:
    first, *lines, last = export.dot(graph).splitlines()
    assert (first, last) == (f'digraph "{graph.name}" {{', "}")
    boxes, said = [], set()
    for line in lines[1:]:
        box = re.fullmatch(r'  "(\w+)" \[shape=\w+, label="([^"]+)"\];', line)
        arrow = re.fullmatch(
            r'  "(\w+)" -> "(\w+)" \[style=\w+, label="([^"]+)"(, \w+=\w+)?\];', line
        )
        assert box or arrow, line
        if box:
            boxes.append(box[1])
        elif arrow:
            said |= {(arrow[1], arrow[2], label) for label in arrow[3].split(", ")}
    assert boxes == list(graph.ids())
    assert said == pairs(edges_of(graph))


class Picture:
    """The boxes of a drawn text, found by their names, and the cells outside of them."""

    def __init__(self, text: str, graph: Multigraph) -> None:
        self.rows = text.split("\n")
        self.boxes: dict[str, tuple[int, int, int, int]] = {}
        for y, row in enumerate(self.rows):
            for hit in re.finditer(r"┌ ([a-z]\w*) ─*┐", row):
                assert hit[1] not in self.boxes
                bottom = next(
                    b for b in range(y + 1, len(self.rows)) if self.cell(hit.start(), b) == "└"
                )
                self.boxes[hit[1]] = (hit.start(), y, hit.end() - 1, bottom)
        self.inside = {
            (x, y)
            for x0, y0, x1, y1 in self.boxes.values()
            for y in range(y0, y1 + 1)
            for x in range(x0, x1 + 1)
        }

    def cell(self, x: int, y: int) -> str:
        row = self.rows[y] if 0 <= y < len(self.rows) else ""
        return row[x] if 0 <= x < len(row) else " "

    def beside(self, node: str, dx: int) -> str:
        """The column left of a box (-1), or its own right side (0)."""
        x0, y0, x1, y1 = self.boxes[node]
        return "".join(self.cell(x0 - 1 if dx else x1, y) for y in range(y0, y1 + 1))


@graphs
def test_text_has_each_box_once_and_no_line_that_ends_nowhere(graph: Multigraph) -> None:
    picture = Picture(export.text(graph), graph)
    assert set(picture.boxes) == set(graph.ids())
    loose = []
    for y, row in enumerate(picture.rows):
        for x, sign in enumerate(row):
            if sign == " " or (x, y) in picture.inside:
                continue
            assert sign in ARMS, (x, y, sign)
            for dx, dy in ARMS[sign]:
                other = picture.cell(x + dx, y + dy)
                if (x + dx, y + dy) in picture.inside:
                    meets = (dx, other) == (-1, "├")
                else:
                    meets = (-dx, -dy) in ARMS.get(other, set())
                if not meets:
                    loose.append((x, y, sign, other))
    assert loose == []


@graphs
def test_text_has_ports_and_heads_where_edges_begin_and_end(graph: Multigraph) -> None:
    picture = Picture(export.text(graph), graph)
    said = edges_of(graph)
    begin = {source for source, target, _, _ in said if source != target}
    end = {target for source, target, _, _ in said if source != target}
    for node in graph.ids():
        assert ("├" in picture.beside(node, 0)) == (node in begin), node
        assert ("▶" in picture.beside(node, -1)) == (node in end), node


@graphs
def test_text_in_ascii_has_the_same_shape(graph: Multigraph) -> None:
    drawn, plain = export.text(graph).split("\n"), export.text(graph, ascii=True).split("\n")
    assert all(row.isascii() for row in plain)
    assert [len(row) for row in plain] == [len(row) for row in drawn]


@pytest.mark.parametrize("form", ["text", "mermaid", "dot", "json"])
def test_the_command_prints_what_the_library_makes(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(TEXTS[0])
    assert execute(str(path), form) == 0
    said = capsys.readouterr().out
    if form == "json":
        assert json.loads(said) == json.loads(json.dumps(export.to_json(GRAPHS[0])))
    else:
        assert said.rstrip("\n") == getattr(export, form)(GRAPHS[0]).rstrip("\n")
