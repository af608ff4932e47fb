"""Networks of shapes on an object of 100,000 points, one thread: the rows that bench.py prints as `shapes`.
Seconds are the processor's, of the quickest round, from points to answer."""

from __future__ import annotations

import time

import numpy as np

POINTS, ROUNDS = 100_000, 4
REACH = {"shapes-point-transformer": "≤ 1 s", "shapes-mvcnn": "≤ 0.5 s", "shapes-pointnet": "≤ 1 s"}


def shapes() -> list[tuple[str, str, str]]:
    import torch

    from headlight.models.catalogue.bundled import BUNDLED
    from headlight.models.engines.shapes import ShapesEngine

    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    way = random.normal(size=(POINTS, 3))
    points = (way / np.linalg.norm(way, axis=1, keepdims=True) * (1, 0.6, 1.4)).astype(np.float32)
    rows = []
    for entry in BUNDLED:
        if entry.classifies and entry.folder.is_dir():
            engine, best = ShapesEngine.open(entry, "cpu"), float("inf")
            for _ in range(ROUNDS):
                began = time.process_time()
                engine.run(points)
                best = min(best, time.process_time() - began)
            turns = f", {engine.config.turns} turns" if engine.config.turns > 1 else ""
            rows.append((f"{entry.title}, 100k points{turns}", f"{best:.2f} s", REACH[entry.id]))
    return rows
