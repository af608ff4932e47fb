"""A picture that is read and a text that is written of it (TrOCR, Donut, BLIP): two streams.

The tower that sees is the encoder. Each layer of the decoder attends to what was written so far, and across
to what the tower saw (Li et al. 2021, “TrOCR”, section 3; Kim et al. 2022, “Donut”, section 3).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.calls import Call
from headlight.models.attention.capture import recording, takes_functions
from headlight.models.attention.recorded import BlockLayer, RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.loading import is_untrained, load_tokenizer
from headlight.models.core.answers import Answer, SoFar, Writing, Written
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, OUTPUT, Tokens
from headlight.models.core.trace import Trace
from headlight.models.engines.heads import Said, said
from headlight.models.engines.paired.eye import Eye
from headlight.models.engines.paired.fed import Fed
from headlight.models.engines.run import Askable, recipe_of
from headlight.models.engines.seq2seq import OWN, Logits, special_of, start_of
from headlight.models.engines.texts.expected import expected
from headlight.models.engines.texts.going_on import go_on, how_likely, plain
from headlight.models.engines.texts.output import Output, typed, went_on
from headlight.models.engines.texts.reader import MAX_TOKENS, SENTENCE, Reader, limit_of

TRIED = (120, 160)
"""Height and width of the picture that a recorded pass is compared with a plain one on."""


@dataclass(frozen=True, eq=False)
class Given:
    """What is seen, and what is written, as it was asked for."""

    fed: Fed
    output: Output
    writing: Writing


class CaptionEngine(Askable):
    """A tower that sees and a decoder that writes, with the tokenizer of what it writes."""

    _hides = False
    _sees: Any = Eye
    """What records the tower."""
    _of = "a picture"

    def __init__(
        self,
        whole: PreTrainedModel,
        parts: tuple[PreTrainedModel, PreTrainedModel],
        tokenizer: PreTrainedTokenizerFast,
        feeder: Any,
        entry: Entry,
        device: str,
        untrained: bool = False,
    ) -> None:
        self.whole, (sees, self.model) = whole, parts
        self.entry, self.device, self._feeder = entry, device, feeder
        self.card = entry.card(untrained)
        self.eye = self._sees(sees, entry.title)
        self._reader = Reader(tokenizer, entry.title, min(limit_of(self.model, tokenizer), MAX_TOKENS))
        self._start = start_of(whole if whole.config.is_encoder_decoder else self.model, tokenizer)
        ends = (special_of(whole, "eos_token_id"), tokenizer.eos_token_id, tokenizer.sep_token_id)
        if not whole.config.is_encoder_decoder:  # BLIP's ends with a separator
            ends = (special_of(self.model, "sep_token_id"), *ends)
        self._end = next((number for number in ends if number is not None), None)
        self.head = Logits()
        plain(self.model, eos_token_id=self._end)
        if whole.config.is_encoder_decoder:
            plain(whole, decoder_start_token_id=self._start, eos_token_id=self._end)
        self._said = entry.notices

    @classmethod
    def of(
        cls,
        whole: PreTrainedModel,
        parts: tuple[PreTrainedModel, PreTrainedModel],
        missing: frozenset[str],
        feeder: Any,
        entry: Entry,
        device: str,
        task: Task = SILENT,
    ) -> Self:
        """Of a model that was loaded; missing: names of weights that are random; feeder: what prepares what
        it sees, a `Feeder`. HeadlightError where its folder lacks a tokenizer, or its attention cannot be
        recorded."""
        tokenizer = load_tokenizer(entry.weights)
        bodies = (parts[0], parts[1].base_model)
        untrained = any(is_untrained(whole, body, missing) for body in bodies)
        engine = cls(whole, parts, tokenizer, feeder, entry, device, untrained)
        if is_untrained(whole, whole, missing) and not untrained:
            engine.head = None
            engine._said += (f"The head of {entry.title} lacks its weights: it gives no answer.",)
        task.progress(0.9, "Comparing a recorded pass with a plain one")
        engine._make_sure(task)
        return engine

    @property
    def offers(self) -> frozenset[Offer]:
        return frozenset({"write"} if self.head is not None else set())

    def _make_sure(self, task: Task) -> None:
        inputs = self._pictured(self._small())
        self._said += self.eye.make_sure(inputs, task)
        with torch.no_grad():
            states = self.eye.states(inputs)
        ids = (self._start, *self._reader.encode(SENTENCE, "text", task).ids)
        run = partial(self._says, states, ids)
        if takes_functions(self.model):
            self._asked, notice = way_to_record(self.model, self.entry.title, run, task)
            self._said += (notice,) if notice else ()
        else:
            self._asked = True

    def _small(self) -> Fed:
        """What it is tried on."""
        return self._feeder.small(np.random.default_rng(0).integers(0, 256, (*TRIED, 3), np.uint8))

    def run(
        self, pixels: np.ndarray, text: str, task: Task = SILENT, writing: Writing | None = None
    ) -> Trace:
        """A picture, uint8 (H, W, 3), and what is written of it: a text, or, where that is empty, what the
        model writes itself.

        writing: how it goes on behind the text; its target is written in place of the text. The trace has
        the streams INPUT, patches, and OUTPUT, whose position t holds token t and says token t + 1. Raises
        HeadlightError for what cannot be prepared, and for a text that is longer than it writes.
        """
        task.progress(0.0, "Preparing the picture")
        return self._run(self._feeder.fed(pixels), text, writing, task)

    def _run(self, fed: Fed, text: str, writing: Writing | None, task: Task) -> Trace:
        if writing is None and text.strip():
            writing = Writing(target=text, new=0)
        output = self._output(fed, text, writing or Writing(), Part(task, 0.0, 0.9, lambda so_far: so_far))
        given = Given(fed, output, writing or Writing())
        recipe = replace(recipe_of(self.entry), written=output.written)
        return self._traced(given, Part(task, 0.9), recipe)

    def _output(self, fed: Fed, text: str, writing: Writing, task: Task) -> Output:
        title, count, target = self.entry.title, writing.count(OWN), writing.target or text
        ids = writing.ids
        if not ids and target.strip():
            output = self._typed(target, fed, task)
            if not count or (writing.target is not None and writing.new is None):
                return output
            ids = output.ids[1:]
        ids = ids or self._first(fed)
        room = self._reader.limit - 1 - len(ids)
        if room < 0:
            raise HeadlightError(
                f"{len(ids):,} tokens are given, and {title} writes {self._reader.limit - 1:,} at most.",
                "Give it fewer.",
            )
        if self.head is None and count:
            raise HeadlightError(f"{title} has no head that writes.", "Give it a text.")
        telling = Part(task, draw=lambda ids: SoFar(ids, self._reader.tokenizer.decode(ids)))
        is_whole = bool(ids) and ids[-1] == self._end
        asked = replace(writing, new=0 if is_whole else count, target=None)
        gone = go_on(self._writes(), self._to_write(fed, ids), ids, asked, room, title, telling)
        output = went_on(self._reader, self._start, gone, self._end)
        if writing.new is None and gone.ended in ("length", "room") and count:
            return replace(output, notices=(f"{title} was stopped after {len(gone.ids):,} tokens.",))
        return output

    def _typed(self, text: str, fed: Fed, task: Task) -> Output:
        """A text that was given as what is written."""
        return typed(self._reader, text, self._start, self._end, task)

    def _first(self, fed: Fed) -> tuple[int, ...]:
        """Tokens with which all that is written begins."""
        return ()

    def _writes(self) -> PreTrainedModel:
        return self.whole if self.whole.config.is_encoder_decoder else self.model

    def _to_write(self, fed: Fed, ids: Sequence[int]) -> dict[str, Tensor]:
        """What the model is given that writes, with these tokens behind its start."""
        begun = torch.tensor([[self._start, *ids]], device=self.device)
        if self.whole.config.is_encoder_decoder:
            return {"decoder_input_ids": begun, **self._pictured(fed)}
        with torch.no_grad():
            states = self.eye.states(self._pictured(fed))
        mask = torch.ones(states.shape[:2], dtype=torch.long, device=self.device)
        return {"input_ids": begun, "encoder_hidden_states": states, "encoder_attention_mask": mask}

    def named(self, number: int) -> str:
        """What an entry of the vocabulary that it writes is called."""
        return self._reader.vocabulary.name(number)

    def numbered(self, text: str) -> int | None:
        """The entry of that vocabulary that is this text, after a space or not."""
        return self._reader.numbered(text)

    # -- a pass ----------------------------------------------------------------------------------------------

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs, ids = self._pictured(given.fed), given.output.ids
        began = time.perf_counter()
        states, layers = self.eye.seen(inputs, given.fed, task)
        with torch.no_grad(), recording(self.model, task, self._asked) as calls:
            output = self._says(states, ids)
        seconds = time.perf_counter() - began
        saw = layers[-1].queries
        streams: dict[str, Tokens] = {INPUT: layers[0].queries, OUTPUT: given.output.tokens}
        answers, unsaid = self._answers(output, given.output, task)
        return Trace(
            model=self.card,
            layers=self._layers(layers, calls, given.output.tokens, saw),
            streams=streams,
            inputs={
                "decoder_input_ids": np.array(ids),
                **{name: value.cpu().numpy() for name, value in inputs.items()},
            },
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=(*self._said, *unsaid, *given.output.notices),
            answers=answers,
            written=self._written(given, answers, output, task),
        )

    def _layers(
        self, seen: Sequence[BlockLayer], calls: Sequence[Call], written: Tokens, saw: Tokens
    ) -> tuple[BlockLayer, ...]:
        for layer in seen:
            layer.stack = "encoder"
        found: dict[str, list[BlockLayer]] = {"encoder": [*seen], "decoder": [], "cross": []}
        for call in calls:
            layer = self._layer(call, written, saw)
            if layer is None:
                raise HeadlightError(
                    f"{self.entry.title} does not attend from what it writes to what it sees: {call.name} "
                    f"goes from {call.shape[2]:,} to {call.shape[3]:,} tokens.",
                    "Choose another model.",
                )
            found[layer.stack].append(layer)
        return numbered([layer for layers in found.values() for layer in layers])

    def _layer(self, call: Call, written: Tokens, saw: Tokens) -> BlockLayer | None:
        """A layer of what writes; None where it does not lead from these tokens to those."""
        across = call.kind == "cross" or "cross" in call.name
        keys = saw if across else written
        if call.shape[2:] != (len(written), len(keys)):
            return None
        layer = RecordedLayer(call, written, keys)
        layer.stack = "cross" if across else "decoder"
        return layer

    def _says(self, states: Tensor, ids: Sequence[int]) -> Any:
        """What the decoder gives of what the tower saw, for the tokens that it is given."""
        asked = {"input_ids": torch.tensor([ids], device=self.device), "use_cache": False}
        project = getattr(self.whole, "enc_to_dec_proj", None)
        wide = self.whole.config.is_encoder_decoder and states.shape[-1] != self.model.config.hidden_size
        seen = project(states) if project is not None and wide else states
        try:
            return self.model(**asked, encoder_hidden_states=seen)
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self.entry.title} cannot write {len(ids):,} tokens: {first_sentence(error)}",
                "Try a shorter text or another model.",
            ) from error

    def _pictured(self, fed: Fed) -> dict[str, Tensor]:
        return {"pixel_values": fed.inputs["pixel_values"].to(self.device, self.eye.tower.dtype)}

    def _answers(self, output: Any, written: Output, task: Task) -> Said:
        if self.head is None:
            return (), ()
        vocabulary, ids = self._reader.vocabulary, np.array(written.ids)
        found = expected(self.head, vocabulary, output, ids, written.tokens, True, task, written.wanted[-1])
        return said(self.entry.title, found)

    def _written(self, given: Given, answers: Sequence[Answer], output: Any, task: Task) -> Written:
        made, ids = given.output, given.output.written
        own, *drawn = how_likely(self.head, answers, output, (1, ids), given.writing, task)
        end = (self._reader.vocabulary.name(one) for one in ids[len(made.ids) - 1 :])
        labels = (*made.tokens.labels[1:], *end)
        return Written(1, ids, made.text, own, made.ended, given.writing, labels, *drawn, OUTPUT)

    # -- what no picture with a decoder is asked -----------------------------------------------------------

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        raise self._unasked()

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        raise self._unasked()

    def _leaf(self, inputs: dict[str, Any], values: Tensor | None = None) -> AbstractContextManager:
        raise self._unasked()

    def _unasked(self) -> HeadlightError:
        return HeadlightError(
            f"What {self.entry.title} writes of {self._of} is shown, not asked about.",
            "Choose another model.",
        )
