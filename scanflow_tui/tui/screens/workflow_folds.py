"""What of the graph is drawn, and how: layers and foreach groups folded, boxes or a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scanflow_tui.tui.present import graph, groups
from scanflow_tui.tui.widgets.graphview import GraphView

if TYPE_CHECKING:
    from scanflow_tui.session.state import RunView
    from scanflow_tui.tui.present.graph import Form
    from scanflow_tui.tui.screens.workflow import WorkflowScreen
    from scanflow_tui.workflow.graph import Layer, Multigraph


class WorkflowFolds:
    """``boxes`` holds the members of every folded group by the name of its box."""

    def __init__(self, place: WorkflowScreen) -> None:
        self.place = place
        self.hides: Layer | None = None
        self.boxes: dict[str, tuple[str, ...]] = {}
        self.form: Form | None = None
        self._chosen: dict[str, bool] = {}
        self._box_of: dict[str, str] = {}
        self._drawn: tuple[Multigraph, tuple[object, ...], Multigraph] | None = None
        self._fitted: tuple[Multigraph, tuple[int, int], Form] | None = None

    def shown(self) -> Multigraph | None:
        """The graph without what is folded; the same object as long as nothing changes."""
        whole = self.place.whole()
        if whole is None:
            return None
        members = groups.groups_of(whole)
        closed = tuple(name for name in members if self._is_closed(name, members[name]))
        key = (self.hides, closed)
        if self._drawn is None or self._drawn[0] is not whole or self._drawn[1] != key:
            small, self._box_of = groups.folded(whole, closed)
            self.boxes = {groups.box_name(name, members[name]): members[name] for name in closed}
            small = graph.folded(small, self.hides)
            kept = set(small.ids())
            self.boxes = {box: found for box, found in self.boxes.items() if box in kept}
            self._drawn = (whole, key, small)
        return self._drawn[2]

    def _is_closed(self, group: str, members: tuple[str, ...]) -> bool:
        return self._chosen.get(group, len(members) > groups.OPEN_MEMBERS_MAX)

    def form_in(self, drawn: Multigraph, width: int, height: int) -> Form:
        """How to draw it: as a person chose, else the largest form that fits."""
        if self.form is not None:
            return self.form
        size = (width, height)
        if self._fitted is None or self._fitted[0] is not drawn or self._fitted[1] != size:
            # Layouts are loaded with the first graph, after the first paint.
            from scanflow_tui.tui.widgets.graphpicture import form_for

            self._fitted = (drawn, size, form_for(drawn, self.boxes, width, height))
        return self._fitted[2]

    def box_of(self, node: str | None) -> str | None:
        """The box in which a node is drawn: its own, or that of its group."""
        return None if node is None else self._box_of.get(node, node)

    def urgent(self, run: RunView | None, view: GraphView) -> list[str]:
        """Boxes that need somebody, the most urgent first."""
        found = dict.fromkeys(self._box_of.get(node, node) for node in graph.active(run))
        return [box for box in found if box in view.nodes]

    def tell_groups(
        self,
        run: RunView | None,
        labels: dict[str, tuple[str, str]],
        tones: dict[str, str],
        form: Form,
    ) -> None:
        """Write what the folded groups say into labels and tones."""
        for box, members in self.boxes.items():
            told = groups.summary(run, members, ascii=self.place.scanflow.ascii)
            said = told.brief if form == "lines" else told.words
            labels[box] = (told.symbol, said if run is not None else "")
            tones[box] = told.tone

    def reveal(self, node: str) -> None:
        """Unfold what hides a node."""
        whole = self.place.whole()
        if whole is None:
            return
        found = whole.node(node)
        if node in self._box_of:
            self._chosen[found.group] = False
        if self.hides is not None and found.layer == self.hides:
            self.hides = None
        self.place.repaint()

    # -- keys

    def act_fold(self) -> None:
        """Everything, agents and people alone, steps alone."""
        whole = self.place.whole()
        layers: list[Layer | None] = [None] if whole is None else graph.foldable(whole)
        at = layers.index(self.hides) if self.hides in layers else -1
        self.hides = layers[(at + 1) % len(layers)]
        self.place.repaint()

    def act_fold_group(self) -> None:
        """The group under the cursor; elsewhere every group."""
        whole, view = self.place.whole(), self.place.query_one(GraphView)
        if whole is None:
            return
        chosen = view.chosen
        members = self.boxes.get(chosen)
        if members is not None:
            self.unfold(chosen)
            return
        found = groups.groups_of(whole)
        group = next((name for name, held in found.items() if chosen in held), None)
        if group is not None:
            self._chosen[group] = True
        else:
            closed = all(self._is_closed(name, held) for name, held in found.items())
            self._chosen = dict.fromkeys(found, not closed)
        self.place.repaint()
        if group is not None:
            view.choose(groups.box_name(group, found[group]))

    def unfold(self, box: str) -> None:
        """Draw a group's members, the cursor on the one to look at first."""
        whole, members = self.place.whole(), self.boxes[box]
        if whole is None:
            return
        self._chosen[whole.node(members[0]).group] = False
        first = groups.urgent_member(self.place.run_view(), members)
        self.place.scanflow.node = first
        self.place.repaint()
        self.place.query_one(GraphView).choose(first)

    def act_zoom_in(self) -> None:
        """The next larger form."""
        self._zoom(-1)

    def act_zoom_out(self) -> None:
        """The next smaller form."""
        self._zoom(1)

    def _zoom(self, step: int) -> None:
        drawn = self.shown()
        if drawn is None:
            return
        now = graph.FORMS.index(self.form_in(drawn, *self.place.room()))
        at = now + step
        if 0 <= at < len(graph.FORMS):
            self.form = graph.FORMS[at]
            self.place.repaint()
        else:
            self.place.say("that is the largest form" if step < 0 else "that is the smallest form")
