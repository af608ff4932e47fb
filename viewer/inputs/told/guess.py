"""In which unit a cloud is and which of its axes is up, guessed from its size, floors and walls."""

from __future__ import annotations

import numpy as np

from headlight.viewer.inputs.told.bulk import bulk_of, sampled
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.inputs.told.units import UPS, Up

_SAMPLE = 100_000
"""Points that a guess looks at."""

# A scene this much larger or smaller (in file units) than rooms in metres is taken for another unit.
_LARGEST_METRES, _LARGEST_CENTIMETRES, _LARGEST_MILLIMETRES = 150.0, 2500.0, 300_000.0
_LOWEST_CENTIMETRES, _LOWEST_MILLIMETRES = 100.0, 200.0
_MAP_METRES = 5e7
"""No map has coordinates in metres beyond."""
_ROOM_WIDE, _ROOM_HIGH = 60.0, (1.5, 10.0)
"""Metres that what stands against a format's word must have, in the other unit."""
_BUILT = 0.15
"""Share of the points in two thin slices across an axis from which on floors or walls are among them: even
ground has 0.03."""
_ROOMY = 0.15
"""Height of a room, as a share of its length, from which on it is told from a hillside."""
_SPARSE = 0.5
"""Points in a square metre of ground: surveys have more."""

_CEILINGS = (2.1, 3.8)
"""Metres"""
_WIDE, _HIGH = 2.0, (1.5, 6.0)
"""Metres that a cloud is wide at least, and high, for the guess that it stands on its head: neither a table
nor a hillside."""
_SMALL = 2.2
"""Metres below which a cloud is of furniture or of a person: planes across an axis, as of a door, say nothing
of what is up."""
_END = 0.06
"""Share of the height that counts as an end of it."""
_USUAL = 0.6
"""What the usual axis has ahead of the others, in units of the logarithm of flat mass."""


def guess_frame(
    points: np.ndarray,
    *,
    unit: float | None = None,
    up: Up = "z",
    sure: bool = False,
    said: bool = False,
) -> tuple[Frame, str]:
    """How finite file coordinates (n, 3) are most likely meant, and a sentence that says why.

    unit: metres per unit, where the format lays it down, or said: where the file itself tells. up: the axis
    that points up in most files of the format; sure: the format lays that down.
    """
    sample = np.asarray(sampled(points, _SAMPLE), np.float64)
    low, high = bulk = bulk_of(sample)
    extents = bulk.extents
    size = " × ".join(f"{extent:,.4g}" if extent < 1000 else f"{extent:,.0f}" for extent in extents)
    middle = np.abs(low / 2 + high / 2)
    far_room = _smaller_unit(unit or 1.0, extents, len(points)) if _is_built(sample, low, extents) else None
    if unit is None:
        unit, why_unit = _guess_unit(extents, middle, far_room)
    elif said:
        why_unit = "as the file says"
    else:
        unit, why_unit = _checked_unit(unit, extents, middle, len(points), far_room)
    if sure:
        why_up = "as its format says"
    else:
        step = float(np.spacing(np.abs(points).max())) if points.dtype == np.float32 else 0.0
        up, why_up = _guess_up(sample, low, high, unit, up, step)
    frame = Frame(unit, up)
    axis, way = frame.upright.split()
    return frame, f"Its box of {size} is read in {frame.unit}, {why_unit}; {axis} points {way}, {why_up}."


def _guess_unit(extents: np.ndarray, middle: np.ndarray, far_room: float | None) -> tuple[float, str]:
    """far_room: the unit in which the box is a room's, however far from zero it lies."""
    largest, smallest = extents.max(), extents.min()
    georeferenced = 5 * largest < middle.max() <= _MAP_METRES
    if largest <= _LARGEST_METRES:
        return 1.0, "since rooms have such a size"
    if georeferenced and far_room is not None:
        return far_room, "since a room has such a size"
    if georeferenced:
        return 1.0, "since it lies as far from zero as map coordinates"
    if largest <= _LARGEST_CENTIMETRES and smallest >= _LOWEST_CENTIMETRES:
        return 0.01, "since a room has such a size"
    if _LARGEST_CENTIMETRES < largest <= _LARGEST_MILLIMETRES and smallest >= _LOWEST_MILLIMETRES:
        return 0.001, "since a room has such a size"
    return 1.0, "since no other unit makes it a room"


def _checked_unit(
    unit: float, extents: np.ndarray, middle: np.ndarray, count: int, far_room: float | None
) -> tuple[float, str]:
    """A format's word for the unit, unless the box can only be a room's in another."""
    georeferenced = 5 * extents.max() < middle.max() <= _MAP_METRES
    smaller = far_room if georeferenced else _smaller_unit(unit, extents, count)
    if smaller is None:
        return unit, "as its format says"
    return smaller, "since rooms have such a size, though its format says metres"


def _is_built(sample: np.ndarray, low: np.ndarray, extents: np.ndarray) -> bool:
    """Whether a box as high as rooms are for their width holds floors, ceilings or walls, and no hillside.

    Sites have zeros of their own, also in millimetres: far from zero does not make a map of a room.
    """
    if not extents.min() > _ROOMY * extents.max():
        return False
    mass = [_flat_mass(sample[:, axis], low[axis], extents[axis], extents[axis] / 200) for axis in range(3)]
    return max(mass) > _BUILT


def _smaller_unit(unit: float, extents: np.ndarray, count: int) -> float | None:
    """The unit in which a box is a room's that is too large, and too empty for a survey, in this one."""
    ground = np.sort(extents)[1:].prod() * unit**2
    if extents.max() * unit > _LARGEST_METRES and count < _SPARSE * ground:
        for smaller in (0.01, 0.001):
            metres = extents * unit * smaller
            if metres.max() <= _ROOM_WIDE and _ROOM_HIGH[0] <= metres.min() <= _ROOM_HIGH[1]:
                return unit * smaller
    return None


def _guess_up(
    sample: np.ndarray, low: np.ndarray, high: np.ndarray, unit: float, usual: Up, step: float
) -> tuple[Up, str]:
    """The axis across which floor and ceiling lie, if one stands out; else the usual one.

    Three signs, weighed on made rooms of many shapes: the mass in planes across the axis, a height that
    ceilings have, and furniture, which makes the lower half of what lies between the planes the fuller one.
    """
    extents = high - low
    if not (extents > 0).all() or extents.max() * unit < _SMALL:
        return usual, "as in most such files"
    width = max(extents.max() / 200, 4 * step)  # rounded coordinates lie in planes of their own
    mass = np.array([_flat_mass(sample[:, axis], low[axis], extents[axis], width) for axis in range(3)])
    is_room = (extents * unit >= _CEILINGS[0]) & (extents * unit <= _CEILINGS[1])
    place = (sample - low) / extents
    between = (place > _END) & (place < 1 - _END)
    lower = ((place < 0.5) & between).sum(axis=0) / np.maximum(1, between.sum(axis=0)) - 0.5
    # Where the floor may be at the far end, a full upper half is no sign against the axis.
    heads = np.array([_on_its_head(place[:, axis], extents * unit, axis) for axis in range(3)])
    lower = np.where(heads, np.maximum(lower, 0), lower)
    score = np.log(mass) + 0.8 * is_room + 4 * lower.clip(-0.25, 0.25)
    expected = "xyz".index(usual)
    score[expected] += _USUAL
    best = int(np.argmax(score))
    flat = extents[best] < 0.35 * np.delete(extents, best).min()
    if best == expected or is_room[best] or flat:
        if heads[best]:
            return UPS[f"{'xyz'[best]} down"], "since its far end looks like the floor"
        up = UPS[f"{'xyz'[best]} up"]
        if mass[best] == mass.max():
            return up, f"since {mass[best]:.0%} of the points lie in planes across it"
        return up, "as in most such files" if best == expected else "since it has the height of a room"
    return usual, "as in most such files"


def _on_its_head(place: np.ndarray, metres: np.ndarray, axis: int) -> bool:
    """Whether a room, its points' places along an axis from 0 to 1, has its floor at 1. metres: its extents.

    Either a plane lies there and none at 0, the ceiling being left out, or what lies in between is clearly
    fuller there. Measured on 120 made rooms, each with and without its ceiling: of 240 that stood upright one
    was said to hang down; of those on their heads 88 % were found without a ceiling and 28 % with one.
    """
    if np.delete(metres, axis).max() < _WIDE or not _HIGH[0] <= metres[axis] <= _HIGH[1]:
        return False
    first, last = (place <= _END).mean(), (place >= 1 - _END).mean()
    between = place[(place > _END) & (place < 1 - _END)]
    if not len(between):
        return False
    # An end without a plane has this share, where what lies in between is spread evenly.
    even = len(between) / len(place) * _END / (1 - 2 * _END)
    upper = (between >= 0.5).mean() - 0.5
    return bool((first < 1.6 * even and last > 1.5 * first) or upper + (last - first) / 4 > 0.1)


def _flat_mass(values: np.ndarray, low: float, extent: float, width: float) -> float:
    """Share of the points in the two fullest slices, three bins thick, that do not touch."""
    bins = max(1, int(np.ceil(extent / width)))
    counts = np.bincount(np.clip(((values - low) / width).astype(np.int64), -1, bins) + 1, minlength=bins + 2)
    slices = np.convolve(counts, np.ones(3), "same")
    first = int(np.argmax(slices))
    rest = slices.copy()
    rest[max(0, first - 2) : first + 3] = 0
    return float((slices[first] + rest.max()) / len(values))
