"""``pipeline.yaml`` → Multigraph. Text in, a graph out, or InputError with every finding.

Reads shape and types; whether the graph makes sense is the linter's word (``lint.read`` does both).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from scanflow_tui.contract import limits
from scanflow_tui.contract.errors import InputError
from scanflow_tui.workflow import vocabulary as words
from scanflow_tui.workflow import when
from scanflow_tui.workflow.document import Entry, Item, tree
from scanflow_tui.workflow.fields import Fields, shown
from scanflow_tui.workflow.findings import EnoughFound, Finding, Findings, findings_text
from scanflow_tui.workflow.foreach import Each, Expansion, read_each
from scanflow_tui.workflow.graph import Champion, Edge, Multigraph, Node, Place
from scanflow_tui.workflow.nodes import NAME_SHAPE, Places, read_node

_PIPELINE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_MESSAGE = re.compile(r"\s*(\S+)\s*->\s*([^\s:]+)\s*:\s*(\S.*?)\s*")
_START = Place(1, 1)
MESSAGES_MAX = 100_000


def load(text: str, name: str = "pipeline.yaml") -> Multigraph:
    """The graph of a document. Raises InputError; its ``findings`` name all problems of shape."""
    findings = Findings()
    graph = load_into(text, findings)
    if findings.found or graph is None:
        raise refusal(findings.found, name)
    return graph


def refusal(findings: Iterable[Finding], name: str) -> InputError:
    """The error that carries these findings; its sentence is the first of them."""
    lines = findings_text(findings, name)
    where, _, sentence = lines[0].partition(": ")
    more = f"{len(lines) - 1} more: scanflow lint shows all" if len(lines) > 1 else ""
    return InputError(sentence, where=where, hint=more, findings=lines)


def load_into(text: str, findings: Findings) -> Multigraph | None:
    """The graph as far as it can be read, with findings filled; None where it cannot be judged."""
    try:
        return _read(text, findings)
    except EnoughFound:
        return None


def _read(text: str, findings: Findings) -> Multigraph | None:
    root = tree(text, findings)
    if root is None:
        if not findings.found:
            findings.error(_START, "the document is empty")
        return None
    fields = Fields(findings)
    top = fields.mapping(root, "a pipeline")
    if top is None:
        return None
    known = fields.known(top, words.TOP_KEYS, "a pipeline")
    places: Places = {key: entry.place for key, entry in known.items()}
    _check_format(known, findings)
    classes, class_keys = _classes(known, fields)
    nodes, members = _expanded(*_nodes(known, fields, places, classes), fields, places)
    dockerfile, image = _image(known, fields)
    edges = (*_edges(nodes), *_messages(known, fields, places, members))
    return Multigraph(
        name=_name(known, fields),
        nodes=nodes,
        edges=edges,
        classes=classes,
        class_keys=class_keys,
        champion=_champion(known, fields, places),
        dockerfile=dockerfile,
        image=image,
        guidelines=_guidelines(known, fields),
        ignore_above=_ignore_above(known, fields),
        places=places,
    )


def _check_format(known: Mapping[str, Entry], findings: Findings) -> None:
    if "scanflow" not in known:
        findings.error(_START, f"'scanflow: {words.FORMAT}' is missing (format of the document)")
        return
    item = known["scanflow"].item
    if item.value != words.FORMAT or not isinstance(item.value, int) or item.value is True:
        said = f"the format is {shown(item)}; this ScanFlow reads {words.FORMAT}"
        findings.error(item.place, said)


def _name(known: Mapping[str, Entry], fields: Fields) -> str:
    if "name" not in known:
        return "pipeline"
    shape = "a name (a-z, 0-9, _ . -; at most 64)"
    return fields.name(known["name"].item, "the name", _PIPELINE_NAME, shape) or "pipeline"


def _image(known: Mapping[str, Entry], fields: Fields) -> tuple[str, str]:
    if "image" not in known:
        return "", ""
    item = known["image"].item
    entries = fields.mapping(item, "'image'")
    if entries is None:
        return "", ""
    good = fields.known(entries, words.IMAGE_KEYS, "'image'")
    if entries and good and len(good) > 1:
        fields.findings.error(item.place, "'image' has a dockerfile or a name, not both")
    if not entries:
        fields.findings.error(item.place, "'image' is empty; it has a dockerfile or a name")
    read = {key: fields.text(entry.item, f"image {key}") or "" for key, entry in good.items()}
    for key, text in read.items():
        if not text.strip():
            fields.findings.error(good[key].item.place, f"image {key!r} is empty")
    return read.get("dockerfile", ""), read.get("name", "")


def _classes(known: Mapping[str, Entry], fields: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if "classes" not in known:
        return (), ()
    item = known["classes"].item
    if isinstance(item.value, dict):
        keys = [fields.text(one.item, "a class key") or "" for one in item.value.values()]
        names = list(item.value)
    else:
        names = [fields.text(one, "a class") or "" for one in fields.each(item, "'classes'")]
        keys = list(words.default_class_keys(len(names)))
    if not names:
        fields.findings.error(item.place, "'classes' is empty")
    if len(names) > limits.CLASSES_MAX:
        fields.findings.error(item.place, f"more than {limits.CLASSES_MAX} classes")
    return tuple(names), tuple(keys)


def _guidelines(known: Mapping[str, Entry], fields: Fields) -> dict[str, str]:
    if "guidelines" not in known:
        return {}
    entries = fields.mapping(known["guidelines"].item, "'guidelines'")
    found = {}
    for key, entry in (entries or {}).items():
        found[key] = fields.text(entry.item, f"the guideline of {key[:60]!r}") or ""
    return found


def _champion(known: Mapping[str, Entry], fields: Fields, places: Places) -> Champion:
    if "champion" not in known:
        return Champion()
    item = known["champion"].item
    places["champion"] = item.place
    if not isinstance(item.value, dict):
        node = fields.name(item, "the champion's node", words.NAME, NAME_SHAPE)
        return Champion(node=node or "")
    good = fields.known(item.value, words.CHAMPION_KEYS, "'champion'")
    read = {}
    for key in words.CHAMPION_KEYS:
        if key not in good:
            fields.findings.error(item.place, f"'champion' needs {key!r} (a path)")
        else:
            read[key] = fields.text(good[key].item, f"champion {key}") or ""
            if not read[key].strip():
                fields.findings.error(good[key].item.place, f"champion {key!r} is empty")
            places[f"champion.{key}"] = good[key].item.place
    return Champion(model_file=read.get("file", ""), reference_file=read.get("reference", ""))


def _ignore_above(known: Mapping[str, Entry], fields: Fields) -> float | None:
    if "ignore_above" not in known:
        return None
    item = known["ignore_above"].item
    value = fields.number(item, "'ignore_above'")
    if value is not None and not 0 <= value <= 1:
        fields.findings.error(item.place, "'ignore_above' is an accuracy from 0 to 1")
        return None
    return value


def _nodes(
    known: Mapping[str, Entry], fields: Fields, places: Places, classes: tuple[str, ...]
) -> tuple[tuple[Node, ...], dict[str, Each]]:
    """The nodes as written, and the list of each that has a ``foreach``."""
    each: dict[str, Each] = {}
    if "nodes" not in known:
        fields.findings.error(_START, "'nodes' is missing")
        return (), each
    item = known["nodes"].item
    entries = fields.mapping(item, "'nodes'")
    if entries is None:
        return (), each
    if not entries:
        fields.findings.error(item.place, "the pipeline has no nodes")
    if len(entries) > limits.NODES_MAX:
        said = f"{len(entries)} nodes; at most {limits.NODES_MAX} are read"
        fields.findings.error(item.place, said)
        return (), each
    found = []
    for node_id, entry in entries.items():
        if not words.NAME.fullmatch(node_id):
            fields.findings.error(entry.place, f"the id {node_id[:60]!r} is not {NAME_SHAPE}")
        elif node_id in words.RESERVED_IDS:
            fields.findings.error(entry.place, f"the id {node_id!r} is reserved")
        elif (node := read_node(node_id, entry, fields, places, classes)) is not None:
            found.append(node)
            if node.kind in ("step", "agent") and isinstance(entry.item.value, dict):
                _read_foreach(node, entry.item.value, fields, each)
    return tuple(found), each


def _read_foreach(
    node: Node, keys: Mapping[str, Entry], fields: Fields, each: dict[str, Each]
) -> None:
    if "foreach" not in keys:
        return
    read = read_each(keys["foreach"], node.params, fields)
    if node.role in ("checker", "planner"):
        said = f"a {node.role} cannot be a foreach node: a run has one verdict and one repair plan"
        fields.findings.error(keys["foreach"].place, said)
    elif read is not None:
        each[node.id] = read


def _expanded(
    written: tuple[Node, ...], each: Mapping[str, Each], fields: Fields, places: Places
) -> tuple[tuple[Node, ...], Mapping[str, tuple[str, ...]]]:
    """All nodes with those that ``foreach`` makes, and the members of each written one."""
    if not each:
        return written, {}
    expansion = Expansion(written, each, fields)
    return expansion.nodes(written, places), expansion.members


def _edges(nodes: tuple[Node, ...]) -> list[Edge]:
    """Data and order edges between nodes that exist; the linter names those that do not."""
    ids = {node.id for node in nodes}
    found: dict[Edge, None] = {}
    for node in nodes:
        for item in node.inputs:
            for source in item.sources:
                if source.kind == "node" and source.node in ids:
                    found[Edge(source.node, node.id, "data", source.name)] = None
        for before in node.after:
            if before in ids:
                found[Edge(before, node.id, "order", "after")] = None
        for before in sorted(_read_by_when(node)):
            if before in ids:
                found[Edge(before, node.id, "order", "when")] = None
    return list(found)


def _read_by_when(node: Node) -> set[str]:
    if not node.when:
        return set()
    try:
        return {source for source, _ in when.names(when.parse(node.when))}
    except when.WhenError:
        return set()


def _messages(
    known: Mapping[str, Entry],
    fields: Fields,
    places: Places,
    members: Mapping[str, tuple[str, ...]],
) -> list[Edge]:
    if "messages" not in known:
        return []
    item = known["messages"].item
    found: dict[Edge, None] = {}
    for one in fields.each(item, "'messages'"):
        edge = _message(one, fields)
        if edge is None:
            continue
        if edge in found:
            fields.findings.error(one.place, "this message stands twice")
            continue
        if len(found) > MESSAGES_MAX:
            fields.findings.error(one.place, f"more than {MESSAGES_MAX} messages")
            raise EnoughFound
        for source in members.get(edge.source, (edge.source,)):
            for target in members.get(edge.target, (edge.target,)):
                places[f"messages.{len(found)}"] = one.place
                found[Edge(source, target, "message", edge.label)] = None
    return list(found)


def _message(item: Item, fields: Fields) -> Edge | None:
    if isinstance(item.value, dict) and len(item.value) == 1:
        # In a block list, "a -> b: topic" without quotes is a mapping to YAML; it means the same.
        ((key, entry),) = item.value.items()
        topic = fields.text(entry.item, "a topic")
        text = None if topic is None else f"{key}: {topic}"
    else:
        text = fields.text(item, "a message")
    if text is None:
        return None
    hit = _MESSAGE.fullmatch(text)
    if hit is None or not words.TOPIC.fullmatch(hit.group(3)):
        said = f"the message {text[:60]!r} is not written 'node -> node: topic'"
        fields.findings.error(item.place, said)
        return None
    return Edge(hit.group(1), hit.group(2), "message", hit.group(3))
