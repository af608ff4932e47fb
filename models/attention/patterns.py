"""What a head may look for: the previous token, an earlier equal one, punctuation, the patch to the left.
numpy only.

A pattern is a set of (query, key) pairs. A head's score is the weight that falls on it, the mean over the
queries for which it has a key: 1 for a head that does nothing else, NaN where it has none for any query.
Special tokens are no queries, and keys of `first` alone: what lies on them lowers a score. Of a template they
are both, since it is painted on the whole matrix.
Where queries see no later key (decoders) pairs with later keys are none.

Clark et al. 2019, “What Does BERT Look At?” (sections 3 and 4), Voita et al. 2019, “Analyzing Multi-Head
Self-Attention” (section 5), of induction Olsson et al. 2022, “In-context Learning and Induction Heads”; of
patches Cordonnier et al. 2020, “On the Relationship between Self-Attention and Convolutional Layers”.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Literal

import numpy as np

from headlight.models.core.layers import NOWHERE
from headlight.models.core.settings import TEMPLATE, PatternSettings
from headlight.models.core.tokens import PatchTokens, TextTokens, Tokens

Of = Literal["all", "text", "patches"]
USUAL = PatternSettings()
SHORT = 1 << 7
"""Tokens up to which pairs are found once for all layers."""


@dataclass(frozen=True)
class Measure:
    """A figure of a head. of: the inputs that have it. says: what it means. share: it lies in 0 to 1.

    unit: "{steps}" in it stands for tokens or patches.
    """

    id: str
    title: str
    says: str
    of: Of = "all"
    unit: str = ""
    share: bool = True


PATTERNS = (
    Measure("previous", "Previous token", "the weight on the token before", "text"),
    Measure("next", "Next token", "the weight on the token after it", "text"),
    Measure("word", "Same word", "the weight on the other parts of the same word", "text"),
    Measure("duplicate", "Duplicate token", "the weight on earlier tokens that are equal", "text"),
    Measure("induction", "Induction", "the weight on tokens that followed an earlier equal one", "text"),
    Measure("punctuation", "Punctuation", "the weight on other tokens that are punctuation", "text"),
    Measure("left", "Patch to the left", "the weight on the patch to the left", "patches"),
    Measure("right", "Patch to the right", "the weight on the patch to the right", "patches"),
    Measure("above", "Patch above", "the weight on the patch above", "patches"),
    Measure("below", "Patch below", "the weight on the patch below", "patches"),
    Measure("own", "Own position", "the weight on the token itself"),
    Measure("band", "Band", "the weight on tokens or patches near by, itself included"),
    Measure("first", "First token", "the weight on the first token of all, special or not"),
    Measure("template", "Template", "the weight on painted cells"),
)
OF_LABELS = frozenset({"word", "duplicate", "induction", "punctuation"})
"""Patterns that not places alone tell."""
FIGURES = (
    Measure("sink", "Sink share", "the weight on special tokens, sinks and on what is no token"),
    Measure("peak", "Sharpness", "the largest weight of a row"),
    Measure("entropy", "Entropy", "of a row of weights: 0 of one key alone", unit="nats", share=False),
    Measure(
        "distance",
        "Distance",
        "how far it looks, of what lies on tokens with a place",
        unit="{steps}",
        share=False,
    ),
    Measure("written", "Norm written", "the length of what it adds to the residual stream", share=False),
)
MEASURES = {measure.id: measure for measure in (*PATTERNS, *FIGURES)}


def measures_of(tokens: Tokens, settings: PatternSettings | None = None) -> tuple[Measure, ...]:
    """Those that inputs with such tokens have; of the template only if it is painted, unless asked of all."""
    kind = "patches" if isinstance(tokens, PatchTokens) else "text"
    found = (one for one in MEASURES.values() if one.of in ("all", kind))
    return tuple(one for one in found if settings is None or one.id != "template" or settings.template)


class Pairs:
    """The patterns between the tokens of a layer, a block of pairs at a time.

    looks_back: queries see no later key. like: pairs between as many tokens of another text by the same
    settings; what places alone tell is taken from there where the same of them are special.
    """

    def __init__(
        self,
        queries: Tokens,
        keys: Tokens,
        looks_back: bool,
        settings: PatternSettings = USUAL,
        like: Pairs | None = None,
    ) -> None:
        self.queries, self.keys, self._settings = queries, keys, settings
        self._back = looks_back and queries is keys
        self.names = tuple(one.id for one in PATTERNS if self._has(one))
        self._on_grid = isinstance(self.keys, PatchTokens)
        self._whole: tuple[np.ndarray, np.ndarray] | None = None
        alike = like is not None and np.array_equal(like.keys.special, keys.special)
        self._like = like if alike else None

    def _has(self, pattern: Measure) -> bool:
        if pattern.id == "template":
            return bool(self._settings.template)
        kind = "patches" if isinstance(self.keys, PatchTokens) else "text"
        if pattern.of not in ("all", kind):
            return False
        # Between two sequences, or two grids, there is no token before and no patch to the left.
        return self.queries is self.keys or pattern.id in ("first", "punctuation")

    def at(self, queries: np.ndarray, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """int (g, m), int (g, k) → (float32 (patterns + 2, g, m, k), bool (patterns, g, m)).

        1 for each pair of a pattern, and of two tokens with a place; then their distance, in tokens or in
        patches, 0 where there is none. NOWHERE is in no pair. With it, of which queries there are pairs. Of
        a whole short sequence it is the same array each time.
        """
        short = queries.shape == (1, len(self.queries)) and keys.shape == (1, len(self.keys))
        if not short or queries.size * keys.size > SHORT**2:
            return self._at(queries[..., :, None], keys[..., None, :])
        if self._whole is None:
            shared = None if self._like is None else self._like.at(queries, keys)[0]
            self._whole = self._at(queries[..., :, None], keys[..., None, :], shared)
        return self._whole

    def _at(
        self, i: np.ndarray, j: np.ndarray, shared: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """shared: what is found of other tokens at the same places."""
        there = (i != NOWHERE) & (j != NOWHERE)
        placed = there & ~self.queries.special[i]
        both = placed & ~self.keys.special[j]
        allowed = {"template": there, "first": placed}
        earlier = j <= i if self._back else True
        found = np.empty((len(self.names) + 2, *both.shape), np.float32) if shared is None else shared.copy()
        for pattern, name in zip(found, self.names, strict=False):
            if shared is None or name in OF_LABELS:
                pattern[:] = allowed.get(name, both) & earlier & _RULES[name](self, i, j)
        if shared is None:
            found[-2] = both
            found[-1] = self._distances(i, j) * found[-2]
        return found, found[:-2].any(-1)

    @cached_property
    def codes(self) -> np.ndarray:
        """int (n,): equal for equal entries of the vocabulary, −1 of special tokens."""
        tokens = self.keys
        pieces = tokens.pieces if isinstance(tokens, TextTokens) and tokens.pieces else tokens.labels
        numbers: dict[str, int] = {}
        codes = np.array([numbers.setdefault(piece, len(numbers)) for piece in pieces], int)
        return np.where(tokens.special, -1, codes)

    @cached_property
    def before(self) -> np.ndarray:
        """int (n,): the code of the token before each, −2 of the first."""
        return np.append(-2, self.codes[:-1])

    @cached_property
    def punctuation(self) -> np.ndarray:
        """bool (n,): tokens of nothing but punctuation and symbols (Unicode's categories P and S)."""
        return np.array([is_punctuation(label) for label in self.keys.labels], bool) & ~self.keys.special

    @cached_property
    def words(self) -> np.ndarray:
        """int (n,): the word of each, one of its own where it is part of none."""
        known = self.keys.words if isinstance(self.keys, TextTokens) else np.empty(0, int)
        count = len(self.keys)
        return known if len(known) == count else np.arange(count)

    @cached_property
    def cells(self) -> np.ndarray:
        """int (2, n): row and column of each patch, far apart from all for what is none."""
        keys = self.keys
        if not isinstance(keys, PatchTokens):
            return np.zeros((2, len(keys)), int)
        cells = np.stack(np.divmod(np.arange(len(keys)) - keys.prefix, keys.grid[1]))
        cells[:, keys.special] = -(1 << 20)
        return cells

    @cached_property
    def painted(self) -> np.ndarray:
        """bool (TEMPLATE, TEMPLATE)"""
        painted = np.zeros((TEMPLATE, TEMPLATE), bool)
        for row, column in self._settings.template:
            painted[row, column] = True
        return painted

    def _shifted(self, i: np.ndarray, j: np.ndarray, down: int, right: int) -> np.ndarray:
        (row, column), (rows, columns) = self.cells[:, i], self.cells[:, j]
        return (rows == row + down) & (columns == column + right)

    def _near(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        reach = self._settings.band
        if not self._on_grid:
            return abs(i - j) <= reach
        return (abs(self.cells[:, i] - self.cells[:, j]) <= reach).all(0)

    def _is_painted(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        rows, columns = i * TEMPLATE // len(self.queries), j * TEMPLATE // len(self.keys)
        return self.painted[rows, columns]

    def _distances(self, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """(m, 1), (1, k) → (m, k), in tokens or in patches; none across sequences and grids."""
        if self.queries is not self.keys:
            return np.full(np.broadcast_shapes(i.shape, j.shape), np.nan)
        return np.hypot(*(self.cells[:, i] - self.cells[:, j])) if self._on_grid else abs(i - j)


Rule = Callable[[Pairs, np.ndarray, np.ndarray], np.ndarray]
_RULES: dict[str, Rule] = {
    "previous": lambda pairs, i, j: j == i - 1,
    "next": lambda pairs, i, j: j == i + 1,
    "word": lambda pairs, i, j: (pairs.words[i] == pairs.words[j]) & (i != j),
    "duplicate": lambda pairs, i, j: (pairs.codes[i] == pairs.codes[j]) & (j < i),
    "induction": lambda pairs, i, j: (pairs.codes[i] == pairs.before[j]) & (j < i),
    "punctuation": lambda pairs, i, j: pairs.punctuation[j] & ((i != j) | (pairs.queries is not pairs.keys)),
    "left": lambda pairs, i, j: pairs._shifted(i, j, 0, -1),
    "right": lambda pairs, i, j: pairs._shifted(i, j, 0, 1),
    "above": lambda pairs, i, j: pairs._shifted(i, j, -1, 0),
    "below": lambda pairs, i, j: pairs._shifted(i, j, 1, 0),
    "own": lambda pairs, i, j: i == j,
    "band": Pairs._near,
    "first": lambda pairs, i, j: (j == 0) & ((i != 0) | (pairs.queries is not pairs.keys)),
    "template": Pairs._is_painted,
}


@lru_cache(maxsize=1 << 14)
def is_punctuation(label: str) -> bool:
    """Whether it holds nothing but marks, beside white space."""
    marks = label.strip()
    return bool(marks) and all(unicodedata.category(mark)[0] in "PS" for mark in marks)


def painted_in(written: str) -> tuple[tuple[int, int], ...]:
    """Cells with 1 in rows such as 100/110/011, laid over TEMPLATE × TEMPLATE. ValueError of no matrix."""
    rows = written.split("/")
    count = len(rows)
    if count > TEMPLATE or any(len(row) != count or set(row) - {"0", "1"} for row in rows):
        raise ValueError(written)
    below = [cell * count // TEMPLATE for cell in range(TEMPLATE)]
    cells = product(range(TEMPLATE), repeat=2)
    return tuple((row, column) for row, column in cells if rows[below[row]][below[column]] == "1")


def rows_painted(template: Iterable[tuple[int, int]]) -> str:
    """A template as `painted_in` reads it."""
    cells = set(template)
    rows = ("".join("01"[(row, column) in cells] for column in range(TEMPLATE)) for row in range(TEMPLATE))
    return "/".join(rows)
