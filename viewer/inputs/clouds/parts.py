"""What readers of clouds give, the Parts of a cloud as the file has them, and what they share."""

from __future__ import annotations

import errno
import io
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.viewer.inputs.source import WHOLE_COPY, Source, damaged
from headlight.viewer.inputs.told.columns import Table

MAX_CLOUD_POINTS = 20_000_000
MAX_CLOUD_BYTES = 4_000_000_000

CHUNK = 1 << 23
"""Bytes between two looks at whether the reading was cancelled."""


class Checked(Task):
    """Looks whether another task was cancelled and tells nothing of its own."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def check(self) -> None:
        self._task.check()


class _Watched(io.RawIOBase):
    """A file that looks at the task each time a library reads of it."""

    def __init__(self, file: BinaryIO, source: Source) -> None:
        self._file, self._source = file, source
        self.fileno, self.seek, self.tell = file.fileno, file.seek, file.tell

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        self._source.report(0.4 + 0.4 * self.tell() / max(1, self._source.size))
        data = self._file.read(min(len(buffer), CHUNK))
        buffer[: len(data)] = data
        return len(data)


def chunks(source: Source, at: int) -> Iterator[bytes]:
    """The file from `at` on."""
    source.file.seek(at)
    while data := source.file.read(min(CHUNK, source.left())):
        source.report(0.4 * source.file.tell() / source.size)
        yield data


@contextmanager
def copied(source: Source, head: bytes, body: Iterable[bytes]) -> Iterator[BinaryIO]:
    """A file of these, for libraries that map what they read or read in one go, and close it."""
    with tempfile.TemporaryFile(prefix="headlight-") as file:
        file.write(head)
        file.writelines(body)
        file.seek(0)
        yield io.BufferedReader(_Watched(file, source), 1 << 17)


@dataclass
class Parts:
    """What a file holds of a cloud, in its own coordinates, units and numbers."""

    points: np.ndarray
    """float32 or float64 (n, 3)"""
    colours: np.ndarray | None = None
    """(n, 3) of any range"""
    normals: np.ndarray | None = None
    labels: np.ndarray | None = None
    """(n,) numbers"""
    intensity: np.ndarray | None = None
    """(n,) of any range, how much light or radio came back"""
    ring: np.ndarray | None = None
    """(n,) whole numbers: the beam that measured each point"""
    names: tuple[str, ...] | None = None
    """The classes that the labels are indices to, where the file names them."""
    unit: float | None = None
    """Metres per unit, where the format lays it down."""
    up: str = "z"
    """The axis that points up in most files of the format."""
    sure: bool = False
    """The format lays `up` down."""
    said: bool = False
    """The file itself tells `unit`."""
    label_name: str = ""
    """What the file calls its labels."""
    meaning: dict[str, int] | None = None
    """Of a table: which of its columns was read as what."""
    table: Table | None = None
    """Its first rows."""
    notices: list[str] = field(default_factory=list)


@contextmanager
def guarding(name: str, kind: str) -> Iterator[None]:
    """Whatever a reader stumbles over inside becomes a HeadlightError: of a damaged `kind`."""
    # Files hold NaN and numbers that no float32 has: what comes of them is looked at afterwards.
    with np.errstate(all="ignore"):
        try:
            yield
        except (HeadlightError, Cancelled):
            raise
        except MemoryError as error:
            raise HeadlightError(
                f"{name} does not fit into the free memory.", "Close other programs or thin it out."
            ) from error
        except Exception as error:  # readers meet damage with any exception there is
            # EINVAL is a place before the file's beginning, where a damaged table of contents leads.
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise
            raise damaged(name, kind) from error


def promises_more(name: str, promised: int, held: int, what: str = "points") -> HeadlightError:
    """The error of a header that speaks of more points than follow."""
    return HeadlightError(f"{name} promises {promised:,} {what} and holds {held:,}.", WHOLE_COPY)


def check_count(name: str, count: int) -> None:
    """Refuse a header's number of points before anything is made of that size."""
    if count > MAX_CLOUD_POINTS:
        raise HeadlightError(
            f"{name} has {count:,} points, and clouds are read up to {MAX_CLOUD_POINTS:,}.",
            "Thin it out and try again.",
        )
    if count == 0:
        raise no_points(name)


def no_points(name: str) -> HeadlightError:
    return HeadlightError(f"{name} holds no points.", "Choose a file with something in it.")


def bytes8(values: np.ndarray) -> np.ndarray:
    """uint8 (n, 3) of colours that go to 1, 255, 1023, 4095 or 65535, whichever the largest value says."""
    if values.dtype == np.int8:  # some writers know no other kind of byte
        values = np.ascontiguousarray(values).view(np.uint8)
    if values.dtype.kind == "b" or (values.dtype.kind in "ui" and values.max(initial=0) == 1):
        return (values > 0).astype(np.uint8) * 255  # full colours alone
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    highest, lowest = _highest(values), float(values.min(initial=0))
    if values.dtype.kind == "f" and (highest <= 1.0 or _are_shares(values)):
        if lowest < 0:  # some nets' files hold -1 to 1
            values = (values + 1) / 2
        scale = 255.0
    else:
        # Cameras of 10 and 12 bits stand in 16.
        most = next((most for most in (1023, 4095, 65535) if highest <= most), highest)
        scale = 1.0 if highest <= 255 else 255 / most
    colours = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), 1 << 14):  # rows that stay in the processor's cache
        part = values[start : start + (1 << 14)].astype(np.float32)
        colours[start : start + len(part)] = np.rint(part * np.float32(scale)).clip(0, 255)
    return colours


def _highest(values: np.ndarray) -> float:
    """The largest value; where one in a thousand, or fewer, goes beyond a byte, a byte's: they are stray."""
    highest = float(values.max(initial=0))
    if highest > 255 and (values > 255).sum() * 1000 <= values.size and np.median(values) > 8:
        return 255.0
    return highest


def unpacked_colours(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """uint8 (n, 3) of 0x00RRGGBB, which PCL stores as the bits of a float or as a whole number."""
    whole = np.nan_to_num(values.astype(np.float64))
    if dtype.kind == "f" and not (whole.max(initial=0) >= 1 and (whole == np.rint(whole)).all()):
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    else:
        bits = whole.astype(np.int64).astype(np.uint32)
    return np.stack([bits >> 16 & 255, bits >> 8 & 255, bits & 255], axis=1).astype(np.uint8)


def packed_colour(names: Sequence[str]) -> str | None:
    """The column that holds whole colours, by its name."""
    return next((name for name in names if name.lower() in ("rgb", "rgba")), None)


def _are_shares(values: np.ndarray) -> bool:
    """Whether these are parts of 1, though a few lie above it."""
    sample = values[:: max(1, len(values) // 100_000)]
    return bool(np.percentile(sample, 95) <= 1.0 and (sample != np.rint(sample)).mean() > 0.5)


_ROLES: dict[str, tuple[str, ...]] = {
    "x": ("x", "px", "posx", "pointx", "coordx", "cartesianx", "xcoord", "xcoordinate", "positionx",
          "localx"),
    "y": ("y", "py", "posy", "pointy", "coordy", "cartesiany", "ycoord", "ycoordinate", "positiony",
          "localy"),
    "z": ("z", "pz", "posz", "pointz", "coordz", "cartesianz", "zcoord", "zcoordinate", "positionz",
          "localz"),
    "r": ("red", "r", "diffusered", "colorred", "rf", "colorr", "rgbr",
          "rot", "rouge", "rojo", "rgb0", "color0", "colors0"),
    "g": ("green", "g", "diffusegreen", "colorgreen", "gf", "colorg", "rgbg",
          "grün", "gruen", "vert", "verde", "rgb1", "color1", "colors1"),
    "b": ("blue", "b", "diffuseblue", "colorblue", "bf", "colorb", "rgbb",
          "blau", "bleu", "azul", "rgb2", "color2", "colors2"),
    "nx": ("nx", "normalx", "normalsx", "normal0", "normals0"),
    "ny": ("ny", "normaly", "normalsy", "normal1", "normals1"),
    "nz": ("nz", "normalz", "normalsz", "normal2", "normals2"),
    "label": (
        "label", "labels", "class", "classlabel", "classid", "labelid", "semantic", "semantics", "semlabel",
        "semanticlabel", "semanticid", "semanticgt", "semclass", "seglabel", "segment", "gt", "gtlabel",
        "groundtruth", "truth", "target", "category", "categoryid", "classification",
        "sem", "klasse", "klassifikation", "klassifizierung", "classe", "clase", "clasificación",
        "clasificacion",
    ),
    "intensity": ("intensity", "intensities", "reflectance", "reflectivity", "remission", "intensität",
                  "intensitaet"),
    "ring": ("ring", "rings", "ringindex", "laser", "laserid", "beam", "beamid"),
}  # fmt: skip
_MAPPED: dict[str, tuple[str, ...]] = {
    "x": ("easting", "east", "e", "rechtswert", "rw", "ostwert", "points0", "point0", "globalx", "worldx",
          "pointsmxyz0", "x1", "xkoordinate", "longitude", "lon", "lng", "long"),
    "y": ("northing", "north", "n", "hochwert", "hw", "nordwert", "points1", "point1", "globaly", "worldy",
          "pointsmxyz1", "y1", "ykoordinate", "latitude", "lat"),
    "z": ("elevation", "elev", "height", "hoehe", "höhe", "h", "altitude", "alt", "points2", "point2",
          "globalz", "worldz", "pointsmxyz2", "z1", "zkoordinate", "up"),
}  # fmt: skip
"""Names of places on maps; a letter alone means one only where all three axes are told so."""
_UNITS = {
    "mm": 0.001, "millimeter": 0.001, "millimetre": 0.001, "millimeters": 0.001, "millimetres": 0.001,
    "cm": 0.01, "centimeter": 0.01, "centimetre": 0.01, "centimeters": 0.01, "centimetres": 0.01,
    "m": 1.0, "meter": 1.0, "metre": 1.0, "meters": 1.0, "metres": 1.0,
    "ft": 0.3048, "foot": 0.3048, "feet": 0.3048, "in": 0.0254, "inch": 0.0254, "inches": 0.0254,
}  # fmt: skip
_NOTE = re.compile(r"([^\[(]+)[\[(][^\[\]()]*[^\[\]()\d][^\[\]()]*[\])]")
"""What stands in brackets behind a name, "red (0-255)", but for the number of a part, "normal[0]"."""
_NAME_AND_UNIT = re.compile(r"([^\[(]*)[\[(]\s*(\w+)\s*[\])]?")


def _name_and_unit(name: str) -> tuple[str, float | None]:
    """ "X [mm]" → ("x", 0.001), "scalar_Label" → ("label", None): as CloudCompare writes it."""
    lower = name.strip().lower()
    found = _NAME_AND_UNIT.fullmatch(lower)
    unit = _UNITS.get(found.group(2)) if found else None
    if unit is None:
        front, _, last = lower.replace(" ", "_").rpartition("_")
        unit = _UNITS.get(last) if front else None
        lower = lower if unit is None else front
    else:
        lower = found.group(1)
    note = _NOTE.fullmatch(lower)
    lower = note.group(1) if note else lower
    bare = "".join(c for c in lower if c.isalnum())
    bare = bare.removesuffix("8bit").removesuffix("16bit")
    return bare.removeprefix("scalar") or bare, unit


def are_units(words: Sequence[str]) -> bool:
    """Whether a row of a table says in what its columns are measured: at least three units, "m", "mm"."""
    bare = [word.strip().strip("[]()").lower() for word in words]
    lengths = sum(word in _UNITS for word in bare)
    return lengths >= 3 and not any(word[:1].isdigit() for word in bare)


def header_unit(names: Sequence[str]) -> float | None:
    """Metres per unit, where the names of x, y and z agree on one: "x [mm]"."""
    found = roles(names)
    return common_unit([names[found[axis]] for axis in "xyz" if axis in found])


def common_unit(names: Sequence[str]) -> float | None:
    """Metres per unit, where these names agree on one."""
    told = {_name_and_unit(name)[1] for name in names}
    return told.pop() if len(told) == 1 else None


def in_degrees(names: Sequence[str]) -> bool:
    """Whether x is a longitude and y a latitude."""
    found = roles(names)
    said = [_name_and_unit(names[found[axis]])[0] if axis in found else "" for axis in "xy"]
    return said[0].startswith(("lon", "lng")) and said[1].startswith("lat")


def roles(names: Sequence[str]) -> dict[str, int]:
    """Which column is x, y, z, r, g, b, nx, ny, nz, label, intensity, ring, by the names that programs give.

    Of several names for one role the first in _ROLES wins: "label" is more likely truth than "class".
    """
    plain = [_name_and_unit(name)[0] for name in names]

    def column(known: tuple[str, ...]) -> int | None:
        return next((plain.index(name) for name in known if name in plain), None)

    found = {role: at for role, known in _ROLES.items() if (at := column(known)) is not None}
    if not {*"xyz"} <= found.keys():
        mapped = {axis: found.get(axis, column(known)) for axis, known in _MAPPED.items()}
        if None not in mapped.values():
            found |= mapped
    for triple in ("rgb", ("nx", "ny", "nz")):  # half a colour is none
        if not all(role in found for role in triple):
            for role in triple:
                found.pop(role, None)
    return found


_SINGLE = {"labels": "label", "intensity": "intensity", "ring": "ring"}
"""What one column makes, by its role."""


class Columns:
    """Fills the arrays of a cloud, chunk by chunk, from columns with roles."""

    def __init__(self, name: str, found: dict[str, int], count: int, dtypes: Sequence[np.dtype]) -> None:
        if not all(axis in found for axis in "xyz"):
            missing = ", ".join(axis for axis in "xyz" if axis not in found)
            raise HeadlightError(
                f"The points of {name} have no {missing}.", "Choose a file whose points have x, y and z."
            )
        self._found = found
        self.arrays: dict[str, np.ndarray] = {}
        for part, triple in (("points", "xyz"), ("colours", "rgb"), ("normals", ("nx", "ny", "nz"))):
            if triple[0] in found:
                types = [dtypes[found[role]] for role in triple]
                self.arrays[part] = np.empty((count, 3), self._common(part, types))
        for part, role in _SINGLE.items():
            if role in found:
                self.arrays[part] = np.empty(count, dtypes[found[role]].newbyteorder("="))

    @staticmethod
    def _common(part: str, types: list[np.dtype]) -> np.dtype:
        common = np.result_type(*types)
        if part == "colours":
            return np.dtype(np.float32) if common.kind == "f" else common.newbyteorder("=")
        small = (
            np.float32 if part == "normals" or (common.itemsize <= 4 and common.kind == "f") else np.float64
        )
        return np.dtype(small)

    def label_name(self, names: Sequence[str]) -> str:
        """What the file calls its labels."""
        return names[self._found["label"]] if "label" in self._found else ""

    def put(self, start: int, rows: int, column: Callable[[int], np.ndarray]) -> None:
        """Rows from `start` on; `column` gives their values in a column."""
        stop = start + rows
        for part, triple in (("points", "xyz"), ("colours", "rgb"), ("normals", ("nx", "ny", "nz"))):
            if part in self.arrays:
                for axis, role in enumerate(triple):
                    self.arrays[part][start:stop, axis] = column(self._found[role])
        for part, role in _SINGLE.items():
            if part in self.arrays:
                self.arrays[part][start:stop] = column(self._found[role])
