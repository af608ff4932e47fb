"""Class texts of a picture, and labels on it: how a document is asked for others. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headlight.models.core.errors import known
from headlight.viewer.session.document import Document

if TYPE_CHECKING:
    import numpy as np

    from headlight.models.engines.pictures.labels import Label, Letters, Style
    from headlight.viewer.session.runs import Runs

MODEL, TITLE = "small-clip", "Small CLIP"
"""The model of two towers that comes with Headlight."""
TEXTS = ("a chair", "a table", "a sofa", "a lamp", "a bed", "a plant")
"""What a picture is compared with at first."""


def compares(document: Document) -> bool:
    """Whether its model says how well texts fit a picture."""
    return document.trace is not None and "texts" in document.trace.run.offers


def begin(runs: Runs, document: Document) -> None:
    """Compare it with some texts, by a model that can."""
    model = {} if compares(document) else {"model": MODEL, "trust_pickle": False}
    runs.change(document, texts=document.wanted.options.texts or TEXTS, **model)


def change(runs: Runs, document: Document, number: int, text: str) -> None:
    """Another text in place of one."""
    texts = document.wanted.options.texts
    _ask(runs, document, (*texts[:number], text, *texts[number + 1 :]))


def remove(runs: Runs, document: Document, number: int) -> None:
    texts = document.wanted.options.texts
    _ask(runs, document, (*texts[:number], *texts[number + 1 :]))


def add(runs: Runs, document: Document, text: str) -> None:
    _ask(runs, document, (*document.wanted.options.texts, text))


def ask_prompts(runs: Runs, document: Document, prompts: Sequence[str]) -> None:
    """Put each text into every one of these; none for the texts as they are."""
    if tuple(prompts) != document.wanted.options.prompts:
        runs.change(document, prompts=tuple(prompts))


def _ask(runs: Runs, document: Document, texts: tuple[str, ...]) -> None:
    if texts != document.wanted.options.texts:
        runs.change(document, texts=texts)


# -- labels --------------------------------------------------------------------------------------------------


def labels_of(document: Document) -> tuple[Label, ...]:
    """Those that are wanted on the picture, the last one on top."""
    from headlight.models.engines.pictures.labels import Label

    return tuple(one for one in document.wanted.interventions if isinstance(one, Label))


def put(
    runs: Runs, document: Document, text: str, style: Style = "paper", letters: Letters = "plain"
) -> None:
    """Another label, where a hand would put it. HeadlightError for one that cannot be written."""
    from headlight.models.engines.pictures.labels import on

    label = on(_pixels(document), text, style=style, letters=letters)
    runs.intervene(document, (*document.wanted.interventions, label))


def deny(runs: Runs, document: Document) -> None:
    """A note beside the last label that says it is none."""
    from headlight.models.engines.pictures.labels import denied

    answer = denied(labels_of(document)[-1], document.wanted.options.texts, _pixels(document))
    runs.intervene(document, (*document.wanted.interventions, answer))


def _pixels(document: Document) -> np.ndarray:
    from headlight.viewer.inputs.inputs import ImageInput

    return known(document.input, ImageInput).pixels


def denies(label: Label) -> bool:
    """Whether it answers another one."""
    return label.text.startswith("not ")


def replace_label(runs: Runs, document: Document, was: Label, label: Label, gesture: str = "") -> None:
    every = tuple(label if one is was else one for one in document.wanted.interventions)
    if every != document.wanted.interventions:
        runs.change(document, gesture, interventions=every)


def take_off(runs: Runs, document: Document, label: Label) -> None:
    runs.intervene(document, tuple(one for one in document.wanted.interventions if one is not label))


def tempting(document: Document) -> str:
    """What a label would say to mislead the model: its second-likeliest text; "" where there is none."""
    from headlight.models.core.answers import TextClasses
    from headlight.models.engines.pictures.labels import named

    answer = None if document.trace is None else document.trace.answer(TextClasses)
    if answer is None or len(answer.names) < 2:
        return ""
    return named(answer.targets()[1].name)
