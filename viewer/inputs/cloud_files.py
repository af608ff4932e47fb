"""What a reader found of a cloud → the CloudInput that it is, within limits."""

from __future__ import annotations

import numpy as np

from headlight.models.core.errors import HeadlightError, sentence
from headlight.models.core.task import Task
from headlight.viewer.inputs.boxes.beside import with_boxes
from headlight.viewer.inputs.cloud import CloudInput, to_local
from headlight.viewer.inputs.clouds import parts as limits
from headlight.viewer.inputs.clouds.labels import Labels, read_labels
from headlight.viewer.inputs.clouds.parts import Checked, Parts, bytes8, check_count, guarding
from headlight.viewer.inputs.pictures.marks import marked
from headlight.viewer.inputs.source import Source
from headlight.viewer.inputs.told.bulk import bulk_of, strays
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.inputs.told.guess import guess_frame
from headlight.viewer.registry import Reader, resolve

_COARSE = 0.002
"""Metres between neighbouring float32 numbers from which on a file has lost detail that should be told."""


def opened(reader: Reader, source: Source) -> CloudInput:
    """The cloud that a file or a folder holds. Raises HeadlightError, and Cancelled where the task was."""
    name = source.name
    if source.size > limits.MAX_CLOUD_BYTES:
        raise HeadlightError(
            f"{name} has {source.size / 1e9:,.1f} GB, and clouds are read up to "
            f"{limits.MAX_CLOUD_BYTES / 1e9:,.0f} GB.",
            "Thin it out and try again.",
        )
    if source.early is not None and reader.coarse and source.size >= _LARGE:
        _look_first(reader, source)
    with guarding(name, reader.title):
        source.file.seek(0)
        cloud = make_cloud(resolve(reader.read)(source), name, source.task)
    return cloud if source.path is None else with_boxes(cloud, source.path)


def _look_first(reader: Reader, source: Source) -> None:
    """Hand out some points of a large file. Whatever fails here fails again, or not, where all is read."""
    try:
        with guarding(source.name, reader.title):
            source.file.seek(0)
            parts = resolve(reader.coarse)(source, resolve(reader.read))
            look = None if parts is None else make_cloud(parts, source.name, Checked(source.task))
    except (HeadlightError, OSError):
        return
    if look is not None and source.early is not None:
        source.early(look)


_LARGE = 20_000_000
"""Bytes from which on a file is looked at first."""
_MOST_BEAMS = 256
_FEW = 0.9
"""Share of points whose beams can be, from which on these are beams, and the others damaged."""
_MISSED = 0.002
"""Share of points at exactly 0 0 0 from which on they are rays that met nothing, as scanners write them."""


def _bulk(points: np.ndarray, kept: np.ndarray | None, name: str) -> tuple[np.ndarray | None, list[str]]:
    """(which points of the file stay, notices): without rays that met nothing and without strays."""
    missed = points[:, 0] == 0
    missed[missed] = ~points[missed].any(axis=1)
    number = int(missed.sum())
    if number < max(3, _MISSED * len(points)) or number > len(points) - 3:
        missed[:] = False
    far = _far(points, missed)
    unmeasured = _unmeasured(points, missed | far)
    if unmeasured.any():  # so many that they belonged to the bulk
        far |= _far(points, missed | far | unmeasured)
    notices = []
    if unmeasured.any():
        notices.append(
            f"{unmeasured.sum():,} of {len(points):,} points of {name} have a coordinate that marks what was "
            "not measured, as -9999 does: left out."
        )
    if missed.any():
        notices.append(
            f"{number:,} points of {name} lie at exactly 0 0 0, as rays that met nothing do: left out."
        )
    if far.any():
        low, high = (" ".join(f"{v:,.6g}" for v in end(points[far], axis=0)) for end in (np.min, np.max))
        lie = "lies" if far.sum() == 1 else "lie"
        notices.append(
            f"{far.sum():,} of {len(points):,} points of {name} {lie} far from all the others "
            f"({low if low == high else f'{low} to {high}'}): left out, without a label."
        )
    if not notices:
        return kept, notices
    stays = ~(missed | far | unmeasured)
    return np.flatnonzero(stays) if kept is None else kept[stays], notices


def _far(points: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """bool (n,): the strays among those points that are not left out."""
    if not left_out.any():
        return strays(points)
    far = np.zeros(len(points), bool)
    rest = np.flatnonzero(~left_out)
    far[rest[strays(points[rest])]] = True
    return far


def _unmeasured(points: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """bool (n,): which of the others have a mark for a coordinate; none if too few points would be left."""
    rest = ~left_out
    found = np.zeros(len(points), bool)
    for axis in range(3):
        where = marked(points[rest, axis] if left_out.any() else points[:, axis])
        if where is not None:
            found[np.flatnonzero(rest)[where]] = True
    return found if found.sum() <= rest.sum() - 3 else np.zeros(len(points), bool)


def _in_degrees(low: np.ndarray, high: np.ndarray) -> bool:
    """Whether a box is as flat and as far from zero as one of degrees, with heights in metres."""
    width, height = float((high - low)[:2].max()), float(high[2] - low[2])
    place = np.abs(low + high)[:2] / 2
    on_earth = place[0] <= 180 and place[1] <= 90 and (place > 1).all()
    return bool(on_earth and 0 < width < 0.05 and height > 20 * width and height > 1)


def _beams(ring: np.ndarray | None, notices: list[str]) -> np.ndarray | None:
    """int16 (n,), where these are the beams of a sensor: few whole numbers from 0 on. What a few others cost
    is told."""
    if ring is None or not len(ring):
        return None
    with np.errstate(invalid="ignore"):
        good = np.isfinite(ring) & (ring == np.rint(ring)) & (ring >= 0) & (ring < _MOST_BEAMS)
    if good.all():
        return ring.astype(np.int16)
    if good.mean() > _FEW:
        bad = len(ring) - int(good.sum())
        notices.append(
            f"{bad:,} of {len(ring):,} points have no beam that a sensor could have: the file "
            "is read without beams."
        )
    return None


def _others(points: np.ndarray, kept: np.ndarray | None) -> np.ndarray | None:
    if kept is None:
        return None
    left_out = np.ones(len(points), bool)
    left_out[kept] = False
    return points[left_out].astype(np.float64)


def make_cloud(parts: Parts, name: str, task: Task) -> CloudInput:
    """Finite points in metres, z up, near zero, with what belongs to them."""
    points, notices = parts.points, list(parts.notices)
    total = len(points)
    check_count(name, total)
    task.progress(0.8, f"Looking at {name}")
    kept = None
    if not np.isfinite(points).all():
        kept = np.flatnonzero(np.isfinite(points).all(axis=1))
        if not len(kept):
            raise HeadlightError(
                f"None of the {total:,} points of {name} has finite coordinates.", limits.WHOLE_COPY
            )
        points = points[kept]
        notices.append(
            f"{total - len(kept):,} of {total:,} points of {name} have no finite coordinates: left out."
        )
    kept, more = _bulk(points, kept, name)
    if more:
        points = parts.points[kept]
        notices.extend(more)
    # Column by column: numpy takes the extremes along a short last axis 15 times slower.
    low, high = (
        np.array([extreme(points[:, axis]) for axis in range(3)], np.float64) for extreme in (np.min, np.max)
    )
    if total > 1 and (low == high).all():
        raise HeadlightError(
            f"All {len(points):,} points of {name} are the same point.", "Choose a file whose points differ."
        )
    if max(np.abs(low).max(), np.abs(high).max()) > 1e12:
        raise HeadlightError(f"{name} has coordinates beyond 10¹².", limits.WHOLE_COPY)
    task.progress(0.85, f"Looking at {name}")
    frame, reason = guess_frame(points, unit=parts.unit, up=parts.up, sure=parts.sure, said=parts.said)
    if frame != Frame():
        notices.append(f"{name}: {reason[0].lower()}{reason[1:]}")
    origin = bulk_of(points).origin(frame.metres_per_unit)
    if points.dtype == np.float32:
        step = float(np.spacing(np.float32(np.abs([low, high]).max()))) * frame.metres_per_unit
        if step > _COARSE:
            notices.append(
                f"{name} holds 32-bit numbers so far from zero that its points lie on steps of "
                f"{step * 1000:,.3g} mm."
            )
    if parts.unit is None and _in_degrees(low, high):
        notices.append(
            f"The x and y of {name} look like degrees of longitude and latitude, and are read as they stand. "
            "Name the columns lon and lat, or project them to metres."
        )
    local = to_local(points, origin, frame)
    task.progress(0.92, f"Looking at {name}")

    def of_kept(values: np.ndarray | None) -> np.ndarray | None:
        return values if kept is None or values is None else values[kept]

    colours = of_kept(parts.colours)
    if colours is not None:
        colours = bytes8(colours)
        if not colours.any():
            colours = None
            notices.append(f"All colours of {name} are black: it is read without colours.")
    normals = of_kept(parts.normals)
    if normals is not None and not (np.isfinite(normals) & (normals != 0)).any():
        normals = None  # zeros, by which writers say that there are none
    if normals is not None:
        wrong = ~np.isfinite(normals).all(axis=1)
        if wrong.any():
            notices.append(f"{wrong.sum():,} normals of {name} are no numbers: they are read as 0.")
            normals = np.where(wrong[:, None], 0, normals)
        normals = np.ascontiguousarray(frame.turned(normals.astype(np.float32)))
    intensity, ring = of_kept(parts.intensity), of_kept(parts.ring)
    if intensity is not None:
        intensity = np.nan_to_num(intensity.astype(np.float32), posinf=0, neginf=0)
        intensity = intensity if intensity.any() else None  # zeros, by which writers say that there is none
    numbers, read = of_kept(parts.labels), Labels()
    if numbers is not None:
        read = read_labels(numbers, parts.names, name, local, parts.label_name)
        notices.extend(read.notices)
    task.progress(1.0, f"Looking at {name}")
    ring = _beams(ring, notices)
    return CloudInput(
        title=name,
        points=local,
        origin=origin,
        frame=frame,
        guessed=frame,
        guess_reason=reason,
        colours=colours,
        normals=normals,
        intensity=intensity,
        ring=ring,
        labels=read.labels,
        classes=read.classes,
        numbers=numbers,
        names=parts.names,
        listed=read.listed,
        label_notices=tuple(map(sentence, read.notices)),
        kept=kept,
        others=_others(parts.points, kept),
        total=total,
        notices=tuple(map(sentence, notices)),  # which hold names that the file chose
        table=parts.table,
    )
