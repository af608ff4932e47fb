"""What the detector learns: boxes around what is in a quarter of the ground at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from headlight.models.core.answers import Boxes as Answer
from headlight.models.points.detection.config import STREET_CLASSES, STREETS, DetectionConfig
from headlight.models.points.detection.decoding import found
from headlight.models.points.detection.heads import Said
from headlight.models.points.detection.metrics.matching import Scene
from headlight.models.points.detection.metrics.nuscenes import HALF_TURN, Figures, figures
from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.pillars import Batch, batch_of, decorated
from headlight.models.points.detection.targets import TaskTargets, Truth, loss, targets
from headlight.models.points.representations.cells import Grid
from script.training.streets.scanner import Scan
from script.training.streets.scans import endless, everyone, turned
from script.training.streets.street import corners

RATE = 3e-3
HALF = 20.0
"""Metres from a crop's middle to its edges: a quarter of the ground, with half of the street's things."""
CROPS = 4
MOMENTUM = 0.05
OFTEN = (0.15, 0.35, 0.25, 0.25)
"""How often each class is what a crop is about: cars are everywhere, trucks the hardest."""
DARK = 0.1
"""Share of scans without intensities, as of many files."""
BEYOND = 1.0
"""Metres by which what counts as within a crop may reach beyond it."""
LEAST = 4
"""Points of a box that is to be found."""
ASKED = 5
"""Points of a box that is asked for when scored."""
SUPPRESSION = replace(STREETS.suppression, peaks=True, score=0.4)
"""Of the published detector: the cells around a peak are no candidates, which spares most overlaps; from its
score on the validation scans have the best F1."""
SCORE = 0.05
"""From which on boxes are scored: average precision wants the doubtful ones too."""


PUBLISHED = replace(STREETS, suppression=SUPPRESSION, frame=replace(STREETS.frame, ground=-1.8))


class Boxes:
    """Crops of turned and mirrored scans about things of a class drawn at random, so that the rare classes
    are learnt as well whatever the streets hold."""

    rate = RATE

    def __init__(self, scans: Path, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.scans = endless(scans / "train", self.rng)
        self.held = scans / "validation"
        grid = STREETS.grid
        low, high = (-HALF, -HALF, grid.low[2]), (HALF, HALF, grid.high[2])
        self.part = replace(STREETS, grid=Grid(low, high, grid.edge))
        self.validation: list[Scan] = []

    def network(self) -> nn.Module:
        """With norms that follow the weights: those of the published networks would take a thousand steps."""
        net = Detector(STREETS)
        for part in net.modules():
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
                part.momentum = MOMENTUM
        return net

    def batch(self) -> tuple[Batch, list[tuple[int, int]], list[TaskTargets]]:
        """Points of CROPS crops, the cell (row, column) each begins at, and what is to be said of them."""
        clouds, starts, truths = [], [], []
        for _ in range(CROPS):
            cloud, start, truth = self.crop(next(self.scans))
            clouds.append(cloud)
            starts.append(start)
            truths.append(truth)
        return batch_of(clouds, STREETS), starts, targets(truths, self.part)

    def crop(self, scan: Scan) -> tuple[np.ndarray, tuple[int, int], Truth]:
        """Things that lie partly beyond the crop are taken out of it, points and all."""
        rng = self.rng
        mirrored, scale = bool(rng.random() < 0.5), rng.uniform(0.95, 1.05)
        scan = turned(scan, rng.uniform(-np.pi, np.pi), mirrored, scale)
        seen = scan.counts >= LEAST
        wanted = np.flatnonzero(seen & (scan.labels == rng.choice(len(STREET_CLASSES), p=OFTEN)))
        about, room = rng.uniform(-20, 20, 2), HALF
        if len(wanted):
            long = scan.boxes[wanted, 3]  # the long ones are rare, and need the whole crop to be seen
            chosen = scan.boxes[rng.choice(wanted, p=long / long.sum())]
            about, room = chosen[:2], HALF - np.abs(corners(chosen) - chosen[:2]).max(0)
        edge = STREETS.grid.edge[0]
        low = np.array(STREETS.grid.low[:2])
        reach = np.array(STREETS.grid.high[:2]) - HALF
        middle = np.clip(about + rng.uniform(-1, 1, 2) * room, -reach, reach)
        cell = np.round((middle - HALF - low) / edge).astype(int)
        corner = low + cell * edge
        outlines = np.array([corners(box) for box in scan.boxes]).reshape(-1, 4, 2) - corner
        whole = ((outlines > -BEYOND) & (outlines < 2 * HALF + BEYOND)).all((1, 2))
        inside = ((scan.points[:, :2] >= corner) & (scan.points[:, :2] < corner + 2 * HALF)).all(1)
        inside &= np.append(whole, True)[scan.things]
        lift = rng.normal(0, 0.1)  # scanners stand at other heights
        bright = 0.0 if rng.random() < DARK else rng.uniform(0.8, 1.25)
        cloud = np.column_stack([scan.points[inside], scan.intensity[inside] * bright])
        cloud = cloud[rng.random(len(cloud)) >= rng.choice([0.0, rng.uniform(0, 0.3)])]
        cloud[:, 2] += lift
        boxes = scan.boxes[seen & whole].copy()
        boxes[:, :2] -= corner + HALF
        boxes[:, 2] += lift
        truth = Truth(boxes, scan.labels[seen & whole])
        return cloud.astype(np.float32), (int(cell[1]), int(cell[0])), truth

    def loss(self, net: nn.Module, batch: tuple[Batch, list[tuple[int, int]], list[TaskTargets]]) -> Tensor:
        clouds, starts, wanted = batch
        ground = net.backbone(canvas(net.encoder, clouds, starts, self.part.cells))
        shared = net.head.shared_conv(ground)
        each = zip(net.head.task_heads, wanted, strict=True)
        said = [at_things(heads, shared, task) for heads, task in each]
        wanted = [replace(task, where=torch.arange(len(task.where))) for task in wanted]
        return sum(loss(said, wanted).values())

    def score(self, net: nn.Module) -> tuple[float, str]:
        """mAP on 40 validation scans, and the figures of each class."""
        self.validation = self.validation or everyone(self.held, 40)
        result = measured(answers(net, self.validation), self.validation)
        return result.mean_ap, told(result)


def canvas(
    encoder: nn.Module, clouds: Batch, starts: Sequence[tuple[int, int]], cells: tuple[int, int]
) -> Tensor:
    """[clouds, channels, *cells]: what the encoder makes of a part of each one's ground, from `starts` on."""
    x = decorated(clouds, encoder.grid, encoder.encoder.centre)
    for layer in encoder.pfn_layers:
        x = layer(x, clouds.row, len(clouds.cells))
    number, _, row, column = clouds.cells.unbind(1)
    first = torch.tensor(starts)[number]
    place = (number * cells[0] + row - first[:, 0]) * cells[1] + column - first[:, 1]
    out = x.new_zeros(len(starts) * cells[0] * cells[1], x.shape[1]).index_copy(0, place, x)
    return out.view(len(starts), *cells, -1).permute(0, 3, 1, 2).contiguous()


def at_things(heads: nn.ModuleDict, shared: Tensor, wanted: TaskTargets) -> Said:
    """What a task's heads say: the heat map everywhere, all else only where things are (n of them, as a map
    [1, numbers, 1, n]), which is where the loss looks and a third of the work."""
    padded = F.pad(shared, (2, 2, 2, 2)).permute(0, 2, 3, 1)
    _, rows, columns, _ = padded.shape
    cloud, cell = wanted.where // ((rows - 4) * (columns - 4)), wanted.where % ((rows - 4) * (columns - 4))
    row, column = cell // (columns - 4), cell % (columns - 4)
    around = torch.arange(5)
    patches = padded[
        cloud[:, None, None], row[:, None, None] + around[:, None], column[:, None, None] + around
    ].permute(0, 3, 1, 2)
    said = {"heatmap": heads["heatmap"](shared)}
    for name in wanted.wanted:
        first, norm, active, last = heads[name]
        inner = active(norm(F.conv2d(patches, first.weight, first.bias)))
        said[name] = F.conv2d(inner, last.weight, last.bias)[:, :, 0, 0].T[None, :, None]
    return said


def cloud_of(scan: Scan) -> np.ndarray:
    """float32 (n, 4): x y z and intensity."""
    return np.column_stack([scan.points, scan.intensity]).astype(np.float32)


@torch.no_grad()
def answers(net: nn.Module, scans: Sequence[Scan], config: DetectionConfig = PUBLISHED) -> list[Answer]:
    """What is found in whole scans, from SCORE on."""
    return [found(net(batch_of([cloud_of(scan)], config)), config, SCORE) for scan in scans]


def measured(given: Sequence[Answer], scans: Sequence[Scan]) -> Figures:
    """nuScenes' figures of answers, for boxes with ASKED points or more."""
    scenes = [
        Scene(one.boxes, one.scores, one.labels, scan.boxes, scan.labels, scan.counts)
        for one, scan in zip(given, scans, strict=True)
    ]
    return figures(scenes, STREET_CLASSES, least=ASKED)


def told(result: Figures) -> str:
    """Of each class AP, ATE, ASE, AOE and AOE modulo π."""
    names = ("ATE", "ASE", "AOE", HALF_TURN)
    return "; ".join(
        f"{name} AP {result.ap[row].mean():.3f} ({result.ap[row].round(2).tolist()}) "
        + " ".join(f"{error} {result.errors[error][row]:.3f}" for error in names)
        for row, name in enumerate(STREET_CLASSES)
    )
