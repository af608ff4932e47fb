"""Word and phoneme error of a network on a split; any listed pronunciation counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from transformers import MarianMTModel

from script.training.phonemes.network import LONGEST
from script.training.phonemes.words import LETTERS, PHONEMES, Words, decode, encode

TOGETHER = 512


def errors(said: Sequence[Sequence[str]], listed: Sequence[Sequence[Sequence[str]]]) -> tuple[float, float]:
    """(word error, phoneme error) of one answer a word, against the pronunciation nearest to it.

    Word error: share of words that match no listed pronunciation. Phoneme error: insertions, deletions and
    substitutions over the phonemes of the nearest pronunciations.
    """
    wrong, edits, length = 0, 0, 0
    for answer, pronunciations in zip(said, listed, strict=True):
        distance, phonemes = min((edit_distance(answer, truth), len(truth)) for truth in pronunciations)
        wrong += distance > 0
        edits += distance
        length += phonemes
    return wrong / max(len(said), 1), edits / max(length, 1)


def edit_distance(a: Sequence[str], b: Sequence[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def answers(net: MarianMTModel, words: Sequence[str], beams: int) -> Iterator[tuple[str, ...]]:
    """What the network says for each word, in their order, by beam search (or greedily with one beam)."""
    for at in range(0, len(words), TOGETHER):
        ids, mask = padded([encode(word, LETTERS) for word in words[at : at + TOGETHER]])
        with torch.inference_mode():
            said = net.generate(
                input_ids=ids.to(net.device),
                attention_mask=mask.to(net.device),
                num_beams=beams,
                do_sample=False,
                max_length=LONGEST,
            )
        for row in said.tolist():
            yield decode(row[1:], PHONEMES)


def padded(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """(ids int64 (n, longest), mask int64 (n, longest)); the padding's id is 0."""
    longest = max(map(len, rows))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids, mask


def score(net: MarianMTModel, words: Words, beams: int) -> tuple[float, float]:
    """(word error, phoneme error) on these words."""
    was = net.training
    net.eval()
    asked = sorted(words, key=len)
    result = errors(list(answers(net, asked, beams)), [words[word] for word in asked])
    net.train(was)
    return result
