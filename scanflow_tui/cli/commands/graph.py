"""``scanflow graph``: a pipeline's multigraph as text, Mermaid, dot or JSON."""

from __future__ import annotations

from scanflow_tui.cli import output
from scanflow_tui.cli.commands.lint import pipeline_text
from scanflow_tui.contract.errors import UsageError
from scanflow_tui.workflow import export
from scanflow_tui.workflow.lint import read

FORMS = ("text", "mermaid", "dot", "json")


def execute(pipeline: str, form: str) -> int:
    """Print the graph in the form asked for."""
    if form not in FORMS:
        raise UsageError(f"there is no format {form!r}", hint=f"One of {', '.join(FORMS)}.")
    text, name = pipeline_text(pipeline)
    graph = read(text, name)
    if form == "json":
        output.write_json(export.to_json(graph))
    elif form == "mermaid":
        output.write(export.mermaid(graph))
    elif form == "dot":
        output.write(export.dot(graph))
    else:
        output.write(export.text(graph))
    return 0
