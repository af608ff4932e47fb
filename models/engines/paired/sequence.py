"""One sequence of a picture and a text: ids as the model takes them, and where each token has its place.

A tokenizer has an entry that stands for the picture. It is repeated once for each vector that the model makes
of the picture, between marks of the family's: tiles have theirs, as rows and columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Encoding, Tokenizer
from transformers import PreTrainedConfig

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box, TextTokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.engines.paired.fed import Fed, Grid
from headlight.models.engines.texts.encodings import reads, tokens_of
from headlight.models.engines.texts.reader import Reader
from headlight.models.engines.texts.tokenizing import encoded

IMAGE_NAMES = ("image_token_id", "image_token_index", "img_context_token_id", "im_patch_id")
"""What configurations call the entry that stands for a part of the picture."""
BEGINS = ("vision_start_token_id", "boi_token_id", "boi_token_index", "image_start_token_id", "boi_id")
ENDS = ("vision_end_token_id", "eoi_token_id", "eoi_token_index", "image_end_token_id", "eoi_id")
AROUND = "<fake_token_around_image>"
USUAL = "<image>"
"""How most vocabularies write the place of a picture."""
WHOLE = "<global-img>"
"""Marks of Idefics 3 and SmolVLM around tiles, and before the whole picture behind them."""
TILED = ("idefics3", "smolvlm", "granite_docling")
"""Model types that have these."""
SPACED = ("gemma3", "gemma3n", "shieldgemma2")
"""Model types with an empty line before the picture and behind it."""
BEHIND = ("paligemma", "colpali")
"""Model types whose text begins behind the picture, and ends with a line of its own."""
PICTURE = "picture"
"""What a part of the picture is called that has no place in it."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some of a sequence. ids: n. labels, special, boxes: as in MixedTokens, float64 (n, 4)."""

    ids: list[int]
    labels: list[str]
    special: list[bool]
    boxes: np.ndarray

    @classmethod
    def marks(cls, ids: Sequence[int], labels: Sequence[str]) -> Part:
        return cls(list(ids), list(labels), [True] * len(ids), np.full((len(ids), 4), np.nan))

    @classmethod
    def of_grid(cls, image: int, grid: Grid, before: str) -> Part:
        boxes = grid.boxes()
        return cls([image] * grid.count, grid.labels(before), [False] * grid.count, boxes)

    @classmethod
    def placeless(cls, image: int, count: int) -> Part:
        return cls.marks([image] * count, [f"{PICTURE} {number}" for number in range(count)])

    @classmethod
    def joined(cls, parts: Sequence[Part]) -> Part:
        return cls(
            [one for part in parts for one in part.ids],
            [one for part in parts for one in part.labels],
            [one for part in parts for one in part.special],
            np.concatenate([np.empty((0, 4)), *(part.boxes for part in parts)]),
        )


@dataclass(frozen=True, eq=False)
class Composed:
    """ids: n numbers of tokens. tokens: where they are. image: the number that stands for the picture."""

    ids: list[int]
    tokens: MixedTokens
    image: int

    @property
    def on_picture(self) -> np.ndarray:
        """bool (n,): which stand for the picture, with a place in it or without."""
        return np.array(self.ids) == self.image


def mosaic_of(image: int, fed: Fed) -> list[Part]:
    """As LLaVA-NeXT has it: the whole picture, then its tiles laid together without what they were padded
    with, each row of patches with a token of its own at its end."""
    first, *tiles = fed.grids
    parts, line = [Part.of_grid(image, first, "patch")], Part.marks([image], ["new line"])
    across = len({tile.region.x0 for tile in tiles}) or 1
    if not tiles or len(tiles) % across:
        return [*parts, line] if not tiles else []
    rows, columns = len(tiles) // across * first.rows, across * first.columns
    x0, y0, x1, y1 = (
        pick(one.region.corners[at] for one in tiles) for at, pick in enumerate((min, min, max, max))
    )
    height, width = fed.size
    cut = [0, 0]
    if width / height > columns / rows:
        cut[0] = (rows - int(round(height * columns / width, 7))) // 2
    else:
        cut[1] = (columns - int(round(width * rows / height, 7))) // 2
    boxes = Grid(rows, columns, Box(x0, y0, x1, y1)).boxes().reshape(rows, columns, 4)
    for row in range(cut[0], rows - cut[0]):
        kept = boxes[row, cut[1] : columns - cut[1]]
        labels = [f"tiles ({row - cut[0]}, {column})" for column in range(len(kept))]
        parts += [Part([image] * len(kept), labels, [False] * len(kept), kept), line]
    return parts


class Composer:
    """Sequences for one model. image: the entry that stands for the picture."""

    def __init__(self, reader: Reader, config: PreTrainedConfig, size: int) -> None:
        self._reader, self._size = reader, size
        self._tokenizer: Tokenizer = reader.tokenizer
        self.image = self._known(config, IMAGE_NAMES)
        begin, end = self._known(config, BEGINS), self._known(config, ENDS)
        self._tiles = config.model_type in TILED and reader.tokenizer.token_to_id(AROUND) is not None
        has_marks = begin is not None and end is not None
        line = self._plain("\n\n") if config.model_type in SPACED else []
        self._begin = [*line, begin] if has_marks else []
        self._end = [end, *line] if has_marks else []
        with reads(reader.title):
            usual = self._tokenizer.post_process(
                self._tokenizer.encode("a", add_special_tokens=False), None, True
            )
        first = usual.special_tokens_mask.index(0) if 0 in usual.special_tokens_mask else 0
        self._before, self._behind, self._last = usual.ids[:first], [], []
        if config.model_type in BEHIND:
            self._before, self._behind, self._last = [], self._before, self._plain("\n")

    def _known(self, config: PreTrainedConfig, names: Sequence[str]) -> int | None:
        found = (getattr(config, name, None) for name in names)
        return next((one for one in found if isinstance(one, int) and 0 <= one < self._size), None)

    def _plain(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    @property
    def placeholder(self) -> str:
        """What stands for the picture in a text that is typed; "" where the vocabulary has no name for it."""
        return "" if self.image is None else self._tokenizer.id_to_token(self.image) or ""

    def composed(self, text: str, picture: Part, task: Task = SILENT) -> Composed:
        """A text with the picture where its placeholder stands, else before it all.

        Raises HeadlightError for a text with several places for a picture.
        """
        holder = self.placeholder
        self._check_places(text, holder)
        count = text.count(holder) if holder else 0
        at = text.index(holder) if count else 0
        after = at + len(holder) * count
        first, second = (self._cut(part, task) for part in (text[:at], text[after:]))
        marked = self._begin and text[:at].endswith(self._tokenizer.id_to_token(self._begin[-1]) or "\0")
        begin, end = ((), ()) if marked else (self._begin, self._end)
        inner = [self._marks(begin), picture, self._marks(end), self._marks(self._behind)]
        front, middle, last = self._marks(self._before), Part.joined(inner), self._marks(self._last)
        ids = [*front.ids, *_ids(first), *middle.ids, *_ids(second), *last.ids]
        found = [_unread(front), self._read(first, text[:after]), _unread(middle)]
        found += [_moved(self._read(second, text[after:]), after), _unread(last)]
        before = len(found[0]) + len(found[1])
        boxes = np.full((len(ids), 4), np.nan)
        boxes[before : before + len(middle.ids)] = middle.boxes
        return Composed(ids, _joined(found, text, boxes), self.image or 0)

    def _check_places(self, text: str, holder: str) -> None:
        begin = self._tokenizer.id_to_token(self._begin[-1]) if self._begin else ""
        for name in (holder, begin or ""):
            if name and (count := text.count(name)) > 1:
                raise HeadlightError(
                    f"The text has places for {count} pictures ({name}), and there is one picture.",
                    f"Leave one {name} in the text, or none: the picture stands before the text then.",
                )
        if USUAL in text and USUAL not in (holder, begin):
            raise HeadlightError(
                f"{USUAL} would be read as words: this model’s place for a picture is {holder}.",
                f"Write {holder}, or leave it out: the picture stands before the text then.",
            )

    def _cut(self, part: str, task: Task) -> Encoding | None:
        if not part:
            return None
        with reads(self._reader.title):
            return encoded(self._tokenizer, part, self._reader.title, task)

    def _read(self, encoding: Encoding | None, source: str) -> TextTokens:
        if encoding is None:
            return _unread(Part.marks((), ()))
        return tokens_of(encoding, (source,), self._reader.unknown)

    def picture(self, fed: Fed, times: int, count: int) -> Part:
        """The part that stands for a picture. times: patches along each side of what a token stands for, 0
        where that is not so simple; count: all tokens then."""
        image = self.image or 0
        if not times:
            mosaic = Part.joined(mosaic_of(image, fed))
            return mosaic if len(mosaic.ids) == count else Part.placeless(image, count)
        if self._tiles:
            return self._tiled(fed, times)
        if len(fed.grids) == 1:
            return Part.of_grid(image, fed.grids[0].merged(times), "patch")
        grids = enumerate(fed.grids)
        return Part.joined([Part.of_grid(image, one.merged(times), f"tile {at + 1}") for at, one in grids])

    def _tiled(self, fed: Fed, times: int) -> Part:
        """As Idefics 3 and SmolVLM have it: a mark before each tile, a new line behind each row of them, and
        at last the whole picture."""
        image, parts = self.image or 0, []
        around, tiles = [self._number(AROUND) or 0], fed.grids[:-1]
        for at, grid in enumerate(tiles):
            row, column = divmod(at, fed.columns)
            mark = self._number(f"<row_{row + 1}_col_{column + 1}>")
            marks = around if mark is None else [*around, mark]
            parts += [self._marks(marks), Part.of_grid(image, grid.merged(times), f"tile {at + 1}")]
            if column == fed.columns - 1:
                parts.append(self._marks(self._plain("\n\n" if at == len(tiles) - 1 else "\n")))
        mark = self._number(WHOLE)
        parts.append(self._marks(around if mark is None else [*around, mark]))
        parts.append(Part.of_grid(image, fed.grids[-1].merged(times), "patch"))
        return Part.joined([*parts, self._marks(around)])

    def _number(self, name: str) -> int | None:
        return self._tokenizer.token_to_id(name)

    def _marks(self, ids: Sequence[int]) -> Part:
        return Part.marks(ids, [self._tokenizer.id_to_token(one) or f"#{one}" for one in ids])


def _ids(encoding: Encoding | None) -> list[int]:
    return [] if encoding is None else encoding.ids


def _joined(parts: Sequence[TextTokens], text: str, boxes: np.ndarray) -> MixedTokens:
    return MixedTokens(
        labels=tuple(label for one in parts for label in one.labels),
        special=np.concatenate([one.special for one in parts]),
        spans=np.concatenate([one.spans for one in parts]),
        words=_counted([one.words for one in parts]),
        texts=np.concatenate([one.texts for one in parts]),
        pieces=tuple(piece for one in parts for piece in one.pieces),
        sources=(text,),
        boxes=boxes,
    )


def _unread(part: Part) -> TextTokens:
    """What stands for no characters."""
    count = len(part.ids)
    nowhere, labels = np.zeros(count, int), tuple(part.labels)
    special = np.array(part.special, bool)
    return TextTokens(labels, special, np.zeros((count, 2), int), nowhere - 1, nowhere, labels)


def _moved(tokens: TextTokens, start: int) -> TextTokens:
    spans = np.where(tokens.special[:, None], 0, tokens.spans + start)
    return TextTokens(tokens.labels, tokens.special, spans, tokens.words, tokens.texts, tokens.pieces)


def _counted(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Numbers of words that go on from part to part; −1 stays."""
    found, most = [], -1
    for words in parts:
        found.append(np.where(words < 0, -1, words + most + 1))
        most = max(most, int(found[-1].max(initial=-1)))
    return np.concatenate(found)
