"""Whether a pipeline.yaml is one, by docs/pipeline.md alone: the independent check of mutants.py.

Written from that page, not from ScanFlow's reader, and shares no code with it. It reads the text
with another composer of PyYAML (its own loader in Python), and gives reasons without places.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import yaml

DEPTH_MAX = 32
BYTES_MAX = 1 << 20
NODES_MAX = 5000
TEXT_MAX = 4000

TOP = ("scanflow", "name", "image", "classes", "guidelines", "champion", "ignore_above")
TOP += ("messages", "nodes")
FOR_ALL = ["in", "out", "when", "after"]
FOR_STEPS = ["run", "with", "foreach", "limits", "env", "values", "seed"]
ROLES = ["tracker", "checker", "planner", "improver", "supervisor"]
FORMS = {
    "label": ("queue", ["labels", "audit"], {}),
    "decide": ("options", ["chosen"], {"action": ["retrain", "filter", "ignore"]}),
    "approve": ("table", [], {}),
}
VERDICT = ["clean", "drift", "too_few"]
ID = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
NO_IDS = ("champion", "file", "and", "or", "not", "true", "false")
CORE_TAGS = {"str", "null", "bool", "int", "float", "map", "seq"}


class Refused(Exception):
    """The document cannot be judged further."""


@dataclass(frozen=True)
class Leaf:
    """A scalar: what YAML makes of it, and as written."""

    value: Any
    raw: str


class _Loader(yaml.SafeLoader):
    """The loader in Python, but that an anchor may be given again, as YAML allows."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if not self.check_event(yaml.AliasEvent):
            self.anchors.pop(self.peek_event().anchor, None)
        return super().compose_node(parent, index)


Tree = Any  # Leaf, list of trees, or dict of str to tree


def reasons(text: str) -> list[str]:
    """Why the document is refused; empty where it is accepted."""
    try:
        return list(_Judge(_read(text)).judge())
    except Refused as refused:
        return [str(refused)]


def _read(text: str) -> Tree:
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        raise Refused("larger than 1 MiB")
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as error:
        at = _tab_between_words(error, text)
        if at < 0:
            raise Refused(f"not YAML: {error}") from None
        return _read(f"{text[:at]} {text[at + 1 :]}")
    if root is None:
        raise Refused("empty")
    return _tree(root, 1, [])


def _tab_between_words(error: Exception, text: str) -> int:
    """Where a tab stands that YAML allows and this loader does not; -1 where that is not it."""
    mark = getattr(error, "problem_mark", None)
    if mark is None or "'\\t' that cannot start" not in str(error):
        return -1
    before = text[: mark.index].rpartition("\n")[2]
    return mark.index if before.strip() and text[mark.index : mark.index + 1] == "\t" else -1


def _tree(node: yaml.Node, depth: int, open_nodes: list[int]) -> Tree:
    tag = node.tag.removeprefix("tag:yaml.org,2002:")
    if isinstance(node, yaml.ScalarNode):
        return _leaf(node, tag)
    if tag not in ("!", "seq" if isinstance(node, yaml.SequenceNode) else "map"):
        raise Refused(f"tag {tag}")
    if id(node) in open_nodes:
        raise Refused("contains itself")
    if depth > DEPTH_MAX:
        raise Refused("nested too deep")
    inner = [*open_nodes, id(node)]
    if isinstance(node, yaml.SequenceNode):
        return [_tree(one, depth + 1, inner) for one in node.value]
    found: dict[str, Tree] = {}
    for key, value in node.value:
        word = _tree(key, depth + 1, inner)
        if not isinstance(word, Leaf):
            raise Refused("a key that is no word")
        if word.raw in found:
            raise Refused(f"the key {word.raw} twice")
        found[word.raw] = _tree(value, depth + 1, inner)
    return found


def _leaf(node: yaml.ScalarNode, tag: str) -> Leaf:
    if tag in ("value", "!"):
        return Leaf(node.value, node.value)
    if tag not in CORE_TAGS:
        raise Refused(f"tag {tag}")
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError, KeyError, IndexError) as error:
        raise Refused(f"a scalar that cannot be read: {error}") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("not finite")
    return Leaf(value, node.value)


@dataclass
class _Known:
    """What the other nodes have to know of one."""

    kind: str
    out: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, list[str]] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)
    when: str = ""
    promotes: list[str] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    params: list[str] = field(default_factory=list)
    each: Tree = None
    lists: list[str] = field(default_factory=list)
    form: str = ""


class _Judge:
    """One document; each method yields the reasons against a part of it."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.nodes: dict[str, _Known] = {}
        self.classes: list[str] | None = None
        self.groups: dict[str, list[str]] = {}

    def judge(self) -> Iterator[str]:
        top = self.tree
        if not isinstance(top, dict):
            yield "not a mapping"
            return
        yield from (f"key {key}" for key in top if key not in TOP)
        if not _is_whole(top.get("scanflow"), 1, 1):
            yield "scanflow is not 1"
        nodes = top.get("nodes")
        if not isinstance(nodes, dict) or not nodes or len(nodes) > NODES_MAX:
            yield "nodes"
            return
        for name, entry in nodes.items():
            if not ID.match(name) or name in NO_IDS:
                yield f"node id {name}"
            yield from self.node(name, entry)
        yield from self.expand()
        yield from self.head(top)
        yield from self.references(top)

    def head(self, top: dict[str, Tree]) -> Iterator[str]:
        if "name" in top and not re.fullmatch(
            r"[a-z0-9][a-z0-9_.-]{0,63}", _raw(top["name"]) or ""
        ):
            yield "name"
        if "image" in top:
            image = top["image"]
            if not isinstance(image, dict) or set(image) not in ({"dockerfile"}, {"name"}):
                yield "image"
            elif not all((_raw(one) or "").strip() for one in image.values()):
                yield "empty image"
            elif "dockerfile" in image and not _is_below(_raw(image["dockerfile"]) or ""):
                yield "path of the dockerfile"
        if "ignore_above" in top:
            value = _value(top["ignore_above"])
            if not _is_number(value) or not 0 <= value <= 1:
                yield "ignore_above"
        yield from self.class_names(top)
        if "guidelines" in top:
            told = top["guidelines"]
            if not isinstance(told, dict) or None in map(_raw, told.values()):
                yield "guidelines"
            elif not set(told) <= set(self.classes or []):
                yield "guidelines for no class"

    def class_names(self, top: dict[str, Tree]) -> Iterator[str]:
        if "classes" not in top:
            return
        told = top["classes"]
        if isinstance(told, dict):
            names = list(told)
            keys = [_raw(key) for key in told.values()]
            shapes = ("[0-9a-z]", "[0-9a-z]{2}")
            if not any(all(re.fullmatch(one, key or "") for key in keys) for one in shapes):
                yield "a key of a class"
            if len(set(keys)) < len(keys):
                yield "a key of two classes"
        else:
            words = _words(told)
            if words is None:
                yield "classes"
                return
            names = words
        if not 0 < len(names) <= 10_000 or len(set(names)) < len(names):
            yield "names of classes"
        self.classes = names

    def node(self, name: str, entry: Tree) -> Iterator[str]:
        if not isinstance(entry, dict):
            yield f"{name} is no mapping"
            return
        kinds = [key for key in ("input", "human", "agent") if key in entry]
        if len(kinds) > 1:
            yield f"{name} is of two kinds"
            return
        kind = kinds[0] if kinds else "step"
        known = self.nodes[name] = _Known(kind)
        allowed = [kind]
        if kind == "human":
            allowed += FOR_ALL
            known.form = _raw(entry["human"]) or ""
            if known.form not in FORMS:
                yield f"{name} is no form"
                return
            allowed += ["promotes"] if known.form == "approve" else []
        elif kind != "input":
            allowed += FOR_ALL + FOR_STEPS
        yield from (f"{name} has {key}" for key in entry if key not in allowed)
        if kind == "input":
            known.out = [name]
            if _raw(entry["input"]) != "batches":
                yield f"{name} is no input"
            return
        if kind == "agent" and _raw(entry["agent"]) not in ROLES:
            yield f"{name} has no role"
        if kind == "agent" and _raw(entry["agent"]) == "checker":
            known.values["verdict"] = VERDICT
        yield from self.shared(name, entry, known)
        if kind == "human":
            yield from self.human(name, entry, known)
        else:
            yield from self.step(name, entry, known)

    def shared(self, name: str, entry: dict[str, Tree], known: _Known) -> Iterator[str]:
        for key in ("out", "after"):
            words = _words(entry.get(key, []))
            if words is None or not all(ID.match(word) for word in words):
                yield f"{key} of {name}"
            elif len(set(words)) < len(words):
                yield f"{key} of {name} twice"
            else:
                setattr(known, key, words)
        if "when" in entry:
            known.when = _raw(entry["when"]) or ""
            if not known.when.strip():
                yield f"when of {name}"
        told = entry.get("in", {})
        if not isinstance(told, dict):
            yield f"in of {name}"
            return
        for key, sources in told.items():
            words = _words(sources)
            if not ID.match(key) or not words or len(set(words)) < len(words):
                yield f"in {key} of {name}"
            else:
                known.sources[key] = words
                if isinstance(sources, list):
                    known.lists.append(key)

    def human(self, name: str, entry: dict[str, Tree], known: _Known) -> Iterator[str]:
        needed, made, values = FORMS[known.form]
        if "out" in entry and set(known.out) != set(made):
            yield f"{name} makes something else"
        known.out = list(made)
        known.values = dict(values)
        ends = [[one.partition(".")[2] for one in sources] for sources in known.sources.values()]
        if not any(all(end == needed for end in one) for one in ends):
            yield f"{name} has no {needed}"
        if known.form == "approve":
            promotes = _words(entry.get("promotes", []))
            if not promotes or len(set(promotes)) < len(promotes):
                yield f"{name} promotes nothing"
            known.promotes = promotes or []

    def step(self, name: str, entry: dict[str, Tree], known: _Known) -> Iterator[str]:
        known.run = _program(entry.get("run"))
        if not known.run:
            yield f"run of {name}"
        if "foreach" in entry:
            known.each = entry["foreach"]
        if known.each is not None and _raw(entry.get("agent")) in ("checker", "planner"):
            yield f"foreach of {name}"
        told = entry.get("with", {})
        known.params = list(told) if isinstance(told, dict) else []
        if not isinstance(told, dict):
            yield f"with of {name}"
        env = _words(entry.get("env", []))
        if env is None or not all(re.fullmatch("[A-Za-z_][A-Za-z0-9_]{0,99}", one) for one in env):
            yield f"env of {name}"
        elif len(set(env)) < len(env):
            yield f"env of {name} twice"
        if "seed" in entry and not _is_whole(entry["seed"], 0, 2**63 - 1):
            yield f"seed of {name}"
        yield from (f"{one} of {name}" for one in _limit_problems(entry.get("limits", {})))
        values = entry.get("values", {})
        if not isinstance(values, dict):
            yield f"values of {name}"
            return
        for key, kind in values.items():
            words = _words(kind)
            if not ID.match(key):
                yield f"value {key} of {name}"
            elif isinstance(kind, list):
                if not words or len(set(words)) < len(words):
                    yield f"value {key} of {name}"
                known.values.setdefault(key, words)
            else:
                if _raw(kind) not in ("number", "text", "bool"):
                    yield f"value {key} of {name}"
                known.values.setdefault(key, _raw(kind))

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
            return _is_below(source.removeprefix("file:"))
        node, dot, output = source.partition(".")
        known = self.nodes.get(node)
        if known is None or node == name:
            return False
        return (output if dot else node) in known.out

    def condition(self, text: str) -> Iterator[str]:
        try:
            _Condition(text, {name: known.values for name, known in self.nodes.items()}).judge()
        except Refused as refused:
            yield str(refused)

    def versions(self, top: dict[str, Tree], wanted: set[str]) -> Iterator[str]:
        makers = [one for known in self.nodes.values() for one in known.promotes]
        if "champion" in top:
            told = top["champion"]
            if isinstance(told, dict):
                if set(told) != {"file", "reference"}:
                    yield "champion"
                elif not all(_is_below(_raw(one) or "") for one in told.values()):
                    yield "paths of the champion"
            elif _raw(told) is None:
                yield "champion"
            else:
                makers.append(_raw(told) or "")
        for maker in makers:
            if maker not in self.nodes or not wanted <= set(self.nodes[maker].out):
                yield f"{maker} makes no version"

    def messages(self, told: Tree) -> Iterator[str]:
        if not isinstance(told, list) and _words(told) is None:
            yield "messages"
            return
        told = told if isinstance(told, list) else [told]
        seen: set[tuple[str, ...]] = set()
        for one in told:
            text = _raw(one)
            if isinstance(one, dict) and len(one) == 1:  # unquoted in a flow list: a mapping
                text = f"{next(iter(one))}: {_raw(next(iter(one.values()))) or ''}"
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
        first = _raw(self.tree.get("champion")) if "champion" in self.tree else None
        for name in {first or ""} | above.get(first or "", set()):
            known = self.nodes.get(name, _Known("step"))
            sources = [one for told in known.sources.values() for one in told]
            if known.kind in ("input", "human") or any("champion." in one[:9] for one in sources):
                yield f"the first version waits for {name}"

    def parents(self, known: _Known) -> set[str]:
        named = [one.partition(".")[0] for told in known.sources.values() for one in told]
        unquoted = re.sub(r"'[^']*'|\"[^\"]*\"", "", known.when)
        named += known.after + re.findall(r"([a-z][a-z0-9_]*)\.[a-z]", unquoted)
        return {one for one in named if one in self.nodes}

    def expand(self) -> Iterator[str]:
        """Put the members of each foreach node in its place."""
        each = {name: known for name, known in self.nodes.items() if known.each is not None}
        roots = {}
        for name in each:
            seen = [name]
            while isinstance(each[seen[-1]].each, Leaf):
                other = _raw(each[seen[-1]].each) or ""
                if other not in each or other in seen:
                    yield f"foreach of {name}"
                    break
                seen.append(other)
            else:
                roots[name] = seen[-1]
        combined = {}
        for root in set(roots.values()):
            problem, combined[root] = _combinations(each[root])
            if problem:
                yield f"foreach of {root}: {problem}"
                return
        for name, root in roots.items():
            n_members = len(combined[root])
            self.groups[name] = [f"{name}_{at}" for at in range(1, n_members + 1)]
        yield from self._members(each, roots, combined)

    def _members(
        self, each: dict[str, _Known], roots: dict[str, str], combined: dict[str, list[Any]]
    ) -> Iterator[str]:
        found: dict[str, _Known] = {}
        for name, known in self.nodes.items():
            for at, member in enumerate(self.groups.get(name, [name])):
                if member in found or not ID.match(member):
                    yield f"the id {member}"
                one = found[member] = replace(known)
                problem, one.sources = self._sources(known, at, roots, roots.get(name, ""))
                if problem:
                    yield f"{member} {problem}"
                one.after = [
                    target
                    for other in known.after
                    for target in self._targets(other, at, roots, roots.get(name, ""))
                ]
                if known.run and name in roots:
                    values = combined[roots[name]][at]
                    one.run, size = _filled(known.run, values)
                    if size >= 100_000 or any("\0" in word for word in one.run) or not one.run[0]:
                        yield f"run of {member}"
        self.nodes = found
        if len(found) > NODES_MAX:
            yield "too many nodes"

    def _targets(self, other: str, at: int, roots: dict[str, str], root: str) -> list[str]:
        members = self.groups.get(other, [other])
        return [members[at]] if root and roots.get(other) == root else members

    def _sources(
        self, known: _Known, at: int, roots: dict[str, str], root: str
    ) -> tuple[str, dict[str, list[str]]]:
        problem = ""
        found: dict[str, list[str]] = {}
        for name, sources in known.sources.items():
            parts = [one.partition(".") for one in sources]
            grouped = [one for one in parts if one[0] in self.groups]
            if all(root and roots[one[0]] == root for one in grouped):
                own = [
                    "".join((self.groups[a][at] if a in self.groups else a, *rest))
                    for a, *rest in parts
                ]
                wanted = {name: own}
            else:
                if name in known.lists or known.kind == "human":
                    problem = f"takes a foreach node in {name}"
                node, dot, output = grouped[0]
                wanted = {
                    f"{name}_{number}": [f"{member}{dot}{output or node}"]
                    for number, member in enumerate(self.groups[node], 1)
                }
            if found.keys() & wanted.keys():
                problem = f"has an input twice: {name}"
            found |= wanted
        return problem, found


def _combinations(known: _Known) -> tuple[str, list[dict[str, Any]]]:
    """(a problem, each member's values)."""
    told = known.each
    if not isinstance(told, dict) or not told:
        return "no lists", []
    n_members = 1
    for name, values in told.items():
        if not ID.match(name) or name in known.params:
            return f"the name {name}", []
        if not isinstance(values, list) or not values:
            return f"the list {name}", []
        n_members *= len(values)
    if n_members > 1000:
        return "too many", []
    found: list[dict[str, Any]] = [{}]
    for name, values in told.items():
        found = [one | {name: value} for one in found for value in values]
    return "", found


def _filled(run: list[str], values: dict[str, Tree]) -> tuple[list[str], int]:
    """(the program with values in the place of their names, how much was filled in)."""
    size = 0
    for name, value in values.items():
        hole = "{" + name + "}"
        plain = _plain(value)
        text = plain if isinstance(plain, str) else json.dumps(plain)
        size = max(size, sum(word.count(hole) for word in run) * len(text))
        if size >= 100_000:
            return run, size
        run = [word.replace(hole, text) for word in run]
    return run, size


def _plain(tree: Tree) -> Any:
    if isinstance(tree, Leaf):
        return tree.value
    if isinstance(tree, list):
        return [_plain(one) for one in tree]
    return {key: _plain(one) for key, one in tree.items()}


BYTES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
SECONDS = {"": 1, "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
MEASURES = {
    "memory": (BYTES, 2**20, 64 * 2**40),
    "log": (BYTES, 2**10, 2**40),
    "disk": (BYTES, 2**10, 2**40),
    "shm": (BYTES, 64 * 2**10, 2**40),
    "time": (SECONDS, 0.1, 365 * 86400),
    "grace": (SECONDS, 0, 3600),
    "backoff": (SECONDS, 0, 3600),
}


def _limit_problems(told: Tree) -> Iterator[str]:
    if not isinstance(told, dict):
        yield "limits"
        return
    wholes = {"retries": (0, 10), "pids": (4, 4_194_304), "gpus": (0, 64)}
    for key, item in told.items():
        value = _value(item)
        fine = False
        if key in MEASURES:
            units, low, high = MEASURES[key]
            amount = _amount(item, units)
            fine = amount is not None and low <= amount <= high
        elif key in wholes:
            fine = _is_whole(item, *wholes[key])
        elif key == "cpus":
            fine = _is_number(value) and 0.01 <= value <= 1024
        elif key == "network":
            fine = isinstance(value, bool)
        elif key == "mounts":
            paths = _words(item)
            fine = paths is not None and all(_is_mount(one) for one in paths)
            fine = fine and len(set(paths or [])) == len(paths or []) <= 32
        if not fine:
            yield f"limit {key}"


def _amount(item: Tree, units: dict[str, float]) -> float | None:
    """Bytes or seconds: a number, or text with a unit."""
    value = _value(item)
    if _is_number(value):
        return float(value)
    hit = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-zA-Z]*)", (_raw(item) or "").strip())
    if hit is None or not isinstance(value, str):
        return None
    unit = hit.group(2)
    if units is BYTES:
        unit = re.sub("(?<=.)i?b|^i?b", "", unit.lower())
    return float(hit.group(1)) * units[unit] if unit in units else None


def _is_mount(path: str) -> bool:
    """An absolute path; never kernel files, devices or sockets."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if (
        not path.startswith("/")
        or ".." in parts
        or not parts
        or re.search(r"[:,\\\0-\x1f\x7f]", path)
    ):
        return False
    if len(path) > 1001:
        return False
    closed = parts[0] in ("proc", "sys", "dev", "run") or parts[:2] == ["var", "run"]
    return not closed and parts != ["var"] and not parts[-1].endswith(".sock")


def _program(item: Tree) -> list[str]:
    """The words of a program; none where it is none."""
    if isinstance(item, list):
        words = [_raw(one) for one in item]
        found = [] if None in words else [word for word in words if word is not None]
    else:
        try:
            found = shlex.split(_raw(item) or "")
        except ValueError:
            return []
    return found if found and found[0] and not any("\0" in word for word in found) else []


def _is_below(path: str) -> bool:
    """A path below the pipeline's folder."""
    parts = path.split("/")
    if path.startswith(("/", "~")) or "\\" in path or path[1:2] == ":" or "\0" in path:
        return False
    return ".." not in parts and any(part.strip() not in ("", ".") for part in parts)


def _raw(item: Tree) -> str | None:
    """Text as written; None for lists, mappings and nothing."""
    fine = isinstance(item, Leaf) and item.value is not None and len(item.raw) <= TEXT_MAX
    return item.raw if fine else None


def _value(item: Tree) -> Any:
    return item.value if isinstance(item, Leaf) else None


def _words(item: Tree) -> list[str] | None:
    """A list of words; a single word is a list of one."""
    found = [_raw(one) for one in (item if isinstance(item, list) else [item])]
    return None if None in found else [one for one in found if one is not None]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(item: Tree, low: int, high: int) -> bool:
    value = _value(item)
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


class _Condition:
    """A condition by the page's grammar: ``or``, ``and``, ``not``, then one comparison."""

    TOKEN = re.compile(
        r"\s*([a-z][a-z0-9_]*\.[a-z][a-z0-9_]*|[A-Za-z_]\w*|'[^']*'|\"[^\"]*\""
        r"|-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|==|!=|<=|>=|[<>()])",
        re.ASCII,
    )
    SIGNS = ("==", "!=", "<", "<=", ">", ">=")

    def __init__(self, text: str, values: dict[str, dict[str, Any]]) -> None:
        self.values = values
        self.tokens: list[str] = []
        self.depth = 0
        if len(text) > 2000:
            raise Refused("too long")
        rest = text.strip()
        while rest:
            hit = self.TOKEN.match(rest)
            if hit is None:
                raise Refused(f"at {rest[:10]!r}")
            self.tokens.append(hit.group(1))
            rest = rest[hit.end() :].strip()
        self.tokens.append("")

    def judge(self) -> None:
        self.any_of()
        if self.tokens != [""]:
            raise Refused(f"more after the end: {self.tokens}")

    def any_of(self) -> None:
        self.all_of()
        while self.tokens[0] == "or":
            self.tokens.pop(0)
            self.all_of()

    def all_of(self) -> None:
        self.one()
        while self.tokens[0] == "and":
            self.tokens.pop(0)
            self.one()

    def one(self) -> None:
        first = self.tokens[0]
        if first in ("not", "("):
            self.depth += 1
            if self.depth > 50:
                raise Refused("nested too deep")
            self.tokens.pop(0)
            if first == "not":
                self.one()
            else:
                self.any_of()
                if self.tokens.pop(0) != ")":
                    raise Refused("not closed")
            self.depth -= 1
        else:
            self.comparison()

    def comparison(self) -> None:
        left, left_word = self.operand()
        if self.tokens[0] not in self.SIGNS:
            if left != "bool":
                raise Refused("no condition")
            return
        sign = self.tokens.pop(0)
        right, right_word = self.operand()
        if self.tokens[0] in self.SIGNS:
            raise Refused("chained")
        kinds = ["text" if isinstance(one, list) else one for one in (left, right)]
        if kinds[0] != kinds[1] or (sign not in ("==", "!=") and kinds[0] != "number"):
            raise Refused(f"{kinds[0]} {sign} {kinds[1]}")
        for word, kind in ((left_word, right), (right_word, left)):
            if word is not None and isinstance(kind, list) and word not in kind:
                raise Refused(f"{word} is never given")

    def operand(self) -> tuple[Any, str | None]:
        token = self.tokens.pop(0)
        if not token or token in ("and", "or", "not", "(", ")") or token in self.SIGNS:
            raise Refused("a value is missing")
        if token in ("true", "false"):
            return "bool", None
        if token[0] in "'\"":
            return "text", token[1:-1]
        if re.match(r"[-.\d]", token):
            if not math.isfinite(float(token)):
                raise Refused("not finite")
            return "number", None
        node, _, name = token.partition(".")
        if name not in self.values.get(node, {}):
            raise Refused(f"unknown {token}")
        return self.values[node][name], None
