"""Put trained networks into assets, scored on the test rooms, each with its model card.

    python -m script.training.publish --rooms FOLDER --point-transformer RUN --pointnet RUN

Reads each run's `final.pt`, writes config.json, model.safetensors (half precision) and NOTICE.md into
assets/weights, then scores what was written, through the same engine as the window, on FOLDER/test.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from headlight.models.catalogue.bundled import BUNDLED
from headlight.models.core.answers import PointLabels, Scores, confusion, scores
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.points.checkpoints import save_network
from headlight.models.points.config import PointConfig
from headlight.models.points.inputs import OWN
from headlight.viewer import builtin  # noqa: F401  the engines that there are
from headlight.viewer.host.engines import open_engine
from script.training.crops import BLOCK, read_room
from script.training.networks import make

CARD = """# {title}

{title} for the segmentation of rooms, trained by Headlight on made-up rooms. **It is no S3DIS result**: it has
the 13 classes of S3DIS but has never seen that data set, and no real scan at all.

| what | |
| --- | --- |
| network | {network} |
| inputs | height above the floor in metres, red, green, blue (0 to 1), and whether there is colour |
| training data | {train} rooms of varied plan, made by script/training from the furniture of Debian's package sweethome3d-furniture and from parametric parts, scanned by ray casting or sampled from their surfaces, on a grid of 0.04 m |
| split | by furniture design: no object of the {test} test rooms is in a training room. Few designs stand behind some classes of the test rooms (2 bookcases, 1 board, 3 windows, 5 doors); parametric doors, windows, boards and books come from the same generator as in training, with other seeds |
| training | {steps:,} batches{remark} |
| test rooms | mIoU {miou:.3f}, mean accuracy {macc:.3f}, overall accuracy {oa:.3f} |

IoU on the test rooms: {ious}.

Licence of the weights: BSD-3-Clause. The furniture whose scans they were trained on is by Kator Legaz, Reallusion,
Scopia and the contributors of Blend Swap (CC-BY 3.0) and by eTeks and others (CC0); none of it is contained.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rooms", type=Path, required=True)
    parser.add_argument("--point-transformer", type=Path)
    parser.add_argument("--pointnet", type=Path)
    parser.add_argument("--remark", default="", help="what the card adds about the steps of the training")
    given = parser.parse_args()
    for kind, run in (("point_transformer", given.point_transformer), ("pointnet", given.pointnet)):
        if run is not None:
            publish(kind, run, given.rooms, given.remark)


def publish(kind: str, run: Path, rooms: Path, remark: str) -> None:
    """Write one network's folder and print its row of the table."""
    entry = next(entry for entry in BUNDLED if entry.id == kind.replace("_", "-"))
    kept = torch.load(run / "final.pt", weights_only=True, map_location="cpu")
    net = make(kind)
    net.load_state_dict(kept["net"])
    net.eval()
    if kind == "pointnet":
        config = PointConfig(kind, S3DIS_CLASSES, OWN, widths=net.widths)
        save_network(entry.folder, net, config, points=BLOCK)
    else:
        config = PointConfig(kind, S3DIS_CLASSES, OWN, planes=net.planes, blocks=net.blocks)
        save_network(entry.folder, net, config)
    result = tested(entry.id, rooms / "test")
    ious = ", ".join(
        f"{name} {'–' if np.isnan(iou) else f'{iou:.2f}'}"
        for name, iou in zip(S3DIS_CLASSES, result.iou, strict=True)
    )
    parameters = sum(parameter.numel() for parameter in net.parameters())
    papers = {"pointnet": "Qi et al. 2017", "point_transformer": "Zhao et al. 2021"}
    card = CARD.format(
        title=entry.title,
        network=f"{entry.title} ({papers[kind]}), {parameters:,} parameters",
        train=len(list((rooms / "train").glob("*.npz"))),
        test=len(list((rooms / "test").glob("*.npz"))),
        steps=kept["step"],
        remark=f": {remark}" if remark else "",
        miou=result.miou,
        macc=result.macc,
        oa=result.oa,
        ious=ious,
    )
    (entry.folder / "NOTICE.md").write_text(card, encoding="utf-8")
    print(
        f"{entry.title}: mIoU {result.miou:.3f}, mAcc {result.macc:.3f}, OA {result.oa:.3f}; {ious}",
        flush=True,
    )


def tested(model: str, folder: Path) -> Scores:
    """Scores over all points of all rooms, as the window would label them."""
    engine = open_engine(model, "points", None)
    matrix = np.zeros((len(S3DIS_CLASSES), len(S3DIS_CLASSES)), np.int64)
    for path in sorted(folder.glob("*.npz")):
        room = read_room(path)
        colours = room.colours if room.coloured and "colours" in engine.takes else None
        trace = engine.run(room.points, **({} if colours is None else {"colours": colours}))
        matrix += confusion(
            room.labels.astype(np.int16), trace.answer(PointLabels).labels, len(S3DIS_CLASSES)
        )
    return scores(matrix)


if __name__ == "__main__":
    main()
