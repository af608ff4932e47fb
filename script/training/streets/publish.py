"""Put a trained detector or range network into assets, scored on the test streets, with its card.

    python -m script.training.streets.publish pillars --scans FOLDER --run RUN

Writes config.json, model.safetensors (half precision), NOTICE.md and objects.csv of the run's best.pt into
assets/weights, and scores what was written on FOLDER/test, once, when all else is decided.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from headlight.models.catalogue.bundled import ASSETS, BUNDLED
from headlight.models.catalogue.tensors import save_half
from headlight.models.core.answers import Boxes, PointLabels, confusion, scores
from headlight.models.engines.grids import GridsEngine
from headlight.models.points.detection.checkpoints import save_detector
from headlight.models.points.detection.config import STREET_CLASSES, STREETS
from headlight.models.points.detection.metrics.nuscenes import HALF_TURN
from headlight.models.points.detection.network import Detector
from headlight.models.points.grids.config import GridConfig
from headlight.models.points.grids.range_net import STREET_CLASSES as PIXEL_CLASSES
from headlight.models.points.grids.range_net import RangeNet
from script.training.streets.boxes import ASKED, PUBLISHED, answers, measured
from script.training.streets.scanner import HDL32, Scan
from script.training.streets.scans import classes_of, everyone
from script.training.streets.shapes import LIST

TITLES = {"pillars": "Pillars", "range-net": "Range network"}
LICENCE = "BSD-3-Clause"
SURE, NEAR = 0.3, 2.0
"""Score from which on a box counts as found, and metres from its truth."""
CARD = """# {title}

{what}, trained by Headlight on made-up scans of made-up streets. **It has never seen a real scan**, and its figures say nothing of one.

| what | |
| --- | --- |
| network | {network}, {parameters:,} parameters |
| input | {given} |
| training data | {train:,} scans of 32 × 1,024 (Velodyne HDL-32E, 1.6 to 2 m above the road, x ahead) of streets made by script/training/streets: models of Debian's package sweethome3d-furniture and parametric vehicles and people; seed 1 |
| split | by object: `objects.csv` says which model is in which split; parametric designs of test streets are others of the same generators. Trees, poles and street furniture are shared by all |
| training | {steps:,} steps{remark}; chosen by the validation scans alone |
| {test} {split} scans | {figures} |

{table}

Licence of the weights: BSD-3-Clause. The models whose scans they were trained on are by Kator Legaz, Reallusion, Scopia and contributors of Blend Swap (CC-BY 3.0) and Thomaswornall (CC0); none of them is contained.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("net", choices=TITLES)
    parser.add_argument("--scans", type=Path, required=True, help="folder with train/ and test/")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--remark", default="", help="what the card adds about the steps of the training")
    given = parser.parse_args()
    torch.set_num_threads(1)
    folder = ASSETS / "weights" / given.net
    folder.mkdir(parents=True, exist_ok=True)
    kept = torch.load(given.run / "best.pt", weights_only=True)
    net = network(given.net)
    net.load_state_dict(kept["net"])
    write(folder, given.net, net)
    net.load_state_dict({name: one.float() for name, one in load_file(folder / "model.safetensors").items()})
    scans = everyone(given.scans / given.split)
    said = (of_boxes if given.net == "pillars" else of_points)(net.eval(), scans)
    card = CARD.format(
        title=TITLES[given.net],
        parameters=sum(one.numel() for one in net.parameters()),
        train=len(list((given.scans / "train").glob("*.npz"))),
        steps=kept["step"],
        remark=f", {given.remark}" if given.remark else "",
        test=len(scans),
        split=given.split,
        **said,
    )
    (folder / "NOTICE.md").write_text(card, encoding="utf-8")
    print(card)


def network(name: str) -> nn.Module:
    return Detector(STREETS) if name == "pillars" else RangeNet()


def write(folder: Path, name: str, net: nn.Module) -> None:
    """config.json, weights, and the list of objects."""
    if name == "pillars":
        save_detector(folder, net, PUBLISHED, licence=LICENCE)
    else:
        config = asdict(GridConfig("range_net", PIXEL_CLASSES, widths=net.widths))
        save_half(folder, net, config | {"sensor": HDL32.name, "licence": LICENCE})
    shutil.copyfile(LIST, folder / "objects.csv")
    for path in folder.iterdir():
        path.chmod(0o644)


def of_boxes(net: nn.Module, scans: Sequence[Scan]) -> dict[str, str]:
    """What the card says of a detector."""
    found = answers(net, scans)
    result = measured(found, scans)
    rows = [
        f"| {name} | {int(result.truth[row])} | {result.ap[row].mean():.3f} | "
        + " | ".join(f"{value:.2f}" for value in result.ap[row])
        + " | "
        + " | ".join(f"{result.errors[error][row]:.2f}" for error in ("ATE", "ASE", "AOE", HALF_TURN))
        + " |"
        for row, name in enumerate(STREET_CLASSES)
    ]
    seen = shares_found(found, scans)
    table = [
        "| class | things | AP | 0.5 m | 1 m | 2 m | 4 m | ATE (m) | ASE | AOE (rad) | AOE modulo π |",
        "| --- " * 11 + "|",
        *rows,
        "",
        "Average precision and errors as nuScenes defines them. "
        f"Found with a score of {SURE} or more within {NEAR:g} m: {seen[0]:.2f} of the package's models, "
        f"{seen[1]:.2f} of the parametric ones.",
    ]
    return {
        "what": "A detector by pillars and centres (Lang et al. 2019; Yin et al. 2021)",
        "network": "pillars of 0.25 m within ±40 m, SECOND's blocks 32-64-128, one set of heads, heading as an axis and its front",
        "given": "x, y, z in metres from the scanner, x ahead, the road 1.6 to 2 m below it; intensity from 0 to 1",
        "figures": f"mAP {result.mean_ap:.3f}, of things with {ASKED} points or more within 40 m",
        "table": "\n".join(table),
    }


def shares_found(found: Sequence[Boxes], scans: Sequence[Scan]) -> tuple[float, float]:
    """Of things asked for: the share found of the package's models, and of the parametric ones."""
    right: dict[bool, list[bool]] = {True: [], False: []}
    for boxes, scan in zip(found, scans, strict=True):
        sure = boxes.scores >= SURE
        for box, label, name in zip(
            *(part[scan.counts >= ASKED] for part in (scan.boxes, scan.labels, scan.names)), strict=True
        ):
            same = boxes.boxes[sure & (boxes.labels == label), :2]
            right["#" in str(name)].append(bool((np.hypot(*(same - box[:2]).T) <= NEAR).any()))
    return float(np.mean(right[True] or [np.nan])), float(np.mean(right[False] or [np.nan]))


def of_points(net: nn.Module, scans: Sequence[Scan]) -> dict[str, str]:
    """What the card says of a range network: over all points of the scans, as the window would label them."""
    engine = GridsEngine.open(next(entry for entry in BUNDLED if entry.id == "range-net"), "cpu")
    matrix = np.zeros((len(PIXEL_CLASSES),) * 2, np.int64)
    for scan in scans:
        trace = engine.run(scan.points, intensity=scan.intensity, ring=scan.ring)
        labels = trace.answer(PointLabels).labels
        matrix += confusion(classes_of(scan).astype(np.int16), labels, len(PIXEL_CLASSES))
    result = scores(matrix)
    ious = ", ".join(f"{name} {iou:.3f}" for name, iou in zip(PIXEL_CLASSES, result.iou, strict=True))
    return {
        "what": "A network on range images after LaserNet (Meyer et al. 2019)",
        "network": "residual units 32-48-64, columns halved twice, deep layer aggregation",
        "given": "range, height, azimuth, intensity (0 to 1) and whether there is a return, 32 × 1,024",
        "figures": f"mIoU {result.miou:.3f} over all points",
        "table": f"IoU: {ious}.",
    }


if __name__ == "__main__":
    main()
