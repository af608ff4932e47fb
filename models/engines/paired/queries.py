"""A picture through a detector whose decoder asks it questions (DETR: Carion et al. 2020, section 3.2).

A convolutional network makes a map of the picture, over whose cells an encoder attends. The decoder has
learnt queries, each of which becomes a box with a class or nothing: so they are tokens of a stream of their
own, which lie where their boxes do, and attend to each other and across to the cells.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor
from transformers import AutoModel, PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import read_config
from headlight.models.catalogue.loading import is_untrained, load_model, told
from headlight.models.core.answers import EVERY, Target, Things
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence, known
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, OUTPUT, Box, PatchTokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.models.engines.heads import foreign
from headlight.models.engines.paired.fed import Fed, Feeder, Grid
from headlight.models.engines.paired.processors import processor_of
from headlight.models.engines.pictures.found import on_picture, things
from headlight.models.engines.pictures.pixels import covered, summed
from headlight.models.engines.run import Askable, Made, is_quantised

TRIED = (96, 128)
"""Height and width of the picture that a recorded pass is compared with a plain one on."""


@dataclass(frozen=True, eq=False)
class Given:
    """A picture as it is given."""

    fed: Fed


class QueriesEngine(Askable):
    """A detector of pictures with learnt queries. Read from a folder by `QueriesEngine.open`."""

    def __init__(self, model: PreTrainedModel, feeder: Feeder, entry: Entry, device: str, untrained: bool):
        self.model, self._feeder = model, feeder
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        self._said = entry.notices

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> QueriesEngine:
        """Load the weights of a catalogue entry that has its folder. HeadlightError where they cannot be
        loaded, or the model's attention cannot be recorded."""
        names = read_config(entry.folder).get("architectures")
        named = getattr(transformers, str(names[0]), None) if isinstance(names, list) and names else None
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.8), named or AutoModel)
        prepare, notices = processor_of(entry.folder, model.config, entry.title)
        entry = told(entry, model, model, missing)
        engine = cls(
            model,
            Feeder(prepare, (1, 1), 1, entry.title),
            entry,
            device,
            is_untrained(model, model, missing),
        )
        engine._said += notices
        task.progress(0.9, "Comparing a recorded pass with a plain one")
        noise = np.random.default_rng(0).integers(0, 256, (*TRIED, 3), np.uint8)
        run = partial(engine._forward, engine._inputs(Given(engine._feeder.fed(noise)), None))
        engine._asked, notice = way_to_record(model, entry.title, run, task)
        engine._said += (notice,) if notice else ()
        return engine

    @property
    def offers(self) -> frozenset[Offer]:
        found: set[Offer] = set(super().offers)
        if hasattr(self.model, "class_labels_classifier"):
            found |= {"scores"} if is_quantised(self.model) else {"scores", "gradients"}
        return frozenset(found)

    def pooled(self, run: Made, values: np.ndarray) -> np.ndarray:
        """As `Run.pooled`: the sum over the pixels of each cell."""
        return summed(known(run.tokens, PatchTokens), values, run.given.fed.grids[0].region)

    def run(self, pixels: np.ndarray, size: int | None = None, task: Task = SILENT) -> Trace:
        """A picture, uint8 (H, W, 3), in the size that its folder says, whatever is asked for.

        The trace has the streams INPUT, cells of the map, and OUTPUT, queries, called by what they found;
        its outputs "boxes" float32 (queries, 4), x0 y0 x1 y1 in pixels of the picture. HeadlightError for a
        picture that cannot be prepared.
        """
        task.progress(0.0, "Preparing the picture")
        return self._traced(Given(self._feeder.fed(pixels)), task)

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs = self._inputs(given, hidden)
        began = time.perf_counter()
        with torch.no_grad(), self._mapped() as maps, self._recorded(changes, task) as calls:
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        seen = given.fed.grids[0].region
        cells = _cells(maps, inputs["pixel_values"].shape[2:], seen)
        if cells is None:
            raise self._misfit("it makes no map of the picture")
        tokens, (found, answers) = cells.tokens(), self._found(output, seen)
        layers, ends = [], {"encoder": (tokens, tokens), "decoder": (found, found), "cross": (found, tokens)}
        for call in calls:
            reads = ".encoder." in f".{call.name}"
            stack = "encoder" if reads else "cross" if call.kind == "cross" else "decoder"
            queries, keys = ends[stack]
            if call.shape[2:] != (len(queries), len(keys)):
                raise self._misfit(f"{call.name} goes from {call.shape[2]:,} to {call.shape[3]:,} tokens")
            layer = RecordedLayer(call, queries, keys)
            layer.stack = stack
            layers.append(layer)
        order = [*ends]
        return Trace(
            model=self.card,
            layers=numbered(sorted(layers, key=lambda one: order.index(one.stack))),
            streams={INPUT: tokens, OUTPUT: found},
            inputs={"pixel_values": inputs["pixel_values"][0].cpu().numpy()},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=self._said,
            outputs={"boxes": found.boxes.astype(np.float32)},
            answers=answers,
        )

    @contextmanager
    def _mapped(self) -> Iterator[list[tuple[int, int]]]:
        """Rows and columns of what the model projects to the cells that its encoder attends over."""
        found: list[tuple[int, int]] = []

        def note(_: torch.nn.Module, args: tuple, output: Tensor) -> None:
            found.append((int(output.shape[2]), int(output.shape[3])))

        every = dict(self.model.named_modules())
        name = next((one for one in every if one.rpartition(".")[2] == "input_projection"), None)
        hook = None if name is None else every[name].register_forward_hook(note)
        try:
            yield found
        finally:
            if hook is not None:
                hook.remove()

    def _found(self, output: Any, seen: Box) -> tuple[MixedTokens, tuple[Things, ...]]:
        """(the queries, at their boxes; those of a model without a head have none; what they found)."""
        logits, boxes = output.get("logits"), output.get("pred_boxes")
        count = output.last_hidden_state.shape[1] if logits is None else logits.shape[1]
        places, labels = np.full((count, 4), np.nan), [f"query {number}" for number in range(count)]
        said = None
        if logits is not None and boxes is not None:
            said = things(logits[0], boxes[0], self.model.config.id2label or {}, seen, ())
        if said is not None:
            places, labels = on_picture(boxes[0], seen), [*said.names]
        found = MixedTokens.named(labels, places, stream=OUTPUT)
        if said is None:
            return found, ()
        return found, (replace(said, places=found.places(range(count))),)

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        taken = ("pixel_values", "pixel_mask")
        found = {name: one.to(self.device) for name, one in given.fed.inputs.items() if name in taken}
        if hidden is None:
            return found
        values = found["pixel_values"]
        tokens, seen = known(hidden.tokens, PatchTokens), given.fed.grids[0].region
        cells = torch.from_numpy(covered(tokens, hidden.which, seen, values.shape[2:])).to(self.device)
        count = len(cells)
        masks = {name: one.expand(count, *one.shape[1:]) for name, one in found.items()}
        return {**masks, "pixel_values": values.masked_fill(cells[:, None], 0)}  # the mean colour

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return self.model(**inputs)
        except MODEL_ERRORS as error:
            height, width = inputs["pixel_values"].shape[2:]
            raise HeadlightError(
                f"{self.entry.title} cannot read {width:,} × {height:,} pixels: {first_sentence(error)}",
                "Choose another picture or model.",
            ) from error

    @contextmanager
    def _leaf(self, inputs: dict[str, Any], values: Tensor | None = None) -> Iterator[list[Tensor]]:
        inputs["pixel_values"] = (inputs["pixel_values"] if values is None else values[None]).clone()
        yield [inputs["pixel_values"].requires_grad_()]

    def _asking(self, target: Target, run: Made) -> Callable[[Any, Mapping[str, Any]], tuple[Tensor, Tensor]]:
        """A class of a query, where that lies."""
        found = () if target.place is None else run.streams[OUTPUT].find(target.place)
        if not len(found):
            raise foreign(target)
        number = int(found[0])

        def said(output: Any, _: Any) -> tuple[Tensor, Tensor]:
            logits = output.logits[0, number].float()
            if not EVERY <= target.index < len(logits) - 1:
                raise foreign(target)
            if target.index == EVERY:
                return logits[:-1].sum(), torch.ones(())
            return logits[target.index], logits.softmax(0)[target.index]

        return said

    def _misfit(self, why: str) -> HeadlightError:
        return HeadlightError(
            f"Where {self.entry.title} looks in the picture cannot be told: {why}.", "Choose another model."
        )


def _cells(maps: Sequence[tuple[int, int]], shape: Sequence[int], seen: Box) -> Grid | None:
    """The cells of a map of a picture of `shape` pixels, which are of its part `seen`. A map's stride is a
    power of 2; the last cells may reach beyond the picture."""
    if not maps:
        return None
    ends = []
    for count, length, (first, last) in zip(
        maps[0], shape, ((seen.y0, seen.y1), (seen.x0, seen.x1)), strict=True
    ):
        stride = 2 ** round(np.log2(length / count))
        ends.append(first + (last - first) * count * stride / length)
    return Grid(*maps[0], Box(seen.x0, seen.y0, ends[1], ends[0]))
