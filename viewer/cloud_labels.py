"""Ground truth in files: numbers or names → Headlight's classes and their order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.s3dis import CLASSES

_NONE = {
    "",
    "none",
    "unlabelled",
    "unlabeled",
    "unannotated",
    "ignore",
    "ignored",
    "void",
    "unknown",
    "undefined",
}
_SAME = {"couch": "sofa", "bookshelf": "bookcase", "whiteboard": "board", "blackboard": "board"}
_SAME |= {"pillar": "column", "desk": "table", "stairs": "clutter", "other": "clutter", "others": "clutter"}

_MANY = 4096
"""Classes that a file may name."""


def known_class(name: str) -> int | None:
    """Which of CLASSES a name means; -1 for a name of no class; None for a class that is not among them."""
    name = name.strip().lower()
    if name in _NONE:
        return -1
    name = _SAME.get(name, _SAME.get(name.rstrip("s"), name))
    for candidate in (name, name.removesuffix("s")):
        if candidate in CLASSES:
            return CLASSES.index(candidate)
    return None


def read_labels(
    values: np.ndarray, names: Sequence[str] | None, title: str
) -> tuple[np.ndarray | None, tuple[str, ...] | None, tuple[str, ...]]:
    """(labels int16 (n,) or None, their classes, notices) of the numbers that a file holds.

    names: the file's own list of classes, to which the numbers are indices. Without one the numbers are taken
    for Headlight's order.
    """
    numbers, missing = _whole(values)
    if numbers is None:
        return None, None, (f"The labels of {title} are no whole numbers: they are left out.",)
    notices = []
    count = len(CLASSES) if names is None else len(names)
    if count > _MANY:
        return None, None, (f"{title} names {count:,} classes: its labels are left out.",)
    none = missing | (numbers == -1) | ((numbers == 255) & (count <= 255))
    outside = ~none & ((numbers < 0) | (numbers >= count))
    wrong = int(outside.sum())
    if wrong:
        low, high = int(numbers[~none].min()), int(numbers[~none].max())
        if wrong * 2 > len(numbers):
            return (
                None,
                None,
                (f"The labels of {title} go from {low} to {high}, and its classes from 0 to {count - 1}: "
                 "they are left out.",),
            )  # fmt: skip
        notices.append(
            f"{wrong:,} labels of {title} are out of range ({low} to {high}, not 0 to {count - 1}): "
            "they are read as unlabelled."
        )
    labels = np.where(none | outside, -1, numbers).astype(np.int16)
    if not (labels >= 0).any():
        return None, None, tuple(notices)
    if names is None:
        notices.append(
            f"{title} numbers its labels without naming them: they are read as 0 {CLASSES[0]}, "
            f"1 {CLASSES[1]} … 12 {CLASSES[-1]}."
        )
        return labels, CLASSES, tuple(notices)
    known = [known_class(name) for name in names]
    if any(index is None for index in known):
        return labels, tuple(names), tuple(notices)
    table = np.array([*known, -1], np.int16)
    return table[labels], CLASSES, tuple(notices)


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
