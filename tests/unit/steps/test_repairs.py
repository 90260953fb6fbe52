"""Retraining, the filter and the no-label baseline, on little data and few steps."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from scanflow_tui.contract.errors import InputError
from scanflow_tui.steps.vision.augment import LIGHT, STRONG, affine, generic
from scanflow_tui.steps.vision.baseline import restated
from scanflow_tui.steps.vision.corruptions import corrupt
from scanflow_tui.steps.vision.datasets import Labelled, Slices
from scanflow_tui.steps.vision.filter import Filter, adapt, train_base
from scanflow_tui.steps.vision.nets import Model, as_tensor, guesses
from scanflow_tui.steps.vision.retrain import retrain, sure_of
from tests.unit.steps.conftest import SHAPE, made_up


def weights(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


@pytest.fixture(scope="module")
def drifted() -> Labelled:
    clean = made_up(120, seed=5)
    return Labelled(corrupt("stripe", clean.images, seed=0), clean.labels)


@pytest.mark.parametrize("change", [generic, lambda x: affine(x, STRONG)])
def test_augmented_images_stay_images(change: object) -> None:
    assert callable(change)
    torch.manual_seed(0)
    changed = change(torch.rand(40, *SHAPE))
    assert changed.shape == (40, *SHAPE)
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1


def test_an_affine_map_of_no_reach_changes_nothing() -> None:
    still = type(LIGHT)(rotation=0, scale=(1, 1), shear=0, shift=0)
    images = torch.rand(3, *SHAPE)
    torch.testing.assert_close(affine(images, still), images, atol=1e-5, rtol=0)


def test_retraining_repairs_the_drifted_batch(
    model: Model, slices: Slices, drifted: Labelled
) -> None:
    labelled = drifted.take(np.arange(40))
    made = retrain(model, labelled=labelled, unlabelled=drifted.images, clean=slices.fit, steps=25)
    rest = drifted.take(np.arange(40, 120))
    before = (guesses(model, rest.images) == rest.labels).mean()
    after = (guesses(made, rest.images) == rest.labels).mean()
    assert after > before


def test_retraining_leaves_the_champion_as_it_is(
    model: Model, slices: Slices, drifted: Labelled
) -> None:
    before = weights(model)
    retrain(model, labelled=drifted, unlabelled=drifted.images, clean=slices.fit, steps=2)
    assert same(before, weights(model))


def test_one_seed_gives_one_candidate(model: Model, slices: Slices, drifted: Labelled) -> None:
    made = [
        retrain(
            model,
            labelled=drifted,
            unlabelled=drifted.images,
            clean=slices.fit,
            steps=3,
            seed=seed,
        )
        for seed in (4, 4, 5)
    ]
    assert same(weights(made[0]), weights(made[1]))
    assert not same(weights(made[0]), weights(made[2]))


def test_retraining_keeps_a_filter_in_front_frozen(
    model: Model, slices: Slices, drifted: Labelled
) -> None:
    filtered = Model(copy.deepcopy(model.classifier), Filter(SHAPE)).eval()
    made = retrain(filtered, labelled=drifted, unlabelled=drifted.images, clean=slices.fit, steps=2)
    assert made.filter is not None and filtered.filter is not None
    assert same(weights(filtered.filter), weights(made.filter))


def test_retraining_without_labels_is_refused(
    model: Model, slices: Slices, drifted: Labelled
) -> None:
    none = drifted.take(np.arange(0))
    with pytest.raises(InputError, match="no labelled sample"):
        retrain(model, labelled=none, unlabelled=drifted.images, clean=slices.fit)


def test_pseudo_labels_are_confident_and_of_every_predicted_class(
    model: Model, slices: Slices
) -> None:
    batch = as_tensor(slices.calibration.images)
    found = sure_of(model, batch)
    with torch.no_grad():
        confidence, predicted = model(batch).softmax(1).max(1)
    assert (confidence[found.index] >= 0.8).all()
    over = {int(label) for label in predicted[confidence >= 0.8]}
    assert {int(label) for label in found.guesses[found.index]} == over


def test_a_fresh_filter_is_near_identity() -> None:
    torch.manual_seed(0)
    images = torch.rand(8, *SHAPE)
    with torch.no_grad():
        changed = Filter(SHAPE).eval()(images)
    assert float((changed - images).abs().mean()) < 0.1


def test_a_filter_refuses_odd_sides() -> None:
    with pytest.raises(InputError, match="multiples of 4"):
        Filter((1, 30, 28))


def test_training_a_filter_never_changes_the_classifier(
    model: Model, slices: Slices, drifted: Labelled
) -> None:
    before = weights(model.classifier)
    base = train_base(model, clean=slices.fit, shape=SHAPE, steps=2)
    adapt(
        model.classifier,
        base,
        labelled=drifted,
        unlabelled=drifted.images,
        clean=slices.fit,
        steps=2,
    )
    assert same(before, weights(model.classifier))
    assert all(parameter.requires_grad for parameter in model.classifier.parameters())


@pytest.mark.parametrize("with_labels", [True, False])
def test_adapting_changes_a_copy_of_the_base(
    with_labels: bool, model: Model, slices: Slices, drifted: Labelled
) -> None:
    torch.manual_seed(0)
    base = Filter(SHAPE)
    before = weights(base)
    made = adapt(
        model.classifier,
        base,
        labelled=drifted if with_labels else None,
        unlabelled=drifted.images,
        clean=slices.fit,
        steps=3,
    )
    assert same(before, weights(base))
    assert not same(before, weights(made))


def test_a_base_goes_on_from_the_filter_in_front(model: Model, slices: Slices) -> None:
    torch.manual_seed(7)
    filtered = Model(model.classifier, Filter(SHAPE)).eval()
    made = train_base(filtered, clean=slices.fit, shape=SHAPE, steps=1)
    fresh = train_base(model, clean=slices.fit, shape=SHAPE, steps=1)
    assert filtered.filter is not None
    key = "enter.0.weight"
    mine = filtered.filter.state_dict()[key]
    near, far = (float((each.state_dict()[key] - mine).abs().mean()) for each in (made, fresh))
    assert near < far


def test_the_baseline_holds_the_statistics_of_the_batch(model: Model, drifted: Labelled) -> None:
    made = restated(model, drifted.images)
    with torch.no_grad():
        maps = made.classifier.body[0][0](as_tensor(drifted.images))
    norm = made.classifier.body[0][1]
    torch.testing.assert_close(norm.running_mean, maps.mean((0, 2, 3)), atol=1e-4, rtol=1e-4)


def test_the_baseline_changes_no_weight_and_no_champion(model: Model, drifted: Labelled) -> None:
    before = weights(model)
    made = restated(model, drifted.images)
    assert same(before, weights(model))
    learned = dict(model.named_parameters())
    assert all(torch.equal(learned[name], value) for name, value in made.named_parameters())
