"""Gathers what a plan needs: the pipeline's text, a snapshot of its code, hashes, the cache's word.

The pipeline's folder is read here and nowhere else; what a run uses of it lies in the store from
then on, so code that is edited while a run waits changes nothing in it.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import scanflow_tui
from scanflow_tui import __version__
from scanflow_tui.contract import canonical, limits
from scanflow_tui.contract.errors import InputError, Missing, ScanflowError
from scanflow_tui.contract.records import dataclass
from scanflow_tui.engine.choose import image_of
from scanflow_tui.session import artifacts, cache, places
from scanflow_tui.session.events import Artifact
from scanflow_tui.session.manifest import Rules, digest, manifest
from scanflow_tui.session.snapshot import snapshot
from scanflow_tui.supervisor.effects_store import told
from scanflow_tui.supervisor.machine.effects import GatherPlan, ReadCode
from scanflow_tui.supervisor.machine.stimuli import CodeRead, PlanGathered
from scanflow_tui.supervisor.workplace import Workplace
from scanflow_tui.workflow.graph import Multigraph
from scanflow_tui.workflow.lint import read
from scanflow_tui.workflow.plan import CacheEntry, Plan, PlanFacts, plan

PIPELINE_FILE = "pipeline.yaml"
CHANGES_MAX = 50
STEP_PACKAGES = ("contract", "checks", "images", "labels", "repair", "steps")
"""All of ScanFlow that a step loads; what plans, watches and shows cannot change what it makes."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """A pipeline's folder as it was read: text, graph, and everything hashed into the store."""

    text: str
    graph: Multigraph
    code: str
    environment: str
    files: dict[str, Artifact]
    image: str = ""
    image_id: str = ""


def gather(place: Workplace, effect: GatherPlan) -> PlanGathered:
    """A plan, or the sentence that says why there is none."""
    try:
        found = _read_folder(place)
        made = _plan(place, effect, found)
    except (ScanflowError, OSError) as error:
        return PlanGathered(
            effect.batch,
            effect.command,
            effect.actor,
            effect.replaces,
            effect.champion,
            error=told(error),
        )
    champion = found.graph.champion
    shipped = {"model": champion.model_file, "reference": champion.reference_file}
    return PlanGathered(
        batch=effect.batch,
        command=effect.command,
        actor=effect.actor,
        replaces=effect.replaces,
        champion=effect.champion,
        text=found.text,
        code=found.code,
        environment=found.environment,
        files={path: artifact.sha for path, artifact in found.files.items()},
        champion_files={name: found.files[path] for name, path in shipped.items() if path},
        plan=made,
        image=found.image,
        image_id=found.image_id,
    )


def read_code(place: Workplace, effect: ReadCode) -> CodeRead:
    """What lies in the pipeline's folder now, and what differs from a run's plan, in words."""
    asked = (effect.command, effect.actor, effect.run, effect.node, effect.choice)
    try:
        found = _read_folder(place)
        changes = _changes(place, effect, found)
    except (ScanflowError, OSError) as error:
        return CodeRead(*asked, error=told(error), again=effect.again)
    files = {path: artifact.sha for path, artifact in found.files.items()}
    facts = (found.text, found.code, found.environment, files, changes)
    return CodeRead(*asked, *facts, found.image, found.image_id, again=effect.again)


def _changes(place: Workplace, effect: ReadCode, found: Gathered) -> tuple[str, ...]:
    changes = ["pipeline.yaml"] if found.text != effect.text else []
    if found.code != effect.code:
        changes += _changed_files(place, effect.code, found.code) or ["the code"]
    changes += [
        f"file:{path}"
        for path, artifact in found.files.items()
        if path in effect.files and effect.files[path] != artifact.sha
    ]
    if found.environment != effect.environment:
        changes.append("the environment (interpreter, packages or image)")
    return tuple(changes[:CHANGES_MAX])


def _changed_files(place: Workplace, before: str, after: str) -> list[str]:
    """Paths whose content, presence or mode differs; empty where a snapshot cannot be read."""
    try:
        old = {item.path: item for item in artifacts.files(place.objects, before)}
        new = {item.path: item for item in artifacts.files(place.objects, after)}
    except (ScanflowError, OSError):
        return []
    return [path for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path)]


def _read_folder(place: Workplace) -> Gathered:
    text = read_pipeline(place.pipeline)
    graph = read(text)
    paths = _file_paths(graph)
    files = {path: _stored(place, path) for path in sorted(paths)}
    leave_out = [place.folder.root, *places.roots_in(place.pipeline)]
    leave_out += [place.pipeline / path for path in paths]
    code = snapshot(place.pipeline, place.objects, leave_out)
    image = image_of(place.engine, place.pipeline, graph.image, graph.dockerfile)
    runs_in = place.engine.environment(image)
    environment = canonical.digest([runs_in, package_digest()])
    return Gathered(text, graph, code.sha, environment, files, image, runs_in if image else "")


def read_pipeline(folder: Path) -> str:
    """The text of a folder's ``pipeline.yaml``. Raises Missing, InputError."""
    path = folder / PIPELINE_FILE
    try:
        with open(path, "rb") as source:
            data = source.read(limits.PIPELINE_BYTES_MAX + 1)
    except OSError as error:
        raise Missing(f"the pipeline cannot be read: {error.strerror}", where=str(path)) from None
    if len(data) > limits.PIPELINE_BYTES_MAX:
        raise InputError("the pipeline is larger than 1 MiB", where=str(path))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"byte {error.start} is not UTF-8", where=str(path)) from None


def _plan(place: Workplace, effect: GatherPlan, found: Gathered) -> Plan:
    def lookup(key: str) -> CacheEntry | None:
        # A hint: whether the outputs are still whole is asked when the node starts.
        entry = cache.read(place.cache, key)
        if entry is None or not all(place.object(it.sha).exists() for it in entry.outputs.values()):
            return None
        shas = {name: artifact.sha for name, artifact in entry.outputs.items()}
        return CacheEntry(entry.origin, shas, entry.values)

    facts = PlanFacts(
        code=found.code,
        package_version=__version__,
        environment=found.environment,
        files={path: artifact.sha for path, artifact in found.files.items()},
        lookup=lookup,
        previous=effect.previous,
    )
    champion: Mapping[str, str] | None = None
    if effect.champion is not None:
        champion = effect.champion_outputs
    return plan(
        found.graph,
        facts,
        batch=effect.batch_artifact,
        champion=champion,
        champion_version=effect.champion,
    )


def _file_paths(graph: Multigraph) -> set[str]:
    paths = {
        source.name
        for node in graph.nodes
        for item in node.inputs
        for source in item.sources
        if source.kind == "file"
    }
    return paths | {
        path for path in (graph.champion.model_file, graph.champion.reference_file) if path
    }


def _stored(place: Workplace, path: str) -> Artifact:
    """A ``file:`` path in the store; what lies there already is only hashed, not copied."""
    # A link of the user's own may lead to data elsewhere; it is followed here, none below it.
    full = (place.pipeline / path).resolve()
    if not full.exists():
        raise Missing(
            f"file:{path} is missing",
            where=str(place.pipeline / path),
            hint="the pipeline names it as an input",
        )
    items = manifest(full, Rules(links=True))
    sha = digest(items)
    if place.object(sha).exists():
        return Artifact(sha, sum(item.size for item in items), len(items))
    return artifacts.ingest(full, place.objects)


def package_digest() -> str:
    """A digest of what steps load of ScanFlow as it lies there now: an edited step is a new one."""
    root = Path(scanflow_tui.__file__).parent
    paths = sorted(path for name in STEP_PACKAGES for path in (root / name).rglob("*.py"))
    stats = [(path, path.stat()) for path in (root / "__init__.py", *paths)]
    return _digest_of(root, tuple((path, now.st_mtime_ns, now.st_size) for path, now in stats))


@functools.lru_cache(maxsize=1)
def _digest_of(root: Path, files: tuple[tuple[Path, int, int], ...]) -> str:
    return canonical.digest(
        {
            path.relative_to(root).as_posix(): canonical.sha256(path.read_bytes())
            for path, _, _ in files
        }
    )
