"""What an encoder–decoder writes, as its decoder is given it: a start token, then the target shifted by one.

So a query of the decoder at position t holds token t and says token t + 1 (Vaswani et al. 2017, section 3.1:
“the output embeddings are offset by one position”). With the target given, all positions run in one pass
(teacher forcing), and the masks keep each from seeing what comes after it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.answers import Ended
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import OUTPUT, TextTokens
from headlight.models.engines.texts.encodings import reads, tokens_of
from headlight.models.engines.texts.going_on import Gone
from headlight.models.engines.texts.reader import Read, Reader, Window

NOTHING = -1
"""What is to be said where that is not known."""


@dataclass(frozen=True, eq=False)
class Output:
    """ids: of the decoder's input, t of them. wanted: what is to be said after each, NOTHING where that is
    not known. tokens: of `ids`. text: what they say.
    """

    ids: tuple[int, ...]
    wanted: tuple[int, ...]
    tokens: TextTokens
    text: str
    ended: Ended
    notices: tuple[str, ...] = ()

    @property
    def written(self) -> tuple[int, ...]:
        """Those wanted that are known."""
        return self.wanted[:-1] if self.wanted[-1] == NOTHING else self.wanted


def typed(reader: Reader, text: str, start: int, end: int | None, task: Task = SILENT) -> Output:
    """A target that was given. start, end: numbers of the tokens that begin and end what is written.

    Raises HeadlightError for one that is empty or longer than the model writes.
    """
    with reads(reader.title):
        encoding = reader.encode(text, "target", task)
        count = len(encoding.ids)
        encoding = reader.tokenizer.post_process(encoding, None, True)
    tokens, ids, ended = tokens_of(encoding, (text,), reader.unknown, stream=OUTPUT), encoding.ids, end
    if tokens.special[-1]:  # a separator, which takes the place of the end
        *ids, ended = ids
    if len(ids) + 1 > reader.limit:
        raise HeadlightError(
            f"The target has {count:,} tokens, and {reader.title} writes {reader.limit - 1:,} at most.",
            "Shorten the target.",
        )
    wanted = (*ids, NOTHING if ended is None else ended)
    notices = tuple(
        f"Target: {notice}" for notice in reader.notices(Read(Window(encoding, None, ()), tokens))
    )
    begun = _begun(tokens, _start(reader, start, text), len(ids))
    return Output((start, *ids), wanted, begun, text, "given", notices)


def went_on(reader: Reader, start: int, gone: Gone, end: int | None) -> Output:
    """What the model wrote behind its start token; its end is no token of what it reads then."""
    is_whole = bool(gone.ids) and gone.ids[-1] == end
    ids = gone.ids[:-1] if is_whole else gone.ids
    tokens, text = reader.extended(_start(reader, start, ""), (), ids)
    wanted = gone.ids if is_whole else (*gone.ids, NOTHING)
    return Output((start, *ids), wanted, tokens, text, gone.ended)


def _start(reader: Reader, number: int, source: str) -> TextTokens:
    """The start token alone."""
    name = (reader.tokenizer.id_to_token(number) or f"#{number}",)
    nothing = np.zeros(1, int)
    return TextTokens(
        name, nothing == 0, np.zeros((1, 2), int), nothing - 1, nothing, name, (source,), OUTPUT
    )


def _begun(tokens: TextTokens, start: TextTokens, count: int) -> TextTokens:
    """A start token and the first `count` of a target's."""
    both = {
        name: np.concatenate([getattr(start, name), getattr(tokens, name)[:count]])
        for name in ("special", "spans", "words", "texts")
    }
    both |= {name: getattr(start, name) + getattr(tokens, name)[:count] for name in ("labels", "pieces")}
    return replace(tokens, **both)
