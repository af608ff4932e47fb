"""Two pictures through a model that finds points of one in the other (SuperGlue: Sarlin et al. 2020,
section 3; LightGlue: Lindenberger et al. 2023, section 3).

A network finds points in either picture (SuperPoint: DeTone et al. 2018). These are tokens that attend to
those of their own picture, and, layer about layer, to those of the other. Both pictures stand beside each
other in one, and so all their points are one sequence: a layer over one picture is two blocks of it, a layer
across the two others. LightGlue leaves points out on the way that it is sure of: later layers have fewer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, PreTrainedModel

from headlight.models.attention.asking.implementations import unchanged
from headlight.models.attention.calls import AttentionCall, Call, GivenCall
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import MATCHING, read_config
from headlight.models.catalogue.loading import is_untrained, load_model, told
from headlight.models.core.answers import Matches
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, OneOfTwo, first_sentence
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, Box
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.models.engines.run import Askable
from headlight.models.modules.recorder import recording

SIDE = 8
"""Pixels of the boxes in which points are shown, of pictures of MEASURE pixels."""
MEASURE = 640
REACH = 6
"""A point answers so many halves of its box around it."""
Kept = tuple[np.ndarray, np.ndarray]
"""Of either picture which of its points are there, int each."""


@dataclass(frozen=True, eq=False)
class Given:
    """values: float32 [1, 2, 3, h, w], what the model sees. parts: where either picture stands in what is
    shown."""

    values: Tensor
    parts: tuple[Box, Box]


class MatchingEngine(Askable):
    """A model that matches points of two pictures. Read from a folder by `MatchingEngine.open`."""

    takes = ("parts",)
    """What `run` takes beside a picture."""
    _hides = False

    def __init__(self, model: PreTrainedModel, prepare: Any, entry: Entry, device: str, untrained: bool):
        self.model, self._prepare = model, prepare
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        self._said = entry.notices

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> MatchingEngine:
        """Load the weights of a catalogue entry that has its folder. HeadlightError where they cannot be."""
        kind = read_config(entry.folder)["model_type"]
        names = MATCHING[kind]
        model, missing = load_model(
            entry.weights, device, Part(task, 0.2, 0.9), getattr(transformers, names[0])
        )
        entry = told(entry, model, model, missing)
        try:
            prepare = AutoImageProcessor.from_pretrained(
                entry.folder, local_files_only=True, trust_remote_code=False
            )
        except (OSError, ValueError, ImportError):
            prepare = getattr(transformers, names[1])()
        return cls(model, prepare, entry, device, is_untrained(model, model, missing))

    @property
    def offers(self) -> frozenset[Offer]:
        return frozenset()

    def run(
        self,
        pixels: np.ndarray,
        size: int | None = None,
        task: Task = SILENT,
        parts: tuple[Box, Box] | None = None,
    ) -> Trace:
        """Two pictures that stand at `parts` of one, uint8 (H, W, 3), in the size that the folder says.

        The trace has one stream, the points of both, and Matches. OneOfTwo without a second picture,
        HeadlightError where no points are found.
        """
        if parts is None:
            raise OneOfTwo(
                f"{self.entry.title} finds points of one picture in another.",
                "Drop a second picture on this one or choose it; on the command line --second FILE names it.",
            )
        task.progress(0.0, "Preparing the pictures")
        both = [pixels[int(box.y0) : int(box.y1), int(box.x0) : int(box.x1)] for box in parts]
        try:
            images = [[Image.fromarray(one) for one in both]]
            values = self._prepare(images, return_tensors="pt")["pixel_values"]
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.entry.title} cannot be given these pictures: {first_sentence(error)}",
                "Choose others.",
            ) from error
        return self._traced(Given(values.to(self.device), parts), task)

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        task.progress(0.1, f"{self.entry.title} looks for points")
        began = time.perf_counter()
        watched = recording(self.model)
        with torch.no_grad(), unchanged(self.model), self._pruned() as pruned, watched as seen:
            output = self._forward(self._inputs(given, hidden))
        seconds = time.perf_counter() - began
        there = tuple(np.flatnonzero(mask.cpu().numpy()) for mask in output.mask[0] > 0)
        tokens = _tokens(output.keypoints[0].cpu().numpy(), there, given)
        calls = [call for call in seen.calls if call.shape[0] == 2]
        return Trace(
            model=self.card,
            layers=numbered(self._layers(calls, tokens, there, pruned)),
            streams={INPUT: tokens},
            inputs={"pixel_values": given.values[0].cpu().numpy()},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=self._said,
            answers=(_matches(output, tokens, there),),
        )

    def _layers(
        self, calls: Sequence[Call], tokens: MixedTokens, there: Kept, pruned: Sequence[Kept]
    ) -> list[RecordedLayer]:
        """Each over the points that are left when it runs. pruned: those behind each block, if any go."""
        found: list[RecordedLayer] = []
        some, rows = tokens, there
        for call in calls:
            block = int(next(part for part in call.name.split(".") if part.isdigit()))
            if block and pruned:
                left = pruned[block - 1]
                rows = (np.arange(len(left[0])), np.arange(len(left[1])))  # what is left stands first
                places = [np.searchsorted(every, one) for every, one in zip(there, left, strict=True)]
                kept = np.concatenate([places[0], len(there[0]) + places[1]])
                some = tokens if len(kept) == len(tokens) else _only(tokens, kept, some)
            layer = RecordedLayer(beside(call, rows, self._crosses(call.name, block)), some, some)
            layer.stack = "encoder"
            found.append(layer)
        if not found:
            raise HeadlightError(
                f"{self.entry.title} finds no points in these pictures.", "Choose pictures with more in them."
            )
        return found

    def _crosses(self, name: str, block: int) -> bool:
        """Whether a layer leads from one picture to the other."""
        types = getattr(self.model.config, "gnn_layers_types", None)
        return "cross" in name if types is None else types[block] == "cross"

    @contextmanager
    def _pruned(self) -> Iterator[list[Kept]]:
        """While the model runs: which points of either picture are left behind each of its blocks."""
        found: list[Kept] = []
        prune = getattr(self.model, "_do_layer_keypoint_pruning", None)
        if prune is None or not self.model.width_confidence > 0:
            yield found
            return

        def noted(*args: Any, **kwargs: Any) -> Any:
            left = prune(*args, **kwargs)
            indices, mask = left[2].cpu().numpy(), left[3].cpu().numpy()
            found.append((indices[0][mask[0] > 0], indices[1][mask[1] > 0]))
            return left

        self.model._do_layer_keypoint_pruning = noted
        try:
            yield found
        finally:
            del self.model._do_layer_keypoint_pruning

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        return {"pixel_values": given.values}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return self.model(**inputs)
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.entry.title} cannot match these pictures: {first_sentence(error)}",
                "Choose other pictures or another model.",
            ) from error

    def _leaf(self, inputs: dict[str, Any], values: Tensor | None = None) -> AbstractContextManager:
        raise HeadlightError(f"No gradients are taken of {self.entry.title}.", "Choose another model.")


def beside(call: Call, kept: Kept, across: bool) -> Call:
    """A call [2, H, N, N] of two pictures as one [1, H, n, n] over the points of both that are kept.

    across: each looks at the other's, whose keys and values the call has.
    """
    places = [torch.from_numpy(one).to(call.device) for one in kept]
    counts = [len(one) for one in places]
    block = torch.repeat_interleave(torch.arange(2), torch.tensor(counts)).to(call.device)
    owner = block if not across else 1 - block
    looks = (owner[:, None] == block[None])[None, None]
    keyed = (1, 0) if across else (0, 1)  # of which item of the batch the keys of either picture are

    def laid(x: Tensor, items: Sequence[int]) -> Tensor:
        return torch.cat([x[item, :, place] for item, place in zip(items, places, strict=True)], 1)[None]

    rows, outputs = _rows(call, places)
    if isinstance(call, AttentionCall):
        parts = {"k": laid(call.k, keyed), "v": laid(call.v, keyed), "q": laid(call.q, (0, 1))}
        return replace(
            call, kind="self", **parts, mask=looks, bias=None, rows=rows, outputs=outputs, turn=None
        )
    assert isinstance(call, GivenCall)
    whole = call.given.new_zeros(1, call.shape[1], sum(counts), sum(counts))
    starts = (slice(0, counts[0]), slice(counts[0], None))
    for item in (0, 1):
        other = 1 - item if across else item
        whole[0][:, starts[item], starts[other]] = call.given[item][:, places[item]][:, :, places[other]]
    v = None if call.v is None else laid(call.v, keyed)
    return replace(call, kind="self", given=whole, v=v, rows=rows, outputs=outputs)


def _only(tokens: MixedTokens, kept: np.ndarray, before: MixedTokens) -> MixedTokens:
    """These of them, the very ones of the layer before where they are the same."""
    some = tokens.only(kept)
    return before if some.labels == before.labels else some


def _rows(call: Any, places: Sequence[Tensor]) -> tuple[Tensor | None, Tensor | None]:
    """The sampled rows of a call among the points that are kept, and what it returned for them."""
    if call.rows is None or call.outputs is None:
        return None, None
    rows, outputs, start = [], [], 0
    for item, place in enumerate(places):
        held = torch.isin(call.rows, place)
        rows.append(start + torch.searchsorted(place, call.rows[held]))
        outputs.append(call.outputs[item, held])
        start += len(place)
    return torch.cat(rows), torch.cat(outputs)[None]


def _tokens(keypoints: np.ndarray, there: Kept, given: Given) -> MixedTokens:
    """The points of both pictures at their places. keypoints: float (2, n, 2), x y as shares of a picture."""
    boxes, labels, reach = [], [], 0.0
    for number, (kept, part) in enumerate(zip(there, given.parts, strict=True)):
        width, height = part.x1 - part.x0, part.y1 - part.y0
        middle = keypoints[number, kept] * (width, height) + (part.x0, part.y0)
        half = SIDE / 2 * max(width, height) / MEASURE
        reach = max(reach, REACH * half)
        boxes.append(np.hstack([middle - half, middle + half]))
        labels += [f"{'left' if number == 0 else 'right'} {at}" for at in range(len(kept))]
    return MixedTokens.named(labels, np.concatenate(boxes).astype(np.float64), reach=reach)


def _matches(output: Any, tokens: MixedTokens, there: Kept) -> Matches:
    """Of points of the first picture what they were matched with in the second."""
    partner, score = (x[0, 0].cpu().numpy()[there[0]] for x in (output.matches, output.matching_scores))
    held = np.flatnonzero(partner > -1)
    second = len(there[0]) + np.searchsorted(there[1], partner[held])
    middle = (tokens.boxes[:, :2] + tokens.boxes[:, 2:]) / 2
    names = tuple(f"{tokens.labels[a]} – {tokens.labels[b]}" for a, b in zip(held, second, strict=True))
    return Matches(
        first=held,
        second=second,
        scores=score[held].astype(np.float32),
        places=tokens.places(held),
        lines=np.hstack([middle[held], middle[second]]).astype(np.float32),
        names=names,
    )
