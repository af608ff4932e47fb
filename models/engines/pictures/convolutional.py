"""A picture through a convolutional network: its last feature map, and where that map's units lie."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from headlight.models.attention.calls import Call
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.heads import body_of
from headlight.models.catalogue.loading import is_untrained, load_entry, told
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_line
from headlight.models.core.field import Field
from headlight.models.core.interventions import Hidden, Intervention, on_heads
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box, PatchTokens
from headlight.models.core.trace import INPUT, Trace
from headlight.models.engines.heads import OF_PICTURES, answers_of, head_of, proved
from headlight.models.engines.pictures.of_pixels import OfPixels, unrunnable
from headlight.models.engines.pictures.pixels import LARGEST, USUAL, Fit, Normalisation, Seen, fit
from headlight.models.fields.of_images import answer, called, feature_map, map_field, twin

MAX_PIXELS = LARGEST**2
"""Of what a network sees: the largest square that can be asked for."""
NOISE = (1, 3, 224, 224)
"""What the head is tried on."""
PROBES = (511, 1023)
"""Pixels of a side that no usual stride divides: they show whether a network leaves out what is left over."""


def map_region(field: Field, seen: Box) -> Box:
    """The part of the picture that a map's units stand for, one stride each. seen: what the network saw.

    Each unit's cell is centred on the middle of what it sees, which is not where the picture cut into equal
    parts would put it: with a padding of 3 at its first convolution a ResNet's unit 0 looks at pixel 0, so
    that its map of 7 × 7 reaches from −15.5 to 208.5 of 224 pixels and leaves 15.5 at the other end. A cell
    may therefore lie partly outside of the picture.
    """
    scale = (seen.y1 - seen.y0) / field.input_shape[0]  # the same on both axes
    first = field.centre((0, 0))
    (y0, y1), (x0, x1) = (
        ((c - j / 2) * scale, (c + (n - 0.5) * j) * scale)
        for c, j, n in zip(first, field.stride, field.shape, strict=True)
    )
    return Box(seen.x0 + x0, seen.y0 + y0, seen.x0 + x1, seen.y0 + y1)


class ConvolutionalEngine(OfPixels):
    """A convolutional network, ready to run. Made of a catalogue entry by `ConvolutionalEngine.open`."""

    def __init__(self, model: nn.Module, entry: Entry, device: str, untrained: bool = False) -> None:
        self.model, self.entry, self.device = model, entry, device
        self._said = entry.notices
        self.card = entry.card(untrained)
        self.normalisation = Normalisation.of(entry.folder, config=getattr(model, "config", None))
        self._multiple: int | None = None

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> ConvolutionalEngine:
        """Load the network's weights, or draw random ones where the entry has no folder."""
        model, missing = load_entry(entry, device, task)
        body = body_of(model) if isinstance(model, PreTrainedModel) else model
        entry = told(entry, model, body, missing)
        engine = cls(body, entry, device, is_untrained(model, body, missing))
        engine._look_at_map()
        engine.head, said = head_of(model, body, missing, entry, OF_PICTURES)
        engine._said += said or engine._prove()
        return engine

    def _look_at_map(self) -> None:
        """HeadlightError where a picture of a usual size leaves no map."""
        try:
            self._units(NOISE[2:3])
        except MODEL_ERRORS as error:
            raise unrunnable(self.entry.title) from error

    def _prove(self) -> tuple[str, ...]:
        """Notices where the head must not be used, which is left out then."""
        noise = torch.randn(NOISE, generator=torch.Generator().manual_seed(0)).to(self.device)

        def run() -> Any:
            with torch.no_grad():
                return called(self.model, noise, **self.head.asks)

        self.head, said = proved(self.head, self.entry.title, {"pixel_values": noise}, run)
        return said

    def run(self, pixels: np.ndarray, size: int | None = None, task: Task = SILENT) -> Trace:
        """One picture, uint8 (H, W, 3), its short side as `size` pixels (518), through the network.

        The trace has no layers of attention; its tokens are the units of the last feature map. Its inputs
        hold "pixel_values" float32 (3, height, width), exactly what the network saw, its outputs "patches"
        [rows, columns, channels]. Raises HeadlightError for a picture too long, or too small for the network.
        """
        task.progress(0.0, "Preparing the picture")
        fitted = self._fit(*pixels.shape[:2], size or USUAL)
        values = self.normalisation.values(pixels, fitted.region, *fitted.grid)
        task.progress(0.1, f"{self.entry.title} looks at {fitted.grid[1]:,} × {fitted.grid[0]:,} pixels")
        return self._traced(Seen(values, fitted), task)

    def _passed(
        self, given: Seen, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs, fitted = self._inputs(given, hidden), given.fitted
        began = time.perf_counter()
        with torch.no_grad(), _cancellable(self.model, task), self._recorded(changes, task):
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        answers, unsaid = answers_of(self.head, self.entry.title, output, inputs, fitted.region)
        features = feature_map(output)[0]
        rows, columns = features.shape[1:]
        region, unknown = self._region(fitted, (rows, columns), task)
        labels = tuple(f"unit ({row}, {column})" for row in range(rows) for column in range(columns))
        tokens = PatchTokens(labels, np.zeros(len(labels), bool), grid=(rows, columns), region=region)
        return Trace(
            model=self.card,
            layers=(),
            streams={INPUT: tokens},
            inputs={"pixel_values": inputs["pixel_values"][0].cpu().numpy()},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=(*self._said, *fitted.notices, *unknown, *unsaid),
            outputs={"patches": features.movedim(0, -1)},
            answers=answers,
        )

    def _fit(self, height: int, width: int, size: int) -> Fit:
        """What is seen of a picture; the grid is that of the pixels the network gets.

        A network whose strided layers have no padding (ConvNeXt, VGG) leaves out the pixels that its stride
        does not divide, at the right and below. It gets a multiple, cut from the picture's middle, so that
        the map covers what was seen. One that pads (ResNet, MobileNet) reads every pixel and is given all.
        """
        if self._multiple is None:
            few, many = self._units(PROBES)
            stride = round((PROBES[1] - PROBES[0]) / max(many - few, 1))
            self._multiple = stride if many < -(-PROBES[1] // stride) else 1
        unit = self._multiple
        name = "pixels" if unit == 1 else f"squares of {unit} pixels"
        fitted = fit(height, width, size, unit, MAX_PIXELS // unit**2, name)
        return replace(fitted, grid=(fitted.grid[0] * unit, fitted.grid[1] * unit))

    def _region(self, fitted: Fit, grid: tuple[int, int], task: Task) -> tuple[Box, tuple[str, ...]]:
        """(where the units lie, notices). Of a network that cannot be followed: evenly over what it saw."""
        task.progress(0.8, "Finding where the map's units lie")
        try:
            field = map_field(self.model, fitted.grid, task)
        except HeadlightError as error:
            said = f"Where the map's units lie is known to half a stride only. {error.cause}"
            return fitted.region, (said,)
        if field.shape != grid:
            raise ValueError(f"{self.entry.title}: a map of {grid} units, but a field of {field.shape}")
        return map_region(field, fitted.region), ()

    def _units(self, sides: tuple[int, ...]) -> list[int]:
        """Units per axis of the map of a square of each of these sides. Nothing is computed for it."""
        model = twin(self.model)
        with torch.no_grad():
            maps = [answer(model, torch.empty(1, 3, side, side, device="meta")) for side in sides]
        if any(found.ndim != 4 for found in maps):
            raise HeadlightError(
                f"{self.entry.title} hands out its last map as a row of units, without the map's shape.",
                "Choose another network, such as resnet50 or convnext-tiny.",
            )
        return [found.shape[2] for found in maps]

    def _inputs(self, given: Seen, hidden: Hidden | None) -> dict[str, Any]:
        """Pixels of units that are hidden are of the mean colour."""
        return {"pixel_values": torch.from_numpy(given.values_without(hidden)).to(self.device)}

    @contextmanager
    def _recorded(
        self, changes: Sequence[Intervention], task: Task, flowing: bool = False
    ) -> Iterator[list[Call]]:
        if on_heads(changes):
            raise HeadlightError(f"{self.entry.title} has no heads to change.", "Choose a transformer.")
        yield []

    def _features(self, output: Any) -> torch.Tensor:
        return feature_map(output)

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        """Networks say in words of their own that a picture is too small for them."""
        try:
            return called(self.model, inputs["pixel_values"], **(self.head.asks if self.head else {}))
        except (RuntimeError, ValueError) as error:
            height, width = inputs["pixel_values"].shape[2:]
            raise HeadlightError(
                f"{self.entry.title} cannot read {width:,} × {height:,} pixels: "
                f"{first_line(error).rstrip('.')}.",
                "Choose a larger size, or crop the picture to a less extreme shape.",
            ) from error


@contextmanager
def _cancellable(model: nn.Module, task: Task) -> Iterator[None]:
    """Look for a cancel before every convolution that this thread runs: another may be in the model too."""
    mine = threading.get_ident()

    def check(*_: object) -> None:
        if threading.get_ident() == mine:
            task.check()

    hooks = [
        layer.register_forward_pre_hook(check) for layer in model.modules() if isinstance(layer, nn.Conv2d)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
