"""Put the trained 3D CNN into assets, scored once on the test rooms, with its model card.

    python -m script.training.voxels.publish --run RUN [--rooms FOLDER]

Reads the run's `final.pt`, writes config.json, model.safetensors (half precision) and NOTICE.md into
assets/weights, then scores what was written, through the same engine as the window, on the rooms' test/.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from headlight.models.catalogue.bundled import BUNDLED
from headlight.models.catalogue.tensors import save_half
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.points.grids.config import GridConfig
from script.training.publish import tested
from script.training.voxels.crops import CELLS, EDGE

CARD = """# 3D CNN

The 3D CNN of Qi et al. 2017 (“PointNet”, figure 10) for the segmentation of rooms, trained by Headlight on made-up
rooms. **It is no S3DIS result**: it has the 13 classes of S3DIS but has never seen that data set, and no real scan
at all. Its training was short: it is here to compare what cells and points tell a network.

| what | |
| --- | --- |
| network | five 3D convolutions of 32 channels (kernels 3, 5, 5, 5, 5: a field of 19 cells), then 128 and 13 channels a cell; {parameters:,} parameters |
| inputs | which cells of {edge} m are occupied; no colour |
| training data | {train} rooms of script/training (seeds 3 and 4), made of the furniture of Debian's package sweethome3d-furniture and of parametric parts, scanned by ray casting or sampled from their surfaces |
| split | by furniture design: no object of the {test} test rooms is in a training room |
| training | {steps:,} batches of one crop of {cells} cells, AdamW, seed 0; when to stop was decided by the clock, and the test rooms had no part in any choice |
| test rooms, scored once | mIoU {miou:.3f}, mean accuracy {macc:.3f}, overall accuracy {oa:.3f} |

IoU on the test rooms: {ious}.

Licence of the weights: BSD-3-Clause. The furniture whose scans they were trained on is by Kator Legaz, Reallusion,
Scopia and the contributors of Blend Swap (CC-BY 3.0) and by eTeks and others (CC0); none of it is contained.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument(
        "--rooms", type=Path, help="folder with train/ and test/, by default beside the run's"
    )
    given = parser.parse_args()
    rooms = given.rooms or given.run.parent / "rooms"
    entry = next(entry for entry in BUNDLED if entry.id == "voxel-net")
    kept = torch.load(given.run / "final.pt", weights_only=True, map_location="cpu")
    config = GridConfig("voxel_net", S3DIS_CLASSES, EDGE)
    net = config.network()
    net.load_state_dict(kept["net"])
    save_half(entry.folder, net.eval(), asdict(config))
    result = tested(entry.id, rooms / "test")
    ious = ", ".join(
        f"{name} {'–' if np.isnan(iou) else f'{iou:.2f}'}"
        for name, iou in zip(S3DIS_CLASSES, result.iou, strict=True)
    )
    card = CARD.format(
        parameters=sum(parameter.numel() for parameter in net.parameters()),
        edge=EDGE,
        train=len(list((rooms / "train").glob("*.npz"))),
        test=len(list((rooms / "test").glob("*.npz"))),
        steps=kept["step"],
        cells=" × ".join(map(str, CELLS)),
        miou=result.miou,
        macc=result.macc,
        oa=result.oa,
        ious=ious,
    )
    (entry.folder / "NOTICE.md").write_text(card, encoding="utf-8")
    print(f"mIoU {result.miou:.3f}, mAcc {result.macc:.3f}, OA {result.oa:.3f}; {ious}", flush=True)


if __name__ == "__main__":
    main()
