"""A text through an encoder and a decoder: what is read is one stream, what is written another.

Three stacks of attention (Vaswani et al. 2017, section 3.2.3): "encoder" from input to input, "decoder" from
output to output, "cross" from output to input.
"""

from __future__ import annotations

import copy
import inspect
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.asking.coverage import said_of
from headlight.models.attention.calls import Call
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.loading import is_untrained, load_model, load_tokenizer, needs_only, told
from headlight.models.core.answers import Answer, Line, SoFar, Target, Writing, Written
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, OUTPUT, Tokens
from headlight.models.core.trace import Trace
from headlight.models.engines.heads import Said, Speaks, foreign, said
from headlight.models.engines.run import Askable, recipe_of
from headlight.models.engines.texts.expected import expected
from headlight.models.engines.texts.going_on import go_on, how_likely, plain
from headlight.models.engines.texts.lines import Begun, all_written
from headlight.models.engines.texts.output import Output, typed, went_on
from headlight.models.engines.texts.reader import MAX_TOKENS, Read, Reader, embeddings, limit_of, variants

STACKS = {"encoder": (INPUT, INPUT), "decoder": (OUTPUT, OUTPUT), "cross": (OUTPUT, INPUT)}
"""Of which streams queries and keys are."""
SEEN = ("input_ids", "token_type_ids", "attention_mask", "decoder_input_ids")
"""What of what it was given tells what the model saw."""
OWN = 200
"""Tokens that a model may write by itself."""
TARGET = "target"
"""The folder inside a model's that holds the tokenizer of what it writes, where that is another one."""


@dataclass(frozen=True, eq=False)
class Given:
    """What is read, and what is written, as it was asked for."""

    read: Read
    output: Output
    writing: Writing


class Logits(Speaks):
    """The head of a model that is run as a whole: its logits, [1, tokens, vocabulary]."""

    task = "writes"

    def logits_at(self, output: Any, places: np.ndarray, task: Task) -> Iterator[tuple[int, Tensor]]:
        """As of all that speaks."""
        yield 0, output.logits[0, torch.from_numpy(places).to(output.logits.device)].float()

    def of_target(
        self, output: Any, inputs: Mapping[str, Tensor], target: Target, place: int | None
    ) -> tuple[Tensor, Tensor]:
        """As `heads.Head.of_target`. place: the position after which the target is said."""
        logits = output.logits[0].float()
        if place is None or place >= len(logits) or not 0 <= target.index < logits.shape[1]:
            raise foreign(target)
        return logits[place, target.index], logits[place].softmax(0)[target.index]


class Seq2SeqEngine(Askable):
    """An encoder–decoder and its tokenizers. Read from a folder by `Seq2SeqEngine.open`.

    target: the tokenizer of what is written, None where it is that of what is read.
    """

    model: PreTrainedModel

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        entry: Entry,
        device: str,
        untrained: bool = False,
        target: PreTrainedTokenizerFast | None = None,
    ) -> None:
        self.model, self.entry, self.device = model, entry, device
        self.card = entry.card(untrained)
        encoder, target = model.get_encoder(), target or _of_target(tokenizer)
        self._source = Reader(
            tokenizer, entry.title, min(limit_of(encoder, tokenizer, model.config), MAX_TOKENS)
        )
        longest = min(limit_of(model.get_decoder(), target, model.config), MAX_TOKENS)
        self._target = Reader(target, entry.title, longest)
        has_types = bool(getattr(getattr(encoder, "config", model.config), "type_vocab_size", 0))
        self._has_types = has_types and "token_type_ids" in inspect.signature(encoder.forward).parameters
        self._start = start_of(model, target)
        ends = (special_of(model, "eos_token_id"), target.eos_token_id, target.sep_token_id)
        self._end = next((number for number in ends if number is not None), None)
        writes = model.get_output_embeddings() is not None and model.can_generate()
        self.head = Logits() if writes else None
        if self.head is not None:
            plain(model, decoder_start_token_id=self._start, eos_token_id=self._end)
        self._said = entry.notices

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> Seq2SeqEngine:
        """Load the model and the tokenizers of a catalogue entry that has its folder or its file.

        Of all but the bundled models it is made sure that they can be recorded. HeadlightError if not.
        """
        tokenizer = load_tokenizer(entry.weights)
        inner = entry.weights / TARGET
        target = load_tokenizer(inner) if inner.is_dir() else None
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.85))
        needs_only(model.get_encoder(), {"input_ids", "token_type_ids"}, entry.title, "a text")
        entry = told(entry, model, model, missing)
        engine = cls(model, tokenizer, entry, device, is_untrained(model, model, missing), target)
        engine._look_at_head(missing)
        if entry.where != "bundled":
            task.progress(0.9, "Comparing a recorded pass with a plain one")
            engine._make_sure(task)
        return engine

    def _look_at_head(self, missing: frozenset[str]) -> None:
        """Random weights answer nothing, and write nothing."""
        if self.head is not None and is_untrained(self.model, self.model.get_output_embeddings(), missing):
            self.head = None
            self._said += (f"The head of {self.entry.title} lacks its weights: it gives no answer.",)
        if self.head is None:
            self._said += (
                f"{self.entry.title} has no head that writes: without a target its decoder is given the text "
                "itself, as BART's is for classification.",
            )

    @property
    def offers(self) -> frozenset[Offer]:
        return super().offers | ({"write"} if self.head is not None else set())

    def _make_sure(self, task: Task) -> None:
        """Find out how the model can be recorded, on a sentence of a few tokens."""
        ids, types = self._source.short(task)
        run = partial(self._forward, self._tensors(ids, types, (self._start, *self._target.short(task)[0])))
        self._asked, notice = way_to_record(self.model, self.entry.title, run, task)
        self._said += (notice,) if notice else ()

    def run(
        self,
        text: str,
        pair: str | None = None,
        start: int = 0,
        task: Task = SILENT,
        writing: Writing | None = None,
    ) -> Trace:
        """A text, or two with the model's separators between them, and what is written of it.

        writing: how; None for the likeliest token each time, OWN of them at most, or of a model without a
        head that writes for the text itself. Recorded is one pass over all of it in any case, with what was
        written as a target (teacher forcing). start: as of `LanguageEngine.run`. The trace's inputs hold
        "input_ids" int64 (n,) and "decoder_input_ids" int64 (t,), exactly what the model saw: position t of
        the OUTPUT holds token t and says token t + 1. Raises HeadlightError for texts without a character
        that the model reads, and for a target that is longer than it writes.
        """
        task.progress(0.0, "Cutting the text into tokens")
        read = self._source.read(text, pair, start, task)
        if writing is None:
            writing = Writing() if self.head is not None else Writing(target=text)
        output = self._output(read, writing, Part(task, 0.0, 0.9, lambda so_far: so_far))
        recipe = replace(recipe_of(self.entry), written=output.written)
        return self._traced(Given(read, output, writing), Part(task, 0.9), recipe)

    def begin(self, text: str) -> Begun:
        """A text of `write`. HeadlightError as of `run`."""
        if self.head is None:
            raise self._silent()
        window = self._source.window(text, None, 0)
        inputs = self._named(window.encoding.ids, window.encoding.type_ids, (self._start,))
        return Begun(inputs, (), self._target.limit - 1, self._source.lost(window))

    def named(self, number: int) -> str:
        """What an entry of the vocabulary that it writes is called."""
        return self._target.vocabulary.name(number)

    def numbered(self, text: str) -> int | None:
        """The entry of that vocabulary that is this text, after a space or not."""
        return self._target.numbered(text)

    def cut(self, texts: Sequence[str]) -> NoReturn:
        """Many texts are read by models of one stack: that says so."""
        raise HeadlightError(
            f"{self.entry.title} is an encoder–decoder, whose heads are not measured over many texts.",
            "Choose another model, or one text.",
        )

    def write(self, begun: Sequence[Begun], writing: Writing, task: Task = SILENT) -> list[Line]:
        """What is written of each text, the likeliest tokens or the best hypothesis; no pass is recorded."""
        asked, spell = replace(writing, new=writing.count(OWN)), self._target.spelled
        return all_written(self.model, begun, asked, spell, self.entry.title, task)

    def _silent(self) -> HeadlightError:
        return HeadlightError(f"{self.entry.title} has no head that writes.", "Give it a target.")

    def _output(self, read: Read, writing: Writing, task: Task) -> Output:
        """What was given, and what the model writes behind that."""
        ids, count = writing.ids, writing.count(OWN)
        if writing.target is not None:
            output = typed(self._target, writing.target, self._start, self._end, task)
            if not ids and not count:
                return output
            ids = (*ids, *output.ids[1:])
        title, is_whole = self.entry.title, bool(ids) and ids[-1] == self._end
        room = self._target.limit - 1 - len(ids) + is_whole
        if room < 0:
            raise HeadlightError(
                f"{len(ids):,} tokens are given, and {title} writes {self._target.limit - 1:,} at most.",
                "Give it fewer.",
            )
        if self.head is None and count:
            raise self._silent()
        encoding = read.window.encoding
        inputs = self._tensors(encoding.ids, encoding.type_ids, (self._start, *ids))
        inputs = {name: value for name, value in inputs.items() if name != "use_cache"}
        asked = replace(writing, new=0 if is_whole else count)
        telling = Part(task, draw=lambda ids: SoFar(ids, self._target.tokenizer.decode(ids)))
        gone = go_on(self.model, inputs, ids, asked, room, title, telling)
        output = went_on(self._target, self._start, gone, self._end)
        if writing.new is None and gone.ended in ("length", "room") and count:
            said = f"{title} was stopped after {len(gone.ids):,} tokens."
            return replace(output, notices=(said,))
        return output

    def _written(self, given: Given, answers: Sequence[Answer], output: Any, task: Task) -> Written:
        made, ids = given.output, given.output.written
        own, *drawn = how_likely(self.head, answers, output, (1, ids), given.writing, task)
        end = (self._target.vocabulary.name(one) for one in ids[len(made.ids) - 1 :])
        labels = (*made.tokens.labels[1:], *end)
        return Written(1, ids, made.text, own, made.ended, given.writing, labels, *drawn, OUTPUT)

    def _passed(
        self, given: Given, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs = self._inputs(given, hidden)
        began = time.perf_counter()
        with torch.no_grad(), self._recorded(changes, task) as calls:
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        streams: dict[str, Tokens] = {INPUT: given.read.tokens, OUTPUT: given.output.tokens}
        layers, unfit = self._layers(calls, streams)
        answers, unsaid = self._answers(output, given.output, task)
        return Trace(
            model=self.card,
            layers=layers,
            streams=streams,
            inputs={name: inputs[name][0].cpu().numpy() for name in SEEN if name in inputs},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=(
                *(*self._said, *unfit, *unsaid, *said_of(self.entry.title, self.model, calls)),
                *(*self._source.notices(given.read), *given.output.notices),
            ),
            stretch=given.read.window.stretch,
            answers=answers,
            written=self._written(given, answers, output, task),
        )

    def _layers(
        self, calls: Sequence[Call], streams: Mapping[str, Tokens]
    ) -> tuple[tuple[RecordedLayer, ...], tuple[str, ...]]:
        """(the layers, stack after stack, what is said of calls that do not go from token to token)."""
        names = {id(module): name for name, module in self.model.named_modules()}
        encoder = f"{names[id(self.model.get_encoder())]}."
        found: dict[str, list[RecordedLayer]] = {stack: [] for stack in STACKS}
        unfit: dict[str, str] = {}
        for call in calls:
            reads = call.name.startswith((encoder, "encoder_attentions"))
            stack = "encoder" if reads else "cross" if call.kind == "cross" else "decoder"
            queries, keys = (streams[name] for name in STACKS[stack])
            if call.shape[2:] != (len(queries), len(keys)):
                unfit[stack] = f"from {call.shape[2]:,} to {call.shape[3]:,}"
                continue
            layer = RecordedLayer(call, queries, keys)
            layer.stack = stack
            found[stack].append(layer)
        if not any(found.values()):
            raise HeadlightError(
                f"{self.entry.title} does not keep its tokens: it attends {next(iter(unfit.values()))}.",
                "Choose a model that attends from every token to every token.",
            )
        said = (
            f"Layers of the {stack} of {self.entry.title} attend {shape}, not from token to token: they are "
            "not shown."
            for stack, shape in unfit.items()
        )
        return numbered(layer for stack in STACKS for layer in found[stack]), tuple(said)

    def _answers(self, output: Any, written: Output, task: Task) -> Said:
        if self.head is None:
            return (), ()
        ids = np.array(written.ids)
        vocabulary, tokens, last = self._target.vocabulary, written.tokens, written.wanted[-1]
        found = expected(self.head, vocabulary, output, ids, tokens, True, task, last)
        return said(self.entry.title, found)

    def _inputs(self, given: Given, hidden: Hidden | None) -> dict[str, Any]:
        """Tokens of the input that are hidden the model is told to leave out."""
        encoding = given.read.window.encoding
        inputs = self._tensors(encoding.ids, encoding.type_ids, given.output.ids)
        return inputs if hidden is None else variants(inputs, hidden)

    def _tensors(self, ids: Sequence[int], types: Sequence[int], written: Sequence[int]) -> dict[str, Any]:
        named = self._named(ids, types, written)
        tensors = {
            name: torch.tensor([values], dtype=torch.long, device=self.device)
            for name, values in named.items()
        }
        return {**tensors, "use_cache": False}

    def _named(
        self, ids: Sequence[int], types: Sequence[int], written: Sequence[int]
    ) -> dict[str, tuple[int, ...]]:
        more = {"token_type_ids": tuple(types)} if self._has_types else {}
        return {"input_ids": tuple(ids), "decoder_input_ids": tuple(written), **more}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return self.model(**inputs)
        except MODEL_ERRORS as error:
            read, written = (inputs[name].shape[1] for name in ("input_ids", "decoder_input_ids"))
            raise HeadlightError(
                f"{self.entry.title} cannot read {read:,} tokens and write {written:,}: "
                f"{first_sentence(error)}",
                "Try a shorter text or another model.",
            ) from error

    def _leaf(
        self, inputs: dict[str, Any], values: Tensor | None = None
    ) -> AbstractContextManager[list[Tensor]]:
        return embeddings(self.model, inputs["input_ids"], values)


def _of_target(tokenizer: PreTrainedTokenizerFast) -> PreTrainedTokenizerFast:
    """The tokenizer as it cuts what is written: in the other language, where it knows of two."""
    if not hasattr(tokenizer, "_switch_to_target_mode"):
        return tokenizer
    other = copy.deepcopy(tokenizer)
    other._switch_to_target_mode()
    return other


def start_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> int:
    """The number of the token that a decoder begins with."""
    known = [special_of(model, name) for name in ("decoder_start_token_id", "bos_token_id", "pad_token_id")]
    own = (tokenizer.cls_token_id, tokenizer.bos_token_id)
    numbers = (*known[:2], *own, known[2], tokenizer.pad_token_id)
    return next((number for number in numbers if number is not None), 0)


def special_of(model: PreTrainedModel, name: str) -> int | None:
    """A token that generation, the model or its decoder names; the first where there are several."""
    generation = getattr(model, "generation_config", None)
    configs = (generation, model.config, getattr(model.config, "decoder", None))
    found = next((n for config in configs if (n := getattr(config, name, None)) is not None), None)
    return found[0] if isinstance(found, list) else found
