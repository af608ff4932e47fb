"""Texts as a model reads them: tokens that know their characters, a stretch of what is too long."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Encoding
from transformers import PreTrainedConfig, PreTrainedTokenizerFast

from headlight.models.core.answers import Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hidden
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import TextTokens
from headlight.models.engines.texts.encodings import reads, stretch_of, tokens_of, unknown_said
from headlight.models.engines.texts.expected import Vocabulary
from headlight.models.engines.texts.going_on import extended, spelled
from headlight.models.engines.texts.lines import Begun
from headlight.models.engines.texts.tokenizing import encoded

MAX_TOKENS = 4096
"""Tokens that are run at once even where a model reads more: a matrix of them is 64 MB."""
SENTENCE = "The cat sat on the mat, and it was warm."
"""What a recorded pass is compared with a plain one on."""
FEW = 4
"""First tokens of the vocabulary that stand for it where the tokenizer reads none of it."""


@dataclass(frozen=True, eq=False)
class Window:
    """What of the texts is run. stretch: (first, last + 1, total) of the text that was cut, if one was."""

    encoding: Encoding
    stretch: tuple[int, int, int] | None
    notices: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Read:
    """What of the texts is run, and its tokens."""

    window: Window
    tokens: TextTokens


class Reader:
    """The tokenizer of a model called `title`, which reads `limit` tokens at once."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, title: str, limit: int) -> None:
        self.title, self.limit = title, limit
        self.unknown = tokenizer.unk_token_id
        # A tokenizer's file may ask for cutting or padding (the bundled one for 128 tokens of both).
        self.tokenizer = tokenizer.backend_tokenizer
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.vocabulary = Vocabulary(self.tokenizer, tokenizer.mask_token_id)

    def read(self, text: str, pair: str | None = None, start: int = 0, task: Task = SILENT) -> Read:
        """One text, or two with the model's separators between them.

        start: the first token of the stretch that is kept of a text with more tokens than the model reads; of
        a pair it is the longer text's. Raises HeadlightError for a text without a character that it reads.
        """
        window = self.window(text, pair, start, task)
        return Read(
            window, tokens_of(window.encoding, (text,) if pair is None else (text, pair), self.unknown)
        )

    def numbered(self, text: str) -> int | None:
        """The entry of the vocabulary that is this text, after a space or not; None where several are, or
        none."""
        encode = self.tokenizer.encode
        said = (encode(one, add_special_tokens=False) for one in (f" {text}", text))
        single = (one for one in said if len(one.ids) == 1)
        return next(
            (one.ids[0] for one in single if one.ids[0] != self.unknown or one.tokens[0] == text), None
        )

    def spelled(self, begun: Begun, ids: Sequence[int]) -> str:
        """What tokens say behind a text."""
        with reads(self.title):
            return spelled(self.tokenizer, begun.before, ids)[0]

    def extended(
        self, tokens: TextTokens, before: Sequence[int], ids: Sequence[int]
    ) -> tuple[TextTokens, str]:
        """(tokens, of `before`, and behind them those that were written, what these say)."""
        with reads(self.title):
            text, spans = spelled(self.tokenizer, before, ids)
            # What says nothing, as an entry that the tokenizer does not know, has no place in the text.
            says = zip(ids, spans[:, 1] > spans[:, 0], strict=True)
            special = [self.vocabulary.is_special(one) or not some for one, some in says]
            return extended(tokens, self.tokenizer, ids, text, spans, special), text

    def behind(self, writing: Writing, before: str, count: int, limit: int, task: Task) -> list[int]:
        """The tokens that are given to stand behind a text of `count` of them, whose characters are `before`.
        HeadlightError where the model, which reads `limit`, has no room for them."""
        ids = list(writing.ids)
        if (target := writing.target) is not None:
            spaced = target if before[-1:].isspace() or target[:1].isspace() else f" {target}"
            with reads(self.title):
                ids += self.encode(spaced, "target", task).ids
        if len(ids) > limit - count:
            raise HeadlightError(
                f"{len(ids):,} tokens do not fit behind the text: {self.title} reads {limit:,} at once.",
                "Shorten it, or what is to be written.",
            )
        return ids

    def short(self, task: Task = SILENT) -> tuple[Sequence[int], Sequence[int]]:
        """(numbers of tokens, of their texts) of a sentence, or of a few where it is in no known script."""
        try:
            encoding = self.window(SENTENCE, None, 0, task).encoding
        except HeadlightError:
            return range(FEW), [0] * FEW
        return encoding.ids, encoding.type_ids

    def notices(self, read: Read) -> tuple[str, ...]:
        """What is to be said of a text, its stretch first."""
        found = [*self.lost(read.window)]
        letters = "".join(read.tokens.sources)
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in letters):
            found.append("This text has right-to-left script; its tokens stand in reading order.")
        return tuple(found)

    def lost(self, window: Window) -> tuple[str, ...]:
        """What of a text the model does not see."""
        unknown = unknown_said(window.encoding, self.unknown)
        return (*window.notices, *((unknown,) if unknown else ()))

    def window(self, text: str, pair: str | None, start: int, task: Task = SILENT) -> Window:
        """The tokens that are run: all of them, or a stretch of the longer text."""
        with reads(self.title):
            return self._cut(text, pair, start, task)

    def _cut(self, text: str, pair: str | None, start: int, task: Task) -> Window:
        first = self.encode(text, "text", task)
        second = None if pair is None else self.encode(pair, "second text", task)
        room = self.limit - self.tokenizer.num_special_tokens_to_add(second is not None)
        if second is None:
            kept, stretch, notices = stretch_of(first, room, start, "text")
            return Window(self.tokenizer.post_process(kept, None, True), stretch, notices)
        if len(first.ids) + len(second.ids) <= room:
            return Window(self.tokenizer.post_process(first, second, True), None, ())
        # The shorter text stays whole as long as it leaves the other at least half.
        if len(first.ids) >= len(second.ids):
            second, _, cut = stretch_of(second, room // 2, 0, "second text")
            first, stretch, notices = stretch_of(first, room - len(second.ids), start, "first text")
        else:
            first, _, cut = stretch_of(first, room // 2, 0, "first text")
            second, stretch, notices = stretch_of(second, room - len(first.ids), start, "second text")
        return Window(self.tokenizer.post_process(first, second, True), stretch, (*notices, *cut))

    def encode(self, text: str, which: str, task: Task) -> Encoding:
        """All tokens of a text, without special tokens, with the characters they stand for."""
        if not text.strip():
            raise HeadlightError(f"The {which} is empty or holds only spaces.", "Type or drop a sentence.")
        encoding = encoded(self.tokenizer, text, self.title, task)
        if not encoding.ids:
            raise HeadlightError(
                f"The {which} holds no character that {self.title} reads.", "Type or drop a sentence."
            )
        return encoding


def limit_of(
    model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, outer: PreTrainedConfig | None = None
) -> int:
    """Tokens, special ones included, that the model reads at once. outer: the configuration of what it is a
    part of, for a part that has none (FSMT)."""
    config = getattr(model, "config", outer)
    said = (getattr(config, name, None) for name in ("max_position_embeddings", "n_positions"))
    positions = next((number for number in said if isinstance(number, int) and number > 0), None)
    # RoBERTa's table begins with unused rows up to the padding token's number.
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            positions = len(module.weight) - module.padding_idx - 1
    positions = exact_length(config) or positions
    # transformers writes a huge number for a tokenizer that knows no limit.
    longest = tokenizer.model_max_length
    return min(positions or MAX_TOKENS, longest if longest > 0 else MAX_TOKENS)


def exact_length(config: PreTrainedConfig) -> int | None:
    """Tokens that a Nyströmformer reads, no more and no fewer, whose landmarks are means of as many each."""
    count, landmarks = (getattr(config, name, None) for name in ("segment_means_seq_len", "num_landmarks"))
    return count if isinstance(count, int) and count != landmarks else None


def variants(inputs: dict[str, Any], hidden: Hidden) -> dict[str, Any]:
    """What a model is given of one text, once for each variant of what it is told to leave out."""
    seen = torch.from_numpy(~hidden.which).long()
    each = {
        name: value.expand(len(seen), -1) if isinstance(value, torch.Tensor) else value
        for name, value in inputs.items()
    }
    return {**each, "attention_mask": seen.to(inputs["input_ids"].device)}


@contextmanager
def embeddings(
    model: torch.nn.Module, ids: torch.Tensor, values: torch.Tensor | None = None
) -> Iterator[list[torch.Tensor]]:
    """Of tokens [1, n] of passes inside: what the first table gives that is asked for them, as a leaf.

    values: [n, d], what it gives instead.
    """
    found: list[torch.Tensor] = []
    asked = ids.flatten()

    def enter(_: torch.nn.Module, args: tuple, embedded: torch.Tensor) -> torch.Tensor:
        if found or not args or not torch.equal(args[0].flatten(), asked):
            return embedded
        # XLNet has the tokens before the batch.
        given = embedded.detach() if values is None else values
        found.append(given.reshape(1, len(asked), -1).to(embedded).clone().requires_grad_())
        return found[-1].reshape(embedded.shape).clone()  # which CTRL scales in place

    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, torch.nn.Embedding):
                stack.callback(module.register_forward_hook(enter).remove)
        yield found
