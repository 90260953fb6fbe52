"""What holds for every picture, on random multigraphs with cycles, messages and parallel edges."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from scanflow_tui.workflow.graph import Edge, Multigraph, Node
from scanflow_tui.workflow.layout import layout
from scanflow_tui.workflow.paint import paint


@st.composite
def graphs(draw: st.DrawFn) -> Multigraph:
    n_nodes = draw(st.integers(1, 14))
    ids = [f"n{at}" + "x" * draw(st.integers(0, 30)) for at in range(n_nodes)]
    ends = st.tuples(st.sampled_from(ids), st.sampled_from(ids))
    kinds = st.sampled_from(["data", "data", "order", "message"])
    edges = draw(st.lists(st.tuples(ends, kinds), max_size=30))
    return Multigraph(
        "g",
        tuple(Node(one, "agent") for one in ids),
        tuple(Edge(a, b, kind, f"o{at}") for at, ((a, b), kind) in enumerate(edges)),  # type: ignore[arg-type]
    )


@settings(deadline=None, max_examples=200)
@given(graphs(), st.booleans())
def test_boxes_never_overlap_and_lie_inside(graph: Multigraph, compact: bool) -> None:
    made = layout(graph, compact=compact)
    seen: set[tuple[int, int]] = set()
    for box in made.boxes.values():
        cells = {(x, y) for x in range(box.x, box.x + box.w) for y in range(box.y, box.y + box.h)}
        assert not cells & seen
        seen |= cells
        assert box.x >= 0 and box.x + box.w <= made.width
        assert box.y >= 0 and box.y + box.h <= made.height


@settings(deadline=None, max_examples=200)
@given(graphs(), st.booleans())
def test_routes_join_their_boxes_and_enter_none(graph: Multigraph, compact: bool) -> None:
    made = layout(graph, compact=compact)
    inside = {
        (x, y)
        for box in made.boxes.values()
        for x in range(box.x, box.x + box.w)
        for y in range(box.y, box.y + box.h)
    }
    for one in made.routes:
        cells = one.cells()
        assert not inside & set(cells)
        assert all(0 <= x < made.width and 0 <= y < made.height for x, y in cells)
        source, target = made.boxes[one.source], made.boxes[one.target]
        (x0, y0), (x1, y1) = cells[0], cells[-1]
        assert x0 == source.x + source.w and source.y <= y0 < source.y + source.h
        assert x1 == target.x - 1 and target.y <= y1 < target.y + target.h
        for (ax, ay), (bx, by) in pairwise(cells):
            assert abs(ax - bx) + abs(ay - by) == 1


@settings(deadline=None, max_examples=200)
@given(graphs())
def test_every_edge_between_different_nodes_is_drawn(graph: Multigraph) -> None:
    drawn = {
        (one.source, one.target, label) for one in layout(graph).routes for label in one.labels
    }
    wanted = {
        (one.source, one.target, one.label) for one in graph.edges if one.source != one.target
    }
    assert drawn == wanted


@settings(deadline=None, max_examples=100)
@given(graphs(), st.booleans(), st.booleans())
def test_paint_fills_the_whole_picture(graph: Multigraph, compact: bool, ascii: bool) -> None:
    made = layout(graph, compact=compact)
    picture = paint(made, {}, ascii=ascii)
    assert [len(row) for row in picture.rows] == [made.width] * made.height
    assert [len(row) for row in picture.owners] == [made.width] * made.height
