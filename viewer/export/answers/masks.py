"""Export of what a model cuts out of a picture."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Masks
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task
from headlight.models.core.tokens import OUTPUT
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.options import Rule, count, option
from headlight.viewer.session.inspecting import MaskSettings


@dataclass(frozen=True)
class MasksOptions:
    mask: int | None = option(
        "which of them, from 0 (the surest)",
        "Mask",
        parse=count,
        metavar="N",
        never=Rule(("npz", "csv"), "A {ending} holds every mask.", "Leave --mask out, or write a png."),
        empty="the surest",
    )


def no_masks(subject: Subject) -> str:
    """ "" where something was cut out, else the reason."""
    trace = subject.trace
    return "" if trace is None or trace.answer(Masks) is not None else _none(trace)


def _none(trace: Trace) -> str:
    return f"{trace.model.title} has cut nothing out of the picture."


def masks_filled(subject: Subject, task: Task) -> Filled:
    """The mask that is shown."""
    return Filled({"mask": subject.view[MaskSettings].chosen})


def masks(options: MasksOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """masks bool (n, H, W) in the picture's own pixels, logits float32 (n, h, w), names, scores, areas in
    pixels, stability, the tokens that were shown; a png is one mask, white on black."""
    found = trace.answer(Masks)
    if found is None and "clicks" in trace.run.offers:
        raise HeadlightError(
            "Nothing says what is to be cut out.", "Name a pixel on it (--at 120,80) or a box (--around)."
        )
    if found is None:
        raise HeadlightError(
            _none(trace),
            "Choose one that does: SAM where it is clicked (--at), Mask2Former or MaskFormer by itself.",
        )
    chosen = found.best if options.mask is None else options.mask
    if chosen >= len(found):
        raise HeadlightError(f"There is no mask {chosen}.", f"Choose from 0 to {len(found) - 1}.")
    task.progress(0.0, "Cutting out in the pixels of the picture")
    every = trace.run.engine(task).in_full(trace)

    def arrays() -> dict[str, np.ndarray]:
        return {
            "masks": every,
            "logits": trace.outputs["logits"].float().cpu().numpy(),
            "names": np.array(found.names),
            "scores": found.scores,
            "stability": found.stability,
            "areas": every.sum((1, 2)),
            "prompts": np.array(trace.streams[OUTPUT].labels),
            **trace.inputs,
        }

    others = {"png": lambda: _png(every[chosen])}
    return Result(arrays, lambda: _table(found, every), others=others)


def _table(found: Masks, every: np.ndarray) -> Iterator[Sequence[object]]:
    yield ("index", "mask", found.measure.replace(" ", "_").lower(), "pixels", "share", "stability")
    for number, name in enumerate(found.names):
        area, share = int(every[number].sum()), every[number].mean()
        numbers = (f"{found.scores[number]:.9g}", area, f"{share:.9g}", f"{found.stability[number]:.9g}")
        yield (number, name, *numbers)


def _png(mask: np.ndarray) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).save(file, "png")
    return file.getvalue()
