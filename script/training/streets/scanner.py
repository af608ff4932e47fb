"""A turning laser scanner in a street: rows of beams, range noise, weak returns that are lost, intensity.

Each object's rays are cast in its own frame, where its search tree was built once: to a ray scaled together
with the object the distance stays the same number, so that nothing is built again for another street.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import open3d as o3d

from script.training.streets.shapes import caster
from script.training.streets.street import Placed, Street

Rng = np.random.Generator
REACH = 70.0  # metres
NOISE = 0.02  # metres, standard deviation of a range
LOSS = 0.03  # share of returns lost for no reason
WEAK = 0.012  # reflectivity whose return at 25 m, head on, is found two times out of three


@dataclass(frozen=True)
class Turning:
    """beams: degrees above the horizon, lowest first, so that a beam's place is its ring."""

    name: str
    beams: tuple[float, ...]
    columns: int


HDL32 = Turning("hdl-32e", tuple(np.linspace(-30.67, 10.67, 32)), 1024)
HDL64 = Turning(
    "hdl-64e", (*np.linspace(-24.8, -8.87, 32), *np.linspace(-8.53, 2.0, 32)), 2048
)  # two blocks: steps of half and of a third of a degree


@dataclass(frozen=True, eq=False)
class Scan:
    """What the scanner returns, with the truth."""

    points: np.ndarray  # float32 (n, 3), the scanner's frame
    intensity: np.ndarray  # float32 (n,), 0 to 1
    ring: np.ndarray  # uint8 (n,), from the lowest beam on
    things: np.ndarray  # int16 (n,), row of the boxes, -1 where none
    boxes: np.ndarray  # float32 (b, 7)
    labels: np.ndarray  # int16 (b,)
    names: np.ndarray  # str (b,)
    counts: np.ndarray  # int32 (b,), points of each box


def scan(street: Street, sensor: Turning, rng: Rng) -> Scan:
    """One turn of the scanner."""
    up = np.radians(sensor.beams)
    around = np.pi - 2 * np.pi * (np.arange(sensor.columns) + rng.random()) / sensor.columns
    level = np.cos(up)[:, None]
    directions = np.stack(
        [
            level * np.cos(around),
            level * np.sin(around),
            np.broadcast_to(np.sin(up)[:, None], (len(up), sensor.columns)),
        ],
        -1,
    ).astype(np.float32)
    far, cosine, bright, things = _background(street, directions, rng)
    for number, thing in enumerate(street.things):
        _add(number, thing, directions, up, around, (far, cosine, bright, things))
    return _returned(street, directions, (far, cosine, bright, things), rng)


def _background(street: Street, directions: np.ndarray, rng: Rng) -> tuple[np.ndarray, ...]:
    """Ranges, cosines, reflectivities and owners (rows, columns) of ground and houses alone."""
    rays = np.concatenate([np.zeros_like(directions), directions], -1)
    found = caster(street.ground).cast_rays(o3d.core.Tensor(rays), nthreads=1)
    cosine = np.abs((found["primitive_normals"].numpy() * directions).sum(-1))
    shades = rng.uniform(0.08, 0.5, 97)  # neighbouring walls differ, the ground is of one kind
    triangle = np.minimum(found["primitive_ids"].numpy().astype(np.int64), len(street.ground.triangles))
    bright = shades[(triangle // 12) % 97]
    return found["t_hit"].numpy().copy(), cosine, bright, np.full(cosine.shape, -1, np.int16)


def _add(number: int, thing: Placed, directions, up, around, image: tuple[np.ndarray, ...]) -> None:
    """Cast the rays that may meet a thing, and keep where it is the nearest."""
    x, y, z = thing.box[:3]
    size, yaw = thing.box[3:6], thing.box[6]
    flat, radius = np.hypot(x, y), np.hypot(*size[:2]) / 2
    near = max(flat - radius, 0.5)
    wide = np.arcsin(min(radius / flat, 1.0))
    low, high = z - size[2] / 2, z + size[2] / 2
    lowest = np.arctan2(low, near if low < 0 else flat + radius)
    highest = np.arctan2(high, near if high > 0 else flat + radius)
    rows = np.flatnonzero((up >= lowest) & (up <= highest))
    turned = np.abs((around - np.arctan2(y, x) + np.pi) % (2 * np.pi) - np.pi)
    columns = np.flatnonzero(turned <= wide)
    if not rows.size or not columns.size:
        return
    picked = np.ix_(rows, columns)
    c, s = np.cos(yaw), np.sin(yaw)
    rotation = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])  # world to object
    scale = size / thing.shape.size
    origin = rotation @ -np.array([x, y, low]) / scale
    local = directions[picked] @ rotation.T / scale
    rays = np.concatenate([np.broadcast_to(origin, local.shape), local], -1).astype(np.float32)
    found = thing.shape.caster.cast_rays(o3d.core.Tensor(rays), nthreads=1)
    distance = found["t_hit"].numpy()
    far, cosine, bright, things = image
    nearer = distance < far[picked]
    if not nearer.any():
        return
    rows, columns = rows[np.nonzero(nearer)[0]], columns[np.nonzero(nearer)[1]]
    triangle = found["primitive_ids"].numpy()[nearer].astype(np.int64)
    normal = thing.shape.normals[triangle] / scale @ rotation
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    far[rows, columns] = distance[nearer]
    cosine[rows, columns] = np.abs((normal * directions[rows, columns]).sum(1))
    bright[rows, columns] = thing.reflectivity * thing.shape.returns[triangle]
    things[rows, columns] = number


def _returned(street: Street, directions: np.ndarray, image: tuple[np.ndarray, ...], rng: Rng) -> Scan:
    far, cosine, bright, things = (part.reshape(-1) for part in image)
    rings = np.repeat(np.arange(directions.shape[0], dtype=np.uint8), directions.shape[1])
    hit = np.flatnonzero(far < REACH)
    distance, angle, light = far[hit], cosine[hit], bright[hit]
    strength = light * angle * np.minimum(1, (25 / distance) ** 2)
    kept = (rng.random(hit.size) < 1 - np.exp(-strength / WEAK)) & (rng.random(hit.size) >= LOSS)
    hit, distance, light = hit[kept], distance[kept], light[kept] * np.sqrt(angle[kept])
    noisy = distance + rng.normal(0, NOISE, hit.size)
    points = (directions.reshape(-1, 3)[hit] * noisy[:, None]).astype(np.float32)
    intensity = np.clip(light + rng.normal(0, 0.02, hit.size), 0, 1).astype(np.float32)
    wanted = [row for row, thing in enumerate(street.things) if thing.klass >= 0]
    rename = np.full(len(street.things) + 1, -1, np.int16)  # the last is "nothing"
    rename[wanted] = np.arange(len(wanted))
    owners = rename[things[hit]]
    return Scan(
        points,
        intensity,
        rings[hit],
        owners,
        np.array([street.things[row].box for row in wanted], np.float32).reshape(-1, 7),
        np.array([street.things[row].klass for row in wanted], np.int16),
        np.array([street.things[row].shape.name for row in wanted]),
        np.bincount(owners[owners >= 0], minlength=len(wanted)).astype(np.int32),
    )
