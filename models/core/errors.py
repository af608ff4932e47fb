"""The one kind of failure that a user is told about in words of its own, and how defects are told."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, TypeVar

T = TypeVar("T")

_JOINERS = "\u200c\u200d"
"""Invisible, and part of words and of emoji."""
_LONGEST_WORD, _LONGEST_MESSAGE = 160, 800


def shown(name: str, length: int = 80) -> str:
    """`name` in one line of at most `length` that any terminal can show.

    What is no letter, sign or space is escaped: control characters, line ends, marks that turn the direction
    of writing, halves of characters.
    """
    whole = name if len(name) <= length else f"{name[: length // 2 - 1]}…{name[-length // 2 :]}"
    clean = "".join(c if _is_seen(c) else _escaped(c) for c in whole)
    return clean if len(clean) <= length else f"{clean[: length // 2 - 1]}…{clean[-length // 2 :]}"


def sentence(text: str) -> str:
    """What is told to the user, made safe whatever names a file put into it: one line, no endless words."""
    text = text[: 8 * _LONGEST_MESSAGE] + text[8 * _LONGEST_MESSAGE :][-_LONGEST_MESSAGE:]
    words = (shown(word, _LONGEST_WORD) for word in text.split(" "))
    return shown(" ".join(words), _LONGEST_MESSAGE)


def _is_seen(character: str) -> bool:
    return character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


MODEL_ERRORS = (ValueError, RuntimeError, LookupError, TypeError, AttributeError, AssertionError)
"""What a model raises at an input that it was not made for."""


class HeadlightError(Exception):
    """Something the user can act on: what is wrong, and what to do next. One sentence each."""

    def __init__(self, cause: str, next_step: str) -> None:
        self.cause = sentence(cause)
        self.next_step = sentence(next_step)
        super().__init__(self.cause, self.next_step)

    def __str__(self) -> str:
        return f"{self.cause} {self.next_step}"


class TooLarge(HeadlightError):
    """A matrix or a result would not fit the limit that keeps the machine usable."""


class Untrusted(HeadlightError):
    """A model is opened only after the user was asked. why: what there is to trust, in a word."""

    why = ""


class UntrustedPickle(Untrusted):
    """A model's weights are a pickle, which can run code."""

    why = "pickle"


class UntrustedLink(Untrusted):
    """A file in a model's folder is a link that leads out of it, to whatever file of the user's."""

    why = "link"


class OneOfTwo(HeadlightError):
    """One picture was given where a model reads two."""


class OutOfMemory(HeadlightError):
    """Something asked for more memory than there is."""


_MEMORY_SAID = re.compile(
    r"out of memory|not enough memory|(can't|cannot|unable to) allocate|bad_alloc",
    re.IGNORECASE,
)
_ASKED = re.compile(r"(\d{1,20}(?:\.\d{1,9})?) ?(bytes|[KMGT]iB)")
_ERRNO = re.compile(r"^\[Errno \d+\] ")
_CLASS = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def out_of_memory(error: BaseException) -> OutOfMemory | None:
    """Plain words, if want of memory lies behind an error; with what would fit where that is known.

    Libraries say it in many ways, and engines wrap what a network says in sentences about its input.
    """
    if isinstance(error, OutOfMemory):
        return error
    if isinstance(error, HeadlightError):
        behind = error.__cause__
        return None if behind is None or isinstance(behind, MemoryError) else out_of_memory(behind)
    said = _said(error)[:2000]
    if not isinstance(error, MemoryError) and not _MEMORY_SAID.search(said):
        return None
    cause, step = (
        "There is not enough memory for this",
        "Choose a smaller size, a shorter text or a smaller model",
    )
    asked = _ASKED.search(said)
    if asked is None:
        return OutOfMemory(f"{cause}.", f"{step}.")
    size = float(asked[1]) * _UNITS[asked[2]]
    free = None if "cuda" in said.lower() else _free_memory()
    if free is None or free >= size:
        return OutOfMemory(f"{cause}: {size / 1e9:,.1f} GB more are needed.", f"{step}.")
    return OutOfMemory(
        f"{cause}: {size / 1e9:,.1f} GB are needed at once, and {free / 1e9:,.1f} GB are free.",
        f"{step}: {max(1, int(100 * free / size))} % of it would fit.",
    )


def _free_memory() -> int:
    import psutil

    return psutil.virtual_memory().available


def first_line(error: BaseException) -> str:
    """What a library's error says, without its details."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start + 1:,} (0x{error.object[error.start]:02X}) is not {error.encoding.upper()}"
    if isinstance(error, UnicodeEncodeError):
        return "there are halves of characters in it"
    line = (_said(error) or type(error).__name__).splitlines()[0]
    return _CLASS.sub(r"\1", _ERRNO.sub("", line)).replace("'None'", "null")[:400]


def first_sentence(error: BaseException) -> str:
    """The same with a full stop behind it."""
    return first_line(error).rstrip(".") + "."


def _said(error: BaseException) -> str:
    try:
        return str(error).strip()
    except Exception:  # an error of a stranger's may be broken itself
        return ""


def known(value: Any, kind: type[T] | tuple[type[T], ...]) -> T:
    """`value`, which is of this kind wherever it is asked for so. TypeError where it is not: a defect."""
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} where {kind} should be")
    return value
