"""A picture through a model whose learnt queries each cut a thing out (MaskFormer: Cheng et al. 2021,
"Per-Pixel Classification is Not All You Need for Semantic Segmentation"; Mask2Former: Cheng et al. 2022,
"Masked-attention Mask Transformer for Universal Image Segmentation").

The decoder's queries attend to each other and across to the cells of feature maps: of the coarsest, or of one
of three layer after layer, and there within the mask that the layer before has made. What these maps come of,
a network or windows of a transformer, and sampled attention between the maps, has no weights between tokens
that could be followed from here, and is left out.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.asking.implementations import unchanged
from headlight.models.attention.calls import Call
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.attention.same_answer import agree, floats
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import SEGMENTING, read_config
from headlight.models.catalogue.loading import is_untrained, load_model, told
from headlight.models.core.answers import Masks
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, OUTPUT, Box, PatchTokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.models.engines.paired.fed import Fed, Feeder, Grid
from headlight.models.engines.paired.processors import processor_of
from headlight.models.engines.paired.prompted.cut import Size, in_pixels, masks_of
from headlight.models.engines.run import Askable
from headlight.models.modules.recorder import recording

TRIED = (96, 128)
"""Height and width of the picture that a recorded pass is compared with a plain one on."""
MOST = 20
"""Masks that are told, the surest."""
_DECODER = ".transformer_module."
"""In the names of the calls that are shown."""
_STRIDES = (64, 32, 16, 8, 4)


@dataclass(frozen=True, eq=False)
class Given:
    """A picture as it is given. size: its height and width."""

    fed: Fed
    size: Size

    @property
    def seen(self) -> Size:
        height, width = self.fed.inputs["pixel_values"].shape[2:]
        return int(height), int(width)

    @property
    def filled(self) -> Size:
        """Of what the model sees the part that is no padding."""
        mask = self.fed.inputs.get("pixel_mask")
        return self.seen if mask is None else (int(mask[0, :, 0].sum()), int(mask[0, 0].sum()))

    @property
    def region(self) -> Box:
        """What the model sees, in pixels of the picture, beyond which padding reaches."""
        (height, width), (down, across) = self.size, self.filled
        return Box(0.0, 0.0, self.seen[1] * width / across, self.seen[0] * height / down)


class SegmentingEngine(Askable):
    """A model of masks by queries. Read from a folder by `SegmentingEngine.open`."""

    _hides = False

    def __init__(self, model: PreTrainedModel, feeder: Feeder, entry: Entry, device: str, untrained: bool):
        self.model, self._feeder = model, feeder
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        self._said = entry.notices

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> SegmentingEngine:
        """Load the weights of a catalogue entry that has its folder. HeadlightError where they cannot be
        loaded, or the model's attention cannot be recorded."""
        kind = getattr(transformers, SEGMENTING[read_config(entry.folder)["model_type"]])
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.8), kind)
        entry = told(entry, model, model, missing)
        prepare, notices = processor_of(entry.folder, model.config, entry.title)
        feeder = Feeder(prepare, (1, 1), 1, entry.title)
        engine = cls(model, feeder, entry, device, is_untrained(model, model, missing))
        engine._said += (
            *notices,
            f"Of {entry.title} the decoder is shown: how its feature maps come about is left out.",
        )
        task.progress(0.9, "Comparing a recorded pass with a plain one")
        noise = np.random.default_rng(0).integers(0, 256, (*TRIED, 3), np.uint8)
        inputs = engine._inputs(Given(feeder.fed(noise), TRIED), None)
        with torch.no_grad(), unchanged(model):
            plain = dict(floats(engine._forward(inputs)))
            with recording(model):
                seen = dict(floats(engine._forward(inputs)))
        if not agree(seen, plain):
            raise HeadlightError(f"{entry.title} answers otherwise while it is looked at.", "Choose another.")
        return engine

    @property
    def offers(self) -> frozenset[Offer]:
        return frozenset()

    def run(self, pixels: np.ndarray, size: int | None = None, task: Task = SILENT) -> Trace:
        """A picture, uint8 (H, W, 3), in the size that its folder says, whatever is asked for.

        The trace has the streams INPUT, cells of the finest map that is looked at, and OUTPUT, queries,
        called by what they found and lying at the box of their masks, and Masks of the surest; its outputs
        "logits" float32 [n, h, w] of these. HeadlightError for a picture that cannot be prepared.
        """
        task.progress(0.0, "Preparing the picture")
        return self._traced(Given(self._feeder.fed(pixels), (pixels.shape[0], pixels.shape[1])), task)

    def in_full(self, trace: Trace) -> np.ndarray:
        """bool (n, H, W): the masks of a trace in the picture's own pixels."""
        given = trace.run.given
        found = in_pixels(trace.outputs["logits"], given.seen, given.filled, given.size)
        return (found > 0).cpu().numpy()

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs = self._inputs(given, hidden)
        task.progress(0.1, f"{self.entry.title} looks at {given.seen[1]:,} × {given.seen[0]:,} pixels")
        began = time.perf_counter()
        with torch.no_grad(), unchanged(self.model), recording(self.model) as seen:
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        calls = [call for call in seen.calls if _DECODER in f".{call.name}"]
        logits, masks = output.class_queries_logits[0].float(), output.masks_queries_logits[0].float()
        queries, answer, chosen = self._found(logits, masks, given)
        layers = self._layers(calls, queries, given)
        cells = max((layer.keys for layer in layers if layer.stack == "cross"), key=len, default=None)
        if cells is None:
            raise self._misfit("none of its layers looks at a map of the picture")
        return Trace(
            model=self.card,
            layers=numbered(layers),
            streams={INPUT: cells, OUTPUT: queries},
            inputs={"pixel_values": inputs["pixel_values"][0].cpu().numpy()},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=self._said,
            outputs={"logits": masks[chosen]},
            answers=() if answer is None else (answer,),
        )

    def _layers(self, calls: Sequence[Call], queries: MixedTokens, given: Given) -> list[RecordedLayer]:
        """In the order in which a query goes through them."""
        grids: dict[int, PatchTokens] = {}
        found = []
        for call in calls:
            count = call.shape[3]
            across = "self" not in call.name.rpartition(".")[2]
            if across and count not in grids:
                grids[count] = self._cells(count, given)
            keys = grids[count] if across else queries
            if call.shape[0] != 1 or call.shape[2:] != (len(queries), len(keys)):
                raise self._misfit(f"{call.name} goes from {call.shape[2]:,} to {count:,} tokens")
            layer = RecordedLayer(replace(call, kind="cross" if across else "self"), queries, keys)
            layer.stack = "cross" if across else "decoder"
            found.append(layer)
        return found

    def _cells(self, count: int, given: Given) -> PatchTokens:
        """The cells of the map that has so many."""
        height, width = given.seen
        for stride in _STRIDES:
            rows, columns = -(-height // stride), -(-width // stride)
            if rows * columns == count:
                box = given.region
                right, bottom = box.x1 * columns * stride / width, box.y1 * rows * stride / height
                return Grid(rows, columns, Box(0.0, 0.0, right, bottom)).tokens()
        raise self._misfit(f"a map of {count:,} cells is none of {width:,} × {height:,} pixels")

    def _found(
        self, logits: Tensor, masks: Tensor, given: Given
    ) -> tuple[MixedTokens, Masks | None, np.ndarray]:
        """(the queries, what the surest cut out, which these are). logits: float [n, classes + 1], the last
        of nothing; masks: float [n, h, w]."""
        count = len(logits)
        named = self.model.config.id2label or {}
        labels, boxes = [f"query {number}" for number in range(count)], np.full((count, 4), np.nan)
        chosen, answer = np.arange(0), None
        if logits.isfinite().all() and masks.isfinite().all():
            scores, classes = logits.softmax(-1)[:, :-1].max(-1)
            names = [str(named.get(at, f"LABEL_{at}")) for at in classes.tolist()]
            labels = [f"{name} {score:.0%}" for name, score in zip(names, scores.tolist(), strict=True)]
            boxes = self._boxes(masks, given)
            chosen = scores.argsort(descending=True, stable=True)[:MOST].cpu().numpy()
            some = torch.from_numpy(chosen).to(masks.device)
            answer = masks_of(masks[some], scores[some], given.seen, given.filled, given.size)
            said = tuple(names[at] for at in chosen)
            answer = replace(answer, names=said, measure="probability", tokens=chosen)
        tokens = MixedTokens.named(labels, boxes, stream=OUTPUT)
        return tokens, answer, chosen

    def _boxes(self, masks: Tensor, given: Given) -> np.ndarray:
        """float64 (n, 4), in pixels of the picture: around each mask; NaN of an empty one."""
        found = np.full((len(masks), 4), np.nan)
        box, (rows, columns) = given.region, masks.shape[1:]
        for number, mask in enumerate((masks > 0).cpu().numpy()):
            down, across = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            if len(down):
                x = np.array([across[0], across[-1] + 1]) * box.x1 / columns
                y = np.array([down[0], down[-1] + 1]) * box.y1 / rows
                x, y = x.clip(0, given.size[1]), y.clip(0, given.size[0])
                found[number] = x[0], y[0], x[1], y[1]
        return found

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        taken = ("pixel_values", "pixel_mask")
        return {name: one.to(self.device) for name, one in given.fed.inputs.items() if name in taken}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return self.model(**inputs)
        except MODEL_ERRORS as error:
            height, width = inputs["pixel_values"].shape[2:]
            raise HeadlightError(
                f"{self.entry.title} cannot read {width:,} × {height:,} pixels: {first_sentence(error)}",
                "Choose another picture or model.",
            ) from error

    def _leaf(self, inputs: dict[str, Any], values: Tensor | None = None) -> AbstractContextManager:
        raise HeadlightError(f"No gradients are taken of {self.entry.title}.", "Choose another model.")

    def _misfit(self, why: str) -> HeadlightError:
        return HeadlightError(
            f"Where {self.entry.title} looks in the picture cannot be told: {why}.", "Choose another model."
        )
