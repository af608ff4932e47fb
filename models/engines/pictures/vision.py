"""A picture through a vision transformer: patches without squashing, every attention call recorded.

Plain ones keep one grid of patches; those in stages (Swin, SwinV2, SegFormer, PVT) have one a stage.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.asking.chunks import whole
from headlight.models.attention.asking.coverage import said_of
from headlight.models.attention.asking.implementations import unchanged
from headlight.models.attention.capture import Call
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.attention.stages import MAX_UNITS, Stages, unit_of
from headlight.models.attention.statistics import artifact_tokens
from headlight.models.attention.windows.blocks import Placement, WindowBlocks, placed_on
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.loading import is_untrained, load_entry, needs_only, told
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence, out_of_memory
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens
from headlight.models.core.trace import INPUT, Trace
from headlight.models.engines.heads import OF_PICTURES, Said, answers_of, head_of, proved, recorded
from headlight.models.engines.heads import said as spoken
from headlight.models.engines.pictures.found import DetectingHead
from headlight.models.engines.pictures.laying import laying_of, reordered
from headlight.models.engines.pictures.of_pixels import OfPixels, unrunnable
from headlight.models.engines.pictures.pixels import (
    LARGEST,
    USUAL,
    Fit,
    Normalisation,
    Seen,
    exactly,
    fit,
    in_squares,
    inner_square,
    snap_size,
)
from headlight.models.engines.pictures.placing import placing_of
from headlight.models.engines.pictures.seeing import (
    channels_of,
    drawn,
    image_size,
    part_that_sees,
    prefix_of,
    sides_of,
)
from headlight.models.explain import saliency


class VisionEngine(OfPixels):
    """A vision transformer, ready to run. Read from a folder by `VisionEngine.open`."""

    model: PreTrainedModel
    usual_size = USUAL
    """Pixels of the short side, where nothing else is asked for."""
    _single: tuple[int, int] | None = None
    """(height, width) of the only pictures that the model reads, in pixels; None of one that reads others."""
    _square = False
    """Whether it reads square pictures alone."""

    def __init__(self, model: PreTrainedModel, entry: Entry, device: str, untrained: bool = False) -> None:
        self.model = part_that_sees(model)
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        self._placing = placing_of(self.model)
        self.unit = unit_of(self.model.config) if self._placing is None else self._placing.unit
        self.sides = (self.unit,) * 2 if self.unit else sides_of(self.model.config, entry.title)
        self.laying = laying_of(self.model, self.sides[0])
        if self.unit:  # squares that hold whole windows are units themselves
            self.unit *= self.laying.multiple
            self.sides = (self.unit, self.unit)
        self.prefix = () if self.unit else (*prefix_of(self.model), *self.laying.behind)
        self._blocks = WindowBlocks(self.model)
        self.normalisation = Normalisation.of(entry.folder, channels_of(self.model.config), self.model.config)
        accepted = inspect.signature(self.model.forward).parameters
        self._options = {"interpolate_pos_encoding": True} if "interpolate_pos_encoding" in accepted else {}
        self._decoder: nn.Module | None = None
        self._said = entry.notices

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> VisionEngine:
        """Load the weights of a catalogue entry, or draw random ones where it has no folder.

        Of all but the bundled models it is made sure that they can be recorded. HeadlightError if not.
        """
        model, missing = load_entry(entry, device, task)
        body = part_that_sees(model)
        entry = told(entry, model, body, missing)
        engine = cls(model, entry, device, is_untrained(model, body, missing))
        engine._said += engine._completed(model, body, missing)
        if entry.where != "bundled":
            task.progress(0.9, "Comparing a recorded pass with a plain one")
            engine._make_sure(task)
        return engine

    def _completed(
        self, model: PreTrainedModel, body: PreTrainedModel, missing: frozenset[str]
    ) -> tuple[str, ...]:
        """Take what of the model that was loaded answers; notices. missing: weights that are random."""
        self.head, said = head_of(model, body, missing, self.entry, (*OF_PICTURES, "things"))
        if self.head is not None and self.head.task == "things":
            self.head = DetectingHead(model, body).over(self.laying, len(self.prefix))
        return said

    def _make_sure(self, task: Task) -> None:
        """Find out how the model can be recorded, on noise of the smallest size that it reads."""
        given = {"pixel_values", *self._options, *self.laying.names}
        needs_only(self.model, given, self.entry.title, "a picture")
        noise = self._of(self._small_noise())
        run = partial(self._forward, noise)
        self._asked, notice = way_to_record(self.model, self.entry.title, run, task)
        self._said += (notice,) if notice else ()
        made_for = image_size(self.model.config)
        if self.head is not None and made_for and not self.head.takes(self._options):
            noise = self._of(drawn(self.normalisation.channels, *made_for))  # as a whole it reads no other
        record = partial(recorded, self.model, partial(self._forward, noise), self._asked)
        self.head, said = proved(self.head, self.entry.title, noise, record)
        self._said += said

    def _small_noise(self) -> torch.Tensor:
        """[1, 3, H, W] of few patches. What of sizes the model reads is found on the way.

        HeadlightError where it does not even read the size that it was made for.
        """
        options, failed = self._options, unrunnable(self.entry.title)
        for size, square, exact, given in self._sizes():
            self._options = options if given else {}
            self._square, self._single = square, size if exact else None
            try:
                with torch.no_grad(), unchanged(self.model):
                    self._forward(self._of(values := drawn(self.normalisation.channels, *size)))
                return values
            except HeadlightError as error:
                failed = error
        raise failed if out_of_memory(failed) else unrunnable(self.entry.title)

    def _sizes(self) -> Iterator[tuple[tuple[int, int], bool, bool, bool]]:
        """Sizes to try, in pixels; whether it is of squares, or of this one alone; whether options are given.

        Positions of a picture that is not square may not be interpolated at all, not even to its own size.
        """
        made_for, (down, across) = image_size(self.model.config), self.sides
        if down == across:
            more = down if self.unit else self.laying.multiple * down  # a unit holds whole windows
            few = max(self._blocks.smallest, 2) * more
            yield (few, few + more), False, False, True
            yield (few, few), True, False, True
            if made_for and not made_for[0] % more and not made_for[1] % more:
                yield (made_for[0], made_for[1] + more), False, False, True
        if made_for:
            yield made_for, False, True, True
            yield made_for, False, True, False

    def run(self, pixels: np.ndarray, size: int | None = None, task: Task = SILENT) -> Trace:
        """One picture, uint8 (H, W, 3), its short side as `size` pixels (`usual_size`), through the model.

        The trace's inputs hold "pixel_values" float32 (3, rows·patch, columns·patch), exactly what the model
        saw; its outputs "patches" [rows, columns, channels], after the final norm. Raises HeadlightError for
        a picture too long and for a model whose tokens are not a prefix and the patches.
        """
        return self._traced(self._seen(pixels, size, task), task)

    def _seen(self, pixels: np.ndarray, size: int | None, task: Task) -> Seen:
        task.progress(0.0, "Preparing the picture")
        fitted = self._fit(*pixels.shape[:2], size or self.usual_size)
        values = self._preprocess(pixels, fitted)
        task.progress(0.0, f"{self.entry.title} looks at {values.shape[2]} × {values.shape[1]} pixels")
        return Seen(values, fitted)

    def _passed(
        self, given: Seen, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs, fitted = self._inputs(given, hidden), given.fitted
        began = time.perf_counter()
        with torch.no_grad(), self._recorded(changes, task) as calls, self._blocks.watched() as placed:
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        answers, unsaid = self._answered(output, inputs, given)
        if self.unit:
            layers = self._staged(calls, placed, Stages(fitted.grid, fitted.region))
            tokens, artifacts = layers[0].queries, np.empty(0, int)
        else:
            tokens = self._tokens(fitted)
            layers = self._plain(calls, placed, tokens)
            task.progress(0.9, "Looking for artifact tokens")
            artifacts = artifact_tokens(layers, tokens, task)
        return Trace(
            model=self.card,
            layers=numbered(layers),
            streams={INPUT: tokens},
            inputs={"pixel_values": inputs["pixel_values"][0].cpu().numpy()},
            readout=None if self.unit else self._readout(),
            seconds=seconds,
            device=self.device,
            artifacts=artifacts,
            notices=(
                *(*self._said, *fitted.notices, *unsaid),
                *said_of(self.entry.title, self.model, calls),
            ),
            outputs={"patches": self._patches(_state(output), layers[-1].queries)},
            answers=answers,
        )

    def _answered(self, output: Any, inputs: dict[str, Any], given: Seen) -> Said:
        if isinstance(self.head, DetectingHead):
            first, count = self.head.first, len(self.laying.behind)
            places = self._tokens(given.fitted).places(range(first, first + count))
            with torch.no_grad():
                return spoken(self.entry.title, self.head.said(output, inputs, given.fitted.region, places))
        return answers_of(self.head, self.entry.title, output, inputs, given.fitted.region)

    @property
    def _besides(self) -> frozenset[Offer]:
        """Saliency, where a decoder comes with the model, and of one grid how alike its tokens are."""
        drawn: set[Offer] = {"saliency"} if saliency.there_is(self.entry.folder) else set()
        return frozenset(drawn | ({"similarity"} if not self.unit else set()))

    def _saliency_of(self, output: Any, given: Seen, place: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        """In the mean of a patch, or of the picture."""
        rows, columns = given.fitted.grid
        patches = output.last_hidden_state[0, len(self.prefix) :].unflatten(0, (rows, columns))
        logits = self._deciding()(patches.permute(2, 0, 1)[None])[0, 0]
        if place is not None:
            if place < len(self.prefix):
                raise HeadlightError(f"{self.prefix[place]} has no place in the picture.", "Choose a patch.")
            row, column = divmod(place - len(self.prefix), columns)
            times = logits.shape[0] // rows
            logits = logits[row * times : (row + 1) * times, column * times : (column + 1) * times]
        return logits.mean(), logits.sigmoid().mean()

    def _deciding(self, task: Task = SILENT) -> nn.Module:
        """The saliency decoder. HeadlightError without one."""
        if self._decoder is None:
            task.progress(0.0, "Loading the saliency decoder")
            self._decoder = saliency.load(self.entry.folder, self.entry.title, self.device)
        return self._decoder

    def saliency(self, trace: Trace, task: Task = SILENT) -> np.ndarray:
        """float32 (H, W) in 0 to 1, in the frame of what the model saw. HeadlightError without a decoder."""
        decoder = self._deciding(task)
        task.progress(0.5, "Predicting saliency")
        height, width = trace.inputs["pixel_values"].shape[1:]
        return saliency.predict(decoder, trace.outputs["patches"], (height, width)).cpu().numpy()

    def _fit(self, height: int, width: int, size: int) -> Fit:
        if self._single is not None:
            grid = tuple(count // side for count, side in zip(self._single, self.sides, strict=True))
            return exactly(height, width, self._single, grid, self.entry.title)
        if self._square and height != width:
            return inner_square(height, width, lambda side: self._fitted(side, side, size), self.entry.title)
        return self._fitted(height, width, size)

    def _fitted(self, height: int, width: int, size: int) -> Fit:
        if not self.unit:
            return in_squares(fit, height, width, size, self.sides[0], self.laying.multiple)
        smallest = self._blocks.smallest * self.unit
        name = f"squares of {self.unit} pixels"
        raised = max(size, min(smallest, LARGEST))
        fitted = fit(height, width, raised, self.unit, MAX_UNITS, name)
        if snap_size(size, self.unit) >= smallest:
            return fitted
        said = (
            f"The short side was raised from {size:,} to {snap_size(raised, self.unit):,} pixels: windows of "
            f"{self._blocks.smallest} × {self._blocks.smallest} tokens need as many."
        )
        return replace(fitted, notices=(*fitted.notices, said))

    def _plain(
        self, calls: Sequence[Call], placed: dict[str, Placement], tokens: PatchTokens
    ) -> list[AttentionLayer]:
        """Layers on one grid, in which all tokens attend to each other, or those of a window."""
        order, layers = self.laying.order(tokens.grid, tokens.prefix), []
        for call in whole(calls):
            cut = placed.get(self._blocks.of(call.name) or "")
            if cut is not None and cut.grid == tokens.grid and not tokens.prefix:
                layers.append(placed_on(call, tokens, cut))
                continue
            if call.shape[0] != 1 or call.shape[2] != len(tokens) or call.shape[3] != len(tokens):
                raise self._misfit(f"{call.name} attends over {call.shape[2]:,} tokens ({call.kind})", tokens)
            layers.append(RecordedLayer(reordered(call, order), tokens, tokens))
        return layers

    def _staged(
        self, calls: Sequence[Call], placed: dict[str, Placement], stages: Stages
    ) -> list[AttentionLayer]:
        """Layers on the grids of their stages: in windows, or with keys on a coarser grid."""
        layers: list[AttentionLayer] = []
        for call in calls:
            if self._placing is not None and (layer := self._placing.layer(call, stages)) is not None:
                layers.append(layer)
                continue
            cut = placed.get(self._blocks.of(call.name) or "")
            windows, _, queries, keys = call.shape
            count = queries if cut is None else cut.grid[0] * cut.grid[1]
            tokens, reduced = stages.tokens(count), stages.tokens(count if cut else keys)
            if tokens is None or reduced is None or (cut is None and windows != 1):
                raise self._misfit(
                    f"{call.name} attends from {queries:,} to {keys:,} tokens, {windows:,} times", None
                )
            if cut is not None:
                layers.append(placed_on(call, tokens, cut))
            else:
                # Keys of a reduced sequence are the same map seen coarser, not another sequence.
                layers.append(RecordedLayer(replace(call, kind="self"), tokens, reduced))
        return layers

    def _patches(self, hidden: torch.Tensor, tokens: PatchTokens) -> torch.Tensor:
        """[rows, columns, channels] of an output [tokens, channels] or [channels, rows, columns]."""
        if hidden.ndim == 3 and hidden.shape[1:] == tokens.grid:
            return hidden.permute(1, 2, 0)
        if not len(hidden):
            raise self._misfit("it hands out no vectors of its patches", tokens)
        if hidden.ndim != 2 or len(hidden) != len(tokens):
            raise self._misfit(f"its output has the shape {tuple(hidden.shape)}", tokens)
        return hidden[tokens.prefix :].unflatten(0, tokens.grid)

    def _preprocess(self, pixels: np.ndarray, fitted: Fit) -> np.ndarray:
        """float32 (3, rows·patch, columns·patch): the region resampled in one step, then normalised."""
        height, width = (count * side for count, side in zip(fitted.grid, self.sides, strict=True))
        return self.normalisation.values(pixels, fitted.region, height, width)

    def _tokens(self, fitted: Fit) -> PatchTokens:
        rows, columns = fitted.grid
        patches = [f"patch ({row}, {column})" for row in range(rows) for column in range(columns)]
        special = np.arange(len(self.prefix) + len(patches)) < len(self.prefix)
        return PatchTokens((*self.prefix, *patches), special, grid=fitted.grid, region=fitted.region)

    def _inputs(self, given: Seen, hidden: Hidden | None) -> dict[str, Any]:
        """Pixels of patches that are hidden are of the mean colour."""
        return self._of(torch.from_numpy(given.values_without(hidden)).to(self.device))

    def _of(self, values: torch.Tensor) -> dict[str, Any]:
        return {"pixel_values": values.to(self.device), **self._options}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        """The pass over [b, 3, H, W]. Models with a fixed input size say so in words of their own."""
        try:
            output = self.model(**self.laying.fed(inputs), **(self.head.asks if self.head else {}))
            return self.laying.read(output, inputs, len(self.prefix))
        except MODEL_ERRORS as error:
            height, width = inputs["pixel_values"].shape[2:]
            made_for = image_size(self.model.config)
            size = f"{made_for[1]:,} × {made_for[0]:,} pixels" if made_for else "the size of its model card"
            raise HeadlightError(
                f"{self.entry.title} cannot read {width:,} × {height:,} pixels: {first_sentence(error)}",
                f"Choose the size it was made for ({size}), and a picture of that shape.",
            ) from error

    def _misfit(self, what: str, tokens: PatchTokens | None) -> HeadlightError:
        if tokens is None or self.unit:
            return HeadlightError(
                f"{self.entry.title} does not keep its tokens on grids of its stages: {what}.",
                "Choose Swin, SwinV2, SegFormer, or a plain vision transformer (ViT, DeiT, DINOv2, CLIP).",
            )
        rows, columns = tokens.grid
        return HeadlightError(
            f"{self.entry.title} does not keep one grid of patches: {what}, and {tokens.prefix} prefix "
            f"tokens with {rows} × {columns} patches are {len(tokens):,}.",
            "Choose a vision transformer (ViT, DeiT, DINOv2, DINOv3, CLIP, Swin, SegFormer).",
        )

    def _readout(self) -> int | None:
        """The class token, where there is one and the answer is not the mean of the patches."""
        pooled = getattr(self.model.config, "use_mean_pooling", False)
        return self.prefix.index("[CLS]") if "[CLS]" in self.prefix and not pooled else None


def _state(output: Any) -> torch.Tensor:
    """The last state of the only picture: [tokens, channels], or [channels, rows, columns]; nothing of a
    model that hands out none."""
    state, maps = output.get("last_hidden_state"), output.get("feature_maps")
    found = maps[-1] if state is None and maps else state
    return torch.empty(0) if found is None else found[0]
