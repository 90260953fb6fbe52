"""Step ``filtered``: the queue's images as the filter leaves them, to be seen beside the originals.

Inputs: ``queue``, ``base`` (a filter). Output: ``filtered`` (<id>.png each). It decides nothing: a
human looks before and after.
"""

from __future__ import annotations

import json

import torch
from PIL import Image

from scanflow_tui.contract.evidence import QUEUE_FILE, QUEUE_IMAGES
from scanflow_tui.contract.step import Step, run_step
from scanflow_tui.steps.runtime import prepare
from scanflow_tui.steps.vision.images import Pixels, read_images
from scanflow_tui.steps.vision.modelfile import load_filter
from scanflow_tui.steps.vision.nets import as_tensor


def main(step: Step) -> None:
    """Filter the queue's images, in its order."""
    prepare(step)
    queue, out = step.input("queue"), step.output("filtered")
    out.mkdir(parents=True)
    lines = (queue / QUEUE_FILE).read_text(encoding="ascii").splitlines()
    ids = [str(json.loads(line)["id"]) for line in lines]
    paths = [queue / QUEUE_IMAGES / f"{sample}.png" for sample in ids]
    if paths:
        with Image.open(paths[0]) as first:
            width, height = first.size
        front = load_filter(step.input("base"), (1, height, width))
    for sample, path in zip(ids, paths, strict=True):
        picture = read_images(path, (height, width), sample)
        Image.fromarray(filtered(front, picture)[0]).save(out / f"{sample}.png")
    step.progress(1.0, f"{len(ids)} images filtered")


@torch.no_grad()
def filtered(front: torch.nn.Module, pixels: Pixels) -> Pixels:
    """Images (n, h, w) as the filter leaves them, uint8."""
    made = front.eval()(as_tensor(pixels)).clamp(0, 1)
    whole: Pixels = (made[:, 0] * 255).round().to(torch.uint8).numpy()
    return whole


if __name__ == "__main__":
    run_step(main)
