import json

from scanflow_tui.workflow import export
from scanflow_tui.workflow.lint import read
from tests.unit.workflow.pipelines import LOOP

GRAPH = read(LOOP)


def test_text_names_every_node_and_its_kind() -> None:
    drawn = export.text(GRAPH)
    assert all(f"┌ {node_id} " in drawn for node_id in GRAPH.ids())
    assert "checker" in drawn


def test_text_shows_states() -> None:
    assert "✔ done" in export.text(GRAPH, {"train": "done"})
    assert "v done" in export.text(GRAPH, {"train": "done"}, ascii=True)


def test_mermaid_has_every_node_and_edge() -> None:
    lines = export.mermaid(GRAPH).splitlines()
    assert lines[0] == "flowchart LR"
    assert '  n_check("check<br>checker")' in lines
    assert '  n_check -->|"queue, when"| n_label' in lines
    assert '  n_check -.->|"message: finding"| n_plan' in lines


def test_mermaid_shows_states() -> None:
    assert "≡ cached" in export.mermaid(GRAPH, {"base": "cached"})


def test_dot_has_every_node_and_edge() -> None:
    drawn = export.dot(GRAPH)
    assert drawn.startswith('digraph "mnist" {') and drawn.endswith("}")
    assert '"check" -> "label" [style=solid, label="queue, when"]' in drawn


def test_json_is_json_with_every_edge() -> None:
    made = json.loads(json.dumps(export.to_json(GRAPH, {"train": "done"})))
    assert len(made["edges"]) == len(GRAPH.edges)
    train = next(node for node in made["nodes"] if node["id"] == "train")
    assert train["state"] == "done"
    assert train["in"] == {"data": ["file:data/train"]}
