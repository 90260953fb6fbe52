"""The step programs under the step contract, one after the other, on little data and few steps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from scanflow_tui.contract.errors import InputError
from scanflow_tui.contract.evidence import Label, Option, OptionEvidence, to_json
from scanflow_tui.contract.step import Step, StepFile, StepLimits
from scanflow_tui.steps import check, evaluate, filter_base, filtered, plan, retrain, train
from scanflow_tui.steps import filter as filtering
from scanflow_tui.steps.vision.corruptions import corrupt
from scanflow_tui.steps.vision.datasets import write_images
from scanflow_tui.steps.vision.modelfile import load_model, save_filter
from scanflow_tui.steps.vision.nets import guesses
from tests.unit.steps.conftest import CLASSES, MODEL_FILE, SHAPE, made_up

DRIFTED = made_up(120, seed=21)


@dataclass
class Ran:
    """What a step left behind."""

    outputs: dict[str, Path]
    values: dict[str, Any]
    report: list[dict[str, Any]]

    def json(self, name: str) -> Any:
        return json.loads(self.outputs[name].read_text())


def step_file(
    folder: Path, node: str, inputs: dict[str, Path], outputs: tuple[str, ...], **more: Any
) -> StepFile:
    folder.mkdir(parents=True, exist_ok=True)
    return StepFile(
        contract=1,
        name=f"sf-test-1-{node}-1",
        run=1,
        node=node,
        attempt=1,
        inputs={name: str(path) for name, path in inputs.items()},
        sources=more.get("sources", {}),
        outputs={name: str(folder / "out" / name) for name in outputs},
        params=more.get("params", {}),
        seed=0,
        classes=CLASSES,
        report=str(folder / "report.jsonl"),
        values=str(folder / "values.json"),
        limits=StepLimits(cpus=1),
    )


def run(
    program: Callable[[Step], None],
    folder: Path,
    inputs: dict[str, Path],
    *outputs: str,
    **more: Any,
) -> Ran:
    node = more.pop("node", "node")
    file = step_file(folder, node, inputs, outputs, **more)
    program(Step(file))
    values = Path(file.values)
    lines = Path(file.report).read_text().splitlines()
    return Ran(
        {name: Path(path) for name, path in file.outputs.items()},
        json.loads(values.read_text()) if values.exists() else {},
        [json.loads(line) for line in lines],
    )


@dataclass
class Place:
    """The data of a pipeline, a drifted batch, and what a human said about it."""

    data: Path
    clean: Path
    batch: Path
    labels: Path
    audit: Path
    base: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("pipeline")
    train_data, clean = made_up(1000, seed=1), made_up(60, seed=22)
    write_images(folder / "train", train_data.images, train_data.labels)
    write_images(folder / "clean", clean.images, clean.labels)
    write_images(folder / "batch", corrupt("stripe", DRIFTED.images, seed=0))
    said = [
        Label(f"{k:05d}", k, "class", int(DRIFTED.labels[k]), "human:u0", 0, "repair", guess=0)
        for k in range(60)
    ]
    for name, part in (("labels", said[:40]), ("audit", said[40:])):
        lines = (json.dumps(to_json(each)) for each in part)
        (folder / name).write_text("".join(f"{line}\n" for line in lines))
    from scanflow_tui.steps.vision.filter import Filter

    save_filter(folder / "base", Filter(SHAPE))
    paths = (folder / name for name in ("train", "clean", "batch", "labels", "audit", "base"))
    return Place(*paths)


def chosen(folder: Path, action: str, **parameters: Any) -> Path:
    option = Option(action, action, action, parameters, OptionEvidence(None, None, None, None))
    path = folder / "chosen"
    path.write_text(json.dumps({"option": to_json(option), "action": action}))
    return path


def test_train_leaves_a_model_and_its_reference(place: Place, tmp_path: Path) -> None:
    def program(step: Step) -> None:
        train.main(step, MODEL_FILE)

    ran = run(program, tmp_path, {"data": place.data}, "model", "reference", params={"epochs": 1})
    assert load_model(ran.outputs["model"]).meta.classes == CLASSES
    assert (ran.outputs["reference"] / "populations.json").is_file()
    assert set(ran.values) == {"acc"}
    assert ran.report[-1]["metric"] == "acc"


def test_a_clean_batch_is_called_clean(
    model_folder: Path, reference_folder: Path, tmp_path: Path
) -> None:
    write_images(tmp_path / "batch", made_up(100, seed=30).images)
    inputs = {"model": model_folder, "reference": reference_folder, "batch": tmp_path / "batch"}
    ran = run(check.main, tmp_path, inputs, "finding", "queue")
    assert ran.values["verdict"] == "clean"
    assert ran.values["p"] > 0.01


@pytest.fixture(scope="module")
def checked(place: Place, model_folder: Path, reference_folder: Path, tmp_path_factory: Any) -> Ran:
    inputs = {"model": model_folder, "reference": reference_folder, "batch": place.batch}
    return run(check.main, tmp_path_factory.mktemp("check"), inputs, "finding", "queue")


def test_a_drifted_batch_is_called_drifted(checked: Ran) -> None:
    finding = checked.json("finding")
    assert finding["verdict"] == checked.values["verdict"] == "drift"
    assert finding["n"] == checked.values["n"] == 120
    assert {each["name"] for each in finding["histograms"]} == {"joined", "knn", "norm"}
    assert set(finding["slices"]) == {"fit", "join", "calibration"}


def test_the_checker_tells_the_planner(checked: Ran) -> None:
    told = [line for line in checked.report if "message" in line]
    assert told == [
        {"message": "finding", "to": "plan", "text": checked.json("finding")["sentence"]}
    ]


def test_the_queue_holds_every_image_at_source_size(checked: Ran, place: Place) -> None:
    queue = checked.outputs["queue"]
    batch = np.load(place.batch / "images.npy")
    entries = [json.loads(line) for line in (queue / "queue.jsonl").read_text().splitlines()]
    shares = [entry["share"] for entry in entries]
    assert (shares.count("repair"), shares.count("audit")) == (50, 20)
    for entry in entries:
        shown = np.asarray(Image.open(queue / "images" / f"{entry['id']}.png"))
        np.testing.assert_array_equal(shown, batch[entry["index"]])


def test_all_scores_lie_beside_the_queue_without_pickle(checked: Ran) -> None:
    with np.load(checked.outputs["queue"] / "scores.npz", allow_pickle=False) as scores:
        assert {len(scores[name]) for name in ("scores", "p", "guesses", "columns")} == {120}


def test_few_samples_get_no_verdict(
    model_folder: Path, reference_folder: Path, tmp_path: Path
) -> None:
    write_images(tmp_path / "batch", made_up(10, seed=30).images)
    inputs = {"model": model_folder, "reference": reference_folder, "batch": tmp_path / "batch"}
    ran = run(check.main, tmp_path, inputs, "finding", "queue")
    assert ran.values["verdict"] == "too_few"
    assert ran.values["p"] is None


def test_the_base_of_the_filter_is_a_folder(
    place: Place, model_folder: Path, tmp_path: Path
) -> None:
    inputs = {"model": model_folder, "data": place.data}
    ran = run(filter_base.main, tmp_path, inputs, "filter", params={"steps": 1})
    assert (ran.outputs["filter"] / "filter.safetensors").is_file()


def test_the_plan_has_an_option_for_each_repair(
    place: Place, model_folder: Path, tmp_path: Path
) -> None:
    inputs = {
        "batch": place.batch,
        "labels": place.labels,
        "model": model_folder,
        "base": place.base,
        "data": place.data,
        "clean": place.clean,
    }
    steps = {"retrain_steps": 4, "filter_steps": 2}
    ran = run(plan.main, tmp_path, inputs, "options", params=steps)
    options = ran.json("options")
    by_id = {each["id"]: each for each in options["options"]}
    assert set(by_id) == {"retrain", "filter", "filter_labels", "ignore"}
    assert by_id["retrain"]["evidence"]["after"]["n"] == 40
    assert by_id["filter"]["parameters"] == {"adapt": False}
    assert by_id["filter"]["evidence"]["labels_used"] == 0
    assert by_id["filter_labels"]["evidence"]["clean_change"]["n"] == 60
    assert options["baseline"]["drifted"]["n"] == 40
    assert ran.values["n_labels"] == 40


@pytest.mark.parametrize("n_labels", [0, 3])
def test_a_plan_with_few_labels_says_how_many_are_missing(
    n_labels: int, place: Place, model_folder: Path, tmp_path: Path
) -> None:
    few = place.labels.read_text().splitlines()[:n_labels]
    (tmp_path / "labels").write_text("".join(f"{line}\n" for line in few))
    inputs = {
        "batch": place.batch,
        "labels": tmp_path / "labels",
        "model": model_folder,
        "data": place.data,
        "clean": place.clean,
    }
    ran = run(plan.main, tmp_path, inputs, "options")
    retrain_row = next(o for o in ran.json("options")["options"] if o["id"] == "retrain")
    assert f"{20 - n_labels} more labels" in retrain_row["evidence"]["why"]


@pytest.fixture(scope="module")
def candidate(place: Place, model_folder: Path, tmp_path_factory: Any) -> Ran:
    folder = tmp_path_factory.mktemp("retrain")
    inputs = {
        "model": model_folder,
        "labels": place.labels,
        "batch": place.batch,
        "data": place.data,
        "option": chosen(folder, "retrain", steps=25),
    }
    return run(retrain.main, folder, inputs, "model", "reference", node="retrain")


def test_a_retrained_candidate_keeps_the_slices_and_calibrates_anew(
    candidate: Ran, model_folder: Path, reference_folder: Path
) -> None:
    before, after = load_model(model_folder).meta, load_model(candidate.outputs["model"]).meta
    assert after.slices == before.slices
    assert after.made_by == "retrain"
    old, new = (
        np.load(folder / "train.npz")
        for folder in (reference_folder, candidate.outputs["reference"])
    )
    assert old["scores"].shape == new["scores"].shape
    assert (old["scores"] != new["scores"]).any()


def test_other_training_data_is_refused(place: Place, model_folder: Path, tmp_path: Path) -> None:
    other = made_up(1000, seed=2)
    write_images(tmp_path / "train", other.images, other.labels)
    inputs = {
        "model": model_folder,
        "labels": place.labels,
        "batch": place.batch,
        "data": tmp_path / "train",
    }
    with pytest.raises(InputError, match="not what the champion was trained on"):
        run(retrain.main, tmp_path, inputs, "model", "reference")


@pytest.mark.parametrize("adapted", [True, False])
def test_a_filter_is_saved_in_front_of_the_same_classifier(
    adapted: bool, place: Place, model_folder: Path, tmp_path: Path
) -> None:
    inputs = {
        "model": model_folder,
        "labels": place.labels,
        "batch": place.batch,
        "data": place.data,
        "base": place.base,
        "option": chosen(tmp_path, "filter", adapt=adapted, steps=2),
    }
    ran = run(filtering.main, tmp_path, inputs, "model", "reference", node="filter")
    made = ran.outputs["model"]
    weights = [folder / "classifier.safetensors" for folder in (made, model_folder)]
    assert weights[0].read_bytes() == weights[1].read_bytes()
    same = (made / "filter.safetensors").read_bytes() == (
        place.base / "filter.safetensors"
    ).read_bytes()
    assert same != adapted
    assert ran.values["n_labels"] == (40 if adapted else 0)


def test_the_evaluation_is_paired_and_has_the_baseline(
    candidate: Ran, place: Place, model_folder: Path, tmp_path: Path
) -> None:
    inputs = {
        "candidate": candidate.outputs["model"],
        "champion": model_folder,
        "clean": place.clean,
        "batch": place.batch,
        "audit": place.audit,
    }
    sources = {"candidate": "retrain.model"}
    ran = run(evaluate.main, tmp_path, inputs, "table", sources=sources)
    table = ran.json("table")
    drifted, clean = table["rows"]
    assert (drifted["data"], drifted["before"]["n"]) == ("drifted", 20)
    assert (clean["data"], clean["before"]["n"]) == ("clean", 60)
    assert drifted["no_labels"] is not None
    assert (table["action"], table["candidate"]) == ("retrain", "retrain")
    batch = np.load(place.batch / "images.npy")[40:60]
    right = guesses(load_model(candidate.outputs["model"]).model, batch) == DRIFTED.labels[40:60]
    assert drifted["after"]["value"] == pytest.approx(right.mean())
    assert ran.values["passes"] == table["gate"]["passes"]


def program(name: str, file: StepFile, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "step.json").write_bytes(file.to_json())
    env = {
        "SCANFLOW_STEP": str(folder / "step.json"),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, "-m", f"scanflow_tui.steps.{name}"],
        env=env,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_bad_batch_ends_the_program_with_one_sentence_and_exit_2(
    model_folder: Path, reference_folder: Path, tmp_path: Path
) -> None:
    images = np.zeros((30, 28, 28))
    images[7, 3, 3] = np.nan
    (tmp_path / "batch").mkdir()
    np.save(tmp_path / "batch" / "monday.npy", images)
    inputs = {"model": model_folder, "reference": reference_folder, "batch": tmp_path / "batch"}
    file = step_file(tmp_path, "check", inputs, ("finding", "queue"))
    done = program("check", file, tmp_path)
    assert done.returncode == 2
    assert done.stderr == "monday.npy: image 7 holds NaN or infinity\n"
    error = json.loads((tmp_path / "report.jsonl").read_text().splitlines()[-1])["error"]
    assert error["where"] == "monday.npy"
    assert not (tmp_path / "out" / "finding").exists()


def test_a_check_shows_what_training_images_are_most_like_each_sample(checked: Ran) -> None:
    queue = checked.outputs["queue"]
    entries = [json.loads(line) for line in (queue / "queue.jsonl").read_text().splitlines()]
    for entry in entries:
        assert len(entry["near"]) == 3
        for number, label in entry["near"]:
            assert 0 <= label < len(CLASSES)
            assert Image.open(queue / "near" / f"{number}.png").size == (28, 28)
    examples = {path.stem for path in (queue / "examples").iterdir()}
    assert "0-0" in examples
    assert len(examples) <= 3 * len(CLASSES)


def test_the_queue_is_shown_as_the_filter_leaves_it(
    checked: Ran, place: Place, tmp_path: Path
) -> None:
    queue = checked.outputs["queue"]
    given = {"queue": queue, "base": place.base}
    made = run(filtered.main, tmp_path, given, "filtered").outputs["filtered"]
    before = {path.name for path in (queue / "images").iterdir()}
    assert {path.name for path in made.iterdir()} == before
    assert all(Image.open(path).size == (28, 28) for path in made.iterdir())
