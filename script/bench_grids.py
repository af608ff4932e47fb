"""Networks on representations, one thread: the row that bench.py prints as `grids`. Seconds are the
processor's, of the quickest round."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from script.bench_detection import POINTS, scan

ROOM = Path(__file__).resolve().parent.parent / "assets" / "samples" / "rooms" / "corridor.ply"


def _quickest(fed: Callable[[], Any], net: Any, rounds: int = 3) -> tuple[float, float, float, int]:
    """(seconds to represent, of the network, of the way back to all points; tokens)."""
    best = [float("inf")] * 3
    for _ in range(rounds + 1):
        marks = [time.process_time()]
        given = fed()
        marks.append(time.process_time())
        labels = given.logits(net, "cpu").argmax(1).numpy()
        marks.append(time.process_time())
        given.owners(labels)
        marks.append(time.process_time())
        best = [min(one, b - a) for one, a, b in zip(best, marks, marks[1:], strict=False)]
    return best[0], best[1], best[2], len(given.sample)


def grids() -> list[tuple[str, str, str]]:
    """The range network on a scan, and the 3D CNN on a room."""
    import torch

    from headlight.models.points.grids.config import GridConfig
    from headlight.models.points.grids.fed import FedRange, FedVoxels
    from headlight.models.points.grids.range_net import STREET_CLASSES
    from headlight.models.points.representations.asked import Cloud
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.inputs.inputs import from_path

    torch.set_num_threads(1)
    points, room = scan()[:, :4], from_path(str(ROOM)).points
    streets = GridConfig("range_net", STREET_CLASSES).network().eval()
    rooms = GridConfig("voxel_net", tuple(map(str, range(13)))).network().eval()
    rows = []
    with torch.no_grad():
        for name, work, net, reach in (
            (
                f"range network, {POINTS:,} points",
                lambda: FedRange.of(points[:, :3], Cloud(points[:, :3], points[:, 3]), ""),
                *(streets, "≤ 1.5 s"),
            ),
            (
                f"3D CNN, a room of {len(room):,} points",
                lambda: FedVoxels.of(room, GridConfig.edge, ""),
                *(rooms, "≤ 2 s"),
            ),
        ):
            *parts, tokens = _quickest(work, net)
            said = f"represented {parts[0]:.2f}, network {parts[1]:.2f}, all points {parts[2]:.2f}"
            rows.append((f"{name}, {tokens:,} tokens ({said})", f"{sum(parts):.2f} s", reach))
    return rows
