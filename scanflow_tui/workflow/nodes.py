"""One node of the document's tree → a Node. Shape and types only; the linter judges references."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from scanflow_tui.contract import limits
from scanflow_tui.contract.step import StepLimits
from scanflow_tui.workflow import vocabulary as words
from scanflow_tui.workflow.document import Entry, Item
from scanflow_tui.workflow.fields import Fields
from scanflow_tui.workflow.graph import HumanForm, Input, Node, NodeKind, Place, Role, Source

NAME_SHAPE = "a name (a-z, 0-9, _; first a letter; at most 40)"
ENV_SHAPE = "the name of an environment variable"
SEED_MAX = 2**63 - 1
PIDS_MAX = 4_194_304

Places = dict[str, Place]


def read_node(
    node_id: str, entry: Entry, fields: Fields, places: Places, classes: tuple[str, ...]
) -> Node | None:
    """The node, or None where it has no shape; findings say why. ``places`` is filled."""
    given = fields.mapping(entry.item, f"node {node_id!r}")
    if given is None:
        return None
    kind = _kind(given)
    allowed = {
        "input": words.INPUT_KEYS,
        "human": words.HUMAN_KEYS,
        "agent": ("agent", *words.STEP_KEYS),
        "step": words.STEP_KEYS,
    }[kind]
    known = fields.known(given, words.NODE_KEYS, "a node")
    for key in [key for key in known if key not in allowed]:
        fields.findings.error(known[key].place, f"{_a(kind)} takes no {key!r}")
        del known[key]
    for key, one in known.items():
        places[f"{node_id}.{key}"] = one.item.place if key == "when" else one.place
    if kind == "input":
        fields.choice(known["input"].item, "input", words.INPUT_KINDS)
        return Node(node_id, "input", outputs=(node_id,), place=entry.place)
    if kind == "human":
        return _human(node_id, known, fields, places, entry.place)
    return _step(node_id, kind, known, fields, places, entry.place, classes)


def _kind(given: Mapping[str, Entry]) -> NodeKind:
    kinds: tuple[NodeKind, ...] = ("input", "human", "agent")
    for kind in kinds:
        if kind in given:
            return kind
    return "step"


def _a(kind: str) -> str:
    return f"an {kind} node" if kind in ("input", "agent") else f"a {kind} node"


def _human(
    node_id: str, known: Mapping[str, Entry], fields: Fields, places: Places, place: Place
) -> Node | None:
    form = cast("HumanForm | None", fields.choice(known["human"].item, "human form", words.FORMS))
    if form is None:
        return None
    outputs = _names(known, "out", "output", fields)
    return Node(
        node_id,
        "human",
        form=form,
        inputs=_inputs(node_id, known, fields, places),
        outputs=outputs if "out" in known else words.HUMAN_MAKES[form],
        when=_when(known, fields),
        after=_names(known, "after", "node", fields),
        values=dict(words.DECIDE_VALUES) if form == "decide" else {},
        promotes=_names(known, "promotes", "node", fields),
        place=place,
        overlap=_share(known, "overlap", form, fields),
        repeats=_share(known, "repeats", form, fields),
    )


def _share(known: Mapping[str, Entry], key: str, form: HumanForm, fields: Fields) -> float | None:
    """A share that a label node says, from 0 to 1."""
    if key not in known:
        return None
    entry = known[key]
    if form != "label":
        fields.findings.error(entry.place, f"a node that asks to {form} takes no {key!r}")
        return None
    share = fields.number(entry.item, f"{key!r}")
    if share is not None and not 0 <= share <= 1:
        fields.findings.error(entry.item.place, f"{key!r} is a share from 0 to 1, not {share:g}")
        return None
    return share


def _step(
    node_id: str,
    kind: NodeKind,
    known: Mapping[str, Entry],
    fields: Fields,
    places: Places,
    place: Place,
    classes: tuple[str, ...],
) -> Node:
    role: Role | None = None
    if kind == "agent":
        role = cast("Role | None", fields.choice(known["agent"].item, "role", words.ROLES))
    if "run" not in known:
        fields.findings.error(place, f"{_a(kind)} needs 'run' ({node_id!r} has none)")
    params = fields.params(known["with"].item) if "with" in known else {}
    env: tuple[str, ...] = ()
    if "env" in known:
        env = fields.words(known["env"].item, "variable", words.ENV_NAME, ENV_SHAPE)
    values = _values(known, fields)
    if role == "checker":
        values |= words.CHECKER_VALUES
    return Node(
        node_id,
        kind,
        role=role,
        run=fields.command(known["run"].item) if "run" in known else (),
        inputs=_inputs(node_id, known, fields, places),
        outputs=_names(known, "out", "output", fields),
        params=params,
        limits=_limits(node_id, known, fields, places),
        env=env,
        when=_when(known, fields),
        after=_names(known, "after", "node", fields),
        values=values,
        seed=_seed(known, params, fields),
        place=place,
        classes=classes,
    )


def _names(known: Mapping[str, Entry], key: str, what: str, fields: Fields) -> tuple[str, ...]:
    if key not in known:
        return ()
    return fields.words(known[key].item, what, words.NAME, NAME_SHAPE)


def _when(known: Mapping[str, Entry], fields: Fields) -> str:
    if "when" not in known:
        return ""
    text = fields.text(known["when"].item, "'when'")
    if text is not None and not text.strip():
        fields.findings.error(known["when"].item.place, "'when' is empty")
    return text or ""


def _seed(known: Mapping[str, Entry], params: Mapping[str, Any], fields: Fields) -> int:
    """The key ``seed``, else a parameter of that name, else 0."""
    if "seed" in known:
        return fields.whole(known["seed"].item, "'seed'", 0, SEED_MAX) or 0
    seed = params.get("seed")
    is_seed = isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= SEED_MAX
    return cast(int, seed) if is_seed else 0


def _inputs(
    node_id: str, known: Mapping[str, Entry], fields: Fields, places: Places
) -> tuple[Input, ...]:
    entries = fields.mapping(known["in"].item, "'in'") if "in" in known else None
    found = []
    for name, entry in (entries or {}).items():
        places[f"{node_id}.in.{name}"] = entry.item.place
        if not words.NAME.fullmatch(name):
            fields.findings.error(entry.place, f"input {name[:60]!r} is not {NAME_SHAPE}")
            continue
        read = [_source(one, fields) for one in fields.each(entry.item, f"input {name!r}")]
        sources = tuple(source for source in read if source is not None)
        if not read and isinstance(entry.item.value, tuple):
            fields.findings.error(entry.item.place, f"input {name!r} names no source")
        if len(set(sources)) < len(sources):
            fields.findings.error(entry.item.place, f"input {name!r} names a source twice")
        found.append(Input(name, sources, isinstance(entry.item.value, tuple)))
    return tuple(found)


def _source(item: Item, fields: Fields) -> Source | None:
    text = fields.text(item, "a source")
    if text is None:
        return None
    if text.startswith("file:"):
        path = text.removeprefix("file:")
        if not path.strip() or "\0" in path:
            fields.findings.error(item.place, "'file:' names no path")
            return None
        return Source("file", "", path)
    node, dot, output = text.partition(".")
    if not words.NAME.fullmatch(node) or (dot and not words.NAME.fullmatch(output)):
        shape = "file:PATH, NODE.OUTPUT, champion.OUTPUT or an input node"
        fields.findings.error(item.place, f"the source {text[:60]!r} is not {shape}")
        return None
    if node == "champion" and dot:
        return Source("champion", "", output)
    return Source("node", node, output or node)


def _values(known: Mapping[str, Entry], fields: Fields) -> dict[str, str | tuple[str, ...]]:
    entries = fields.mapping(known["values"].item, "'values'") if "values" in known else None
    found: dict[str, str | tuple[str, ...]] = {}
    for name, entry in (entries or {}).items():
        item = entry.item
        if not words.NAME.fullmatch(name):
            fields.findings.error(entry.place, f"value {name[:60]!r} is not {NAME_SHAPE}")
        elif isinstance(item.value, tuple):
            read = [fields.text(one, f"a word of {name!r}") for one in item.value]
            found[name] = tuple(word for word in read if word is not None)
            if len(set(found[name])) < len(found[name]):
                fields.findings.error(item.place, f"value {name!r} has a word twice")
            if not item.value:
                fields.findings.error(item.place, f"value {name!r} has no words")
        else:
            kind = fields.choice(item, "type of value", words.VALUE_TYPES)
            found[name] = kind or "text"
    return found


def _limits(node_id: str, known: Mapping[str, Entry], fields: Fields, places: Places) -> StepLimits:
    default = StepLimits()
    entries = fields.mapping(known["limits"].item, "'limits'") if "limits" in known else None
    if entries is None:
        return default
    good = fields.known(entries, words.LIMIT_KEYS, "'limits'")
    for key, entry in good.items():
        places[f"{node_id}.limits.{key}"] = entry.item.place

    def read(key: str, reader: Any, otherwise: Any) -> Any:
        value = reader(good[key].item, f"limit {key!r}") if key in good else None
        return otherwise if value is None else value

    def whole(key: str, low: int, high: int, otherwise: Any) -> Any:
        return read(key, lambda item, what: fields.whole(item, what, low, high), otherwise)

    return StepLimits(
        cpus=read("cpus", fields.number, default.cpus),
        memory_bytes=read("memory", fields.size, default.memory_bytes),
        time_s=read("time", fields.duration, default.time_s),
        log_bytes=read("log", fields.size, default.log_bytes),
        grace_s=read("grace", fields.duration, default.grace_s),
        retries=whole("retries", 0, limits.STEP_RETRIES_MAX, default.retries),
        backoff_s=read("backoff", fields.duration, default.backoff_s),
        pids=whole("pids", 1, PIDS_MAX, default.pids),
        disk_bytes=read("disk", fields.size, default.disk_bytes),
        network=read("network", fields.flag, default.network),
        gpus=whole("gpus", 0, limits.STEP_GPUS_MAX, default.gpus),
        shm_bytes=read("shm", fields.size, default.shm_bytes),
        mounts=_mounts(good, fields),
    )


def _mounts(good: Mapping[str, Entry], fields: Fields) -> tuple[str, ...]:
    if "mounts" not in good:
        return ()
    shape = "an absolute path (plain, without ':' and ',')"
    found = fields.words(good["mounts"].item, "mount", words.MOUNT, shape)
    if len(found) > limits.STEP_MOUNTS_MAX:
        said = f"limit 'mounts' has more than {limits.STEP_MOUNTS_MAX} members"
        fields.findings.error(good["mounts"].item.place, said)
    return found[: limits.STEP_MOUNTS_MAX]
