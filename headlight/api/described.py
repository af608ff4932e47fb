"""What somebody says of the tokens of a recording: names, a text, a grid on a picture, points."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import INPUT
from headlight.models.modules.described import described

_WHAT = ("tokens", "text", "grid", "points")


@dataclass(frozen=True, eq=False)
class Described:
    """tokens: their names, or of each stream of an encoder–decoder, {"input": …, "output": …}. text: what
    they stand in. grid: (rows, columns) of patches, with `prefix` tokens before them. image: the picture that
    these lie on. points: (n, 3). item: which of a batch. mask: (batch, n), 0 where there is padding; lengths:
    (batch,), tokens of each item. title: of the document.
    """

    tokens: Any = None
    text: str | None = None
    grid: Any = None
    prefix: int = 0
    image: Any = None
    points: Any = None
    item: int = 0
    mask: Any = None
    lengths: Any = None
    title: str = ""

    def with_(self, what: Mapping[str, Any]) -> Described:
        """With more said of them. TypeError of what nobody can say, HeadlightError of what says nothing."""
        known = {one.name for one in fields(self)}
        if unknown := set(what) - known:
            raise TypeError(f"unexpected {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
        given = {name: value for name, value in what.items() if value is not None}
        reads = {"image": picture_of, "points": points_of, "text": _text, "item": _item, "title": str}
        for name, read in reads.items():
            if name in given:
                given[name] = read(given[name])
        # Whoever says once more what tokens are takes back what was said before.
        again = dict.fromkeys(_WHAT, None) if set(_WHAT) & set(given) else {}
        return replace(self, **{**again, **given})

    def streams(self, counts: Mapping[str, int]) -> dict[str, Any]:
        """The description of each stream, whose numbers of tokens these are."""
        return {stream: self._of(stream, count) for stream, count in counts.items()}

    def _of(self, stream: str, count: int) -> dict[str, Any]:
        named = self.tokens.get(stream) if isinstance(self.tokens, Mapping) else None
        if stream != INPUT:
            return described(count, _names(named))
        return described(
            count,
            _names(named if isinstance(self.tokens, Mapping) else self.tokens),
            self.text,
            self.grid,
            self.prefix,
            self.points,
            self.image,
        )

    def kind(self, counts: Mapping[str, int]) -> str:
        """Which sort of document it makes."""
        found = self._of(INPUT, counts.get(INPUT, next(iter(counts.values()))))
        return "image" if "grid" in found else "points" if "points" in found else "text"

    def arrays(self) -> dict[str, np.ndarray]:
        """What is saved beside the weights."""
        found = {"picture": self.image, "points": self.points}
        return {name: array for name, array in found.items() if array is not None}

    def notices(self, counts: Mapping[str, int]) -> tuple[str, ...]:
        """What the user should know of it: a text that tokens do not stand in."""
        if self.text is None or self.kind(counts) != "text":
            return ()
        count = counts[INPUT] if INPUT in counts else next(iter(counts.values()))
        if self.tokens is None:
            words = len(self.text.split())
            said = f"The text has {words:,} words, the layers {count:,} tokens: tokens=[…] names these."
            return (said,) if words != count else ()
        lost = sum(self._of(INPUT, count)["special"])
        return (f"{lost:,} of {count:,} tokens do not stand in the text.",) if lost > count // 2 else ()


def _text(text: Any) -> str:
    if not isinstance(text, str):
        raise HeadlightError(f"text is no text but {type(text).__name__}.", "Give text=… one, or tokens=[…].")
    return whole(text)


def _item(item: Any) -> int:
    try:
        return operator.index(item)
    except TypeError:
        raise HeadlightError(f"item={item!r} is none of a batch.", "Give its number, from 0.") from None


def whole(text: str) -> str:
    """Without halves of characters, which no file and no window can hold."""
    return text.encode("utf-8", "replace").decode()


def _names(tokens: Any) -> list[str] | None:
    """Names of tokens; a tensor or array of numbers gives its numbers."""
    if tokens is None:
        return None
    if isinstance(tokens, str):
        raise HeadlightError("tokens is one text.", "Give a list with a name for each token, or text=….")
    tokens = tokens.tolist() if hasattr(tokens, "tolist") else tokens
    if not isinstance(tokens, Iterable):
        raise HeadlightError(f"tokens is {type(tokens).__name__}.", "Give a list with a name for each token.")
    return [whole(str(one)) for one in tokens]


def picture_of(image: Any) -> np.ndarray:
    """uint8 (h, w, 3) of a path, a PIL image, or an array or tensor (h, w, 3), (h, w), (3, h, w) or
    (1, 3, h, w): bytes, or floats from 0 to 1. HeadlightError of what is no picture."""
    if isinstance(image, str | os.PathLike):
        import headlight.viewer.builtin  # noqa: F401  (the formats there are)
        from headlight.viewer.inputs.inputs import ImageInput, from_path

        read = from_path(image)
        if not isinstance(read, ImageInput):
            raise HeadlightError(f"{os.fspath(image)} is no picture.", "Give image=… one.")
        return read.pixels
    if hasattr(image, "convert"):
        return np.array(image.convert("RGB"))
    if hasattr(image, "detach"):
        image = (
            image.detach().cpu().float().numpy()
            if image.is_floating_point()
            else image.detach().cpu().numpy()
        )
    array = np.asarray(image)
    while array.ndim > 3 and len(array) == 1:
        array = array[0]
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or not array.size or array.dtype.kind not in "biuf":
        raise HeadlightError(
            f"An array of shape {np.shape(image)} is no picture.",
            "Give (height, width, 3) or (3, height, width).",
        )
    array = np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array[..., :3]
    if array.dtype == np.uint8:
        return np.ascontiguousarray(array)
    values = np.nan_to_num(array.astype(np.float64))
    low, high = values.min(), values.max()
    if low < 0 or high > 255:  # normalised, as models are given them
        values = (values - low) / max(high - low, 1e-12)
    elif high > 1:
        values = values / 255
    return np.ascontiguousarray((values * 255).round().astype(np.uint8))


def points_of(points: Any) -> np.ndarray:
    """float32 (n, 3). HeadlightError of what is none."""
    points = points.detach().cpu().numpy() if hasattr(points, "detach") else points
    try:
        array = np.asarray(points, np.float32)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 2 or array.shape[1] != 3 or not len(array) or not np.isfinite(array).all():
        raise HeadlightError(
            f"An array of shape {np.shape(points)} holds no points.", "Give (n, 3) coordinates."
        )
    return array
