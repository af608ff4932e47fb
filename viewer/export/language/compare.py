"""Export of two texts side by side: what becomes of a word's vector in other company, and of attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from headlight.models.core.errors import known
from headlight.models.core.task import Task
from headlight.models.core.tokens import CharSpan, TextTokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.heads import head_list, head_option, layer_and_heads, layer_list, layer_option
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.inputs.inputs import Input, TextInput
from headlight.viewer.options import Rule, option
from headlight.viewer.session.view import CompareSettings, Selection


def word(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value.strip()


_ONE = "There is one text alone: a word is compared in two."
_COSINES = Rule(
    ("csv",), "A csv file holds the cosines, of all layers.", "Leave layer and head out, or write npz."
)


@dataclass(frozen=True)
class CompareOptions:
    word: str | None = option(
        "the word that both texts have",
        "Word",
        parse=word,
        metavar="WORD",
        needed=Rule(
            ("npz", "csv"), "Which word is to be compared is not said.", "Name one of both texts with --word."
        ),
    )
    pair: str | None = option(
        "the text that the word is looked for in too",
        "Compared with",
        metavar="TEXT",
        needed=Rule(("npz", "csv"), _ONE, "Give the second one with --pair."),
    )
    layer: str | None = layer_option(never=_COSINES)
    head: int | Literal["mean", "max", "min"] | None = head_option(needed=Rule(), never=_COSINES)


def compare(options: CompareOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """cosine: float32 (layers + 1,), of the word's vectors as they enter the first layer and leave each one.
    difference: float32 (heads, query units, key units), attention in the first text less that in the second,
    over the words that both have in this order.

    HeadlightError for a word that one of them has not.
    Each text is read by itself: as a pair they would be company for each other.
    """
    from headlight.models.explain.company import aligned_layers, cosines, over_units
    from headlight.models.explain.words import found_word

    texts = known(document, TextInput).text, known(options.pair, str)
    engine, asked = trace.run.engine(task), known(options.word, str)
    read = [engine.run(text, task=task) for text in texts]
    spans = [found_word(known(one.tokens, TextTokens), asked) for one in read]
    at = [one.tokens.find(span) for one, span in zip(read, spans, strict=True)]
    first, second = (one.run.states(task) for one in read)
    found = cosines(first, at[0], second, at[1])
    number, heads = layer_and_heads(options.layer, options.head, "npz", read[0])

    def arrays() -> dict[str, np.ndarray]:
        each = zip(("first", "second"), read, at, strict=True)
        seen = {f"{name}_{what}": one.inputs[what] for name, one, _ in each for what in one.inputs}
        places = {"first_tokens": at[0], "second_tokens": at[1]}
        layers = [one.layers[number] for one in read]
        down, across = aligned_layers(layers[0], layers[1])
        here, there = (
            np.stack([over_units(layer, down[side], across[side], head) for head in heads])
            for side, layer in enumerate(layers)
        )
        less = {
            "difference": here - there,
            "query_units": np.array(down[0].tokens.labels),
            "key_units": np.array(across[0].tokens.labels),
            "layer": np.array(layers[0].name),
        }
        return {"cosine": found, "word": np.array(asked), **less, **places, **seen}

    def table() -> Iterator[Sequence[object]]:
        yield ("layer", "cosine")
        for number, value in enumerate(found):
            yield (number, f"{value:.9g}")

    return Result(arrays, table, traces=tuple(read))


def compare_filled(subject: Subject, task: Task) -> Filled:
    """The text whose attention is taken away, and the word that is selected or that both have."""
    from headlight.models.explain import words

    tokens, second = known(subject.trace.tokens, TextTokens), known(subject.input, TextInput).pair
    without, beside = subject.view[CompareSettings].without, subject.view[CompareSettings].beside
    others = [other for other in subject.others if other.number not in without]
    others.sort(key=lambda other: other.number != beside)
    if others:
        second = known(others[0].input, TextInput).text
    places = [place for place in subject.view[Selection].queries if isinstance(place, CharSpan)]
    shared = words.shared(tokens, [other.trace.tokens for other in others])
    word = words.word_at(tokens, places) or shared
    chosen = "" if word is None else words.said(tokens, word)
    values = {name: value for name, value in (("word", chosen), ("pair", second)) if value}
    values |= {"layer": str(subject.view[Selection].layer), "head": subject.view[Selection].head}
    lists = {"layer": partial(layer_list, subject.trace, str), "head": partial(head_list, subject.trace)}
    return Filled(values, lists, subject.page == "compare")
