"""Writes scans of streets: one npz each, the same for the same seed.

    python -m script.training.streets.make --out FOLDER --split train|validation|test --scans N [--seed S]

Each file holds points float32 (n, 3), intensity float16, ring uint8, things int16 (the box of each point, -1
without), boxes float32 (b, 7) (x y z of the centre, l w h, yaw), labels, names and counts of points. A file
that is there is not made again, so a run can be stopped and started again.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np

from script.training.streets.scanner import HDL32, HDL64, Scan, Turning, scan
from script.training.streets.shapes import SPLITS
from script.training.streets.street import build

SENSORS = {sensor.name: sensor for sensor in (HDL32, HDL64)}


def street_scan(split: str, seed: int, number: int, sensor: Turning = HDL32) -> Scan:
    """The scan of a number."""
    rng = np.random.default_rng([seed, SPLITS.index(split), number])
    return scan(build(split, rng), sensor, rng)


def read(path: Path) -> Scan:
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in Scan.__dataclass_fields__}
    arrays["intensity"] = arrays["intensity"].astype(np.float32)
    return Scan(**arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", choices=SPLITS, required=True)
    parser.add_argument("--scans", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sensor", choices=SENSORS, default="hdl-32e")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for number in range(given.scans):
        path = given.out / f"street-{given.sensor}-{given.seed}-{number:05d}.npz"
        if path.exists():
            continue
        began = time.perf_counter()
        made = street_scan(given.split, given.seed, number, SENSORS[given.sensor])
        arrays = asdict(made)
        arrays["intensity"] = made.intensity.astype(np.float16)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        partial.replace(path)
        if number % 20 == 0:
            taken = time.perf_counter() - began
            seen = np.bincount(made.labels[made.counts >= 5], minlength=4)
            print(f"{path.name}: {len(made.points)} points, seen {seen}, {taken:.2f} s", flush=True)


if __name__ == "__main__":
    main()
