"""Receptive fields of the network that read a picture: of any engine of pictures."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator
from typing import Any, Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from headlight.models.catalogue import entries, published
from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.core.field import Field
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import ModelCard, Trace
from headlight.models.fields.effective import Effective, effective_field
from headlight.models.fields.walk import walk

SEED = 0
"""Of noise and of shifts: the same inputs give the same field."""


class ImageEngine(Protocol):
    """What reads pictures, as far as its fields need it."""

    model: nn.Module
    card: ModelCard
    device: str


def fields_of(engine: ImageEngine, trace: Trace, task: Task = SILENT) -> tuple[Field, ...]:
    """The theoretical field of every layer, in order, up to the last that still has a map."""
    return fields_at(engine.model, trace.inputs["pixel_values"].shape[1:], task)


def effective_of(
    engine: ImageEngine,
    trace: Trace,
    layer: str,
    unit: tuple[int, int],
    inputs: int = 1,
    source: Literal["picture", "noise"] = "picture",
    task: Task = SILENT,
) -> Effective:
    """The effective field of a layer's unit, as the mean over `inputs` inputs of what the trace's size is.

    picture: what the network saw; of several inputs the others are the same picture moved on by a random
    way (what leaves at one side comes in at the other), so that something else lies under the field. noise:
    normal with the mean 0 and variance 1 of normalised pictures. HeadlightError for a layer or a unit that
    does not exist.
    """
    fields = {field.name: field for field in fields_of(engine, trace, task)}
    if layer not in fields:
        raise HeadlightError(f"{engine.card.title} has no layer “{layer}”.", "Choose one of the list.")
    field = fields[layer]
    field.centre(unit)  # says so if there is no such unit
    return effective_field(
        engine.model,
        _inputs(trace.inputs["pixel_values"], inputs, source, engine.device),
        field,
        unit,
        inputs,
        task,
        forward=called,
    )


def growth(id: str, size: int = 224, task: Task = SILENT) -> tuple[Field, ...]:
    """The theoretical fields of a network at size × size pixels, from its configuration alone, no weights.

    id: of a published network, or a model that the catalogue finds a folder for.
    """

    def grown() -> tuple[Field, ...]:
        task.progress(0.0, f"Following the fields of {id}")
        return _to_the_map(_skeleton(id), (size, size), task)

    return derived(None, ("growth", id, size), grown)


def fields_at(model: nn.Module, shape: tuple[int, int], task: Task = SILENT) -> tuple[Field, ...]:
    """The same of a loaded model for an input of `shape` (height, width), remembered."""
    shape = (int(shape[0]), int(shape[1]))
    parameters = inspect.signature(model.forward).parameters.values()
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    if len(needed) > 1:
        raise HeadlightError(
            "This network is given patches that were cut before, not pixels: its receptive fields cannot be "
            "followed.",
            "Choose a network that takes pixels.",
        )
    return derived(model, ("fields", shape), lambda: _to_the_map(twin(model), shape, task))


def map_field(model: nn.Module, shape: tuple[int, int], task: Task = SILENT) -> Field:
    """The field of the last feature map of a convolutional network for an input of `shape`."""
    return fields_at(model, shape, task)[-1]


def called(model: nn.Module, pixel_values: Tensor, **asked: bool) -> object:
    """The network over [1, 3, H, W], positions interpolated where it has some."""
    accepted = inspect.signature(model.forward).parameters
    options = {"interpolate_pos_encoding": True} if "interpolate_pos_encoding" in accepted else {}
    return model(pixel_values, **options, **asked)


def answer(model: nn.Module, pixels: Tensor) -> Tensor:
    """What the network returns before its head: [1, channels, rows, columns] or [1, tokens, channels]."""
    return feature_map(called(model, pixels))


def feature_map(output: Any) -> Tensor:
    """The last one among what a network returned."""
    return output if isinstance(output, Tensor) else output.last_hidden_state


def _to_the_map(model: nn.Module, shape: tuple[int, int], task: Task) -> tuple[Field, ...]:
    """The walk without what comes after the last map: a pooler sees everything and lies nowhere."""
    fields = walk(model, (3, *shape), task, forward=called)
    last = max((at for at, field in enumerate(fields) if max(field.shape) > 1), default=len(fields) - 1)
    return fields[: last + 1]


def twin(model: nn.Module) -> nn.Module:
    """The same network without weights, on the meta device: a pass in another thread does not meet it."""
    config = copy.deepcopy(model.config)
    if getattr(config, "_attn_implementation", None) not in (None, "eager", "sdpa"):
        config._attn_implementation = "sdpa"  # a pass in another thread is being recorded
    with torch.device("meta"):
        return type(model)(config).eval().requires_grad_(False)


def _skeleton(id: str) -> nn.Module:
    if id in published.PUBLISHED:
        return published.skeleton(id)
    entry = entries.find(id)
    if entry.folder is None or not entry.reads("image"):
        raise HeadlightError(
            f"{entry.title} is no network for pictures whose configuration is on this computer.",
            "Choose an id of the catalogue, or open it once.",
        )
    from headlight.models.catalogue.loading import skeleton

    return skeleton(entry.folder)


def _inputs(values: np.ndarray, count: int, source: str, device: str) -> Iterator[Tensor]:
    """`count` inputs [1, 3, H, W] on the device."""
    random = np.random.default_rng(SEED)
    for number in range(count):
        if source == "noise":
            drawn = random.standard_normal(values.shape, np.float32)
        elif number:
            drawn = np.roll(values, random.integers(0, values.shape[1:]), (1, 2))
        else:
            drawn = values
        yield torch.from_numpy(drawn)[None].to(device)
