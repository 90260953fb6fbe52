"""The no-label baseline: batch norm statistics re-estimated on the drifted batch.

The weights stay. It stands beside every repair so that nobody credits labels with what they did
not do. It may ruin clean data (48 points on ``brightness``), so it is measured and never offered
for promotion.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from scanflow_tui.steps.vision.images import Pixels
from scanflow_tui.steps.vision.nets import CHUNK, Model, as_tensor


@torch.no_grad()
def restated(model: Model, batch: Pixels) -> Model:
    """A copy of the model whose batch norm layers hold the statistics of this batch.

    Schneider et al. 2020, arXiv 2006.16971, without mixing in the old statistics.
    """
    model = copy.deepcopy(model).eval()
    for layer in model.classifier.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.momentum = None
            layer.train()
    pieces = max(1, round(len(batch) / CHUNK))
    for piece in torch.tensor_split(as_tensor(batch), pieces):
        if len(piece) > 1:
            model(piece)
    return model.eval()
