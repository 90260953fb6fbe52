"""YAML text as a tree in which everything has a line and a column.

Built from parser events with a stack of its own, so that depth, size and aliases are bounded and no
document costs a traceback or a hang. Scalars mean what YAML's safe loader says they mean.
"""

from __future__ import annotations

import math
from typing import Any

import yaml
from yaml.reader import Reader

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.records import dataclass
from scanflow_tui.workflow.findings import Findings
from scanflow_tui.workflow.graph import Place

Scalar = str | int | float | bool | None

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAKER = yaml.constructor.SafeConstructor()
_UNPRINTABLE = Reader.NON_PRINTABLE  # YAML's own set; to compile it again takes milliseconds
_TOO_DEEP = f"nested more than {limits.PIPELINE_DEPTH_MAX} deep"
_TOO_LARGE = f"the document is larger than {limits.PIPELINE_BYTES_MAX} bytes"
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value`` of a mapping, with the place of the key."""

    place: Place
    item: Item


@dataclass(frozen=True, slots=True)
class Item:
    """A scalar, a list or a mapping. ``raw`` is a scalar as written.

    ``size`` and ``depth`` count what is in it, with aliases as often as they stand there.
    """

    place: Place
    value: Scalar | tuple[Item, ...] | dict[str, Entry]
    raw: str = ""
    size: int = 1
    depth: int = 0


class _Stop(Exception):
    """The document cannot be read beyond this place."""

    def __init__(self, place: Place, sentence: str) -> None:
        super().__init__(sentence)
        self.place = place
        self.sentence = sentence


def decode(data: bytes, name: str = "pipeline.yaml") -> str:
    """The text of a document's bytes. Raises InputError where they are not UTF-8 or too many."""
    if len(data) > limits.PIPELINE_BYTES_MAX:
        raise _refused(name, Place(1, 1), _TOO_LARGE)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        raise _refused(name, _place_at(before, len(before)), "not UTF-8 text") from None


def tree(text: str, findings: Findings) -> Item | None:
    """The tree of a document; None where it is empty or cannot be read (a finding says why).

    Duplicate keys are findings too; the first one counts.
    """
    try:
        _check_characters(text)
        return _build(text.removeprefix("\ufeff"), findings)
    except _Stop as stop:
        findings.error(stop.place, stop.sentence)
        return None


def plain(item: Item) -> Any:
    """The item as plain JSON values, places left out."""
    if isinstance(item.value, tuple):
        return [plain(one) for one in item.value]
    if isinstance(item.value, dict):
        return {key: plain(entry.item) for key, entry in item.value.items()}
    return item.value


def _refused(name: str, place: Place, sentence: str) -> InputError:
    where = f"{name}:{place.line}:{place.column}"
    return InputError(sentence, where=where, findings=(f"{where}: {sentence}",))


def _place_at(text: str, index: int) -> Place:
    start = text.rfind("\n", 0, index) + 1
    return Place(text.count("\n", 0, index) + 1, index - start + 1)


def _check_characters(text: str) -> None:
    if len(text) > limits.PIPELINE_BYTES_MAX:
        raise _Stop(Place(1, 1), _TOO_LARGE)
    bad = _UNPRINTABLE.search(text.removeprefix("\ufeff"))
    if bad is not None:
        code = ord(bad.group())
        raise _Stop(
            _place_at(text, bad.start()), f"the character U+{code:04X} may not stand in a document"
        )


class _Frame:
    """A list or mapping that is still open."""

    __slots__ = ("anchor", "depth", "entries", "items", "key", "place", "size")

    def __init__(self, place: Place, anchor: str | None, *, is_mapping: bool) -> None:
        self.place = place
        self.anchor = anchor
        self.items: list[Item] = []
        self.entries: dict[str, Entry] | None = {} if is_mapping else None
        self.key: Item | None = None
        self.size = 1
        self.depth = 1

    def close(self) -> Item:
        value = tuple(self.items) if self.entries is None else self.entries
        return Item(self.place, value, "", self.size, self.depth)


def _build(text: str, findings: Findings) -> Item | None:
    stack: list[_Frame] = []
    anchors: dict[str, Item | None] = {}
    root: Item | None = None
    n_documents = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            mark: Any = event.start_mark
            place = Place(mark.line + 1, mark.column + 1)
            if isinstance(event, yaml.DocumentStartEvent):
                n_documents += 1
                if n_documents > 1:
                    raise _Stop(place, "a second document starts here; one file holds one pipeline")
                continue
            done = _step(event, place, stack, anchors)
            if done is None:
                continue
            if not stack:
                root = done
            else:
                _put(stack[-1], done, findings)
    except yaml.YAMLError as error:
        raise _syntax(error, text) from None
    return root


def _step(
    event: Any, place: Place, stack: list[_Frame], anchors: dict[str, Item | None]
) -> Item | None:
    """Take one event; the item that it completes, if any."""
    match event:
        case yaml.ScalarEvent():
            item = Item(place, _scalar(event, place), event.value)
            if event.anchor:
                anchors[event.anchor] = item
            return item
        case yaml.AliasEvent():
            known = anchors.get(str(event.anchor))
            if known is None:
                raise _Stop(place, f"the alias '*{event.anchor}' has no anchor before it")
            if len(stack) + known.depth > limits.PIPELINE_DEPTH_MAX:
                raise _Stop(place, _TOO_DEEP)
            return Item(place, known.value, known.raw, known.size, known.depth)
        case yaml.CollectionStartEvent():
            if len(stack) >= limits.PIPELINE_DEPTH_MAX:
                raise _Stop(place, _TOO_DEEP)
            is_mapping = isinstance(event, yaml.MappingStartEvent)
            _check_tag(event, place, "map" if is_mapping else "seq")
            if event.anchor:
                anchors[event.anchor] = None
            stack.append(_Frame(place, event.anchor, is_mapping=is_mapping))
            return None
        case yaml.CollectionEndEvent():
            frame = stack.pop()
            done = frame.close()
            if frame.anchor:
                anchors[frame.anchor] = done
            return done
    return None


def _put(frame: _Frame, item: Item, findings: Findings) -> None:
    frame.size += item.size
    frame.depth = max(frame.depth, item.depth + 1)
    if frame.size > limits.PIPELINE_ITEMS_MAX:
        raise _Stop(item.place, f"more than {limits.PIPELINE_ITEMS_MAX} values (aliases counted)")
    if frame.entries is None:
        frame.items.append(item)
    elif frame.key is None:
        if isinstance(item.value, tuple | dict):
            raise _Stop(item.place, "a key is a word, not a list or a mapping")
        frame.key = item
    else:
        key, frame.key = frame.key, None
        if key.raw in frame.entries:
            first = frame.entries[key.raw].place.line
            findings.error(key.place, f"the key {key.raw!r} stands twice; first on line {first}")
        else:
            frame.entries[key.raw] = Entry(key.place, item)


def _check_tag(event: Any, place: Place, allowed: str) -> None:
    if event.tag not in (None, "!", _TAG + allowed):
        raise _Stop(place, f"the tag {event.tag!r} is not allowed")


def _scalar(event: Any, place: Place) -> Scalar:
    tag = event.tag
    if tag in (None, "!"):
        quoted = tag == "!" or not event.implicit[0]
        tag = _TAG + "str" if quoted else _implicit_tag(event.value)
    kind = tag.removeprefix(_TAG)
    if kind == "merge":
        raise _Stop(place, "'<<' merges nothing here; write the keys out")
    if kind in ("str", "value"):
        return str(event.value)
    if kind == "null":
        return None
    if kind not in ("bool", "int", "float"):
        word = "a date" if kind == "timestamp" else f"tagged {tag!r}"
        raise _Stop(place, f"{event.value[:40]!r} is {word}; write text in quotes")
    try:
        value: Scalar = getattr(_MAKER, f"construct_yaml_{kind}")(yaml.ScalarNode(tag, event.value))
    except (ValueError, KeyError, IndexError, OverflowError):
        raise _Stop(place, f"{event.value[:40]!r} cannot be read as {kind}") from None
    if isinstance(value, float) and not math.isfinite(value):
        raise _Stop(place, f"{event.value[:40]!r} is not a finite number")
    return value


def _implicit_tag(value: str) -> str:
    resolvers: Any = yaml.SafeLoader.yaml_implicit_resolvers
    for tag, pattern in resolvers.get(value[:1], []) + resolvers.get(None, []):
        if pattern.match(value):
            return str(tag)
    return _TAG + "str"


def _syntax(error: yaml.YAMLError, text: str) -> _Stop:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return _Stop(Place(1, 1), "not YAML")
    place = Place(mark.line + 1, mark.column + 1)
    lines = text.split("\n")
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return _Stop(place, "a tab indents this line; YAML takes spaces")
    problem = str(getattr(error, "problem", "") or "").replace("\n", " ")
    if "nesting depth" in problem:
        return _Stop(place, _TOO_DEEP)
    return _Stop(place, f"not YAML: {problem or 'the text cannot be read'}")
