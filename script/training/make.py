"""Writes training rooms: one npz a room, the same for the same seed.

    python -m script.training.make --out FOLDER --split train|validation|test --rooms N --seed S [--first K]

Each file holds points float32 (n, 3) in metres with z up, colours uint8 (n, 3) (zero unless coloured),
coloured bool, labels uint8 (n,) in the order of s3dis.CLASSES; one random point of each 0.04 m voxel.
A file that is there is not made again, so a run can be stopped and started again.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from script.training import furniture, layout, scan
from script.training.rooms import Room

VOXEL = 0.04


def build(split: str, seed: int, number: int):
    """The room of a number, how it is to be scanned, and the generator to go on with."""
    rng = np.random.default_rng([seed, furniture.SPLITS.index(split), number])
    mode = str(rng.choice(["dense", "sparse", "surface"], p=[0.4, 0.36, 0.24]))
    simple = mode == "surface" and split == "train" and rng.random() < 0.5
    outer = mode == "surface" and rng.random() < 0.25
    return layout.build(split, rng, simple, outer), mode + " simple" * simple, rng


def hits_of(built: Room, scene: scan.Scene, mode: str, rng: np.random.Generator) -> scan.Hits:
    """Every point that a scan (or a sample of the surfaces) returns from within the room."""
    if mode.startswith("surface"):
        density = np.exp(rng.uniform(np.log(150), np.log(2500)))
        noise, uneven = rng.choice([0.0, rng.uniform(0, 0.008)]), rng.choice([0.0, 0.7], p=[0.7, 0.3])
        return scan.within(built, scan.sample(scene, density, noise, uneven, rng), scene)
    dense = mode == "dense"
    scanner = scan.Scanner(
        step=rng.uniform(0.3, 0.5) if dense else rng.uniform(0.35, 0.9),
        noise=rng.uniform(0.001, 0.004),
        growth=rng.uniform(0.0001, 0.0006),
        dropout=rng.uniform(0.02, 0.25),
        mixed=rng.choice([0.0, rng.uniform(0, 0.15)]),
        glass=rng.uniform(0.05, 0.9),
    )
    many = int(rng.integers(3, 6)) + int(built.area / 25) if dense else int(rng.integers(1, 4))
    casters = scan.Casters(scene)
    parts = [scan.scan(casters, place, scanner, rng) for place in scan.standpoints(built, many, rng)]
    return scan.within(built, scan.gathered(parts), scene)


def room(split: str, seed: int, number: int) -> dict[str, np.ndarray]:
    """The arrays of one room."""
    built, mode, rng = build(split, seed, number)
    scene = scan.Scene.of(built)
    hits = hits_of(built, scene, mode, rng)
    if split == "train" and rng.random() < 0.05:  # some scans are stored without their ceiling
        hits = hits.at(scene.labels[hits.triangles] != 0)
    points = settled(hits.points, rng)
    kept = scan.one_a_voxel(points, VOXEL, rng)
    hits = hits.at(kept)
    coloured = rng.random() > 0.12
    flat = mode.startswith("surface") and rng.random() < 0.6
    colours = scan.colours(scene, hits, built, rng, flat)
    return {
        "points": points[kept],
        "colours": colours if coloured else np.zeros_like(colours),
        "coloured": np.array(coloured),
        "labels": scene.labels[hits.triangles],
        "kind": np.array(f"{built.kind} {mode}"),
    }


def settled(points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Turned about z and moved, the floor near z = 0 but not on it."""
    angle = rng.uniform(0, 2 * np.pi) if rng.random() < 0.6 else rng.integers(4) * np.pi / 2
    c, s = np.cos(angle), np.sin(angle)
    turned = points @ np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32).T
    return (turned + np.array([*rng.uniform(-5, 5, 2), rng.normal(0, 0.05)])).astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--split", choices=furniture.SPLITS, required=True)
    parser.add_argument("--rooms", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first room")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for number in range(given.first, given.first + given.rooms):
        path = given.out / f"room-{given.seed}-{number:05d}.npz"
        if path.exists():
            continue
        began = time.perf_counter()
        arrays = room(given.split, given.seed, number)
        partial = path.with_suffix(f".{os.getpid()}.partial")
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        partial.replace(path)
        shares = np.bincount(arrays["labels"], minlength=13) / len(arrays["labels"])
        taken = time.perf_counter() - began
        print(f"{path.name} {arrays['kind']}: {len(arrays['points'])} points, {taken:.1f} s,", end=" ")
        print(*(f"{share:.3f}" for share in shares), flush=True)


if __name__ == "__main__":
    main()
