"""Which class, each made of a few pictures, a picture is most like, and where in it. No Qt."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.cache import CACHE, derived
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.settings import NEAREST
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import Box, PatchTokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.inspecting import Example, PrototypeSettings
from headlight.viewer.slices.many.pictures import pixels_of, read_pictures

if TYPE_CHECKING:
    from headlight.models.corpus.prototypes import Examples, Vote

CLASSES = 200
"""Sub-folders that are classes, at most."""


def classes_in(path: str, size: int, task: Task = SILENT) -> tuple[Example, ...]:
    """A class for each sub-folder with pictures in it, by its name. HeadlightError where there is none."""
    where = Path(path)
    if not where.is_dir():
        raise HeadlightError(
            f"{where.name} is no folder.", "Choose a folder with a sub-folder for each class."
        )
    found = []
    for folder in sorted(one for one in where.iterdir() if one.is_dir() and one.name[0] != ".")[:CLASSES]:
        task.check()
        try:
            found.append(Example(folder.name, read_pictures(str(folder), size, task).paths))
        except HeadlightError:  # it holds something else
            continue
    if not found:
        raise HeadlightError(
            f"{where.name} has no sub-folder with pictures in it.",
            "Choose a folder with a sub-folder for each class.",
        )
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Voted:
    """Of one picture. classes: as many as `cosine` of the vote. counts: int (classes,), their pictures.
    paths: of the examples that are nearest, and of: int (k,), their classes. map: float32 (rows, columns),
    cosines of patches with the prototype of `shown`, over region. unread: how many files could not be read.
    """

    classes: tuple[str, ...]
    counts: np.ndarray
    vote: Vote
    paths: tuple[str, ...]
    of: np.ndarray
    shown: int
    map: np.ndarray
    region: Box
    unread: int


def voted(trace: Trace, settings: PrototypeSettings, size: int, own: str, task: Task = SILENT) -> Voted:
    """What its classes say of a picture, read at a short side of so many pixels.

    own: the file of the picture itself, which counts for no class. HeadlightError where a class is left
    without any picture.
    """
    from headlight.models.corpus.prototypes import likeness, patches_of, vector_of, vote

    examples, paths, unread = _examples(trace, settings.classes, size, own, task)
    vector = derived(trace, ("prototypes", "own"), lambda: vector_of(trace))
    found = vote(vector, examples, settings.temperature, NEAREST)
    shown = examples.classes.index(settings.shown) if settings.shown in examples.classes else found.winner
    return Voted(
        classes=examples.classes,
        counts=np.bincount(examples.of, minlength=len(examples.classes)),
        vote=found,
        paths=tuple(paths[number] for number in found.nearest),
        of=examples.of[found.nearest],
        shown=shown,
        map=likeness(patches_of(trace), examples.prototypes[shown]),
        region=known(trace.tokens, PatchTokens).region,
        unread=unread,
    )


def _examples(
    trace: Trace, classes: tuple[Example, ...], size: int, own: str, task: Task
) -> tuple[Examples, list[str], int]:
    """(the examples, the file of each, how many could not be read)."""
    from headlight.models.corpus.prototypes import Examples, vectors_of

    here = os.path.realpath(own) if own else ""
    asked = [
        (number, path)
        for number, one in enumerate(classes)
        for path in one.paths
        if os.path.realpath(path) != here
    ]
    engine = trace.run.engine(Part(task, 0, 0))

    def kept(number: int, made):
        key = ("prototypes", trace.model.id, trace.device, size, _file(asked[number][1]))
        return CACHE.kept(None, key, made)

    vectors = vectors_of(engine, lambda number: pixels_of(asked[number][1]), kept, len(asked), size, task)
    known_ones = {number: vector for number, vector in enumerate(vectors) if vector is not None}
    there = list(known_ones)
    of = np.array([asked[number][0] for number in there], int)
    for number, one in enumerate(classes):
        if not (of == number).any():
            raise HeadlightError(
                f"No picture is left of “{one.name}”: none that can be read, and the open one counts for no "
                "class.",
                "Add another picture to it, or take the class away.",
            )
    found = Examples(tuple(one.name for one in classes), np.stack(list(known_ones.values())), of)
    return found, [asked[number][1] for number in there], len(asked) - len(there)


def _file(path: str) -> tuple[str, int, int]:
    """What tells a file from what it was before."""
    try:
        state = os.stat(path)
    except OSError:
        return path, 0, 0
    return path, state.st_mtime_ns, state.st_size
