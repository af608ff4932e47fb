"""A text and the patches of a picture through one encoder, which sees both from the first layer on (ViLT: Kim
et al. 2021, section 3; LayoutLMv3: Huang et al. 2022, section 2.1)."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.loading import is_untrained, load_tokenizer
from headlight.models.core.answers import Classes, Writing
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import INPUT, TextTokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.models.engines.heads import Said
from headlight.models.engines.paired.fed import Fed, Feeder, Grid
from headlight.models.engines.run import Askable
from headlight.models.engines.texts.reader import MAX_TOKENS, SENTENCE, Read, Reader, limit_of

TRIED = (120, 160)
"""Height and width of the picture that a recorded pass is compared with a plain one on."""
SEED = 0
"""Of the order in which a model takes its patches."""
SINGLE = "[CLS] of the picture"
GIVEN = ("input_ids", "pixel_values")
"""What the forward pass of such a model takes."""


@dataclass(frozen=True, eq=False)
class Given:
    """A text as it is read, and a picture as it is given."""

    read: Read
    fed: Fed


class TogetherEngine(Askable):
    """An encoder of texts with pictures, ready to run."""

    _hides = False

    def __init__(
        self,
        whole: PreTrainedModel,
        reader: Reader,
        feeder: Feeder,
        entry: Entry,
        device: str,
        untrained: bool,
    ) -> None:
        self.whole, self.model = whole, whole.base_model
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        self._reader, self._feeder = reader, feeder
        self._accepted = inspect.signature(self.model.forward).parameters.keys()
        self._answering = False
        self._said = entry.notices

    @classmethod
    def of(
        cls,
        whole: PreTrainedModel,
        missing: frozenset[str],
        feeder: Feeder,
        entry: Entry,
        device: str,
        task: Task = SILENT,
    ) -> TogetherEngine:
        """Of a model that was loaded; missing: names of weights that are random. HeadlightError where its
        folder lacks a tokenizer, or its attention cannot be recorded."""
        tokenizer = load_tokenizer(entry.weights)
        reader = Reader(tokenizer, entry.title, min(limit_of(whole.base_model, tokenizer), MAX_TOKENS))
        engine = cls(whole, reader, feeder, entry, device, is_untrained(whole, whole.base_model, missing))
        engine._answering = whole is not whole.base_model and not is_untrained(whole, whole, missing)
        given = engine._given(
            np.random.default_rng(0).integers(0, 256, (*TRIED, 3), np.uint8), SENTENCE, task
        )
        run = partial(engine._forward, engine._inputs(given, None))
        task.progress(0.9, "Comparing a recorded pass with a plain one")
        engine._asked, notice = way_to_record(engine.model, entry.title, run, task)
        engine._said += (notice,) if notice else ()
        if "bbox" in engine._accepted:
            engine._said += (f"{entry.title} is not told where on the page a word stands.",)
        return engine

    @property
    def offers(self) -> frozenset[Offer]:
        return frozenset()

    def run(
        self, pixels: np.ndarray, text: str, task: Task = SILENT, writing: Writing | None = None
    ) -> Trace:
        """A picture, uint8 (H, W, 3), and a text, before it in the sequence. HeadlightError for a text
        without a character that the model reads, and where it is to write."""
        if writing is not None:
            raise HeadlightError(
                f"{self.entry.title} writes nothing: it is an encoder.", "Choose another model."
            )
        return self._traced(self._given(pixels, text, task), task)

    def _given(self, pixels: np.ndarray, text: str, task: Task) -> Given:
        task.progress(0.0, "Preparing the picture")
        return Given(self._reader.read(text, task=task), self._feeder.fed(pixels))

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs = self._inputs(given, hidden)
        began = time.perf_counter()
        with torch.no_grad(), self._recorded(changes, task) as calls, self._placed() as places:
            self._forward(inputs)
        seconds = time.perf_counter() - began
        tokens = self._tokens(given, places, calls[0].shape[2])
        for call in calls:
            if call.shape[2:] != (len(tokens), len(tokens)):
                raise HeadlightError(
                    f"{self.entry.title} does not attend from all tokens of a picture and a text to all: "
                    f"{call.name} goes from {call.shape[2]:,} to {call.shape[3]:,}.",
                    "Choose another model.",
                )
        layers = numbered((RecordedLayer(call, tokens, tokens) for call in calls), "encoder")
        answers, unsaid = self._answers(inputs)
        return Trace(
            model=self.card,
            layers=layers,
            streams={INPUT: tokens},
            inputs={name: value[0].cpu().numpy() for name, value in inputs.items()},
            readout=0 if tokens.special[0] else None,
            seconds=seconds,
            device=self.device,
            notices=(*self._said, *self._reader.notices(given.read), *unsaid),
            stretch=given.read.window.stretch,
            answers=answers,
        )

    def _tokens(self, given: Given, places: Sequence[Tensor], count: int) -> MixedTokens:
        """Of the text, then of the picture: in the order in which the model took its patches."""
        text, grid = given.read.tokens, given.fed.grids[0]
        order = np.arange(grid.count)
        if places:
            order = (places[0][:, 0] * grid.columns + places[0][:, 1]).cpu().numpy()
        before = count - len(text) - len(order)
        if before not in (0, 1):
            raise HeadlightError(
                f"{self.entry.title} attends over {count:,} tokens, and the text has {len(text):,} and the "
                f"picture {len(order):,}.",
                "Choose another model.",
            )
        return _joined(text, grid, order, before)

    @contextmanager
    def _placed(self) -> Iterator[list[Tensor]]:
        """The rows and columns of patches, int (n, 2), of a model that takes them in an order of its own."""
        found: list[Tensor] = []
        inner = getattr(self.model, "embeddings", None)
        own = getattr(inner, "visual_embed", None)
        if not callable(own):
            yield found
            return

        def noted(*args: Any, **kwargs: Any) -> Any:
            made = own(*args, **kwargs)
            found.append(made[2][0][0])
            return made

        inner.visual_embed = noted
        try:
            yield found
        finally:
            del inner.visual_embed

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        encoding = given.read.window.encoding
        count = len(encoding.ids)
        texts = {
            "input_ids": encoding.ids,
            "token_type_ids": encoding.type_ids,
            "attention_mask": [1] * count,
            "bbox": [[0] * 4] * count,  # nobody has read where on the page a word stands
        }
        inputs = {
            name: torch.tensor([value], device=self.device)
            for name, value in texts.items()
            if name in self._accepted
        }
        seen = {name: value for name, value in given.fed.inputs.items() if name in self._accepted}
        return inputs | {name: value.to(self.device) for name, value in seen.items()}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        return self._run(self.model, inputs)

    def _run(self, model: PreTrainedModel, inputs: Mapping[str, Any]) -> Any:
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(SEED)
                return model(**inputs)
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.entry.title} cannot read this picture and text: {first_sentence(error)}",
                "Try another picture, a shorter text or another model.",
            ) from error

    def _leaf(self, inputs: dict[str, Any], values: Tensor | None = None) -> AbstractContextManager:
        raise HeadlightError(f"No gradients are taken of {self.entry.title}.", "Choose another model.")

    def _answers(self, inputs: Mapping[str, Any]) -> Said:
        """What a model with classes says of both."""
        if not self._answering:
            return (), ()
        with torch.no_grad():
            logits = getattr(self._run(self.whole, inputs), "logits", None)
        if logits is None or logits.ndim != 2 or logits.shape[1] < 2 or not logits.isfinite().all():
            return (), ()
        several = "QuestionAnswering" in type(self.whole).__name__  # each answer is judged by itself
        scores = logits[0].float().sigmoid() if several else logits[0].float().softmax(0)
        named = self.whole.config.id2label or {}
        names = tuple(str(named.get(number, f"LABEL_{number}")) for number in range(len(scores)))
        return (Classes(names, scores.cpu().numpy(), not several),), ()


def _joined(text: TextTokens, grid: Grid, order: np.ndarray, before: int) -> MixedTokens:
    every, count = grid.labels(), before + len(order)
    labels = (*([SINGLE] * before), *(every[int(at)] for at in order))
    boxes = np.concatenate([np.full((len(text) + before, 4), np.nan), grid.boxes()[order]])
    return MixedTokens(
        labels=(*text.labels, *labels),
        special=np.concatenate([text.special, np.arange(count) < before]),
        spans=np.concatenate([text.spans, np.zeros((count, 2), int)]),
        words=np.concatenate([text.words, np.full(count, -1)]),
        texts=np.concatenate([text.texts, np.zeros(count, int)]),
        pieces=(*text.pieces, *labels),
        sources=text.sources,
        boxes=boxes,
    )
