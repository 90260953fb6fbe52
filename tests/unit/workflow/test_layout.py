from scanflow_tui.workflow.graph import Edge, Multigraph, Node
from scanflow_tui.workflow.layout import Layout, layout
from scanflow_tui.workflow.lint import read
from tests.unit.workflow.pipelines import LOOP


def graph(*edges: str, nodes: str = "") -> Multigraph:
    """A graph from edges such as ``a>b`` (data) and ``a~b`` (message)."""
    found = []
    ids = dict.fromkeys(nodes)
    for at, text in enumerate(edges):
        kind = "data" if ">" in text else "message"
        source, target = text.split(">" if kind == "data" else "~")
        ids |= dict.fromkeys((source, target))
        found.append(Edge(source, target, kind, f"o{at}"))  # type: ignore[arg-type]
    return Multigraph("g", tuple(Node(one, "agent") for one in ids), tuple(found))


def corners_are_straight(made: Layout) -> bool:
    return all(
        x0 == x1 or y0 == y1
        for one in made.routes
        for (x0, y0), (x1, y1) in zip(one.points, one.points[1:], strict=False)
    )


def test_layers_follow_the_longest_path() -> None:
    made = layout(graph("a>b", "b>c", "a>c"))
    assert [made.boxes[one].layer for one in "abc"] == [0, 1, 2]


def test_a_chain_is_one_straight_line() -> None:
    made = layout(graph("a>b", "b>c"))
    assert all(len(one.points) == 2 for one in made.routes)
    assert len({box.y for box in made.boxes.values()}) == 1


def test_two_or_three_parallel_edges_have_lanes() -> None:
    made = layout(graph("a>b", "a>b", "a>b"))
    assert len(made.routes) == 3
    assert len({one.points[0][1] for one in made.routes}) == 3
    assert made.boxes["a"].h == 5


def test_more_parallel_edges_are_one_line_with_a_count() -> None:
    made = layout(graph("a>b", "a>b", "a>b", "a>b"))
    assert [one.n_edges for one in made.routes] == [4]


def test_a_message_backwards_loops_below_all_boxes() -> None:
    made = layout(graph("a>b", "b~a"))
    loop = next(one for one in made.routes if one.style == "message")
    assert max(y for _, y in loop.points) >= max(box.y + box.h for box in made.boxes.values())
    assert corners_are_straight(made)


def test_messages_may_be_left_out() -> None:
    assert not layout(graph("a~b"), messages=False).routes


def test_a_cycle_is_drawn_all_the_same() -> None:
    made = layout(graph("a>b", "b>c", "c>a"))
    assert len(made.routes) == 3
    assert corners_are_straight(made)


def test_compact_boxes_have_one_row() -> None:
    made = layout(read(LOOP), compact=True)
    assert {box.h for box in made.boxes.values()} == {1}


def test_the_champion_is_drawn_from_its_node() -> None:
    made = layout(read(LOOP))
    found = {(one.source, one.target) for one in made.routes if one.style == "champion"}
    assert ("train", "check") in found


def test_an_order_edge_shares_the_line_of_a_data_edge() -> None:
    made = layout(read(LOOP), messages=False)
    found = [one for one in made.routes if (one.source, one.target) == ("check", "label")]
    assert [one.labels for one in found] == [("queue", "when")]


def test_it_is_the_same_picture_every_time() -> None:
    assert layout(read(LOOP)) == layout(read(LOOP))


def test_an_empty_graph_is_an_empty_picture() -> None:
    made = layout(Multigraph("g", (), ()))
    assert (made.boxes, made.routes, made.height) == ({}, (), 0)


def test_nodes_without_edges_stand_below_one_another() -> None:
    made = layout(graph(nodes="abc"))
    assert [made.boxes[one].y for one in "abc"] == [0, 4, 8]
