"""What the range network learns: the class of every pixel of a range image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from headlight.models.core.answers import confusion, scores
from headlight.models.points.grids.range_net import SCALE, STREET_CLASSES, RangeNet, seen
from headlight.models.points.representations.range_image import CHANNELS, SENSORS, range_image
from script.training.losses import class_weights, segmentation_loss
from script.training.streets.scanner import Scan
from script.training.streets.scans import classes_of, endless, everyone

RATE = 3e-3
CROP, CROPS = 128, 4
"""Columns of a crop, and crops of a batch: together half a turn of the scanner."""
ABOUT, DARK = 0.7, 0.1
"""Share of crops about something of a class drawn at random, and of those without intensities."""
EMPTY = -1
HEIGHT, AZIMUTH, BRIGHT = (CHANNELS.index(name) for name in ("height", "azimuth", "intensity"))


class Pixels:
    """Crops of turned and mirrored range images, most of them about something that is not background."""

    rate = RATE

    def __init__(self, scans: Path, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.scans = endless(scans / "train", self.rng)
        self.held = scans / "validation"
        some = [imaged(scan)[1] for scan in everyone(scans / "train", 40)]
        counts = np.bincount(np.concatenate([one[one >= 0] for one in some]), minlength=len(STREET_CLASSES))
        self.weights = class_weights(torch.from_numpy(counts / counts.sum()).float())
        self.validation: list[tuple[Tensor, np.ndarray]] = []

    def network(self) -> nn.Module:
        return RangeNet()

    def batch(self) -> tuple[Tensor, Tensor]:
        """float [CROPS, 5, H, CROP] and int64 [CROPS, H, CROP], EMPTY where nothing was hit."""
        crops = [self.crop(*imaged(next(self.scans))) for _ in range(CROPS)]
        return (
            torch.from_numpy(np.stack([image for image, _ in crops])),
            torch.from_numpy(np.stack([labels for _, labels in crops])),
        )

    def crop(self, image: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rng, width = self.rng, image.shape[2]
        columns = np.flatnonzero((labels == rng.integers(1, len(STREET_CLASSES))).any(0))
        middle = rng.choice(columns) if len(columns) and rng.random() < ABOUT else rng.integers(width)
        picked = (middle - rng.integers(CROP) + np.arange(CROP)) % width
        image, labels = image[:, :, picked].copy(), labels[:, picked]
        hit = image[-1] > 0
        if rng.random() < 0.5:
            image, labels, hit = image[:, :, ::-1].copy(), labels[:, ::-1].copy(), hit[:, ::-1]
            image[AZIMUTH] = -image[AZIMUTH]
        # A street can lie in any direction: the azimuth is turned like the street.
        image[AZIMUTH] = np.where(hit, (image[AZIMUTH] + rng.uniform(-1, 1) + 1) % 2 - 1, 0)
        image[BRIGHT] *= 0.0 if rng.random() < DARK else rng.uniform(0.8, 1.25)
        image[HEIGHT] += np.where(hit, rng.normal(0, 0.1) / SCALE["height"], 0)
        return image, labels

    def loss(self, net: nn.Module, batch: tuple[Tensor, Tensor]) -> Tensor:
        images, labels = batch
        logits, kept = net(images).movedim(1, -1).reshape(-1, len(STREET_CLASSES)), labels.reshape(-1) >= 0
        return segmentation_loss(logits[kept], labels.reshape(-1)[kept], self.weights)

    @torch.no_grad()
    def score(self, net: nn.Module) -> tuple[float, str]:
        """mIoU over the pixels of 40 validation scans, and the IoU of each class."""
        if not self.validation:
            for scan in everyone(self.held, 40):
                image, labels = imaged(scan)
                self.validation.append((torch.from_numpy(image)[None], labels))
        matrix = np.zeros((len(STREET_CLASSES),) * 2, np.int64)
        for image, labels in self.validation:
            found = net(image)[0].argmax(0).numpy()
            matrix += confusion(labels[labels >= 0], found[labels >= 0], len(STREET_CLASSES))
        result = scores(matrix)
        return result.miou, str(dict(zip(STREET_CLASSES, result.iou.round(3).tolist(), strict=True)))


def imaged(scan: Scan) -> tuple[np.ndarray, np.ndarray]:
    """float32 (5, H, W) as the network is fed it, and int64 (H, W) of its classes."""
    made = range_image(scan.points, SENSORS["hdl-32e"], scan.intensity, scan.ring).arrays
    index = made["index"]
    return seen(made["image"]), np.where(index >= 0, classes_of(scan)[index], EMPTY)
