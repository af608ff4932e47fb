"""How the tokens of a text are called: by the characters they stand for."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

CONTINUES = "##"
"""Before a token that goes on with the word of the token before it, as WordPiece writes it."""
_SEEN = [*range(33, 127), *range(161, 173), *range(174, 256)]
_HIDDEN = [byte for byte in range(256) if byte not in _SEEN]
_BYTES = {chr(byte): byte for byte in _SEEN} | {chr(256 + at): byte for at, byte in enumerate(_HIDDEN)}
"""Letters that stand for bytes in the vocabularies of GPT-2 and its kin: those without ink have others."""


def readable(
    pieces: Sequence[str],
    spans: np.ndarray,
    texts: np.ndarray,
    words: np.ndarray,
    special: np.ndarray,
    sources: Sequence[str],
    unknown: str | None = None,
) -> tuple[str, ...]:
    """Labels of n tokens.

    pieces: n entries of the vocabulary. spans, texts, words, special: as in TextTokens. sources: the texts.
    unknown: the entry that stands for what is not in the vocabulary.

    A token is called by its characters in the text, without the spaces around them; one that goes on with a
    word begins with ##. Of a character that several tokens share each says its part: ⟨2/4 of 👍⟩. The unknown
    token says what it was: [UNK] “☃”. What cannot be seen alone is named, as U+200D, and marks stand on ◌.
    Special tokens, and those without characters, keep their entry.
    """
    parts = _parts(spans, texts, special)
    labels = []
    for index, piece in enumerate(pieces):
        start, stop = (int(v) for v in spans[index])
        if special[index] or stop <= start:
            labels.append(piece if special[index] else _without_marks(piece))
            continue
        source = sources[texts[index]]
        if piece == unknown:
            labels.append(f"{piece} “{source[start:stop].strip()}”")
            continue
        label = "".join(_named(source, at, index, parts[texts[index], at]) for at in range(start, stop))
        goes_on = piece.startswith(CONTINUES) or _goes_on(index, source, spans, words)
        labels.append((CONTINUES if goes_on else "") + _seen(label.strip() or label))
    return tuple(labels)


def entry_named(piece: str, decoded: str, marks: str) -> str:
    """A token of the vocabulary that stands in no text. decoded: the characters it stands for.

    marks: letters with which pieces at the begin of a word begin, so that one of letters without them goes on
    with a word. A part of a character is called by its bytes; of white space what a keyboard writes stays as
    it is.
    """
    if "\ufffd" in decoded and "\ufffd" not in piece and (part := bytes_of(piece)):
        return f"⟨byte{'s' if len(part) > 1 else ''} {part.hex(' ').upper()}⟩"
    if not decoded:
        return piece.lstrip(marks) or " "
    if decoded.isspace():
        written = set(decoded) <= set(" \n\t")
        return decoded if written else " ".join(f"U+{ord(letter):04X}" for letter in decoded)
    text = decoded.strip()
    goes_on = bool(marks) and piece[0] not in marks and text[0].isalnum()
    return (CONTINUES if goes_on else "") + _seen(text)


def bytes_of(piece: str) -> bytes:
    """What a piece stands for that is bytes, as GPT-2 or SentencePiece write them; else nothing."""
    if (written := re.fullmatch(r"<0x([0-9A-F]{2})>", piece)) is not None:
        return bytes.fromhex(written[1])
    return bytes(_BYTES[letter] for letter in piece) if set(piece) <= _BYTES.keys() else b""


def _parts(spans: np.ndarray, texts: np.ndarray, special: np.ndarray) -> dict[tuple[int, int], list[int]]:
    """Which tokens stand for each character: (text, place) → tokens in order."""
    parts: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index in np.flatnonzero(~special):
        for at in range(*(int(v) for v in spans[index])):
            parts[int(texts[index]), at].append(int(index))
    return parts


def _named(source: str, at: int, index: int, shared: list[int]) -> str:
    """A character, or which part of it this token is; a space that others hold too is theirs."""
    character = source[at]
    if len(shared) == 1:
        return character
    if character.isspace():
        return ""
    return f"⟨{shared.index(index) + 1}/{len(shared)} of {_seen(character)}⟩"


def _seen(text: str) -> str:
    """Text of nothing but marks and characters without ink, so that it can be seen; any other as it is."""
    kinds = {unicodedata.category(letter) for letter in text}
    if text.isspace() or not kinds <= {"Cc", "Cf", "Cn", "Me", "Mn"}:
        return text
    if kinds <= {"Me", "Mn"} and not any("VARIATION" in unicodedata.name(letter, "") for letter in text):
        return f"◌{text}"
    return " ".join(f"U+{ord(letter):04X}" for letter in text)


def _goes_on(index: int, source: str, spans: np.ndarray, words: np.ndarray) -> bool:
    """Whether a token goes on with a word: letters or digits touch within it, in a script with spaces."""
    start = int(spans[index, 0])
    if not index or words[index] != words[index - 1] or spans[index - 1, 1] != start:
        return False
    before, here = source[start - 1], source[start]
    return all(letter.isalnum() and unicodedata.category(letter) != "Lo" for letter in (before, here))


def _without_marks(piece: str) -> str:
    """An entry that stands for no character, as SentencePiece has them, without its mark of a space."""
    return piece.lstrip("Ġ▁") or " "
