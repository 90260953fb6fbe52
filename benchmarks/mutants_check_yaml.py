"""Text to a tree of words, lists and mappings, as docs/pipeline.md says YAML is read; no places.

Part of ``mutants_check``: shares no code with ScanFlow's reader.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import yaml

DEPTH_MAX = 32
BYTES_MAX = 1 << 20
TEXT_MAX = 4000
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


def read(text: str) -> Tree:
    if len(text.encode("utf-8", "surrogatepass")) > BYTES_MAX:
        raise Refused("larger than 1 MiB")
    try:
        root = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError) as error:
        at = _tab_between_words(error, text)
        if at < 0:
            raise Refused(f"not YAML: {error}") from None
        return read(f"{text[:at]} {text[at + 1 :]}")
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


def raw(item: Tree) -> str | None:
    """Text as written; None for lists, mappings and nothing."""
    fine = isinstance(item, Leaf) and item.value is not None and len(item.raw) <= TEXT_MAX
    return item.raw if fine else None


def value_of(item: Tree) -> Any:
    return item.value if isinstance(item, Leaf) else None


def words_of(item: Tree) -> list[str] | None:
    """A list of words; a single word is a list of one."""
    found = [raw(one) for one in (item if isinstance(item, list) else [item])]
    return None if None in found else [one for one in found if one is not None]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_whole(item: Tree, low: int, high: int) -> bool:
    value = value_of(item)
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def plain(tree: Tree) -> Any:
    if isinstance(tree, Leaf):
        return tree.value
    if isinstance(tree, list):
        return [plain(one) for one in tree]
    return {key: plain(one) for key, one in tree.items()}


def is_below(path: str) -> bool:
    """A path below the pipeline's folder."""
    parts = path.split("/")
    if path.startswith(("/", "~")) or "\\" in path or path[1:2] == ":" or "\0" in path:
        return False
    return ".." not in parts and any(part.strip() not in ("", ".") for part in parts)
