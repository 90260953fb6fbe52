"""What a screen needs of the pipeline's text: class names, keys, limits. Pure; read once a text."""

from __future__ import annotations

from functools import lru_cache

from scanflow_tui.contract.errors import InputError
from scanflow_tui.session.state import RunView, SessionState
from scanflow_tui.tui.present.class_keys import ClassKeys, class_keys
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.load import load


@lru_cache(maxsize=16)
def read(text: str) -> Multigraph | None:
    """The graph of a recorded pipeline; None where this version cannot read it."""
    try:
        return load(text)
    except InputError:
        return None


def graph_of(state: SessionState, run: RunView | None) -> Multigraph | None:
    """The graph that a run was planned from, else the newest."""
    if not state.pipelines:
        return None
    at = run.pipeline if run is not None else -1
    if not -1 <= at < len(state.pipelines):
        return None
    return read(state.pipelines[at])


def keys_of_classes(graph: Multigraph | None, n_at_least: int = 0) -> ClassKeys:
    """Class names and keys; numbers stand for names where the pipeline has none."""
    names = graph.classes if graph is not None else ()
    if not names:
        names = tuple(str(at) for at in range(max(n_at_least, 10)))
    return class_keys(names, graph.class_keys if graph is not None else ())
