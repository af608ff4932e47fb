"""A text or a pair of texts through a language model: each token with its characters, each call recorded."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.asking.amounts import AmountCall
from headlight.models.attention.asking.bands import without_padding
from headlight.models.attention.asking.coverage import said_of
from headlight.models.attention.asking.implementations import unchanged
from headlight.models.attention.calls import Call
from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.heads import body_of, tower_of
from headlight.models.catalogue.loading import is_untrained, load_model, load_tokenizer, needs_only, told
from headlight.models.core.answers import Answer, Line, SoFar, Writing, Written
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence, out_of_memory
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import TextTokens
from headlight.models.core.trace import INPUT, Trace
from headlight.models.corpus.texts import Batch, Cut
from headlight.models.engines.heads import OF_TEXTS, Said, answers_of, head_of, proved, recorded, said
from headlight.models.engines.run import Askable, recipe_of
from headlight.models.engines.texts.encodings import bare, reads, tokens_of
from headlight.models.engines.texts.expected import expected
from headlight.models.engines.texts.going_on import USUAL, Gone, go_on, how_likely, plain
from headlight.models.engines.texts.lines import Begun, all_written
from headlight.models.engines.texts.reader import (
    MAX_TOKENS,
    Read,
    Reader,
    Window,
    embeddings,
    exact_length,
    limit_of,
    variants,
)

SEEN = ("input_ids", "token_type_ids", "attention_mask")
"""What of what it was given tells what the model saw."""
PLAIN = Writing()
WITHOUT_PICTURE = "The part of this model that reads is run alone: it is given no picture."
ALONE = "Only an encoder is run: its decoder is not in the model's folder."


@dataclass(frozen=True, eq=False)
class GoneOn(Read):
    """What is read, and `tokens` of that and of what was written then, if that was asked for. text: what
    that says. writing: as it was asked for.
    """

    gone: Gone | None = None
    text: str = ""
    writing: Writing = PLAIN

    @property
    def ids(self) -> list[int]:
        return [*self.window.encoding.ids, *(self.gone.ids if self.gone else ())]

    @property
    def types(self) -> list[int]:
        return [*self.window.encoding.type_ids, *([0] * len(self.gone.ids) if self.gone else ())]


class LanguageEngine(Askable):
    """A language model and its tokenizer, ready to run. Read from a folder by `LanguageEngine.open`."""

    model: PreTrainedModel
    _besides: frozenset[Offer] = frozenset({"similarity"})

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerFast,
        entry: Entry,
        device: str,
        untrained: bool = False,
    ) -> None:
        self._encoder_alone = (ALONE,) if model.config.is_encoder_decoder else ()
        self.model = _reading(model)
        self._of_two = () if tower_of(body_of(model), "text_config") is None else (WITHOUT_PICTURE,)
        self.entry, self.device = entry, device
        self.card = entry.card(untrained)
        limit = min(limit_of(self.model, tokenizer), MAX_TOKENS)
        self._reader = Reader(tokenizer, entry.title, limit)
        self._exact = exact_length(self.model.config) is not None
        self._accepted = inspect.signature(self.model.forward).parameters.keys()
        self._hides = "attention_mask" in self._accepted
        # GPT-2 and its kin take them too, and add the embeddings of those numbers as tokens.
        own = getattr(model.config, "type_vocab_size", 0) or model.config.model_type == "xlnet"
        self._has_types = bool(own) and "token_type_ids" in self._accepted
        self._said = entry.notices

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> LanguageEngine:
        """Load the model and the tokenizer of a catalogue entry that has its folder or its file.

        Of all but the bundled models it is made sure that they can be recorded. HeadlightError if not.
        """
        tokenizer = load_tokenizer(entry.weights)
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.85))
        entry = told(entry, model, _reading(model), missing)
        engine = cls(model, tokenizer, entry, device, is_untrained(model, _reading(model), missing))
        engine.head, said = head_of(model, engine.model, missing, entry, OF_TEXTS)
        if engine.head is not None and engine.head.task == "causal":
            plain(model)
        engine._said += said
        if entry.where != "bundled":
            task.progress(0.9, "Comparing a recorded pass with a plain one")
            engine._make_sure(task)
        return engine

    @property
    def limit(self) -> int:
        """Tokens, special ones included, that are read at once."""
        return self._reader.limit

    @property
    def offers(self) -> frozenset[Offer]:
        writes = self.head is not None and self.head.task == "causal" and self.head.whole.can_generate()
        return super().offers | ({"write"} if writes else set())

    def _make_sure(self, task: Task) -> None:
        """Find out how the model can be recorded, on a sentence of a few tokens."""
        needs_only(self.model, {"input_ids", "token_type_ids"}, self.entry.title, "a text")
        given = self._tensors(*self._reader.short(task))
        run = partial(self._forward, given)
        self._must_run(run)
        self._asked, notice = way_to_record(self.model, self.entry.title, run, task)
        self._said += (notice,) if notice else ()
        record = partial(recorded, self.model, run, self._asked)
        self.head, said = proved(self.head, self.entry.title, given, record)
        self._said += said

    def _must_run(self, run: Callable[[], Any]) -> None:
        """HeadlightError for a network that fails whatever it is given, in words that tell so."""
        try:
            with torch.no_grad(), unchanged(self.model):
                run()
        except HeadlightError as error:
            if out_of_memory(error) or isinstance(error.__cause__, ValueError):
                raise  # what a model says of its input itself
            raise HeadlightError(
                f"{self.entry.title} cannot be run: its config.json describes a network that fails on every "
                "text.",
                "Correct config.json, or choose another model.",
            ) from error

    def run(
        self,
        text: str,
        pair: str | None = None,
        start: int = 0,
        task: Task = SILENT,
        writing: Writing | None = None,
    ) -> Trace:
        """One text, or two with the model's separators between them, through the model.

        writing: how the model goes on with it; text and what it wrote are then run in one pass.

        start: the first token that is run of a text with more tokens than the model reads, moved so that the
        stretch is full; of a pair it is the longer text's. The trace says the stretch. Its inputs hold
        "input_ids" int64 (n,), and "token_type_ids" where the model takes them: exactly what the model saw.
        Raises HeadlightError for a text without a character that the model reads.
        """
        task.progress(0.0, "Cutting the text into tokens")
        read = self._reader.read(text, pair, start, task)
        if writing is None:
            return self._traced(GoneOn(read.window, read.tokens), task)
        given = self._gone_on(read, writing, Part(task, 0.0, 0.9, lambda so_far: so_far))
        recipe = replace(recipe_of(self.entry), written=given.gone.ids)
        return self._traced(given, Part(task, 0.9), recipe)

    def begin(self, text: str) -> Begun:
        """A text of `write`. HeadlightError as of `run`."""
        window = self._reader.window(text, None, 0)
        ids = tuple(self._open_end(window).ids)
        return Begun({"input_ids": ids}, ids, self.limit - len(ids), self._reader.lost(window))

    def write(self, begun: Sequence[Begun], writing: Writing, task: Task = SILENT) -> list[Line]:
        """What is written behind each text: the likeliest tokens or the best hypothesis, none recorded."""
        asked, spell = replace(writing, new=writing.count(USUAL)), self._reader.spelled
        return all_written(self.head.whole, begun, asked, spell, self.entry.title, task)

    def _open_end(self, window: Window) -> Encoding:
        """A text behind which something can be written."""
        title, encoding = self.entry.title, window.encoding
        if "write" not in self.offers:
            raise HeadlightError(
                f"{title} writes nothing: it has no head that says which token follows.",
                "Choose a causal language model, such as induction.",
            )
        if window.stretch is not None or len(encoding.ids) >= self.limit:
            raise HeadlightError(
                f"The text is longer than the {self.limit:,} tokens that {title} reads at once: nothing fits "
                "behind it.",
                "Shorten it.",
            )
        while encoding.special_tokens_mask[-1] and len(encoding.ids) > 1:  # the text does not end here
            encoding.truncate(len(encoding.ids) - 1)
        return encoding

    def _gone_on(self, read: Read, writing: Writing, task: Task) -> GoneOn:
        """What is read, and what the model writes behind it."""
        title, window, encoding = self.entry.title, read.window, self._open_end(read.window)
        count, before = len(encoding.ids), read.tokens.sources[-1]
        ids = self._reader.behind(writing, before, count, self.limit, task)
        inputs = {"input_ids": torch.tensor([[*encoding.ids, *ids]], device=self.device)}
        telling = Part(task, draw=lambda ids: SoFar(ids, self._reader.tokenizer.decode(ids)))
        gone = go_on(self.head.whole, inputs, ids, writing, self.limit - count - len(ids), title, telling)
        plain = tokens_of(encoding, read.tokens.sources, self._reader.unknown)
        tokens, text = self._reader.extended(plain, encoding.ids, gone.ids)
        return GoneOn(window, tokens, gone, text, writing)

    def _written(self, given: GoneOn, answers: Sequence[Answer], output: Any, task: Task) -> Written | None:
        gone, start = given.gone, len(given.window.encoding.ids)
        if gone is None:
            return None
        labels, ended = given.tokens.labels[start:], gone.ended
        own, *drawn = how_likely(self.head, answers, output, (start, gone.ids), given.writing, task)
        return Written(start, gone.ids, given.text, own, ended, given.writing, labels, *drawn)

    def named(self, number: int) -> str:
        """What an entry of the vocabulary is called."""
        return self._reader.vocabulary.name(number)

    def numbered(self, text: str) -> int | None:
        """The entry of the vocabulary that is this text, after a space or not; None where several are, or
        none."""
        return self._reader.numbered(text)

    def cut(self, texts: Sequence[str]) -> list[Cut | None]:
        """Each as far as the model reads, for `batch`; None of what holds nothing that it reads."""
        with reads(self.entry.title):
            found = self._reader.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        room = self.limit - self._reader.tokenizer.num_special_tokens_to_add(False)
        cut: list[Cut | None] = []
        for text, encoding in zip(texts, found, strict=True):
            if not encoding.ids:
                cut.append(None)
                continue
            is_whole = len(encoding.ids) <= room
            encoding.truncate(room)
            read = self._reader.tokenizer.post_process(encoding, None, True)
            cut.append(Cut(tokens_of(read, (text,), None, bare), tuple(read.ids), is_whole))
        return cut

    def batch(self, numbers: Sequence[int], cut: Sequence[Cut], task: Task = SILENT) -> Batch:
        """One recorded pass over texts of equal length."""
        ids, tokens = [one.ids for one in cut], tuple(one.tokens for one in cut)
        inputs = self._tensors(ids[0], [0] * len(ids[0]))
        several = {
            name: value.expand(len(ids), -1) if isinstance(value, torch.Tensor) else value
            for name, value in inputs.items()
        }
        several["input_ids"] = torch.tensor(ids, device=self.device)
        with torch.no_grad(), self._recorded((), Part(task), flowing=True) as calls:
            self._forward(several)
        self._keeps_tokens(calls, len(ids[0]))
        layers = (RecordedLayer(call, tokens[0], tokens[0]) for call in calls)
        return Batch(tuple(numbers), tokens, tuple(calls), all(_looks_back(one, 0) for one in layers))

    def _keeps_tokens(self, calls: Sequence[Call], count: int) -> None:
        for call in calls:
            if call.shape[2:] != (count, count):
                raise HeadlightError(
                    f"{self.entry.title} does not keep its {count:,} tokens: {call.name} attends from "
                    f"{call.shape[2]:,} to {call.shape[3]:,}.",
                    "Choose a model that attends from every token to every token.",
                )

    def _passed(
        self, given: GoneOn, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        window, tokens = given.window, given.tokens
        inputs = self._inputs(given, hidden)
        began = time.perf_counter()
        with torch.no_grad(), self._recorded(changes, task) as calls:
            output = self._forward(inputs)
        seconds = time.perf_counter() - began
        calls = [without_padding(call, len(tokens)) for call in calls]
        self._keeps_tokens(calls, len(tokens))
        layers = tuple(RecordedLayer(call, tokens, tokens) for call in calls)
        first = 0 if hidden is None else int(np.flatnonzero(~hidden.which[0])[0])
        numbered(layers, "decoder" if all(_looks_back(layer, first) for layer in layers) else "encoder")
        answers, unsaid = self._answers(output, inputs, tokens, layers, task)
        return Trace(
            model=self.card,
            layers=layers,
            streams={INPUT: tokens},
            inputs={name: inputs[name][0].cpu().numpy() for name in SEEN if name in inputs},
            readout=self._readout(tokens, layers),
            seconds=seconds,
            device=self.device,
            notices=(
                *(*self._said, *unsaid, *self._encoder_alone, *self._of_two, *self._amounted(calls)),
                *said_of(self.entry.title, self.model, calls),
                *self._reader.notices(given),
            ),
            stretch=window.stretch,
            answers=answers,
            written=self._written(given, answers, output, task),
        )

    def _amounted(self, calls: Sequence[Call]) -> tuple[str, ...]:
        if not any(isinstance(call, AmountCall) for call in calls):
            return ()
        return (
            f"{self.entry.title} has no softmax over all tokens: shown is the matrix that each layer amounts "
            "to over this text. Its rows need not sum to 1.",
        )

    def _inputs(self, given: GoneOn, hidden: Hidden | None) -> dict[str, Any]:
        """Tokens that are hidden the model is told to leave out."""
        inputs = self._tensors(given.ids, given.types)
        if hidden is None:
            return inputs
        if not self._hides:
            raise HeadlightError(
                f"{self.entry.title} takes no mask that hides tokens.", "Choose another model."
            )
        return variants(inputs, hidden)

    def _tensors(self, ids: Sequence[int], types: Sequence[int]) -> dict[str, Any]:
        named = {"input_ids": ids} | ({"token_type_ids": types} if self._has_types else {})
        tensors = {name: torch.tensor([values], device=self.device) for name, values in named.items()}
        return {**tensors, **({"use_cache": False} if "use_cache" in self._accepted else {})}

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        if self._exact and inputs["input_ids"].shape[1] != self.limit:
            raise HeadlightError(
                f"{self.entry.title} reads {self.limit:,} tokens at once, and no fewer.",
                "Type a longer text.",
            )
        try:
            return self.model(**inputs, **(self.head.asks if self.head else {}))
        except MODEL_ERRORS as error:
            count = inputs["input_ids"].shape[1]
            raise HeadlightError(
                f"{self.entry.title} cannot read {count:,} tokens: {first_sentence(error)}",
                "Try a shorter text or another model.",
            ) from error

    def _leaf(
        self, inputs: dict[str, Any], values: torch.Tensor | None = None
    ) -> AbstractContextManager[list[torch.Tensor]]:
        return embeddings(self.model, inputs["input_ids"], values)

    def _answers(
        self,
        output: Any,
        inputs: dict[str, Any],
        tokens: TextTokens,
        layers: Sequence[AttentionLayer],
        task: Task,
    ) -> Said:
        title = self.entry.title
        if self.head is None or self.head.task == "classes":
            return answers_of(self.head, title, output, inputs)
        follows = self.head.task == "causal"
        if follows and layers[0].stack != "decoder":
            return (), (f"{title} looks ahead: what it says of the token that follows is no answer.",)
        ids = inputs["input_ids"][0].cpu().numpy()
        return said(title, expected(self.head, self._reader.vocabulary, output, ids, tokens, follows, task))

    def _readout(self, tokens: TextTokens, layers: Sequence[AttentionLayer]) -> int | None:
        """The class token of an encoder, the last token of a decoder, None where all tokens are averaged."""
        if layers[0].stack == "decoder":
            return len(tokens) - 1
        averaged = self.entry.mean_pooled or self._encoder_alone
        return None if averaged or not tokens.special[0] else 0


def _reading(model: PreTrainedModel) -> PreTrainedModel:
    """Of a model with an encoder and a decoder the encoder, of one with a head what is under it, of one that
    sees as well the tower that reads."""
    if model.config.is_encoder_decoder:
        return model.get_encoder()
    body = body_of(model)
    return tower_of(body, "text_config") or body


def _looks_back(layer: AttentionLayer, first: int) -> bool:
    """Whether the first token that is not hidden sees none of those after it."""
    _, weights = layer.rows(first)
    return not weights[:, first + 1 :].any()
