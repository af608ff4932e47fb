"""Texts as a model reads them: tokens that know their characters, a stretch of what is too long."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from headlight.models.core.errors import HeadlightError, first_sentence
from headlight.models.core.interventions import Hidden
from headlight.models.core.task import SILENT, Cancelled, Task
from headlight.models.core.tokens import INPUT, TextTokens
from headlight.models.engines.expected import Vocabulary
from headlight.models.engines.token_labels import readable
from headlight.models.engines.tokenizing import encoded

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

    def short(self, task: Task = SILENT) -> tuple[Sequence[int], Sequence[int]]:
        """(numbers of tokens, of their texts) of a sentence, or of a few where it is in no known script."""
        try:
            encoding = self.window(SENTENCE, None, 0, task).encoding
        except HeadlightError:
            return range(FEW), [0] * FEW
        return encoding.ids, encoding.type_ids

    def notices(self, read: Read) -> tuple[str, ...]:
        """What is to be said of a text, its stretch first."""
        found = [*read.window.notices]
        if unknown := _unknown(read.window.encoding, self.unknown):
            found.append(unknown)
        letters = "".join(read.tokens.sources)
        if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in letters):
            found.append("This text has right-to-left script; its tokens stand in reading order.")
        return tuple(found)

    def window(self, text: str, pair: str | None, start: int, task: Task = SILENT) -> Window:
        """The tokens that are run: all of them, or a stretch of the longer text."""
        with reads(self.title):
            return self._cut(text, pair, start, task)

    def _cut(self, text: str, pair: str | None, start: int, task: Task) -> Window:
        first = self.encode(text, "text", task)
        second = None if pair is None else self.encode(pair, "second text", task)
        room = self.limit - self.tokenizer.num_special_tokens_to_add(second is not None)
        if second is None:
            kept, stretch, notices = _stretch(first, room, start, "text")
            return Window(self.tokenizer.post_process(kept, None, True), stretch, notices)
        if len(first.ids) + len(second.ids) <= room:
            return Window(self.tokenizer.post_process(first, second, True), None, ())
        # The shorter text stays whole as long as it leaves the other at least half.
        if len(first.ids) >= len(second.ids):
            second, _, cut = _stretch(second, room // 2, 0, "second text")
            first, stretch, notices = _stretch(first, room - len(second.ids), start, "first text")
        else:
            first, _, cut = _stretch(first, room // 2, 0, "first text")
            second, stretch, notices = _stretch(second, room - len(first.ids), start, "second text")
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


@contextmanager
def reads(title: str) -> Iterator[None]:
    """Whatever a tokenizer raises says that it cannot read the text.

    Its expressions and tables come from the model's folder. Where they break it, its Rust code panics, and a
    panic is no Exception.
    """
    try:
        yield
    except (HeadlightError, Cancelled):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise HeadlightError(
            f"The tokenizer of {title} cannot read this text: {first_sentence(error)}",
            "Try another text, or choose another model.",
        ) from error


def _stretch(
    encoding: Encoding, room: int, start: int, which: str
) -> tuple[Encoding, tuple[int, int, int] | None, tuple[str, ...]]:
    """(at most `room` tokens from `start` on, (first, last + 1, total), what to say); whole if it fits."""
    total = len(encoding.ids)
    if total <= room:
        return encoding, None, ()
    first = min(max(start, 0), total - room)
    encoding.truncate(first + room)
    encoding.truncate(room, direction="left")
    notice = (
        f"The {which} has {total:,} tokens and the model reads {room:,} of them at once: "
        f"tokens {first + 1:,} to {first + room:,} are shown."
    )
    return encoding, (first, first + room, total), (notice,)


def tokens_of(
    encoding: Encoding, sources: tuple[str, ...], unknown: int | None, stream: str = INPUT
) -> TextTokens:
    """unknown: the number of the token for what is not in the vocabulary."""
    special = np.array(encoding.special_tokens_mask, bool)
    texts = np.array([text or 0 for text in encoding.sequence_ids])
    spans = np.array(encoding.offsets, int).reshape(-1, 2)
    spans[special] = 0
    words = _words(encoding, special, texts)
    missing = encoding.tokens[encoding.ids.index(unknown)] if unknown in encoding.ids else None
    labels = readable(encoding.tokens, spans, texts, words, special, sources, missing)
    return TextTokens(labels, special, spans, words, texts, tuple(encoding.tokens), sources, stream)


def words_of(encoding: Encoding) -> np.ndarray:
    """int (n,): numbers of words, from 0, of one text without special tokens."""
    nothing = np.zeros(len(encoding.ids), int)
    return _words(encoding, nothing > 0, nothing)


def _words(encoding: Encoding, special: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """int (n,): numbers of words, from 0, counted over both texts; -1 for special tokens."""
    words = np.full(len(special), -1)
    own = np.array([-1 if word is None else word for word in encoding.word_ids])
    # A tokenizer that does not split at spaces calls the whole text one word and marks the spaces.
    marked = np.array([token.startswith("▁") for token in encoding.tokens]) & ~special
    for text in (0, 1):
        where = np.flatnonzero(~special & (texts == text))
        if not len(where):
            continue
        begins = np.r_[True, own[where][1:] != own[where][:-1]]
        if begins.sum() == 1 and marked[where].any():
            begins = marked[where] | begins
        words[where] = np.cumsum(begins) + words.max()
    return words


def _unknown(encoding: Encoding, unknown: int | None) -> str | None:
    """What became the unknown token, as a sentence with its number."""
    pairs = zip(encoding.ids, encoding.offsets, encoding.special_tokens_mask, strict=True)
    lengths = [stop - start for token, (start, stop), special in pairs if token == unknown and not special]
    if not lengths:
        return None
    label = encoding.tokens[encoding.ids.index(unknown)]
    what = "character" if max(lengths) <= 1 else "word"
    if len(lengths) == 1:
        return f"1 {what} is not in this model's vocabulary and became {label}."
    return f"{len(lengths):,} {what}s are not in this model's vocabulary and became {label}."


def limit_of(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> int:
    """Tokens, special ones included, that the model reads at once."""
    config = model.config
    said = (getattr(config, name, None) for name in ("max_position_embeddings", "n_positions"))
    positions = next((number for number in said if isinstance(number, int) and number > 0), None)
    # RoBERTa's table begins with unused rows up to the padding token's number.
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            positions = len(module.weight) - module.padding_idx - 1
    # transformers writes a huge number for a tokenizer that knows no limit.
    longest = tokenizer.model_max_length
    return min(positions or MAX_TOKENS, longest if longest > 0 else MAX_TOKENS)


def variants(inputs: dict[str, Any], hidden: Hidden) -> dict[str, Any]:
    """What a model is given of one text, once for each variant of what it is told to leave out."""
    seen = torch.from_numpy(~hidden.which).long()
    each = {
        name: value.expand(len(seen), -1) if isinstance(value, torch.Tensor) else value
        for name, value in inputs.items()
    }
    return {**each, "attention_mask": seen.to(inputs["input_ids"].device)}


@contextmanager
def embeddings(model: torch.nn.Module, ids: torch.Tensor) -> Iterator[list[torch.Tensor]]:
    """Of tokens [1, n] of passes inside: what the first table gives that is asked for them, as a leaf."""
    found: list[torch.Tensor] = []
    asked = ids.flatten()

    def enter(_: torch.nn.Module, args: tuple, embedded: torch.Tensor) -> torch.Tensor:
        if found or not args or not torch.equal(args[0].flatten(), asked):
            return embedded
        # XLNet has the tokens before the batch.
        found.append(embedded.detach().reshape(1, len(asked), -1).requires_grad_())
        return found[-1].reshape(embedded.shape).clone()  # which CTRL scales in place

    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, torch.nn.Embedding):
                stack.callback(module.register_forward_hook(enter).remove)
        yield found
