"""How thick faults become when cross-entropy is weighted by class.

Two trainings of one small network that differ in their loss alone, scored on validation cubes: volume of what
is predicted over that of the label, and thickness, the predicted voxels near the label over the label's
voxels near a prediction (1 where faults are as thick as in the label). Rows go to results/class_weights.csv.

Usage: python benchmarks/class_weights.py [--steps 600] [--folder runs/class_weights]
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from faultpick.data import splits
from faultpick.metrics import overlap
from faultpick.prediction import predict
from faultpick.synth import WU2019, Recipe, synthesize
from faultpick.synth.dataset import write_cubes
from faultpick.train.config import TrainConfig
from faultpick.train.run import train
from faultpick.volume.staging import staged
from faultpick.zoo import load_model

LOSSES = ("cross_entropy", "class_weighted_cross_entropy")
NEAR = 4.0  # voxels
HEADER = ("loss", "steps", "iou", "precision", "recall", "volume", "thickness")


def thickness(found: NDArray[np.bool_], label: NDArray[np.bool_]) -> float:
    """Predicted voxels near the label over the label's voxels near a prediction, in a stack of cubes."""
    apart = (1e6, 1.0, 1.0, 1.0)  # no fault of one cube is near another cube
    near_label = np.asarray(distance_transform_edt(~label, sampling=apart)) <= NEAR
    near_found = np.asarray(distance_transform_edt(~found, sampling=apart)) <= NEAR
    return float(np.count_nonzero(found & near_label) / np.count_nonzero(label & near_found))


def measure(
    loss: str, steps: int, side: int, cubes: int, folder: Path, recipe: Recipe = WU2019
) -> tuple[float, ...]:
    """Train a network on cubes of `side` voxels in `folder`; its scores on `cubes` others."""
    training, watched = folder / "training", folder / "watched"
    for place, seeds in ((training, splits.training_seeds(100)), (watched, splits.validation_seeds(1))):
        write_cubes(place, seeds, recipe, (side, side, side), layout="npz", workers=1)
    config = TrainConfig.model_validate(
        {
            "name": loss,
            "network": "unet_res2",
            "threads": 1,
            "accelerator": "cpu",
            "budget": {"steps": steps, "epoch_steps": steps},
            "data": {"folder": training, "validation_folder": watched, "crop": (side, side, side)},
            "loss": {"name": loss},
            "optimiser": {"average": 0.95},
        }
    )
    model = load_model(train(config, folder / loss).weights)
    made = [synthesize(seed, recipe, (side, side, side)) for seed in splits.validation_seeds(cubes)]
    found = np.stack([predict(cube.seismic, model, engine="torch") >= 0.5 for cube in made])
    label = np.stack([cube.fault > 0 for cube in made])
    iou, precision, recall, _ = overlap(found, label)
    volume = float(np.count_nonzero(found) / np.count_nonzero(label))
    return iou, precision, recall, volume, thickness(found, label)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--cubes", type=int, default=8)
    parser.add_argument("--folder", type=Path, default=Path("runs/class_weights"))
    arguments = parser.parse_args()
    rows = []
    for loss in LOSSES:
        scores = measure(loss, arguments.steps, arguments.side, arguments.cubes, arguments.folder)
        rows.append((loss, arguments.steps, *(f"{score:.3f}" for score in scores)))
        print(*rows[-1], flush=True)
    with staged(Path("results/class_weights.csv")) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
