"""What differs from kind to kind of document: how a model reads it, what of it can be changed. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from headlight.models.core.answers import BoxEdits
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import edits
from headlight.models.core.stack import ConvStack
from headlight.models.core.task import Task
from headlight.models.core.trace import ModelCard, Trace
from headlight.viewer.host.forward import truth_for
from headlight.viewer.host.recipe import Making, RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.clouds.labels import relabelled
from headlight.viewer.inputs.inputs import (
    ImageInput,
    PictureTextInput,
    StackInput,
    TextInput,
    beside,
    from_path,
)
from headlight.viewer.inputs.recorded.format import loaded
from headlight.viewer.inputs.recorded.inputs import Recorded, RecordedCloud, RecordedText, step_of
from headlight.viewer.inputs.sounds.sound import SoundInput
from headlight.viewer.inputs.told.columns import Meanings


@dataclass(frozen=True)
class Suited:
    """What an input is. wanted: words of `Entry.suits`, the foremost first. said: a sentence that says so, of
    what a model is found for by itself; plain: it needs not be said."""

    wanted: tuple[str, ...]
    said: str
    plain: bool = False


class Adapter:
    """Of documents that no model reads, and of which nothing is made anew."""

    at_once = False
    """Whether what is made anew is shown before a model has read it."""

    def asked(self, what: Any) -> dict[str, Any]:
        """Fields of the recipe: what a person can change of it."""
        return {}

    def remade(self, what: Any, recipe: Making, task: Task) -> Any:
        """What the recipe asks for, made of what there is."""
        return what

    def is_other(self, what: Any, recipe: Making) -> bool:
        """Whether the recipe wants another file than was read, or another picture of it."""
        file = recipe.options.file
        return file is not None and file != getattr(what, "path", file)

    def sought(self, what: Any, recipe: Making, task: Task) -> Any:
        """What the recipe wants to be read in place of what there is; that, where it wants no other."""
        if not self.is_other(what, recipe):
            return what
        task.progress(0.0, "Reading")
        file, meanings = recipe.options.file or what.path, Meanings(recipe.columns or ())
        found = from_path(file, task, meanings, recipe.options.reading)
        if type(found) is not type(what):
            raise HeadlightError(f"{found.title} holds something else.", "Open it by itself.")
        return found

    def is_file(self, what: Any, path: str) -> bool:
        """Whether it still is what the file holds that it was read from."""
        return bool(path)

    def relisted(self, what: Any, classes: str) -> Any:
        """With labels read by this list of classes, where there are any."""
        return what

    def notices(self, what: Any) -> tuple[str, ...]:
        """What is to be said again once it was made anew."""
        return ()

    def doubt(self, what: Any) -> str:
        """The one of its notices that says how it may have been misread, and that can be put right; or ""."""
        return ""

    def exported(self, what: Any, view: Mapping[type, Any]) -> Any:
        """What is exported of it, as it is looked at."""
        return what

    def extent(self, what: Any) -> int:
        """Bytes that it holds, about."""
        return 0

    def suited(self, what: Any) -> Suited | None:
        """What it is, for a model that is for such, where that makes a difference."""
        return None

    def read(self, engine: Any, what: Any, options: RunOptions, task: Task) -> Trace:
        """The engine's pass over it."""
        raise TypeError(f"no model reads {type(what).__name__}")


class Texts(Adapter):
    def asked(self, what: TextInput) -> dict[str, Any]:
        return {"text": what}

    def remade(self, what: TextInput, recipe: Making, task: Task) -> TextInput:
        return recipe.text or what

    def is_file(self, what: TextInput, path: str) -> bool:
        return bool(path) and what.pair is None and what.title == Path(path).name  # else edited since

    def extent(self, what: TextInput) -> int:
        return len(what.text) + len(what.pair or "")

    def read(self, engine: Any, what: TextInput, options: RunOptions, task: Task) -> Trace:
        more = {} if options.writing is None else {"writing": options.writing}
        return engine.run(what.text, pair=what.pair, start=options.start, task=task, **more)


class Images(Adapter):
    def is_other(self, what: ImageInput, recipe: Making) -> bool:
        frame = recipe.options.frame or 1
        return (what.film is not None and what.film.at != frame) or super().is_other(what, recipe)

    def remade(self, what: ImageInput, recipe: Making, task: Task) -> ImageInput:
        found = self.sought(what, recipe, task).beside(recipe.options.second, task)
        return found.edited(edits(recipe.interventions))

    def extent(self, what: ImageInput) -> int:
        return sum(0 if one is None else one.nbytes for one in (what.pixels, what.measured, what.plain))

    def read(self, engine: Any, what: ImageInput, options: RunOptions, task: Task) -> Trace:
        taken = getattr(engine, "takes", ())
        every = {name: getattr(options, name) for names in _BESIDE for name in names}
        given = {name: value for name, value in every.items() if value}
        if options.says == "texts" and "texts" not in taken:
            raise HeadlightError(
                f"{engine.card.title} compares no texts with pictures.",
                "Choose a model of two towers (CLIP, SigLIP), such as small-clip.",
            )
        here = {name: value for name, value in given.items() if name in taken}
        here |= {"parts": what.parts} if "parts" in taken else {}
        trace = engine.run(what.pixels, size=options.size, task=task, **here)
        left = [said for names, said in _BESIDE.items() if given.keys() - here.keys() & set(names)]
        notices = [f"{engine.card.title} {said}" for said in left]
        return replace(trace, notices=(*trace.notices, *notices)) if notices else trace


_BESIDE = {
    ("texts", "prompts"): "compares no texts with pictures: the class texts are left out.",
    ("at", "not_at", "around"): "cuts nothing out of pictures: what was clicked is left out.",
}
"""What is asked of a picture beside its size, and what is said where a model does not take that."""


class PicturesWithTexts(Adapter):
    def asked(self, what: PictureTextInput) -> dict[str, Any]:
        return {"text": TextInput(what.title, what.text)}

    def is_other(self, what: PictureTextInput, recipe: Making) -> bool:
        return IMAGES.is_other(what.picture, recipe)

    def sought(self, what: PictureTextInput, recipe: Making, task: Task) -> PictureTextInput:
        picture = IMAGES.sought(what.picture, recipe, task)
        return what if picture is what.picture else replace(what, picture=picture, title=picture.title)

    def remade(self, what: PictureTextInput, recipe: Making, task: Task) -> PictureTextInput:
        text = what.text if recipe.text is None else recipe.text.text
        picture = IMAGES.remade(what.picture, recipe, task)
        if (picture, text) == (what.picture, what.text):
            return what
        return replace(beside(picture, text), title=what.title)

    def extent(self, what: PictureTextInput) -> int:
        return IMAGES.extent(what.picture) + len(what.text)

    def read(self, engine: Any, what: PictureTextInput, options: RunOptions, task: Task) -> Trace:
        more = {} if options.writing is None else {"writing": options.writing}
        return engine.run(what.pixels, what.text, task=task, **more)


class Sounds(Adapter):
    def asked(self, what: SoundInput) -> dict[str, Any]:
        return {"text": TextInput(what.title, what.text)}

    def remade(self, what: SoundInput, recipe: Making, task: Task) -> SoundInput:
        text = what.text if recipe.text is None else recipe.text.text
        return what.moved(recipe.options.since).saying(text)

    def extent(self, what: SoundInput) -> int:
        return what.sound.samples.nbytes + IMAGES.extent(what.picture)

    def read(self, engine: Any, what: SoundInput, options: RunOptions, task: Task) -> Trace:
        height, width = what.pixels.shape[:2]
        seen = (height, width / what.seconds, what.since)
        said = {"language": options.language, "translate": options.translate}
        return engine.run(what.heard, seen, what.text, writing=options.writing, task=task, **said)


class CloudEngine(Protocol):
    """takes: what of a cloud `run` takes by name beside its points, as `CloudInput` calls it; "truth" is its
    labels as places in the engine's `classes`."""

    takes: tuple[str, ...]
    card: ModelCard

    def run(self, points: np.ndarray, *, task: Task, **taken: Any) -> Trace: ...


_WANTED = {"object": ("object",), "room": ("room",), "street": ("street",), "scan": ("scan", "street")}
_SORTS = {"object": "one object", "room": "a room", "street": "a street", "scan": "a scan of a street"}


class Clouds(Adapter):
    at_once = True

    def asked(self, what: CloudInput) -> dict[str, Any]:
        columns = None if what.table is None else what.table.roles
        return {"frame": what.frame, "listed": what.listed, "columns": columns}

    def remade(self, what: CloudInput, recipe: Making, task: Task) -> CloudInput:
        what = self.sought(what, recipe, task)
        if recipe.listed is not None and recipe.listed != what.listed:
            task.progress(0.0, "Reading its labels")
            what = relabelled(what, recipe.listed)
        if recipe.frame is not None and recipe.frame != what.frame:
            task.progress(0.0, f"Reading it in {recipe.frame.unit}, {recipe.frame.upright}")
            what = what.reframed(recipe.frame)
        return what

    def relisted(self, what: CloudInput, classes: str) -> CloudInput:
        return relabelled(what, classes)

    def notices(self, what: CloudInput) -> tuple[str, ...]:
        return what.label_notices

    def doubt(self, what: CloudInput) -> str:
        return "" if what.table is None else what.table.doubt

    def is_file(self, what: CloudInput, path: str) -> bool:
        return bool(path) and what.edits is None

    def exported(self, what: CloudInput, view: Mapping[type, Any]) -> CloudInput:
        edits = view[BoxEdits]
        return replace(what, edits=edits) if edits.made else what

    def extent(self, what: CloudInput) -> int:
        arrays = (what.points, what.colours, what.normals, what.labels, what.kept)
        return sum(array.nbytes for array in arrays if array is not None)

    def suited(self, what: CloudInput) -> Suited:
        from headlight.models.points.representations.extent import extent

        found = extent(what.points, what.zero, what.ring)
        large = " × ".join(f"{side:.2g}" for side in found.size)
        seen = f", seen by {found.beams} beams" if found.beams else ""
        return Suited(
            _WANTED[found.sort],
            f"A cloud of {large} m{seen}: it is taken for {_SORTS[found.sort]}.",
            plain=found.sort == "room",
        )

    def read(self, engine: CloudEngine, what: CloudInput, options: RunOptions, task: Task) -> Trace:
        taken = {name: getattr(what, name) for name in engine.takes if name != "truth"}
        notices: tuple[str, ...] = ()
        if "truth" in engine.takes:
            taken["truth"], notices = truth_for(what, engine.classes, engine.card.title)
        trace = engine.run(what.points, task=task, **taken)
        return replace(trace, notices=(*trace.notices, *notices))


class Stacks(Adapter):
    def exported(self, what: StackInput, view: Mapping[type, Any]) -> StackInput:
        return replace(what, stack=view[ConvStack])


class Recordings(Adapter):
    """Of traces that were recorded from Python: weights are read from the file when it is time."""

    def extent(self, what: Recorded) -> int:
        return len(what.text) if isinstance(what, RecordedText) else 0

    def read(self, engine: Any, what: Recorded, options: RunOptions, task: Task) -> Trace:
        return engine.run(*loaded(step_of(what, options.step).file, task), task=task)


class RecordedClouds(Clouds):
    """The same of points, which may be looked at in another frame."""

    def suited(self, what: CloudInput) -> Suited | None:
        return None

    def read(self, engine: Any, what: RecordedCloud, options: RunOptions, task: Task) -> Trace:
        header, arrays = loaded(step_of(what, options.step).file, task)
        return engine.run(header, {**arrays, "points": what.points}, task=task)


TEXTS, IMAGES, CLOUDS, STACKS = Texts(), Images(), Clouds(), Stacks()
RECORDED, RECORDED_CLOUDS = Recordings(), RecordedClouds()
PICTURES_WITH_TEXTS, SOUNDS = PicturesWithTexts(), Sounds()
