"""Put trained networks of shapes into assets, each with its card and its figures.

    python -m script.training.shapes.publish --run FOLDER --network point-transformer [--split test] [--turns 12]

Reads the run's best.pt, writes config.json, model.safetensors (half precision) and NOTICE.md into
assets/weights, then scores what was written on the objects of a split, through the same engine as the window.
The test objects are to be scored once, when all else is decided.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
import csv
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.catalogue.entries import open_folder
from headlight.models.catalogue.tensors import save_half
from headlight.models.core.answers import Classes, Scores, confusion, scores
from headlight.models.engines.shapes import ShapesEngine
from headlight.models.points.shapes.config import ShapeConfig
from headlight.models.points.shapes.mvcnn import PLANES as VIEWED
from headlight.models.points.shapes.point_transformer import CLS38, PLANES
from script.training.shapes.networks import BATCH, NETWORKS, RING, SEEN, make
from script.training.shapes.objects import CLASSES
from script.training.shapes.pools import read

TITLES = {
    "point-transformer": "Point Transformer for shapes",
    "pointnet": "PointNet for shapes",
    "mvcnn": "Views of shapes (MVCNN)",
}
NETWORK = {
    "point-transformer": "the classifier of Zhao et al. 2021 in Pointcept's layout (Cls38): five stages of 32 to 512 channels, 4 attention layers, a mean over the coarsest points, 256-128-{classes}; {parameters:,} parameters",
    "pointnet": "the classifier of Qi et al. 2017 in yanx27's layout, with both transforms; {parameters:,} parameters",
    "mvcnn": "a small MVCNN (Su et al. 2015): a residual network of 32-64-128-256 channels, one block each, over 12 views from 30° above, and the maximum over them; {parameters:,} parameters",
}
FED = {
    "point-transformer": "{points:,} points of the object, as far from each other as can be, around their mean and scaled into the unit ball; z up, no normals, no colours",
    "pointnet": "{points:,} points of the object, as far from each other as can be, around their mean and scaled into the unit ball; z up, no normals, no colours",
    "mvcnn": "12 pictures of {side} × {side} of up to 8,192 of its points, the nearer the brighter",
}
CARD = """# {title}

Says what one object is, of {count} classes. Trained by Headlight on {train} models of Debian's package sweethome3d-furniture and on made-up designs of each class; **no figure of it can be compared with ModelNet40's.**

| what | |
| --- | --- |
| network | {network} |
| input | {seen}{turns} |
| classes | {classes} |
| training data | {train} models (CC-BY 3.0 and CC0) and 40 made-up designs a class (script/training/shapes/designs.py), mirrored, stretched, turned about the vertical by any angle, a third of them as seen from outside or from one to three sides alone. Kitchen appliances were left out: by its shape a fridge is a cabinet |
| split | by design (sizes, poses and colours of one design are in one split): {train} objects for training, {validation} for validation, {test} for the test; script/training/shapes/objects.csv lists them with their licences |
| training | {steps:,} batches of about {batch} objects, seed 0; chosen by the validation objects alone |
| {split} objects, whole surfaces turned by a random angle | overall accuracy {oa:.3f}, mean over classes {macc:.3f} |
| made by | `python -m script.training.shapes.pools`, then `python -m script.training.shapes.fit --network {name}`, then `python -m script.training.shapes.publish --network {name}` |

Found on the {split} objects: {found}.

Licence of the weights: BSD-3-Clause. The models they were trained on are by Kator Legaz, Reallusion, Scopia and the contributors of Blend Swap (CC-BY 3.0), and by Emmanuel Puybaret and others (CC0); none of them is contained.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=NETWORKS, required=True)
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument("--data", type=Path, required=True, help="the folder that pools.py made")
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--points", type=int, default=SEEN)
    parser.add_argument("--turns", type=int, default=1, help="about the vertical, averaged")
    parser.add_argument("--out", type=Path, help="the model's folder in assets")
    given = parser.parse_args()
    torch.set_num_threads(1)
    folder = given.out or ASSETS / "weights" / f"shapes-{given.network}"
    config = config_of(given.network, given.points, given.turns)
    net = make(given.network).eval()
    kept = torch.load(given.run / "best.pt", weights_only=True)
    net.load_state_dict(kept["net"])
    licence = {"licence": "BSD-3-Clause", "source": "trained by Headlight (script/training/shapes)"}
    save_half(folder, net, {**asdict(config), **licence})
    (folder / "model.safetensors").chmod(0o644)
    found, wrong = scored(folder, given.data, given.split)
    (folder / "NOTICE.md").write_text(card(given, net, config, kept["step"], found), "utf-8")
    print(f"{given.network} {given.split} OA {found.oa:.4f} mAcc {found.macc:.4f}")
    print(
        " ".join(f"{name} {part:.2f}" for name, part in zip(CLASSES, found.accuracy_per_class, strict=True))
    )
    print(*wrong, sep="\n")


def config_of(name: str, points: int, turns: int) -> ShapeConfig:
    if name == "mvcnn":
        return ShapeConfig("shape_mvcnn", CLASSES, planes=VIEWED, side=RING.side)
    if name == "pointnet":
        return ShapeConfig("shape_pointnet", CLASSES, points=points, turns=turns)
    return ShapeConfig("shape_transformer", CLASSES, points=points, turns=turns, planes=PLANES, blocks=CLS38)


def scored(folder: Path, data: Path, split: str) -> tuple[Scores, list[str]]:
    """Of what lies in the folder, over a split's objects, each turned by an angle of its own; and what was
    taken for something else."""
    engine, pool = ShapesEngine.open(open_folder(folder), "cpu"), read(data, split)
    rng, said, wrong = np.random.default_rng(0), [], []
    for number in range(len(pool)):
        angle = rng.uniform(0, 2 * np.pi)
        c, s = np.cos(angle), np.sin(angle)
        points = pool.points[number].astype(np.float32) @ np.float32([[c, s, 0], [-s, c, 0], [0, 0, 1]])
        answer = engine.run(points).answer(Classes)
        said.append(int(answer.probabilities.argmax()))
        if said[-1] != pool.labels[number]:
            wrong.append(f"  {pool.names[number]}: {CLASSES[said[-1]]} {answer.probabilities[said[-1]]:.2f}")
    return scores(confusion(pool.labels, np.array(said), len(CLASSES))), wrong


def card(
    given: argparse.Namespace, net: torch.nn.Module, config: ShapeConfig, steps: int, found: Scores
) -> str:
    with (Path(__file__).with_name("objects.csv")).open(newline="") as file:
        splits = [row["split"] for row in csv.DictReader(file)]
    parameters, name = sum(one.numel() for one in net.parameters()), given.network
    voted = f"; the mean over {config.turns} turns about the vertical" if config.turns > 1 else ""
    return CARD.format(
        title=TITLES[name],
        count=len(CLASSES),
        network=NETWORK[name].format(classes=len(CLASSES), parameters=parameters),
        seen=FED[name].format(points=config.points, side=config.side),
        turns=voted,
        classes=", ".join(CLASSES),
        train=splits.count("train"),
        validation=splits.count("validation"),
        test=splits.count("test"),
        steps=steps,
        batch=BATCH[name],
        split=given.split,
        oa=found.oa,
        macc=found.macc,
        name=name,
        found=", ".join(f"{k} {v:.2f}" for k, v in zip(CLASSES, found.accuracy_per_class, strict=True)),
    )


if __name__ == "__main__":
    main()
