"""The same word in different company, and the same text in two models: what of two traces belongs together.

How much a word's vector keeps of itself between contexts: Ethayarajh 2019, "How Contextual are Contextualized
Word Representations?", section 3.1 (self-similarity).
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np

from headlight.models.attention.mapped import IndexMap, MappedLayer
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.layers import NOWHERE, AttentionLayer, Head
from headlight.models.core.tokens import TextTokens
from headlight.models.explain.words import own_tokens, said, words_of

Maps = tuple[IndexMap, IndexMap]


def aligned(first: TextTokens, second: TextTokens) -> Maps:
    """The same units of two texts, in the order of both: of one text and two tokenizers the shortest
    stretches of characters that no token of either cuts, of two texts the words that both have in that order.

    Of a pair of texts the first counts. Special tokens that both have come first, by their labels; whatever
    the other text has not is left out. HeadlightError where nothing is the same.
    """
    same = first.sources[:1] == second.sources[:1]
    spans = _common_stretches(first, second) if same else _common_words(first, second)
    shared = [label for label in _specials(first) if label in _specials(second)]
    if not spans:
        raise HeadlightError(
            "The two texts have no word in common.", "Compare texts that share a word, or two models."
        )
    return _map(first, shared, [a for a, _ in spans]), _map(second, shared, [b for _, b in spans])


def aligned_layers(first: AttentionLayer, second: AttentionLayer) -> tuple[Maps, Maps]:
    """(the same units of both layers' queries, and of their keys), each as `aligned`."""
    each = [(known(one.queries, TextTokens), known(one.keys, TextTokens)) for one in (first, second)]
    (queries, keys), (other_queries, other_keys) = each
    down = aligned(queries, other_queries)
    same = keys is queries and other_keys is other_queries
    return down, down if same else aligned(keys, other_keys)


def over_units(layer: AttentionLayer, queries: IndexMap, keys: IndexMap, head: Head) -> np.ndarray:
    """float32 (units, units): where the units of a text look.

    A unit of several tokens receives the sum of what they do, and looks where they look on average. Of two
    texts, or models, the difference is above 0 where the first one looks more.
    """
    return MappedLayer(layer, queries, keys).matrix(head)


def cosines(first: np.ndarray, at: np.ndarray, second: np.ndarray, other: np.ndarray) -> np.ndarray:
    """float32 (layers + 1,): cosine of a word's vectors in two texts, layer by layer.

    first, second: float32 (layers + 1, n, d), as `Run.states` gives. at, other: int (m,), the word's tokens
    in each, whose mean stands for it. 0 where one of the vectors has no length.
    """
    if first.shape[::2] != second.shape[::2]:
        raise HeadlightError(
            "Vectors of two different models cannot be compared.", "Read both texts with the same model."
        )
    a, b = (states[:, where].astype(float).mean(1) for states, where in ((first, at), (second, other)))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    products = (a * b).sum(1)
    return np.divide(products, lengths, out=np.zeros(len(a)), where=lengths > 0).astype(np.float32)


def _specials(tokens: TextTokens) -> list[str]:
    labels = [tokens.labels[at] for at in np.flatnonzero(tokens.special)]
    return [label for label in dict.fromkeys(labels) if labels.count(label) == 1]


Spans = list[tuple[tuple[int, int], tuple[int, int]]]


def _common_words(first: TextTokens, second: TextTokens) -> Spans:
    words = words_of(first), words_of(second)
    written = [
        [said(tokens, word).casefold() for word in of]
        for tokens, of in zip((first, second), words, strict=True)
    ]
    blocks = SequenceMatcher(None, *written, autojunk=False).get_matching_blocks()
    pairs = [(words[0][a + n], words[1][b + n]) for a, b, size in blocks for n in range(size)]
    return [((a.start, a.stop), (b.start, b.stop)) for a, b in pairs]


def _common_stretches(first: TextTokens, second: TextTokens) -> Spans:
    spans = [tokens.spans[own_tokens(tokens)] for tokens in (first, second)]
    # Two tokens may stand for parts of one character, and leave no edge between them.
    edges = sorted(set(spans[0].ravel().tolist()) & set(spans[1].ravel().tolist()))
    found = []
    for start, stop in pairwise(edges):
        inside = [((s[:, 0] < stop) & (s[:, 1] > start)).any() for s in spans]
        whole = not any(((s[:, 0] < e) & (s[:, 1] > e)).any() for s in spans for e in (start, stop))
        if all(inside) and whole:
            found.append(((start, stop), (start, stop)))
    return found


def _map(tokens: TextTokens, shared: Sequence[str], spans: Sequence[tuple[int, int]]) -> IndexMap:
    of, text = np.full(len(tokens), NOWHERE), tokens.sources[0]
    for at in np.flatnonzero(tokens.special):
        if tokens.labels[at] in shared:
            of[at] = shared.index(tokens.labels[at])
    own = own_tokens(tokens)
    for number, (start, stop) in enumerate(spans):
        inside = (tokens.spans[own, 0] < stop) & (tokens.spans[own, 1] > start)
        of[own[inside]] = len(shared) + number
    count = len(spans)
    units = TextTokens(
        (*shared, *(text[start:stop].strip() for start, stop in spans)),
        np.append(np.ones(len(shared), bool), np.zeros(count, bool)),
        np.concatenate([np.zeros((len(shared), 2), int), np.array(spans, int)]),
        np.append(np.full(len(shared), -1), np.arange(count)),
        np.zeros(len(shared) + count, int),
        sources=tokens.sources[:1],
        stream=tokens.stream,
    )
    return IndexMap(of, units)
