"""Speed and memory of the Point Transformer on room-shaped clouds: surfaces, one point in 0.04 m.

What `script/bench net` runs of point networks.
"""

from __future__ import annotations

import json

import numpy as np

from script.bench_memory import apart, watched

SPACING = 0.04


def room(count: int, seed: int = 0) -> np.ndarray:
    """float32 (count, 3): floor, ceiling, walls of 2.7 m, tables and chairs, with 6 mm of noise."""
    from headlight.models.points.grid import grid_sample

    random = np.random.default_rng(seed)
    side = 1.0
    while 2.5 * side**2 + 4.5 * side * 2.7 < count * SPACING**2:
        side += 0.05
    length, width = 1.25 * side, side
    x, y, z = np.eye(3)
    parts = [plane((0, 0, height), x, y, length, width) for height in (0, 2.7)]
    parts += [plane((0, at, 0), x, z, length, 2.7) for at in (0, width)]
    parts += [plane((at, 0, 0), y, z, width, 2.7) for at in (0, length)]
    while sum(map(len, parts)) < 1.3 * count:
        a, b = random.random(2) * [max(length - 1.5, 0.1), max(width - 1.5, 0.1)]
        parts += [plane((a, b, 0.75), x, y, 1.4, 0.8), plane((a, b, 0), x, z, 1.4, 0.75)]
        parts += [
            plane((a + 0.3, b + 0.9, 0.45), x, y, 0.45, 0.45),
            plane((a + 0.3, b, 0.45), x, z, 0.45, 0.5),
        ]
    points = np.concatenate(parts)
    points = (points + random.normal(0, 0.006, points.shape)).astype(np.float32)
    points = points[grid_sample(points, SPACING)]
    return points[np.sort(random.permutation(len(points))[:count])]


def plane(corner: tuple[float, ...], u: np.ndarray, v: np.ndarray, wide: float, high: float) -> np.ndarray:
    a, b = np.meshgrid(np.arange(0, wide, SPACING), np.arange(0, high, SPACING))
    return np.array(corner) + a.reshape(-1, 1) * u + b.reshape(-1, 1) * v


def network():
    """The full network with random weights and norms that are not the identity, in eval mode."""
    import torch
    from torch import nn

    from headlight.models.points.point_transformer import PointTransformer

    torch.manual_seed(0)
    net = PointTransformer()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.1)
    return net.eval().requires_grad_(False)


def inputs(count: int):
    import torch

    from headlight.models.points.neighbours import geometry

    points = room(count)
    colours = np.random.default_rng(1).random((count, 3), np.float32)
    return torch.from_numpy(np.concatenate([points, colours], 1)), geometry(points)


def folded() -> list[tuple[str, str, str]]:
    """The folded network in chunks against the plain one, and against itself on other numbers of points."""
    import torch

    from headlight.models.points.inference import FoldedPointTransformer
    from headlight.models.points.neighbours import geometry
    from script.timing import seconds

    net = network()
    quick = FoldedPointTransformer(net)
    given = {count: inputs(count) for count in (20_000, 80_000, 320_000)}

    def plain():
        with torch.no_grad():
            return net(*given[80_000])

    ratio = seconds(lambda: quick(*given[80_000]), plain, rounds=5)
    # As much work on either side, so that a busy machine disturbs both alike.
    small, large = seconds(
        lambda: [quick(*given[20_000]) for _ in range(16)], lambda: quick(*given[320_000]), rounds=5
    )
    kept, neighbours, crop = seconds(
        lambda: quick(*given[80_000], calls=[]),
        lambda: geometry(given[80_000][1].stages[0].points.numpy()),
        lambda: geometry(given[80_000][1].stages[0].points.numpy()[:8192]),
        rounds=5,
    )
    logits, expected = quick(*given[80_000]), plain()
    wrong = int((logits.argmax(1) != expected.argmax(1)).sum())
    apart = float((logits - expected).abs().max())
    return [
        (
            f"net, 80k points: folded in chunks / plain ({wrong} labels differ, logits by {apart:.0e})",
            f"{min(ratio[0]) / min(ratio[1]):.2f}",
            "≤ 0.75",
        ),
        ("net, 80k points, neighbours given", f"{min(ratio[0]):.2f} s", "≤ 8 s"),
        ("net, 80k points, all attention kept", f"{min(kept):.2f} s", ""),
        ("neighbours of all stages, 80k points", f"{min(neighbours):.2f} s", ""),
        ("neighbours of all stages, 8,192 points", f"{min(crop) * 1000:.0f} ms", "≤ 60 ms"),
        ("net, 320k points / 16 × 20k points", f"{min(large) / min(small):.2f}", "≤ 1.15"),
    ]


def peak() -> list[tuple[str, str, str]]:
    """Peak memory at 320k points with all attention kept, in a process of its own."""
    found = apart("script.bench_net", "peak_here")
    what = f"320k points, all attention kept ({found['kept'] / 1e9:.2f} GB): peak above the model"
    return [(what, f"{found['peak'] / 1e9:.2f} GB, {found['seconds']:.1f} s", "≤ 2.5 GB")]


def peak_here() -> None:
    import torch

    from headlight.models.core.tokens import PointTokens
    from headlight.models.points.inference import FoldedPointTransformer
    from headlight.models.points.neighbourhood import neighbourhood_layers
    from headlight.models.points.neighbours import geometry

    net = network()
    quick = FoldedPointTransformer(net)
    quick(*inputs(2000))
    points = room(320_000)
    calls = []
    with watched() as found:
        shape = geometry(points)
        quick(torch.from_numpy(np.concatenate([points, points], 1)), shape, calls=calls)
        tokens = PointTokens(tuple(map(str, range(len(points)))), np.zeros(len(points), bool), points)
        layers = neighbourhood_layers(calls, shape, tokens)
        assert max(layer.check() for layer in layers) < 1e-3
    kept = sum(call.weights.numel() * 4 for call in calls)
    print(json.dumps({**found, "kept": kept}))
