"""Exports of what each layer would say, and of what each head adds to the logit of one token."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import NextTokens
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Part, Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.attention.maps import Query, read_query
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.options import option
from headlight.viewer.session.view import LensSettings
from headlight.viewer.slices.explain.targets import entry_of
from headlight.viewer.slices.predicted.places import place_in


@dataclass(frozen=True)
class AttributionOptions:
    query: Query | None = option(
        "of which token it is asked what follows (the last one)",
        "Token",
        named=True,
        parse=read_query,
        metavar="INDEX[,INDEX]|readout",
        empty="the last one",
    )
    token: str | None = option(
        "to what is added: an entry of the vocabulary or its number (what the model says first)",
        "To",
        metavar="TOKEN",
        empty="what the model says first",
    )


def lens(options: None, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """ids int64 (layers + 1, m, k), `entries` and `probabilities` alike, of the state before the first layer
    and behind each.

    `answers` int64 (m,), what is said in the end, `of_answer` float32 and `ranks` int32 (layers + 1, m), its
    probability and rank; `tokens` int (m,), where.
    """
    from headlight.models.explain.lens import lens as computed

    found = computed(trace, task=task)
    entries = np.array([found.names[int(number)] for number in found.ids.ravel()]).reshape(found.ids.shape)
    behind = ["embedding", *(f"layer {number}" for number in range(len(found.ids) - 1))]

    def arrays() -> dict[str, np.ndarray]:
        return {
            "layers": np.array(behind),
            "ids": found.ids,
            "entries": entries,
            "probabilities": found.probabilities,
            "answers": found.wanted,
            "of_answer": found.of_wanted,
            "ranks": found.ranks,
            "tokens": found.tokens,
            **trace.inputs,
        }

    def table() -> Iterator[Sequence[object]]:
        yield ("behind", "index", "label", "rank", "id", "entry", "probability", "rank_of_answer")
        for layer, column, rank in np.ndindex(found.ids.shape):
            at, number = int(found.tokens[column]), int(found.ids[layer, column, rank])
            share = f"{found.probabilities[layer, column, rank]:.9g}"
            row = (rank + 1, number, entries[layer, column, rank], share, int(found.ranks[layer, column]))
            yield (behind[layer], at, trace.tokens.labels[at], *row)

    return Result(arrays, table)


def attribution(
    options: AttributionOptions, ending: str, document: Input, trace: Trace, task: Task
) -> Result:
    """heads float32 (layers, most heads of a layer), NaN where there is none.

    biases, others float32 (layers,); embedding, constant, logit and said. All but said sum to the logit.
    """
    from headlight.models.explain.lens import added, places_of

    places = places_of(trace)
    answer = known(trace.answer(NextTokens), NextTokens)
    at = _place(options, trace, places)
    number = int(answer.ids[at, 0]) if options.token is None else _number(options.token, trace, task)
    found = added(trace, int(places[at]), number, Part(task))
    name = trace.run.engine(task).named(number)
    single = {one: np.float32(getattr(found, one)) for one in ("embedding", "constant", "logit", "said")}

    def arrays() -> dict[str, np.ndarray]:
        many = {one: getattr(found, one).astype(np.float32) for one in ("heads", "biases", "others")}
        of = {"query": np.array(places[at]), "id": np.array(number), "entry": np.array(name)}
        layers = np.array([layer.name for layer in trace.layers])
        return {
            **many,
            **{key: np.array(one) for key, one in single.items()},
            **of,
            "layers": layers,
            **trace.inputs,
        }

    def table() -> Iterator[Sequence[object]]:
        yield ("part", "layer", "head", "added")
        yield ("embedding", "", "", f"{found.embedding:.9g}")
        for layer, (bias, other) in enumerate(zip(found.biases, found.others, strict=True)):
            for head in np.flatnonzero(np.isfinite(found.heads[layer])):
                yield ("head", layer, int(head), f"{found.heads[layer, head]:.9g}")
            yield ("attention bias", layer, "", f"{bias:.9g}")
            yield ("mlp", layer, "", f"{other:.9g}")
        yield ("constant", "", "", f"{found.constant:.9g}")
        yield ("logit", "", "", f"{found.logit:.9g}")

    return Result(arrays, table)


def no_lens(subject: Subject) -> str:
    """ "" where the model says which tokens belong in a text, else the reason."""
    trace = subject.trace
    if trace is not None and len(trace.streams) > 1:
        return f"{trace.model.title} has an encoder and a decoder: its layers are no one stream."
    if trace is None or trace.answer(NextTokens) is not None:
        return ""
    return f"{trace.model.title} does not say which tokens belong in a text."


def attribution_filled(subject: Subject, task: Task) -> Filled:
    """Of the token that is looked at."""
    trace, view = subject.trace, subject.view
    answer = trace.answer(NextTokens)
    at = place_in(answer, trace.tokens, view)
    chosen = view[LensSettings].token
    query = (int(trace.tokens.find(answer.places[at])[-1]),)
    values = {"query": query} | ({"token": str(chosen)} if chosen is not None else {})
    return Filled(values, shown=subject.page == "predicted")


def _place(options: AttributionOptions, trace: Trace, places: np.ndarray) -> int:
    """Which of the places."""
    if options.query is None or options.query == "readout":
        return len(places) - 1 if known(trace.answer(NextTokens), NextTokens).follows else 0
    found = np.flatnonzero(np.isin(places, options.query))
    if len(options.query) != 1 or len(found) != 1:
        what = ",".join(map(str, options.query))
        raise HeadlightError(
            f"{trace.model.title} says nothing at --query {what}.",
            f"Choose one token of {places[0]} to {places[-1]}.",
        )
    return int(found[0])


def _number(token: str, trace: Trace, task: Task) -> int:
    number = entry_of(trace, token, task)
    if number is None:
        raise HeadlightError(
            f"“{token}” is no single token of {trace.model.title}.", "Choose an entry of its vocabulary."
        )
    return number
