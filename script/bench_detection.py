"""Detectors on a scan of 100,000 points, one thread: the rows that bench.py prints as `detector` and
`centerpoint`. Seconds are the processor's, of the quickest round."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from headlight.models.points.detection.config import DetectionConfig

POINTS = 100_000


def scan(n: int = POINTS, seed: int = 0) -> np.ndarray:
    """float32 (n, 5): a turning sensor of 32 beams in a street between two fronts, six times in a row."""
    random = np.random.default_rng(seed)
    beam = np.deg2rad(10.67 - 1.3335 * np.arange(32))[random.integers(0, 32, n)]
    angle = random.uniform(-np.pi, np.pi, n)
    with np.errstate(divide="ignore"):
        street = np.where(beam < 0, 1.84 / np.tan(-beam), np.inf)
        front = random.uniform(9, 12, 64)[((angle + np.pi) * 10).astype(int)] / np.abs(np.sin(angle))
    far = np.minimum(np.minimum(street, front), 48) * random.normal(1, 0.001, n)
    points = np.stack([far * np.cos(angle), far * np.sin(angle), far * np.tan(beam)], axis=1)
    points[:, 0] += random.integers(0, 6, n) * 0.4
    return np.column_stack([points, random.random(n), np.zeros(n)]).astype(np.float32)


def _measured(config: DetectionConfig, rounds: int) -> dict[str, float]:
    """Seconds of each part, and how many cells were occupied."""
    import torch

    from headlight.models.points.detection.asked.folded import folded
    from headlight.models.points.detection.decoding import found
    from headlight.models.points.detection.network import Detector
    from headlight.models.points.detection.pillars import batch_of

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = Detector(config).eval()
    for task in net.head.task_heads:  # as a trained one, which finds a few things alone
        torch.nn.init.constant_(task["heatmap"][-1].bias, -4.5)
    net, points = folded(net), scan()[:, : config.inputs]
    best = dict.fromkeys(("cells", "encoder", "map", "boxes", "all"), float("inf"))

    def timed(name: str, work: Callable[[], object]) -> object:
        began = time.process_time()
        result = work()
        best[name] = min(best[name], time.process_time() - began)
        return result

    def whole() -> None:
        batch = timed("cells", lambda: batch_of([points], config))
        canvas = timed("encoder", lambda: net.encoder(batch))
        said = timed("map", lambda: net.over(canvas))
        timed("boxes", lambda: found(said, config))
        best["occupied"] = len(batch.cells)

    with torch.no_grad():
        for _ in range(rounds + 1):
            timed("all", whole)
    return best


def _row(name: str, found: dict[str, float], reach: str) -> tuple[str, str, str]:
    parts = ", ".join(f"{part} {found[part]:.2f}" for part in ("cells", "encoder", "map", "boxes"))
    return f"{name}, {found['occupied']:,} ({parts})", f"{found['all']:.2f} s", reach


def detector() -> list[tuple[str, str, str]]:
    from headlight.models.points.detection.config import STREETS

    return [_row("detector, pillars", _measured(STREETS, 7), "≤ 0.3 s")]


def centerpoint() -> list[tuple[str, str, str]]:
    from headlight.models.points.detection.checkpoints import NUSCENES, NUSCENES_TASKS
    from headlight.models.points.detection.config import Backbone, Centres, DetectionConfig, Voxels
    from headlight.models.points.representations.voxels import PUBLISHED

    published = PUBLISHED["nuscenes"]
    config = DetectionConfig(
        NUSCENES,
        published.grid,
        Voxels(),
        Backbone((5, 5), (128, 256), (1, 2), (1.0, 2.0), (256, 256)),
        Centres(NUSCENES_TASKS, velocity=True),
        inputs=5,
        hard=published.hard,
    )
    return [_row("CenterPoint, voxels", _measured(config, 3), "≤ 5 s")]
