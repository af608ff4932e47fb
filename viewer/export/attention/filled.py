"""What the exports of attention, rollout and saliency begin with, as a document is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, get_args

from headlight.models.core.settings import RolloutSettings, Through, layers_of_rollout
from headlight.models.core.task import Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.attention.all_layers import ALL, numbers_of
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.heads import (
    at_layer,
    head_list,
    heads_counted,
    layer_list,
    layer_of,
    layers_of,
    stack_list,
)
from headlight.viewer.export.looks import chosen, colour_maps
from headlight.viewer.export.results import Filled, file_bytes
from headlight.viewer.session.methods import tokens_after
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices.maps import head_of
from headlight.viewer.slices.predicted.steps import last_seen


def attention_filled(subject: Subject, task: Task) -> Filled:
    trace, view = subject.trace, subject.view
    number = view[Selection].layer
    queries = trace.layers[number].queries
    seen = tuple(queries.find_all(last_seen(trace, view)).tolist())  # what is read at an earlier step
    query = _selected(queries, view) or seen or "readout"
    lists = {
        "stack": partial(stack_list, trace),
        "layer": partial(_layers, trace),
        "head": partial(head_list, trace),
        "query": partial(_queries, trace),
        "colours": colour_maps,
    }
    values = chosen(view) | at_layer(trace, number) | {"head": head_of(view), "query": query}
    extent = partial(_attention_bytes, trace)
    without = _without(subject) if len(trace.stacks) > 1 else (*_without(subject), "stack")
    return Filled(values, lists, subject.page == "attention", extent, without)


def _layers(trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    return [*layer_list(trace, str, values), (ALL, "All layers, in an npz")]


def _queries(trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    first = [
        (None, "A row for each, as a matrix"),
        ("readout", _readout(trace, layer_of(trace, values).queries)),
    ]
    return _offered(first, values.get("query"), layer_of(trace, values).queries.labels)


def _attention_bytes(trace: Trace, values: Mapping[str, Any], ending: str) -> int:
    if values.get("layer") == ALL:
        chosen = [trace.layers[number] for number in layers_of(trace, values.get("stack"))]
        return file_bytes(numbers_of(chosen, values.get("head")), ending, trace)
    layer = layer_of(trace, values)
    rows = len(layer.queries) if values.get("query") is None else 1
    return file_bytes(heads_counted(layer, values) * rows * len(layer.keys), ending, trace)


def rollout_filled(subject: Subject, task: Task) -> Filled:
    trace, view = subject.trace, subject.view
    values = chosen(view)
    values |= {one.name: getattr(view[RolloutSettings], one.name) for one in fields(RolloutSettings)}
    values["query"] = _selected(_asked(trace, values), view) if view[RolloutQuery].selected else None
    lists = {
        "first": partial(_rolled_layers, trace),
        "last": partial(_last_layers, trace),
        "stack": _ways,
        "query": partial(_rolled_out, trace),
        "colours": colour_maps,
    }
    extent = partial(_rollout_bytes, trace)
    without = _without(subject) if len(trace.streams) > 1 else (*_without(subject), "stack")
    return Filled(values, lists, _is_shown(subject, "rollout"), extent, without)


def _ways(*_: object) -> list[tuple[Any, str]]:
    return [(one, one.capitalize()) for one in get_args(Through)]


def _rolled_layers(trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    """Those of the stack; of an encoder–decoder gone through as a whole the decoder's."""
    stack = values.get("stack") if len(trace.streams) > 1 else None
    return layer_list(trace, int, {"stack": "decoder" if stack == "whole" else stack})


def _last_layers(trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    return [(None, "The last"), *_rolled_layers(trace, values, needed)]


def _asked(trace: Trace, values: Mapping[str, Any]) -> Tokens:
    """Those that leave the last layer that is gone through."""
    given = {name: values[name] for name in ("first", "last", "stack") if values.get(name) is not None}
    return tokens_after(trace, layers_of_rollout(_stacks(trace), RolloutSettings(**given))[-1])


def _stacks(trace: Trace) -> list[str]:
    return [layer.stack for layer in trace.layers]


def _rolled_out(trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    asked = _asked(trace, values)
    return _offered([(None, _readout(trace, asked))], values.get("query"), asked.labels)


def _rollout_bytes(trace: Trace, values: Mapping[str, Any], ending: str) -> int:
    asked = _asked(trace, values)
    return file_bytes(len(asked) * max(len(asked), len(trace.tokens)), ending, trace)


def saliency_filled(subject: Subject, task: Task) -> Filled:
    return Filled(chosen(subject.view), {"colours": colour_maps}, _is_shown(subject, "saliency"))


def no_saliency(subject: Subject) -> str:
    """ "" where the model comes with a decoder that predicts saliency, else the reason."""
    trace = subject.trace
    if trace is None or "saliency" in trace.run.offers:
        return ""
    return f"{trace.model.title} predicts no saliency."


def of_relevance(view: View) -> str:
    """What the pane beside the input begins with."""
    return view[MapSettings].relevance


def _is_shown(subject: Subject, method: str) -> bool:
    return subject.page == "attention" and subject.view[MapSettings].relevance == method


def _without(subject: Subject) -> tuple[str, ...]:
    """No picture lies below a map of a text."""
    return () if "cells" in subject.kind.gives else ("opacity",)


def _offered(first: list[tuple[Any, str]], query: object, labels: Sequence[str]) -> list[tuple[Any, str]]:
    """No token, those that the answer is read from, those that are selected, and each alone."""
    if isinstance(query, tuple) and len(query) > 1 and max(query) < len(labels):
        first.append((query, f"Mean of {len(query):,} selected"))
    return [*first, *(((index,), f"{index} · {label}") for index, label in enumerate(labels))]


def _selected(tokens: Tokens, view: View) -> tuple[int, ...] | None:
    found = tokens.find_all(view[Selection].queries)
    return tuple(found.tolist()) or None


def _readout(trace: Trace, asked: Tokens) -> str:
    if trace.readout is not None and trace.readout < len(asked):
        return f"Readout, {asked.labels[trace.readout]}"
    return "Mean of all"
