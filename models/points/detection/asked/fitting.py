"""A cloud as a detector was trained on clouds: the height of the street, the scale of intensities. numpy
only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.points.detection.config import DetectionConfig

NEAR = 25.0
"""Metres from the sensor within which the street is looked for."""
STEP = 0.1
"""Metres: how exactly its height is told."""
APART = 0.5
"""Metres from which on a street is another one than in training, and the cloud is moved."""
BYTE = 255.0


@dataclass(frozen=True, eq=False)
class Fitted:
    """features: float32 (n, F), what the detector is fed. raised: metres that were added to z. notices: what
    was done to the cloud. unlike: what else of it differs from those of training."""

    features: np.ndarray
    raised: float
    notices: tuple[str, ...]
    unlike: tuple[str, ...]


def fitted(points: np.ndarray, intensity: np.ndarray | None, config: DetectionConfig, title: str) -> Fitted:
    """float (n, 3) in metres, z up, seen from the sensor, float (n,) or None → as the detector is fed it."""
    frame, notices, unlike = config.frame, [], []
    raised, street = 0.0, street_of(points)
    if street is not None and abs(street - frame.ground) > APART:
        raised = frame.ground - street
        notices.append(
            f"The street lies at {street:+.1f} m, and at {frame.ground:+.1f} m where {title} was trained: it "
            f"sees the cloud moved by {raised:+.1f} m."
        )
    bright, said = _bright(intensity, len(points), frame.bright, title)
    notices += said
    if frame.forward == "y":
        unlike.append(f"{title} was trained where y points ahead and x to the right")
    features = np.zeros((len(points), config.inputs), np.float32)
    features[:, :3] = points
    features[:, 2] += np.float32(raised)
    features[:, 3] = bright
    return Fitted(features, raised, tuple(notices), tuple(unlike))


def street_of(points: np.ndarray) -> float | None:
    """The height at which most points near the sensor lie, in metres; None without any there."""
    near = points[np.hypot(points[:, 0], points[:, 1]) < NEAR, 2]
    near = near[np.abs(near) < NEAR]
    if not len(near):
        return None
    steps = np.floor(near / STEP).astype(int)
    low = int(steps.min())
    counts = np.bincount(steps - low)
    # Three steps at once, since a street lies on a border as well as between two.
    best = int(np.convolve(counts, np.ones(3, int), "same").argmax())
    inside = np.abs(steps - low - best) <= 1
    return float(np.median(near[inside]))


def _bright(
    intensity: np.ndarray | None, count: int, wanted: float, title: str
) -> tuple[np.ndarray, list[str]]:
    if wanted == 0:
        return np.zeros(count), []
    if intensity is None:
        return np.zeros(count), [f"The file has no intensities, which {title} reads: it is given 0."]
    most = float(np.percentile(intensity, 99.9)) if len(intensity) else 0.0
    given = 1.0 if most <= 1 else BYTE if most <= BYTE else float(1 << 16)
    if given == wanted:
        return intensity, []
    said = f"Intensities go up to {most:.3g}, and up to {wanted:g} where {title} was trained"
    return intensity.astype(np.float64) * (wanted / given), [f"{said}: they are scaled."]


def nothing_found(found: Fitted, inside: int, config: DetectionConfig, title: str) -> str:
    """Why there may be no boxes. inside: points in range."""
    x0, y0, x1, y1 = config.extent
    low, high = config.grid.low[2] - found.raised, config.grid.high[2] - found.raised
    where = f"x {x0:g} to {x1:g}, y {y0:g} to {y1:g}, z {low:.1f} to {high:.1f} m"
    count = f"{len(found.features):,}"
    if not inside:
        return (
            f"None of the {count} points is where {title} looks ({where}): it sees the cloud from its zero, "
            "where the sensor is to be, in metres, z up."
        )
    why = "; ".join(("", *found.unlike))
    classes = ", ".join(config.classes)
    return f"{title} found none of {classes} among the {inside:,} of {count} points in range ({where}){why}."
