"""A room of S3DIS as it is published: a folder with Annotations, one text for each thing in the room."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.errors import HeadlightError, shown
from headlight.models.core.task import Task
from headlight.viewer.inputs.clouds.arrays import read_array
from headlight.viewer.inputs.clouds.labels import known_class
from headlight.viewer.inputs.clouds.parts import CHUNK, MAX_CLOUD_BYTES, Checked, Parts, check_count
from headlight.viewer.inputs.clouds.tables.table import layout, not_points, read_table
from headlight.viewer.inputs.source import HEAD, Source

_COPY = re.compile(r" ?(?:\(\d{1,9}\)|(?:- )?(?:copy|kopie|copie|copia)(?: \(?\d{1,9}\)?)?|~)$", re.I)
_COPY_OF = re.compile(r"^(?:copy of|kopie von|copie de|copia de|copia di) ", re.I)
"""What systems write behind and before the name of a copy."""
_NUMBERS = re.compile(r"(\d+)")

_ROUNDED = 0.006
"""Most by which a coordinate of S3DIS, in metres, changes where a file is saved with two digits."""
_FILES = 5000


def room_of(folder: Path) -> Path | None:
    """The room that a folder is: itself, or the one whose Annotations it is. None if it is no room."""
    if _scene_file(folder, "coord") is not None:
        return folder
    if folder.name == "Annotations" and _texts(folder):
        return folder.parent
    if _texts(folder / "Annotations") or _is_inside(folder / f"{folder.name}.txt", folder):
        return folder
    return None


def rooms_in(folder: Path) -> list[str]:
    """Names of the rooms in a folder, as an Area of S3DIS is one."""
    return sorted(child.name for child in folder.iterdir() if child.is_dir() and room_of(child) == child)[
        :1000
    ]


def folder_of(path: Path) -> Path | None:
    """The room that a folder is. HeadlightError where it holds several."""
    room = room_of(path.resolve())
    if room is None and (rooms := rooms_in(path)):
        raise HeadlightError(
            f"{shown(path.name or str(path))} holds {len(rooms):,} room{'s' * (len(rooms) > 1)}.",
            f"Choose one of them: {shown(rooms[0])}, say.",
        )
    return room


def read_room(source: Source) -> Parts:
    """All things of a room in the order of their files' names, labelled by them."""
    room, name, task = source.path, source.name, source.task
    if _scene_file(room, "coord") is not None:
        return _scene(room, name, task)
    files = _texts(room / "Annotations")
    if not files:
        whole = _text(room / f"{room.name}.txt", task)
        if whole is None:
            raise not_points(f"{room.name}.txt")
        return whole
    led_out = _led_out(room / "Annotations")
    total, done, count = sum(file.stat().st_size for file in files), 0, 0
    if total > MAX_CLOUD_BYTES:
        raise HeadlightError(f"{name} has {total / 1e9:,.1f} GB.", "Thin it out and try again.")
    things, labels, unknown, notices, seen = [], [], set(), led_out, {}
    named: dict[str, list[Parts]] = {}  # things of one name, but for what systems add to that of a copy
    for file in files:
        task.progress(0.8 * done / max(1, total), f"Reading {name}/{file.name}")
        done += file.stat().st_size
        if not file.stat().st_size:
            continue
        twin = seen.setdefault(_print(file), file.name)
        if twin != file.name:
            notices.append(f"{file.name} in {name} is a copy of {twin}: it is left out.")
            continue
        thing = _text(file, task)
        if thing is None:
            notices.append(f"{file.name} in {name} is no table of points: it is passed over.")
            continue
        own = _without_copy(file.stem)
        if any(_same(thing, other) for other in named.setdefault(own, [])):
            notices.append(f"{file.name} in {name} has the points of {own}{file.suffix}: it is left out.")
            continue
        named[own].append(thing)
        word = _thing(own)
        label = known_class(word)
        if label is None:
            unknown.add(word)
            label = -1
        notices.extend(thing.notices)
        count += len(thing.points)
        check_count(name, count)
        things.append(thing)
        labels.append(np.full(len(thing.points), label, np.int16))
    if not things:
        raise HeadlightError(f"The files of {name} hold no points.", "Get a whole copy of the room.")
    if unknown:
        notices.append(f"{name} has things of no known class ({', '.join(sorted(unknown)[:5])}): unlabelled.")
    coloured = all(thing.colours is not None for thing in things)
    return Parts(
        np.concatenate([thing.points for thing in things]),
        np.concatenate([thing.colours for thing in things]) if coloured else None,
        labels=np.concatenate(labels),
        names=S3DIS_CLASSES,
        notices=notices,
    )


def _scene_file(folder: Path, *stems: str) -> Path | None:
    return next((path for stem in stems if _is_inside(path := folder / f"{stem}.npy", folder)), None)


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether it is a regular file of this folder, and no link that leads out of it."""
    try:
        return path.is_file() and path.resolve(strict=True).is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link to itself
        return False


def _scene(folder: Path, name: str, task: Task) -> Parts:
    """A scene of Pointcept: an array a file."""

    def read(*stems: str) -> np.ndarray | None:
        path = _scene_file(folder, *stems)
        if path is None:
            return None
        with open(path, "rb") as file:
            size = path.stat().st_size
            return read_array(Source(f"{path.name} in {name}", file, size, path, Checked(task)))

    parts = Parts(read("coord"))
    if parts.points.ndim != 2 or parts.points.shape[1] != 3 or parts.points.dtype.kind not in "fiu":
        raise not_points(f"coord.npy in {name}")
    count = len(parts.points)
    if parts.points.dtype != np.float32:
        parts.points = parts.points.astype(np.float64)
    given = {"colours": ("color",), "normals": ("normal",), "labels": ("segment", "segment20", "segment200")}
    for part, stems in given.items():
        array = read(*stems)
        if array is None:
            continue
        if part == "labels":
            array = array.reshape(-1)
        if array.shape != ((count,) if part == "labels" else (count, 3)) or array.dtype.kind not in "fiub":
            parts.notices.append(f"The {part} in {name} do not fit its {count:,} points: they are left out.")
        else:
            setattr(parts, part, array)
    if parts.labels is not None:
        parts.label_name = _scene_file(folder, *given["labels"]).stem
    parts.up, parts.sure = "z", True
    return parts


def _without_copy(stem: str) -> str:
    """ "chair_2 (1)" and "Copy of chair_2" → "chair_2"."""
    word = _COPY_OF.sub("", stem)
    while (shorter := _COPY.sub("", word)) != word:  # a copy of a copy
        word = shorter
    return word


def _same(thing: Parts, other: Parts) -> bool:
    """Whether two files hold the same points, one perhaps rounded or saved by another program."""
    return len(thing.points) == len(other.points) and np.allclose(
        thing.points, other.points, rtol=0, atol=_ROUNDED, equal_nan=True
    )


def _thing(word: str) -> str:
    """What a file's name, without marks of a copy, says that it holds: "chair_2" a chair."""
    return word.rstrip("0123456789").rstrip("_- ")


def _print(file: Path) -> bytes:
    """The same for files of the same content, and for no others."""
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        while data := opened.read(CHUNK):
            digest.update(data)
    return digest.digest()


def _texts(folder: Path) -> list[Path]:
    """The texts of a folder in natural order: chair_2 before chair_10."""
    if not folder.is_dir():
        return []
    found = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() == ".txt" and not file.name.startswith(".") and _is_inside(file, folder.parent)
    ]

    def key(file: Path) -> list:
        own = _without_copy(file.stem)
        parts = [(int(part), "") if part.isdecimal() else (0, part) for part in _NUMBERS.split(own)]
        return [*parts, (own != file.stem, file.stem)]  # copies behind what they are of

    return sorted(found, key=key)[:_FILES]


def _led_out(folder: Path) -> list[str]:
    """What is said of links that lead out of a room: they may name any file of who opens it."""
    links = [
        f for f in folder.iterdir() if f.is_symlink() and f.exists() and not _is_inside(f, folder.parent)
    ]
    if not links:
        return []
    many = f"{len(links):,} files are links" if len(links) > 1 else f"{links[0].name} is a link"
    return [f"In {folder.parent.name} {many} out of it: passed over."]


def _text(path: Path, task: Task) -> Parts | None:
    """The points of one file; None for a text of something else, as a note that lies beside them."""
    with open(path, "rb") as file:
        head = file.read(HEAD)
        found = layout(head, "xyz")
        if found is None:
            return None
        file.seek(0)
        source = Source(path.name, file, path.stat().st_size, path, Checked(task))
        parts = read_table(source, found, forgiving=True)
    # S3DIS says x y z r g b; a thing of one colour would leave that open.
    return replace(parts, labels=None) if parts.colours is not None else parts
