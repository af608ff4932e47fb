"""A picture through a convolutional network: its last feature map, and where that map's units lie."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from models.attention import Trace
from models.catalog import Entry
from models.errors import HeadlightError, first_line
from models.image_fields import answer, map_field
from models.loading import load_entry
from models.pixels import Normalisation
from models.receptive_field import Field
from models.task import SILENT, Task
from models.tokens import Box, PatchTokens
from models.vision import LARGEST, snap_size

MAX_PIXELS = LARGEST**2
"""Of what a network sees: the largest square that can be asked for."""
PROBE = 255
"""Pixels of a side that no usual stride divides: it shows whether a network leaves out what is left over."""


@dataclass(frozen=True)
class Sight:
    """What the network sees: height × width pixels of its own, from `region` of the picture."""

    height: int
    width: int
    region: Box
    notices: tuple[str, ...] = ()


def sight(height: int, width: int, size: int, multiple: int) -> Sight:
    """How a picture of height × width is seen when its short side becomes `size` pixels.

    multiple: what both sides seen must be a multiple of. The short side is covered whole, of the long side
    the centred part that makes a whole number; both axes have one scale. Where this would make more than
    MAX_PIXELS the size is lowered, and a notice says so.
    """
    short, long = min(height, width), max(height, width)
    wanted = snap_size(size, multiple) // multiple
    most = math.isqrt(MAX_PIXELS // multiple**2 * short // long)
    across = min(wanted, most)  # multiples on the short side
    if not across:
        raise HeadlightError(
            f"The picture is {width:,} × {height:,} pixels: no strip of it that the network can take stays "
            f"within {MAX_PIXELS:,} pixels.",
            "Crop it to a less extreme shape.",
        )
    notices = ()
    if across < wanted:
        notices = (
            f"The picture is {width:,} × {height:,} pixels: its short side was lowered from "
            f"{wanted * multiple:,} to {across * multiple:,} pixels, to stay within {MAX_PIXELS:,} in all.",
        )
    along = long * across // short
    covered = along * short / across  # of the long side, in the picture's pixels
    margin = (long - covered) / 2
    if width >= height:
        region = Box(margin, 0.0, margin + covered, float(height))
        return Sight(across * multiple, along * multiple, region, notices)
    region = Box(0.0, margin, float(width), margin + covered)
    return Sight(along * multiple, across * multiple, region, notices)


def map_region(field: Field, seen: Sight) -> Box:
    """The part of the picture that the last map's units stand for, one stride each; field: the map's.

    Each unit's cell is centred on the middle of what it sees, which is not where the picture cut into equal
    parts would put it: with a padding of 3 at its first convolution a ResNet's unit 0 looks at pixel 0, so
    that its map of 7 × 7 reaches from −15.5 to 208.5 of 224 pixels and leaves 15.5 at the other end. A cell
    may therefore lie partly outside of the picture.
    """
    scale = (seen.region.y1 - seen.region.y0) / seen.height  # the same on both axes
    first = field.centre((0, 0))
    (y0, y1), (x0, x1) = (
        ((c - j / 2) * scale, (c + (n - 0.5) * j) * scale)
        for c, j, n in zip(first, field.stride, field.shape, strict=True)
    )
    return Box(seen.region.x0 + x0, seen.region.y0 + y0, seen.region.x0 + x1, seen.region.y0 + y1)


class ConvolutionalEngine:
    """A convolutional network, ready to run. Made of a catalogue entry by `ConvolutionalEngine.open`."""

    def __init__(self, model: nn.Module, entry: Entry, device: str, untrained: bool = False) -> None:
        self.model, self.entry, self.device = model, entry, device
        self.card = entry.card(untrained)
        self.normalisation = Normalisation.of(entry.folder)
        self._multiple: int | None = None

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> ConvolutionalEngine:
        """Load the network's weights, or draw random ones where the entry has no folder."""
        model, untrained = load_entry(entry, device, task)
        return cls(model, entry, device, untrained)

    def run(self, pixels: np.ndarray, size: int = 518, task: Task = SILENT) -> Trace:
        """One picture, uint8 (H, W, 3), its short side as `size` pixels, through the network.

        The trace has no layers of attention; its tokens are the units of the last feature map. Its inputs
        hold "pixel_values" float32 (3, height, width), exactly what the network saw, its outputs "patches"
        [rows, columns, channels]. Raises HeadlightError for a picture too long, or too small for the network.
        """
        task.progress(0.0, "Preparing the picture")
        seen = sight(*pixels.shape[:2], size, self._needed(task))
        values = self.normalisation.values(pixels, seen.region, seen.height, seen.width)
        task.progress(0.1, f"{self.entry.title} looks at {seen.width:,} × {seen.height:,} pixels")
        began = time.perf_counter()
        with torch.no_grad(), _cancellable(self.model, task), self._explained(seen):
            features = answer(self.model, torch.from_numpy(values)[None].to(self.device))[0]
        seconds = time.perf_counter() - began
        task.progress(0.8, "Finding where its units lie")
        field = map_field(self.model, (seen.height, seen.width), task)
        rows, columns = features.shape[1:]
        labels = tuple(f"unit ({row}, {column})" for row in range(rows) for column in range(columns))
        tokens = PatchTokens(
            labels, np.zeros(len(labels), bool), grid=(rows, columns), region=map_region(field, seen)
        )
        notices = (self.entry.notice,) if self.entry.notice else ()
        return Trace(
            model=self.card,
            layers=(),
            tokens=tokens,
            inputs={"pixel_values": values},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=(*notices, *seen.notices),
            outputs={"patches": features.movedim(0, -1)},
        )

    def _needed(self, task: Task) -> int:
        """What the sides of its input must be multiples of: its total stride, or 1.

        A network whose strided layers have no padding (ConvNeXt, VGG) leaves out the pixels that its stride
        does not divide, at the right and below. It gets a multiple, cut from the picture's middle, so that
        the map covers what was seen. One that pads (ResNet, MobileNet) reads every pixel and is given all.
        """
        if self._multiple is None:
            field = map_field(self.model, (PROBE, PROBE), task)
            stride = field.stride[0]
            self._multiple = stride if field.shape[0] < -(-PROBE // stride) else 1
        return self._multiple

    @contextmanager
    def _explained(self, seen: Sight) -> Iterator[None]:
        """Networks say in words of their own that a picture is too small for them."""
        try:
            yield
        except (RuntimeError, ValueError) as error:
            raise HeadlightError(
                f"{self.entry.title} cannot read {seen.width:,} × {seen.height:,} pixels: "
                f"{first_line(error).rstrip('.')}.",
                "Choose a larger size, or crop the picture to a less extreme shape.",
            ) from error


@contextmanager
def _cancellable(model: nn.Module, task: Task) -> Iterator[None]:
    """Look for a cancel before every convolution."""
    hooks = [
        layer.register_forward_pre_hook(lambda *_: task.check())
        for layer in model.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
