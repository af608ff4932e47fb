"""Classes by example: a picture belongs to the class whose mean vector its own is most like.

A class is the mean of its pictures' vectors (Snell et al. 2017, “Prototypical Networks for Few-shot
Learning”, section 2.3), here by cosine. The nearest pictures are asked too (k nearest neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import NEAREST, TEMPERATURE
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace

ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Examples:
    """Pictures that stand for classes. vectors: float64 (m, d), each of length 1. of: int (m,), the class of
    each, by its place among `classes`; every class has one at least."""

    classes: tuple[str, ...]
    vectors: np.ndarray
    of: np.ndarray

    @property
    def prototypes(self) -> np.ndarray:
        """float64 (classes, d), of length 1: the direction of the mean of the vectors of each class."""
        return unit(
            np.stack([self.vectors[self.of == number].mean(0) for number in range(len(self.classes))])
        )


@dataclass(frozen=True, eq=False)
class Vote:
    """Of one picture. cosine, probabilities: float32 (classes,), with each prototype, and their softmax.
    nearest: int (k,), the examples that it is most like, the most first; likeness: float32 (k,), their
    cosines.
    """

    cosine: np.ndarray
    probabilities: np.ndarray
    nearest: np.ndarray
    likeness: np.ndarray

    @property
    def winner(self) -> int:
        return int(self.cosine.argmax())


def unit(vectors: np.ndarray) -> np.ndarray:
    """float64 (…, d): of length 1; what has no length stays 0."""
    vectors = np.asarray(vectors, np.float64)
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), ROUNDING)


def patches_of(trace: Trace) -> np.ndarray:
    """float32 (rows, columns, d): the last vectors of a picture's patches or of the cells of its last map.
    HeadlightError of a model that hands out none."""
    if "patches" not in trace.outputs:
        raise HeadlightError(
            f"{trace.model.title} hands out no vectors of its patches.",
            "Choose a vision transformer, such as dinov2-small.",
        )
    return trace.outputs["patches"].float().cpu().numpy()


def vector_of(trace: Trace) -> np.ndarray:
    """float64 (d,), of length 1: the direction of the mean of `patches_of` a picture."""
    return unit(patches_of(trace).astype(np.float64).mean((0, 1)))


def vote(
    vector: np.ndarray, examples: Examples, temperature: float = TEMPERATURE, nearest: int = NEAREST
) -> Vote:
    """What examples say of a picture's vector (d,), of length 1.

    Probabilities are softmax(cosine / temperature).
    """
    cosine = examples.prototypes @ vector
    raised = np.exp((cosine - cosine.max()) / temperature)
    each = examples.vectors @ vector
    first = np.argsort(-each, kind="stable")[:nearest]
    probabilities = raised / raised.sum()
    return Vote(*(one.astype(np.float32) for one in (cosine, probabilities)), first, each[first].astype("f4"))


def likeness(patches: np.ndarray, prototype: np.ndarray) -> np.ndarray:
    """float32 (rows, columns): the cosine of each patch's vector (rows, columns, d) with a prototype (d,)."""
    return (unit(patches) @ prototype).astype(np.float32)


def vectors_of(
    engine: Any,
    read: Callable[[int], np.ndarray | None],
    kept: Callable[[int, Callable[[], np.ndarray | None]], np.ndarray | None],
    count: int,
    size: int,
    task: Task = SILENT,
) -> Sequence[np.ndarray | None]:
    """`vector_of` each of so many pictures, None of those that cannot be read.

    engine: has `run` of (uint8 (H, W, 3), short side in pixels). read: the pixels of a picture. kept: of its
    number and what finds its vector, which is not asked for what is known already.
    """
    found = []
    for number in range(count):
        task.progress(number / count, f"Picture {number + 1:,} of {count:,}")
        part = Part(task, number / count, (number + 1) / count)

        def made(number: int = number, part: Task = part) -> np.ndarray | None:
            pixels = read(number)
            return None if pixels is None else vector_of(engine.run(pixels, size, task=part))

        found.append(kept(number, made))
    return found
