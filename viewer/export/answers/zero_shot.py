"""Export of how well texts fit a picture, and how that changes with a label on it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.answers import TextClasses
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.models.engines.pictures.labels import FONTS, Label, Letters, Style, on
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import ImageInput, Input
from headlight.viewer.options import option, place

_ALONE = ("put_text", "is of a label")


@dataclass(frozen=True)
class ZeroShotOptions:
    """With what is written on the picture."""

    put_text: str | None = option("a text to write on it", "Label", metavar="TEXT", empty="none")
    put_at: tuple[float, float] | None = option(
        "the label's middle, in pixels of the picture (a little below its middle)",
        "Label at",
        parse=place,
        metavar="X,Y",
        after=_ALONE,
        empty="a little below the middle",
    )
    put_size: float | None = option(
        "height of its letters in pixels (an eighth of the short side, or what fits)",
        "Letters",
        parse=float,
        metavar="PIXELS",
        after=_ALONE,
        empty="as fits",
    )
    put_style: Style | None = option(
        "what it is: a note of paper, or a pen's letters (paper)",
        "Label on",
        choices={"paper": "Paper", "pen": "Pen"},
        after=_ALONE,
        empty="paper",
    )
    put_font: Letters | None = option(
        "its letters: Inter, Comic Neue as by hand, or DejaVu Serif (plain)",
        "Font",
        choices={name: name.capitalize() for name in FONTS},
        after=_ALONE,
        empty="plain",
    )
    put_turned: float | None = option(
        "degrees by which it is turned against the clock (0)",
        "Turned",
        parse=float,
        metavar="DEGREES",
        after=_ALONE,
        empty="not",
    )

    def label(self, pixels: np.ndarray) -> Label | None:
        """On a picture uint8 (H, W, 3)."""
        if self.put_text is None:
            return None
        return on(
            pixels,
            self.put_text,
            self.put_at,
            self.put_size,
            self.put_style or "paper",
            self.put_font or "plain",
            self.put_turned or 0.0,
        )


def no_texts(subject: Subject) -> str:
    """ "" where the picture was compared with texts, else the reason."""
    trace = subject.trace
    return "" if trace is None or trace.answer(TextClasses) is not None else _none(trace)


def _none(trace: Trace) -> str:
    if "texts" not in trace.run.offers:
        return f"{trace.model.title} compares no texts with pictures."
    return "There are no class texts."


def asked(run: RunOptions) -> RunOptions:
    """Of a model that compares. HeadlightError without texts, before one is loaded."""
    if not run.texts:
        raise HeadlightError("There are no class texts.", 'Name them, as in --texts "a chair" "a lamp".')
    return replace(run, says="texts")


def zero_shot_filled(subject: Subject, task: Task) -> Filled:
    """Nothing is written on what is exported: labels of the window are part of the picture."""
    return Filled()


def zero_shot(options: ZeroShotOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """texts, probabilities float32 (classes,), cosines alike, `exclusive`, `scale`, `bias`, `prompts`, what
    the model saw. With a label on the picture all that is of it, and `before` the probabilities without."""
    found = _found(trace)
    pixels = known(document, ImageInput).pixels
    label, before = options.label(pixels), None
    if label is not None:
        before = found.probabilities
        size, texts = dict(trace.recipe.options).get("size"), found.names
        engine = trace.run.engine(task)
        trace = engine.run(label.applied(pixels), size, task, texts=texts, prompts=found.prompts)
        found = _found(trace)
    arrays = {
        "texts": np.array(found.names),
        "probabilities": found.probabilities,
        "cosines": found.cosines,
        "exclusive": np.array(found.exclusive),
        "scale": np.array(found.scale),
        "bias": np.array(found.bias),
        "prompts": np.array(found.prompts),
    }
    if label is not None and before is not None:
        arrays |= {"before": before, "label": np.array(label.text)}
        arrays |= {"label_at": np.array([label.x, label.y]), "label_size": np.array(label.size)}
        arrays["label_style"] = np.array(label.style)
    others = {"json": lambda: _json(arrays)}
    return Result(lambda: {**arrays, **trace.inputs}, lambda: _table(found, before), others=others)


def _found(trace: Trace) -> TextClasses:
    found = trace.answer(TextClasses)
    if found is None:
        raise HeadlightError(
            _none(trace), "Choose a model of two towers (CLIP, SigLIP) with --model, such as small-clip."
        )
    return found


def _table(found: TextClasses, before: np.ndarray | None) -> Iterator[Sequence[object]]:
    """The likeliest first."""
    yield ("index", "text", "probability", "cosine", *(() if before is None else ("before",)))
    for target in found.targets():
        at = target.index
        more = () if before is None else (f"{before[at]:.9g}",)
        yield (at, target.name, f"{target.score:.9g}", f"{found.cosines[at]:.9g}", *more)


def _json(arrays: dict[str, np.ndarray]) -> bytes:
    plain = {name: array.tolist() for name, array in arrays.items()}
    return json.dumps(plain, indent=1, ensure_ascii=False).encode()
