"""``scanflow lint``: every problem of a pipeline with file, line and column."""

from __future__ import annotations

from pathlib import Path

from scanflow_tui.cli import output
from scanflow_tui.contract.errors import Missing
from scanflow_tui.contract.limits import PIPELINE_BYTES_MAX
from scanflow_tui.workflow.document import decode
from scanflow_tui.workflow.lint import check


def pipeline_text(pipeline: str) -> tuple[str, str]:
    """(text, name as given) of a pipeline file or of the one in a folder."""
    path = Path(pipeline)
    if path.is_dir():
        path = path / "pipeline.yaml"
    try:
        with path.open("rb") as file:
            return decode(file.read(PIPELINE_BYTES_MAX + 1), str(path)), str(path)
    except FileNotFoundError:
        raise Missing(
            "there is no pipeline here", where=str(path), hint="scanflow init makes one."
        ) from None
    except OSError as error:
        raise Missing(error.strerror or "cannot be read", where=str(path)) from None


def execute(pipeline: str, as_json: bool) -> int:
    """Print the findings; exit 2 where one is an error."""
    text, name = pipeline_text(pipeline)
    folder = Path(name).parent
    findings = check(text, name, lambda path: (folder / path).exists())
    errors = [finding for finding in findings if finding.severity == "error"]
    if as_json:
        output.write_json(
            {
                "pipeline": name,
                "ok": not errors,
                "findings": [
                    {
                        "severity": finding.severity,
                        "line": finding.place.line,
                        "column": finding.place.column,
                        "what": finding.sentence,
                    }
                    for finding in findings
                ],
            }
        )
        return 2 if errors else 0
    for finding in findings:
        place = f"{name}:{finding.place.line}:{finding.place.column}"
        output.write(f"{place}: {finding.severity}: {finding.sentence}")
    if not findings:
        output.write(f"{name}: no problems")
    return 2 if errors else 0
