"""A picture and a text in one sequence of a language model (LLaVA, Qwen-VL, PaliGemma, Gemma 3, SmolVLM).

A tower sees the picture; a projector makes vectors of what it saw, which stand in the sequence in the place
of as many tokens (Liu et al. 2023, “Visual Instruction Tuning”, section 4.1). So in the layers of the
language model one sequence holds words and parts of the picture, and each of these lies where its patches do.
"""

from __future__ import annotations

import inspect
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.calls import Call
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.loading import is_untrained, load_tokenizer
from headlight.models.core.answers import Answer, SoFar, Target, Writing, Written
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.settings import LANGUAGE
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import INPUT, Gradients, Trace
from headlight.models.engines.heads import Head, Said, recorded, said
from headlight.models.engines.paired.embedded import embedded
from headlight.models.engines.paired.fed import Fed, Feeder
from headlight.models.engines.paired.seeing import seen_by_tower
from headlight.models.engines.paired.sequence import Composed, Composer
from headlight.models.engines.run import Askable, Made, recipe_of
from headlight.models.engines.texts.expected import expected
from headlight.models.engines.texts.going_on import Gone, go_on, how_likely, plain
from headlight.models.engines.texts.reader import MAX_TOKENS, SENTENCE, Reader

PICTURE = "picture"
"""The stream of what the tower sees."""
TRIED = (120, 160)
"""Height and width of the picture that a recorded pass is compared with a plain one on."""
PLAIN = Writing()


class Over(Head):
    """The head that says which token follows, of a model that is given pictures too."""

    def __init__(self, whole: PreTrainedModel, body: torch.nn.Module) -> None:
        super().__init__(whole, body)
        self.task = "causal"


@dataclass(frozen=True, eq=False)
class Given:
    """What is read, `before` anything is written, and what was written then, if that was asked for."""

    fed: Fed
    before: Composed
    tokens: MixedTokens
    gone: Gone | None = None
    text: str = ""
    writing: Writing = PLAIN

    @property
    def ids(self) -> list[int]:
        return [*self.before.ids, *(self.gone.ids if self.gone else ())]


class OneSequenceEngine(Askable):
    """A model of pictures with texts, ready to run."""

    model: PreTrainedModel
    _besides: frozenset[Offer] = frozenset({"similarity"})

    def __init__(
        self,
        whole: PreTrainedModel,
        entry: Entry,
        device: str,
        untrained: bool,
        reader: Reader,
        feeder: Feeder,
    ) -> None:
        self.model = whole.base_model
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        self._reader, self._feeder = reader, feeder
        self._composer = Composer(reader, whole.config, len(whole.get_input_embeddings().weight))
        self._accepted = inspect.signature(self.model.forward).parameters.keys()
        self._speaking_part = self.model.get_decoder()
        self._said = entry.notices
        self._times = 0

    @classmethod
    def of(
        cls,
        whole: PreTrainedModel,
        missing: frozenset[str],
        feeder: Feeder,
        entry: Entry,
        device: str,
        task: Task = SILENT,
    ) -> OneSequenceEngine:
        """Of a model that was loaded; missing: names of weights that are random. HeadlightError where its
        folder lacks what cuts texts, or its attention cannot be recorded."""
        tokenizer = load_tokenizer(entry.weights)
        title = entry.title
        reader = Reader(tokenizer, title, MAX_TOKENS)
        engine = cls(whole, entry, device, is_untrained(whole, whole.base_model, missing), reader, feeder)
        if engine._composer.image is None:
            raise HeadlightError(
                f"{title} has no place for a picture in a text: no entry of its vocabulary stands for one.",
                "Fetch the model again, or choose another.",
            )
        engine._look_at_head(whole, missing)
        task.progress(0.9, "Comparing a recorded pass with a plain one")
        engine._make_sure(task)
        return engine

    def _look_at_head(self, whole: PreTrainedModel, missing: frozenset[str]) -> None:
        head = whole.get_output_embeddings()
        if head is None or whole is self.model:
            return
        if is_untrained(whole, head, missing):
            self._said += (f"The head of {self.entry.title} lacks its weights: it gives no answer.",)
            return
        self.head = Over(whole, self.model)
        plain(whole)

    @property
    def carries(self) -> torch.nn.Module:
        """The language model: what a tower sees are no tokens of its own."""
        return self._speaking_part

    @property
    def limit(self) -> int:
        """Tokens, those of the picture included, that are read at once."""
        return self._reader.limit

    @property
    def offers(self) -> frozenset[Offer]:
        return super().offers | ({"write"} if self.head is not None else set())

    def _make_sure(self, task: Task) -> None:
        """Find out what its tokens see of a picture, and how it can be recorded."""
        fed = self._feeder.small(np.random.default_rng(0).integers(0, 256, (*TRIED, 3), np.uint8))
        self._times = self._seen_by_token(fed)[0]
        given = self._given(fed, SENTENCE, task)
        run = partial(self._forward, self._inputs(given, None))
        self._asked, notice = way_to_record(self.model, self.entry.title, run, task)
        self._said += (notice,) if notice else ()
        if self.head is not None:
            inputs = self._inputs(given, None)
            why = self.head.objection(inputs, partial(recorded, self.model, run, self._asked))
            if why:
                self.head = None
                self._said += (f"The answer of {self.entry.title} is not shown: {why}.",)

    def _seen_by_token(self, fed: Fed) -> tuple[int, int]:
        """(patches along each side of what one token stands for, 0 where that is not so simple, how many
        tokens there are): a pass of the tower."""
        accepted = inspect.signature(self.model.get_image_features).parameters
        inputs = {name: value for name, value in self._pictured(fed).items() if name in accepted}
        try:
            with torch.no_grad():
                found = self.model.get_image_features(**inputs)
        except MODEL_ERRORS as error:
            raise self._cannot(error) from error
        found = getattr(found, "pooler_output", found)
        every = found if isinstance(found, list | tuple) else [found]
        count = sum(one.reshape(-1, one.shape[-1]).shape[0] for one in every)
        times = math.isqrt(fed.patches // count) if count else 0
        fits = times and all(not (one.rows % times or one.columns % times) for one in fed.grids)
        return (times if fits and times * times * count == fed.patches else 0), count

    def run(
        self,
        pixels: np.ndarray,
        text: str,
        task: Task = SILENT,
        writing: Writing | None = None,
    ) -> Trace:
        """A picture, uint8 (H, W, 3), and a text through the model.

        The text may say where the picture stands, by the name of the entry that stands for it; else that is
        before it. writing: how the model goes on. The trace has two streams: the INPUT, tokens of both, and
        the PICTURE, the patches of the (first) tile; its inputs hold "input_ids" int64 (n,) and what the
        model was given of the picture. Raises HeadlightError for what cannot be read.
        """
        task.progress(0.0, "Preparing the picture")
        given = self._given(self._feeder.fed(pixels), text, task)
        if writing is None:
            return self._traced(given, task)
        given = self._gone_on(given, writing, Part(task, 0.0, 0.9, lambda so_far: so_far))
        recipe = replace(recipe_of(self.entry), written=given.gone.ids)
        return self._traced(given, Part(task, 0.9), recipe)

    def _given(self, fed: Fed, text: str, task: Task) -> Given:
        count = 0 if self._times else self._seen_by_token(fed)[1]
        composed = self._composer.composed(text, self._composer.picture(fed, self._times, count), task)
        if len(composed.ids) > self.limit:
            count = int(composed.on_picture.sum())
            raise HeadlightError(
                f"The picture has {count:,} tokens and the text {len(composed.ids) - count:,}, and "
                f"{self.limit:,} are read at once.",
                "Shorten the text, or choose a smaller picture.",
            )
        return Given(fed, composed, composed.tokens)

    def _gone_on(self, given: Given, writing: Writing, task: Task) -> Given:
        title = self.entry.title
        if "write" not in self.offers:
            raise HeadlightError(
                f"{title} writes nothing: it has no head that says which token follows.",
                "Choose another model.",
            )
        ids = self._reader.behind(writing, given.tokens.sources[-1], len(given.ids), self.limit, task)
        room = self.limit - len(given.ids) - len(ids)
        inputs = self._inputs(replace(given, gone=Gone(tuple(ids), "given")), None)
        inputs = {
            name: value for name, value in inputs.items() if name not in ("use_cache", "attention_mask")
        }
        telling = Part(task, draw=lambda ids: SoFar(ids, self._reader.tokenizer.decode(ids)))
        gone = go_on(self.head.whole, inputs, ids, writing, room, title, telling)
        tokens, text = self._reader.extended(given.tokens, given.ids, gone.ids)
        return replace(
            given, tokens=MixedTokens.of(tokens, given.tokens.boxes), gone=gone, text=text, writing=writing
        )

    def named(self, number: int) -> str:
        """What an entry of the vocabulary is called."""
        return self._reader.vocabulary.name(number)

    def numbered(self, text: str) -> int | None:
        """The entry of the vocabulary that is this text, after a space or not."""
        return self._reader.numbered(text)

    # -- a pass ----------------------------------------------------------------------------------------------

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs = self._inputs(given, hidden)
        began = time.perf_counter()
        with torch.no_grad(), self._recorded(changes, task) as calls:
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        layers, unfit = self._layers(calls, given)
        streams: dict[str, Tokens] = {INPUT: given.tokens}
        seen = next((layer.queries for layer in layers if layer.queries is not given.tokens), None)
        if seen is not None:
            streams[PICTURE] = seen
        answers, unsaid = self._answers(output, given, task)
        return Trace(
            model=self.card,
            layers=layers,
            streams=streams,
            inputs={
                name: value[0 if name == "input_ids" else ...].cpu().numpy()
                for name, value in inputs.items()
                if isinstance(value, Tensor)
            },
            readout=len(given.tokens) - 1,
            seconds=seconds,
            device=self.device,
            notices=(*self._said, *unfit, *unsaid, *self._placeless(given)),
            answers=answers,
            written=self._written(given, answers, output, task),
        )

    def _layers(
        self, calls: Sequence[Call], given: Given
    ) -> tuple[tuple[RecordedLayer, ...], tuple[str, ...]]:
        """(the layers, the tower's first; what is said of those that are not shown)."""
        name = next(n for n, module in self.model.named_modules() if module is self._speaking_part)
        reading = [call for call in calls if call.name.startswith(f"{name}.")]
        layers, others = seen_by_tower([call for call in calls if call not in reading], given.fed)
        for call in reading:
            if call.shape[2:] != (len(given.tokens), len(given.tokens)):
                others.append(call)
                continue
            layer = RecordedLayer(call, given.tokens, given.tokens)
            layer.stack = LANGUAGE
            layers.append(layer)
        if not any(layer.stack == LANGUAGE for layer in layers):
            raise HeadlightError(
                f"{self.entry.title} does not attend from all tokens of a picture and a text to all.",
                "Choose another model.",
            )
        said = ()
        if others:
            shape = f"from {others[0].shape[2]:,} to {others[0].shape[3]:,}"
            said = (
                f"{len(others):,} layers of {self.entry.title} attend otherwise than from patch to patch, "
                f"such as {others[0].name} {shape}: they are not shown.",
            )
        return numbered(layers), said

    def _placeless(self, given: Given) -> tuple[str, ...]:
        where = given.before.on_picture
        if given.before.tokens.on_picture.any() or not where.any():
            return ()
        return (
            f"What {self.entry.title} makes of the picture are {int(where.sum()):,} tokens that belong to no "
            "place in it.",
        )

    def _pictured(self, fed: Fed) -> dict[str, Tensor]:
        """What of a prepared picture this model takes."""
        known = {*self._accepted, *inspect.signature(self.model.get_image_features).parameters}
        inputs = {name: value for name, value in fed.inputs.items() if name in known}
        values = inputs["pixel_values"]
        inputs["pixel_values"] = values.to(self.model.dtype) if values.is_floating_point() else values
        return {name: value.to(self.device) for name, value in inputs.items()}

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        """Tokens that are hidden the language model is told to leave out."""
        ids, on_picture = given.ids, np.zeros(len(given.ids), bool)
        on_picture[: len(given.before.ids)] = given.before.on_picture
        count = 1 if hidden is None else len(hidden.which)
        seen = np.ones((1, len(ids)), bool) if hidden is None else ~hidden.which
        texts = {
            "input_ids": np.array([ids]),
            "attention_mask": seen.astype(np.int64),
            "mm_token_type_ids": on_picture[None].astype(np.int64),
            "token_type_ids": self._types(given, on_picture)[None],
        }
        inputs: dict[str, Any] = {
            name: torch.from_numpy(value).expand(count, -1).to(self.device)
            for name, value in texts.items()
            if name in self._accepted
        }
        for name, value in self._pictured(given.fed).items():
            inputs[name] = value if count == 1 else value.repeat(count, *([1] * (value.ndim - 1)))
        return {**inputs, "use_cache": False}

    def _types(self, given: Given, on_picture: np.ndarray) -> np.ndarray:
        """What sees ahead: Gemma 3 marks the picture by 1, PaliGemma all that was not written by 0."""
        if "gemma3" in self.model.config.model_type:
            return on_picture.astype(np.int64)
        return (np.arange(len(on_picture)) >= len(given.before.ids)).astype(np.int64)

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return self.model(**inputs, **(self.head.asks if self.head else {}))
        except MODEL_ERRORS as error:
            raise self._cannot(error) from error

    def _cannot(self, error: BaseException) -> HeadlightError:
        return HeadlightError(
            f"{self.entry.title} cannot read this picture and text: {first_sentence(error)}",
            "Try another picture, a shorter text or another model.",
        )

    def _leaf(
        self, inputs: dict[str, Any], values: Tensor | None = None
    ) -> AbstractContextManager[list[Tensor]]:
        return embedded(self._speaking_part, values)

    def gradients(self, run: Made, target: Target, task: Task = SILENT) -> Gradients:
        """As `Run.gradients`: of the language model's layers, since they start at what it is given."""
        found = super().gradients(run, target, task)
        return replace(found, layers=tuple(one for one in found.layers if one.stack == LANGUAGE))

    def effects(self, run: Made, target: Target, task: Task = SILENT) -> np.ndarray:
        """As `Run.effects`, of the language model's heads: NaN of the tower's."""
        reads = [layer.stack == LANGUAGE for layer in run.layers]
        some = replace(run, layers=tuple(one for one, here in zip(run.layers, reads, strict=True) if here))
        of_language = super().effects(some, target, task)
        most = max(layer.heads for layer in run.layers)
        found = np.full((len(reads), most), np.nan, np.float32)
        found[np.flatnonzero(reads), : of_language.shape[1]] = of_language
        return found

    # -- answers ---------------------------------------------------------------------------------------------

    def _answers(self, output: Any, given: Given, task: Task) -> Said:
        if self.head is None:
            return (), ()
        ids, vocabulary = np.array(given.ids), self._reader.vocabulary
        return said(self.entry.title, expected(self.head, vocabulary, output, ids, given.tokens, True, task))

    def _written(self, given: Given, answers: Sequence[Answer], output: Any, task: Task) -> Written | None:
        gone, start = given.gone, len(given.before.ids)
        if gone is None:
            return None
        labels, ended = given.tokens.labels[start:], gone.ended
        own, *drawn = how_likely(self.head, answers, output, (start, gone.ids), given.writing, task)
        return Written(start, gone.ids, given.text, own, ended, given.writing, labels, *drawn)
