"""Ground truth in files: numbers or names → classes, by a list that is guessed, told and changeable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.classes.lists import LISTS, S3DIS_CLASSES, ClassList
from headlight.models.core.errors import HeadlightError
from headlight.viewer.options import either

if TYPE_CHECKING:
    from headlight.viewer.inputs.cloud import CloudInput

_NONE = {
    "",
    "none",
    "unlabelled",
    "unlabeled",
    "unannotated",
    "unclassified",
    "ignore",
    "ignored",
    "void",
    "unknown",
    "undefined",
}
_ALIKE = {
    "bicycle": ("cycle",),
    "bicyclist": ("cycle",),
    "bus": ("truck",),
    "motorcycle": ("cycle",),
    "motorcyclist": ("cycle",),
    "person": ("pedestrian",),
    "couch": ("sofa",),
    "sofa": ("couch",),
    "bookshelf": ("bookcase", "shelves"),
    "bookcase": ("bookshelf", "shelves"),
    "shelf": ("bookcase", "bookshelf"),
    "shelve": ("bookcase", "bookshelf"),
    "whiteboard": ("board",),
    "blackboard": ("board",),
    "board": ("whiteboard", "blackboard"),
    "pillar": ("column",),
    "column": ("pillar",),
    "desk": ("table",),
    "armchair": ("chair",),
    "stool": ("chair",),
    "floor mat": ("floor",),
    "rug": ("floor",),
    "carpet": ("floor",),
    "refridgerator": ("refrigerator",),
    "fridge": ("refrigerator",),
    "stair": ("clutter",),
    "misc": ("clutter",),
    "object": ("clutter",),
    "board panel": ("board", "whiteboard"),
    "shelving": ("bookcase", "shelves"),
    "other": ("clutter", "other furniture"),
    "other furniture": ("clutter",),
    "otherfurniture": ("clutter", "other furniture"),
    "other prop": ("clutter",),
    "otherprop": ("clutter", "other prop"),
    "other structure": ("clutter",),
    "otherstructure": ("clutter", "other structure"),
    "clutter": ("other", "other furniture", "other prop"),
}
"""What stands for a class that a list does not have, the nearest first."""

_MANY = 4096
"""Classes that a file may name."""
_LONGEST = 60
"""Characters of a name that are shown."""

OWN, NO_LIST = "names", "none"
"""The file's own names, and no labels at all."""
TITLES = {key: found.title for key, found in LISTS.items()} | {OWN: "The file's names", NO_LIST: "None"}
"""Every list by the word that chooses it, and what people call it."""

_SAID = {"semantickitti": "semantickitti", "segment20": "scannet20"}
"""Lists that readers know from what their files are called."""

_ROOMS = ("s3dis", "scannet20", "nyu40", "matterport40")
"""Lists that are told apart by where floors, walls and ceilings are."""
_NARROW = 1 << 16
"""Between the least and the greatest of labels that are counted without being sorted."""
_FEW = 20
"""Points of a class from which on it has a place in the room."""
_STRANGE = 0.05
"""Share of the labels outside of a list that makes it the wrong one."""


@dataclass(frozen=True, eq=False)
class Labels:
    """What the numbers of a file mean by one list.

    labels: int16 (n,), indices into `classes`, -1 for none; None if they are left out. listed: the list's
    word.
    """

    labels: np.ndarray | None = None
    classes: tuple[str, ...] | None = None
    listed: str = NO_LIST
    notices: tuple[str, ...] = ()


def place(name: str, classes: Sequence[str]) -> int | None:
    """Which of `classes` a name means; -1 for a name of no class; None for a class that is not among them."""
    plain = " ".join(name.lower().replace("_", " ").replace("-", " ").split())
    if plain in _NONE:
        return -1
    having = [candidate.lower().replace("_", " ").replace("-", " ") for candidate in classes]
    single = plain.removesuffix("s")
    wanted = (plain, single, plain + "s", *_ALIKE.get(plain, ()), *_ALIKE.get(single, ()))
    return next((having.index(word) for word in wanted if word in having), None)


def known_class(name: str) -> int | None:
    """`place` among Headlight's classes."""
    return place(name, S3DIS_CLASSES)


def read_labels(
    values: np.ndarray,
    names: Sequence[str] | None,
    title: str,
    points: np.ndarray | None = None,
    called: str = "",
    listed: str | None = None,
) -> Labels:
    """What the numbers that a file holds mean: by the list `listed`, or by the one that fits them best.

    names: the file's own list of classes, to which the numbers are indices. points: (n, 3), z up: floors lie
    low and walls stand, which tells lists apart. called: what the file calls its labels.
    """
    numbers, missing = _whole(values)
    if numbers is None:
        return Labels(notices=(f"The labels of {title} are no whole numbers: they are left out.",))
    if names is not None and len(names) > _MANY:
        return Labels(notices=(f"{title} names {len(names):,} classes: its labels are left out.",))
    own = None
    if names is not None:
        own = ClassList(TITLES[OWN], tuple(map(_clean, names)), tuple(range(len(names))))
    notices: tuple[str, ...] = ()
    if listed is None:
        listed, notices = _guess(numbers, missing, own, title, points, called)
    found = own if listed == OWN else LISTS.get(listed)
    if found is None:
        if listed == OWN:
            notices = (f"{title} names no classes: its labels are left out.",)
        return Labels(listed=listed, notices=notices)
    labels, wrong = _by_list(numbers, missing, found)
    if wrong:
        known = numbers[~missing]
        notices = (
            *notices,
            f"{wrong:,} labels of {title} are out of range ({known.min()} to {known.max()}, not "
            f"{min(found.numbers)} to {max(found.numbers)}): they are read as unlabelled.",
        )
    if not (labels >= 0).any():
        return Labels(listed=listed, notices=notices)
    if listed != OWN:
        return Labels(labels, found.names, listed, notices)
    places = [place(name, S3DIS_CLASSES) for name in found.names]
    if any(index is None for index in places):
        return Labels(labels, found.names, listed, notices)
    return Labels(np.array([*places, -1], np.int16)[labels], S3DIS_CLASSES, listed, notices)


def relabelled(cloud: CloudInput, listed: str) -> CloudInput:
    """The same cloud, its labels read by another list. HeadlightError for one that there is not."""
    if listed not in TITLES:
        raise HeadlightError(f"There is no list of classes “{listed}”.", f"Choose {either(TITLES)}.")
    if cloud.numbers is None:
        return replace(cloud, notices=(*cloud.notices, f"{cloud.title} holds no labels to be read."))
    read = read_labels(cloud.numbers, cloud.names, cloud.title, listed=listed)
    kept = tuple(notice for notice in cloud.notices if notice not in cloud.label_notices)
    return replace(
        cloud,
        labels=read.labels,
        classes=read.classes,
        listed=listed,
        label_notices=read.notices,
        notices=(*kept, *read.notices),
    )


def _guess(
    numbers: np.ndarray,
    missing: np.ndarray,
    own: ClassList | None,
    title: str,
    points: np.ndarray | None,
    called: str,
) -> tuple[str, tuple[str, ...]]:
    """(the list's word, notices)"""
    known = numbers[~missing & (numbers != -1) & (numbers != 255)]
    if not len(known):
        return (OWN if own else NO_LIST), ()
    low, high = int(known.min()), int(known.max())
    if own is not None:
        if (known >= len(own.names)).sum() + (known < 0).sum() <= len(numbers) / 2:
            return OWN, ()
        return NO_LIST, (
            f"The labels of {title} go from {low} to {high}, and its classes from 0 to {len(own.names) - 1}: "
            "they are left out.",
        )
    if called in _SAID:  # the file's name says which list it is
        return _SAID[called], ()
    present, counts = _counted(known)
    outside = {
        key: int(counts[~np.isin(_classes_of(present, found), _numbers_of(found))].sum()) / len(known)
        for key, found in LISTS.items()
    }
    signs = {key: _signs(numbers, found, points) for key, found in LISTS.items()}
    balance = {key: agree - against for key, (agree, against) in signs.items()}
    of_surveys = "".join(c for c in called.lower() if c.isalnum()).removeprefix("scalar") == "classification"
    # Programs keep the numbers of land surveys under this name.
    if of_surveys and outside["las"] == 0 and signs["s3dis"][0] < 2:
        listing = LISTS["las"]
        told = [listing.names[listing.numbers.index(n)] for n in present.tolist() if n in listing.numbers]
        shown = ", ".join(told[:3]) + (" …" if len(told) > 3 else "")
        if not told:
            return NO_LIST, ()
        return NO_LIST, (
            f"The classes of {title} are those of land surveys ({shown}), not of rooms: they are left out. "
            "Choose a list of classes to use them.",
        )
    rooms = [key for key in _ROOMS if outside[key] <= _STRANGE]
    best = max(rooms, key=lambda key: (balance[key], -outside[key]), default=None)
    chosen = "s3dis" if outside["s3dis"] <= _STRANGE else None
    needed = 1 if chosen is None else 2
    if best is not None and balance[best] >= needed and (chosen is None or balance[best] > balance[chosen]):
        chosen = best
    elif chosen is None and outside["semantickitti"] == 0 and high >= 40 and len(present) > 1:
        chosen = "semantickitti"
    agree, against = signs["s3dis"]
    if chosen is None or (chosen == "s3dis" and against and against >= agree):
        if chosen is not None:
            return NO_LIST, (
                f"The labels of {title} ({low} to {high}) are not where S3DIS has floors and ceilings: they "
                "are left out. Choose a list of classes to use them.",
            )
        return NO_LIST, (
            f"The labels of {title} ({low} to {high}) are not those of S3DIS "
            f"(0 to {len(S3DIS_CLASSES) - 1}): they are left out. Choose a list of classes to use them.",
        )
    names, first = LISTS[chosen].names, LISTS[chosen].numbers
    return chosen, (
        f"{title} numbers its labels without naming them: they are read as {first[0]} {names[0]}, "
        f"{first[1]} {names[1]} … {first[-1]} {names[-1]}, as in {LISTS[chosen].title}.",
    )


def _counted(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(the numbers that there are, how often) as np.unique has them, which sorts"""
    low = numbers.min()
    if numbers.max() - low > _NARROW:
        return np.unique(numbers, return_counts=True)
    counts = np.bincount(numbers - low)
    present = np.flatnonzero(counts)
    return present + low, counts[present]


def _classes_of(numbers: np.ndarray, found: ClassList) -> np.ndarray:
    """The numbers without those of single things."""
    return np.where(numbers > 0xFFFF, numbers & 0xFFFF, numbers) if found.packed else numbers


def _numbers_of(found: ClassList) -> list[int]:
    return [*found.numbers, *found.none]


def _signs(numbers: np.ndarray, found: ClassList, points: np.ndarray | None) -> tuple[int, int]:
    """(for, against): whether floor, ceiling and walls lie as such, where they have enough points."""
    if points is None or len(points) != len(numbers):
        return 0, 0
    step = max(1, len(points) // 200_000)
    heights, numbers = points[::step, 2], numbers[::step]
    low, high = np.percentile(heights, (0.5, 99.5))
    if not high > low:
        return 0, 0
    agree = against = 0
    for name, number in zip(found.names, found.numbers, strict=True):
        if name not in ("floor", "ceiling", "wall"):
            continue
        part = (heights[numbers == number] - low) / (high - low)
        if len(part) < _FEW:
            continue
        first, middle, last = np.percentile(part, (10, 50, 90))
        if name == "wall":
            agree += last - first > 0.45
            against += last - first < 0.1
        else:
            away = middle if name == "floor" else 1 - middle
            agree += away < 0.15 and last - first < 0.2
            against += away > 0.35 or last - first > 0.7
    return int(agree), int(against)


def _by_list(numbers: np.ndarray, missing: np.ndarray, found: ClassList) -> tuple[np.ndarray, int]:
    """(int16 (n,) indices into the list's names, how many numbers it does not have)"""
    numbers = _classes_of(numbers, found)
    none = missing | (numbers == -1) | np.isin(numbers, list(found.none))
    if 255 not in found.numbers:
        none |= numbers == 255
    most = max(found.numbers, default=0)
    table = np.full(most + 2, -1, np.int16)
    table[list(found.numbers)] = np.arange(len(found.numbers))
    within = np.where((numbers < 0) | (numbers > most), most + 1, numbers)
    labels = np.where(none, np.int16(-1), table[within])
    return labels, int(((labels < 0) & ~none).sum())


def _clean(name: str) -> str:
    """A name in one short line that any view can show."""
    line = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name.strip())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _whole(values: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
    """(int64 (n,) or None if there are fractions, bool (n,) where there is no number)."""
    missing = np.zeros(len(values), bool)
    if values.dtype.kind == "f":
        missing = ~np.isfinite(values)
        values = np.where(missing, -1, values)
        if (values != np.rint(values)).any() or np.abs(values).max(initial=0) > 2**31:
            return None, missing
    elif values.dtype == np.uint64:
        values = np.minimum(values, np.uint64(2**31))
    elif values.dtype.kind not in "iub":
        return None, missing
    return values.astype(np.int64), missing
