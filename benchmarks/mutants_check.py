"""Whether a pipeline.yaml is one, by docs/pipeline.md alone: the independent check of mutants.py.

Written from that page, not from ScanFlow's reader, and shares no code with it. It reads the text
with another composer of PyYAML (its own loader in Python), and gives reasons without places. Here:
the document, and what its nodes say of one another; ``mutants_check_*`` judge the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.mutants_check_condition import Condition
from benchmarks.mutants_check_foreach import NODES_MAX, Expansion
from benchmarks.mutants_check_nodes import ID, Known, node_problems
from benchmarks.mutants_check_yaml import (
    Refused,
    Tree,
    is_below,
    is_number,
    is_whole,
    raw,
    read,
    value_of,
    words_of,
)

TOP = ("scanflow", "name", "image", "classes", "guidelines", "champion", "ignore_above")
NO_IDS = ("champion", "file", "and", "or", "not", "true", "false")


def reasons(text: str) -> list[str]:
    """Why the document is refused; empty where it is accepted."""
    try:
        return list(_Judge(read(text)).judge())
    except Refused as refused:
        return [str(refused)]


class _Judge:
    """One document; each method yields the reasons against a part of it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.nodes: dict[str, Known] = {}
        self.classes: list[str] | None = None
        self.groups: dict[str, list[str]] = {}

    def judge(self) -> Iterator[str]:
        top = self.tree
        if not isinstance(top, dict):
            yield "not a mapping"
            return
        yield from (f"key {key}" for key in top if key not in (*TOP, "messages", "nodes"))
        if not is_whole(top.get("scanflow"), 1, 1):
            yield "scanflow is not 1"
        nodes = top.get("nodes")
        if not isinstance(nodes, dict) or not nodes or len(nodes) > NODES_MAX:
            yield "nodes"
            return
        for name, entry in nodes.items():
            if not ID.match(name) or name in NO_IDS:
                yield f"node id {name}"
            yield from node_problems(self.nodes, name, entry)
        expansion = Expansion(self.nodes)
        yield from expansion.problems()
        self.nodes, self.groups = expansion.nodes, expansion.groups
        yield from self.head(top)
        yield from self.references(top)

    def head(self, top: dict[str, Tree]) -> Iterator[str]:
        if "name" in top and not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", raw(top["name"]) or ""):
            yield "name"
        if "image" in top:
            image = top["image"]
            if not isinstance(image, dict) or set(image) not in ({"dockerfile"}, {"name"}):
                yield "image"
            elif not all((raw(one) or "").strip() for one in image.values()):
                yield "empty image"
            elif "dockerfile" in image and not is_below(raw(image["dockerfile"]) or ""):
                yield "path of the dockerfile"
        if "ignore_above" in top:
            value = value_of(top["ignore_above"])
            if not is_number(value) or not 0 <= value <= 1:
                yield "ignore_above"
        yield from self.class_names(top)
        if "guidelines" in top:
            told = top["guidelines"]
            if not isinstance(told, dict) or None in map(raw, told.values()):
                yield "guidelines"
            elif not set(told) <= set(self.classes or []):
                yield "guidelines for no class"

    def class_names(self, top: dict[str, Tree]) -> Iterator[str]:
        if "classes" not in top:
            return
        told = top["classes"]
        if isinstance(told, dict):
            names = list(told)
            keys = [raw(key) for key in told.values()]
            shapes = ("[0-9a-z]", "[0-9a-z]{2}")
            if not any(all(re.fullmatch(one, key or "") for key in keys) for one in shapes):
                yield "a key of a class"
            if len(set(keys)) < len(keys):
                yield "a key of two classes"
        else:
            words = words_of(told)
            if words is None:
                yield "classes"
                return
            names = words
        if not 0 < len(names) <= 10_000 or len(set(names)) < len(names):
            yield "names of classes"
        self.classes = names

    def references(self, top: dict[str, Tree]) -> Iterator[str]:
        wanted = {"model", "reference"}
        for name, known in self.nodes.items():
            for source in [one for sources in known.sources.values() for one in sources]:
                if source.startswith("champion."):
                    output = source.partition(".")[2]
                    wanted.add(output)
                    if "champion" not in top or not ID.match(output):
                        yield f"{name} takes {source}"
                elif not self.is_source(source, name):
                    yield f"{name} takes {source}"
            for other in known.after:
                if other not in self.nodes or other == name:
                    yield f"{name} after {other}"
            if known.when:
                yield from (f"when of {name}: {one}" for one in self.condition(known.when))
        yield from self.versions(top, wanted)
        yield from self.messages(top.get("messages", []))
        yield from self.waiting()

    def is_source(self, source: str, name: str) -> bool:
        if source.startswith("file:"):
            return is_below(source.removeprefix("file:"))
        node, dot, output = source.partition(".")
        known = self.nodes.get(node)
        if known is None or node == name:
            return False
        return (output if dot else node) in known.out

    def condition(self, text: str) -> Iterator[str]:
        try:
            Condition(text, {name: known.values for name, known in self.nodes.items()}).judge()
        except Refused as refused:
            yield str(refused)

    def versions(self, top: dict[str, Tree], wanted: set[str]) -> Iterator[str]:
        makers = [one for known in self.nodes.values() for one in known.promotes]
        if "champion" in top:
            told = top["champion"]
            if isinstance(told, dict):
                if set(told) != {"file", "reference"}:
                    yield "champion"
                elif not all(is_below(raw(one) or "") for one in told.values()):
                    yield "paths of the champion"
            elif raw(told) is None:
                yield "champion"
            else:
                makers.append(raw(told) or "")
        for maker in makers:
            if maker not in self.nodes or not wanted <= set(self.nodes[maker].out):
                yield f"{maker} makes no version"

    def messages(self, told: Tree) -> Iterator[str]:
        if not isinstance(told, list) and words_of(told) is None:
            yield "messages"
            return
        told = told if isinstance(told, list) else [told]
        seen: set[tuple[str, ...]] = set()
        for one in told:
            text = raw(one)
            if isinstance(one, dict) and len(one) == 1:  # unquoted in a flow list: a mapping
                text = f"{next(iter(one))}: {raw(next(iter(one.values()))) or ''}"
            hit = re.fullmatch(
                r"\s*(\w+)\s*->\s*(\w+)\s*:\s*([a-z][a-z0-9_ -]{0,39})", (text or "").rstrip()
            )
            if hit is None or hit.group(1) == hit.group(2) or hit.groups() in seen:
                yield f"message {text}"
                continue
            seen.add(hit.groups())
            for group in hit.groups()[:2]:
                for end in self.groups.get(group, [group]):
                    if end not in self.nodes or self.nodes[end].kind not in ("agent", "human"):
                        yield f"message {text}: {end}"

    def waiting(self) -> Iterator[str]:
        """What is wrong with who waits for whom: cycles, promotions, a first version."""
        before = {name: self.parents(known) for name, known in self.nodes.items()}
        above: dict[str, set[str]] = {}
        while len(above) < len(before):
            free = [name for name in before if name not in above and before[name] <= above.keys()]
            if not free:
                yield f"a cycle among {', '.join(before.keys() - above.keys())}"
                return
            for name in free:
                above[name] = before[name].union(*(above[one] for one in before[name]))
        for name, known in self.nodes.items():
            for other in known.promotes:
                if other not in above[name]:
                    yield f"{name} does not wait for {other}"
        first = raw(self.tree.get("champion")) if "champion" in self.tree else None
        for name in {first or ""} | above.get(first or "", set()):
            known = self.nodes.get(name, Known("step"))
            sources = [one for told in known.sources.values() for one in told]
            if known.kind in ("input", "human") or any("champion." in one[:9] for one in sources):
                yield f"the first version waits for {name}"

    def parents(self, known: Known) -> set[str]:
        named = [one.partition(".")[0] for told in known.sources.values() for one in told]
        unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", known.when)
        named += known.after + re.findall(r"([a-z][a-z0-9_]*)\.[a-z]", unquoted)
        return {one for one in named if one in self.nodes}
