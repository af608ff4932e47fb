"""A picture through a model that is shown by clicks what to cut out (SAM: Kirillov et al. 2023, section 3).

A vision transformer sees the picture once. Its decoder goes two ways: tokens of the prompts attend to each
other and to the cells of the picture, and the cells attend to the tokens. So there are two streams, cells and
tokens, and four stacks: the encoder over cells, the decoder's self-attention, its cross attention from tokens
to cells, and the one back. A click asks the decoder alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.asking.chunks import whole
from headlight.models.attention.asking.decomposed import decomposes, watching
from headlight.models.attention.calls import Call
from headlight.models.attention.capture import recording
from headlight.models.attention.recorded import BlockLayer, RecordedLayer, numbered
from headlight.models.attention.windows.blocks import WindowBlocks, placed_on
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import PROMPTED, read_config
from headlight.models.catalogue.loading import is_untrained, load_model, told
from headlight.models.core.answers import Masks
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden, Intervention, Offer, OnHeads, on_heads
from headlight.models.core.settings import BACK
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, OUTPUT, Box, PatchTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.models.engines.paired.processors import Prepare, processor_of
from headlight.models.engines.paired.prompted.cut import in_pixels, masks_of
from headlight.models.engines.paired.prompted.prompts import Corners, Point, Prompts
from headlight.models.engines.run import Askable

TRIED = (60, 90)
"""Height and width of the picture that a recorded pass is compared with a plain one on."""
DECODER = "mask_decoder."
"""How the names of its calls begin."""


@dataclass(frozen=True, eq=False)
class Picture:
    """pixels: uint8 (H, W, 3). values: float32 [1, 3, h, w], what the model sees. filled: (height, width) of
    that which the picture fills, from the top left; the rest is padding. cells: that the decoder looks at.
    once: masks are resampled to the picture at once."""

    pixels: np.ndarray
    values: Tensor
    filled: tuple[int, int]
    cells: PatchTokens
    once: bool

    @property
    def size(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    @property
    def seen(self) -> tuple[int, int]:
        return self.values.shape[2], self.values.shape[3]

    @property
    def through(self) -> tuple[int, int] | None:
        """The size by way of which masks come to the picture's."""
        return None if self.once else self.seen

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels that the model sees a pixel of the picture, across and down."""
        return self.filled[1] / self.size[1], self.filled[0] / self.size[0]


@dataclass(frozen=True, eq=False)
class Given:
    picture: Picture
    prompts: Prompts


@dataclass(frozen=True, eq=False)
class Looked:
    """What the encoder made of a picture with some heads changed: [1, d, rows, columns], of SAM 2 a list of
    such, and its layers."""

    picture: Picture
    changes: tuple[OnHeads, ...]
    states: Any
    layers: tuple[BlockLayer, ...]


class PromptedEngine(Askable):
    """A model that cuts out what it is shown. Read from a folder by `PromptedEngine.open`."""

    takes: tuple[str, ...] = ("at", "not_at", "around")
    """What `run` takes beside a picture; nothing where the decoder cannot be run."""
    _hides = False

    def __init__(self, model: PreTrainedModel, prepare: Prepare, entry: Entry, device: str, untrained: bool):
        self.model, self._prepare = model, prepare
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        self._said = entry.notices
        self._eye = model.vision_encoder
        self._blocks = WindowBlocks(self._eye)
        self._eye_asked, self._decomposes = False, decomposes(self._eye)
        self._staged = hasattr(model.mask_decoder, "obj_score_token")  # SAM 2
        self._last: Looked | None = None

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> PromptedEngine:
        """Load the weights of a catalogue entry that has its folder. HeadlightError where they cannot be
        loaded, or the model's attention cannot be recorded."""
        kind = getattr(transformers, PROMPTED[read_config(entry.folder)["model_type"]])
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.8), kind)
        side = model.config.prompt_encoder_config.image_size
        prepare, notices = processor_of(entry.folder, model.config, entry.title, side)
        entry = told(entry, model, model, missing)
        engine = cls(model, prepare, entry, device, is_untrained(model, model, missing))
        engine._said += notices
        task.progress(0.9, "Comparing a recorded pass with a plain one")
        engine._make_sure(task)
        return engine

    def _make_sure(self, task: Task) -> None:
        """Find out how either part can be recorded, and whether the decoder can be asked."""
        noise = self._pictured(np.random.default_rng(0).integers(0, 256, (*TRIED, 3), np.uint8))
        title, see = self.entry.title, partial(self._seeing, noise.values)
        if self._staged:
            said = f"Of {title} the decoder is shown: its encoder works in stages, whose layers are left out."
            self._said += (said,)
        elif not self._decomposes:  # else it is looked at as it runs
            self._eye_asked, notice = way_to_record(self._eye, title, see, task)
            self._said += (notice,) if notice else ()
        with torch.no_grad():
            states = see()
        shown = Prompts(((3, 4),)).inputs(noise.scale, self.device)
        try:
            answer = partial(self._forward, {"image_embeddings": states, **shown})
            self._asked, notice = way_to_record(self.model, title, answer, task)
            self._said += (notice,) if notice else ()
        except HeadlightError as error:
            self.takes = ()
            self._said += (f"{error.cause} Its encoder alone is shown.",)

    @property
    def _ahead(self) -> tuple[str, ...]:
        """What the decoder's learnt tokens are called."""
        masks = (f"mask {number}" for number in range(self.model.mask_decoder.num_mask_tokens))
        return (*(("object",) if self._staged else ()), "IoU", *masks)

    @property
    def offers(self) -> frozenset[Offer]:
        found: set[Offer] = {"clicks"} if self.takes else set()
        return (super().offers & {"heads"}) | found

    def run(
        self,
        pixels: np.ndarray,
        size: int | None = None,
        task: Task = SILENT,
        at: tuple[Point, ...] = (),
        not_at: tuple[Point, ...] = (),
        around: Corners | None = None,
    ) -> Trace:
        """A picture, uint8 (H, W, 3), in the size that its folder says, whatever is asked for, and what to
        cut out of it, as `Prompts` has it; without any the encoder alone, of SAM 2 a decoder that is shown
        nothing.

        The trace has the streams INPUT, cells of the picture, and OUTPUT, tokens of the decoder, and Masks;
        its outputs "logits" float32 [n, h, w] of masks. HeadlightError for what lies outside of the picture.
        """
        prompts = Prompts(at, not_at, around)
        prompts.check(*pixels.shape[:2])
        last = self._last
        if last is not None and last.picture.pixels is pixels:
            return self._traced(Given(last.picture, prompts), task)
        task.progress(0.0, "Preparing the picture")
        return self._traced(Given(self._pictured(pixels), prompts), task)

    def in_full(self, trace: Trace) -> np.ndarray:
        """bool (n, H, W): the masks of a trace in the picture's own pixels."""
        picture = trace.run.given.picture
        found = in_pixels(trace.outputs["logits"], picture.through, picture.filled, picture.size)
        return (found > 0).cpu().numpy()

    def _pictured(self, pixels: np.ndarray) -> Picture:
        """HeadlightError for a picture that cannot be prepared."""
        height, width = pixels.shape[:2]
        try:
            found = self._prepare(pixels)
        except MODEL_ERRORS as error:
            raise self._unread(height, width, error) from error
        values = found["pixel_values"].to(self.device)
        seen = (int(values.shape[2]), int(values.shape[3]))
        resized = found.get("reshaped_input_sizes")
        filled = seen if resized is None else tuple(int(one) for one in resized[0])
        asked = self.model.config.prompt_encoder_config
        rows = columns = asked.image_size // asked.patch_size
        region = Box(0.0, 0.0, seen[1] * width / filled[1], seen[0] * height / filled[0])
        labels = tuple(f"patch ({row}, {column})" for row in range(rows) for column in range(columns))
        cells = PatchTokens(labels, np.zeros(len(labels), bool), grid=(rows, columns), region=region)
        return Picture(pixels, values, (filled[0], filled[1]), cells, once=resized is None)

    # -- a pass ----------------------------------------------------------------------------------------------

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        began, picture = time.perf_counter(), given.picture
        decoding = [one for one in on_heads(changes) if one.layer.startswith(DECODER)]
        looked = self._looked(picture, tuple(one for one in on_heads(changes) if one not in decoding), task)
        streams: dict[str, Tokens] = {INPUT: picture.cells}
        layers, answers, outputs = [*looked.layers], (), {}
        if given.prompts or self._staged:  # whose decoder alone has layers that are shown
            inputs = given.prompts.inputs(picture.scale, self.device)
            with torch.no_grad(), self._recorded(decoding, task) as calls:
                output = self._forward({"image_embeddings": looked.states, **inputs})
            tokens = given.prompts.tokens(self._ahead, self._staged, picture.cells)
            streams[OUTPUT] = tokens
            layers += self._decoding(calls, picture.cells, tokens)
            logits, scores = output.pred_masks[0, 0], output.iou_scores[0, 0]
            answers = self._answered(logits, scores, picture) if given.prompts else ()
            outputs = {"logits": logits}
        elif decoding:
            raise HeadlightError(
                f"{decoding[0].layer} does not run before anything is shown to it.", "Click on the picture."
            )
        return Trace(
            model=self.card,
            layers=numbered(layers),
            streams=streams,
            inputs={"pixel_values": picture.values[0].cpu().numpy()},
            readout=None,
            seconds=time.perf_counter() - began,
            device=self.device,
            notices=self._said,
            outputs=outputs,
            answers=answers,
        )

    def _looked(self, picture: Picture, changes: tuple[OnHeads, ...], task: Task) -> Looked:
        """What the encoder makes of a picture: computed once, and kept until another one comes."""
        last = self._last
        if last is not None and last.picture is picture and last.changes == changes:
            return last
        height, width = picture.seen
        task.progress(0.0, f"{self.entry.title} looks at {width:,} × {height:,} pixels")
        if self._staged and changes:
            raise HeadlightError(f"There is no layer {changes[0].layer}.", "Choose one of the decoder's.")
        if self._staged:
            with torch.no_grad():
                self._last = Looked(picture, changes, self._seeing(picture.values), ())
            return self._last
        if self._decomposes and not changes:
            recorded = watching(self._eye, task)
        else:
            recorded = recording(self._eye, task, self._eye_asked or self._decomposes, changes)
        with torch.no_grad(), recorded as calls, self._blocks.watched() as placed:
            states = self._seeing(picture.values)
        layers: list[BlockLayer] = []
        for call in whole(calls):
            cut = placed.get(self._blocks.of(call.name) or "")
            if cut is not None and cut.grid == picture.cells.grid:
                layer: BlockLayer = placed_on(call, picture.cells, cut)
            elif call.shape[0] == 1 and call.shape[2] == call.shape[3] == len(picture.cells):
                layer = RecordedLayer(call, picture.cells, picture.cells)
            else:
                raise self._misfit(call)
            layer.stack = "encoder"
            layers.append(layer)
        self._last = Looked(picture, changes, states, tuple(layers))
        return self._last

    def _seeing(self, values: Tensor) -> Any:
        try:
            if self._staged:
                return self.model.get_image_embeddings(values)
            return self._eye(values).last_hidden_state
        except MODEL_ERRORS as error:
            raise self._unread(*values.shape[2:], error) from error

    def _decoding(self, calls: Sequence[Call], cells: PatchTokens, tokens: Tokens) -> list[RecordedLayer]:
        ends = {"decoder": (tokens, tokens), "cross": (tokens, cells), BACK: (cells, tokens)}
        found: list[RecordedLayer] = []
        for call in calls:
            name = call.name.partition(":")[0]
            stack = "cross" if name.endswith("token_to_image") else "decoder"
            stack = BACK if name.endswith("image_to_token") else stack
            queries, keys = ends[stack]
            if call.shape[2:] != (len(queries), len(keys)):
                raise self._misfit(call)
            layer = RecordedLayer(call, queries, keys)
            layer.stack = stack
            found.append(layer)
        return found

    def _answered(self, logits: Tensor, scores: Tensor, picture: Picture) -> tuple[Masks, ...]:
        if not (logits.isfinite().all() and scores.isfinite().all()):
            return ()
        masks = self._ahead.index("mask 0")
        return (masks_of(logits, scores, picture.through, picture.filled, picture.size, masks),)

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        picture = given.picture
        return {"pixel_values": picture.values, **given.prompts.inputs(picture.scale, self.device)}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return self.model(**inputs)
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.entry.title} cannot cut anything out: {first_sentence(error)}",
                "Choose another picture or model.",
            ) from error

    @contextmanager
    def _leaf(self, inputs: dict[str, Any], values: Tensor | None = None) -> Iterator[list[Tensor]]:
        raise HeadlightError(f"No gradients are taken of {self.entry.title}.", "Choose another model.")

    def _unread(self, height: int, width: int, error: Exception) -> HeadlightError:
        return HeadlightError(
            f"{self.entry.title} cannot read {width:,} × {height:,} pixels: {first_sentence(error)}",
            "Choose another picture or model.",
        )

    def _misfit(self, call: Call) -> HeadlightError:
        return HeadlightError(
            f"Where {self.entry.title} looks in the picture cannot be told: {call.name} goes from "
            f"{call.shape[2]:,} to {call.shape[3]:,} tokens.",
            "Choose another model.",
        )
