"""What a model's small files claim, held against its weights before anything is built.

config.json and tokenizer.json are a stranger's word, and building what they say may never end: a million
layers, a billion labels, a text that doubles at every step. Nothing here imports torch or transformers.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headlight.models.catalogue.formats.layout import read_json
from headlight.models.core.errors import HeadlightError, UntrustedLink, shown

FEW_LAYERS, FEW_NUMBERS = 256, 1 << 20
"""Of these a configuration may speak whatever weights there are: they take no time and no room."""
ROOM = 8
"""How many times as many weights a network may have as there are: a decoder or a tower may be left out."""
MOST = 1 << 31
"""No size, no place in a text and no number of a token is beyond."""
GROWTH = 64
"""How many times as long a tokenizer may make a text before it cuts it."""

_LAYERS = re.compile(r"(n|num)_(\w+_)?(layers?|blocks|stages)|(\w+_)?(layers|depths?)")
_OF_TEXTS = re.compile(r"max_\w+|\w*(positions|n_ctx|length|window|theta|base|token_id|seq_len|chunk)\w*")
"""Names of numbers that may be large whatever weights there are."""
_TOKENIZER = "tokenizer.json"
_CORRECT = "Correct it, or fetch the model again."


def check_sizes(config: dict[str, Any], file: Path, tensors: int, numbers: int) -> None:
    """HeadlightError where config.json speaks of more layers than tensors or of sizes beyond all weights.

    tensors, numbers: how many there are. Of what takes up no room nothing is said: a text's longest length.
    """
    for name, value in _numbers(config):
        if _LAYERS.fullmatch(name) and value > max(FEW_LAYERS, tensors):
            there = f"its weights are {tensors:,} tensors"
        elif value > (MOST if _OF_TEXTS.fullmatch(name) else max(FEW_NUMBERS, numbers)):
            there = f"its weights are {numbers:,} numbers"
        else:
            continue
        raise HeadlightError(f"{file} says “{shown(name)}”: {value:,}, and {there}.", _CORRECT)


def _numbers(config: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """(name, value) of all whole numbers, of layers in several stages their sum."""
    waiting: list[tuple[str, Any]] = list(config.items())
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((str(key), inner) for key, inner in value.items())
        elif isinstance(value, list):
            waiting.extend((name, inner) for inner in value)
            if value and all(type(one) is int for one in value):
                yield name, sum(value) if _LAYERS.fullmatch(name) else max(value)
        elif type(value) is int:
            yield name, value


def check_files(folder: Path) -> tuple[str, ...]:
    """HeadlightError for a folder with a pipe or a device in it, of which reading may never end; the names of
    files that lie elsewhere: links that lead out of the folder, or of its repository in the hub's cache."""
    home = _home(folder)
    out = []
    for file in sorted(folder.iterdir()):
        try:
            mode = file.stat().st_mode
        except OSError:  # a link to nothing: what is missing is told where it is missed
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise HeadlightError(
                f"{file} is neither a file nor a folder.", "Do not trust this model, or remove that from it."
            )
        if file.is_symlink() and not file.resolve().is_relative_to(home):
            out.append(shown(file.name))
    return tuple(out)


def check_links(folder: Path) -> None:
    """UntrustedLink for a folder with links that lead out of it: a stranger's may lead to any file."""
    if out := check_files(folder):
        many = f"{out[0]} is a link" if len(out) == 1 else f"{', '.join(out[:3])} are links"
        raise UntrustedLink(
            f"In the folder {folder} {many} to elsewhere.",
            "Copy what is there into it, or give --trust-pickle if the link is your own.",
        )


def said_of_links(folder: Path) -> tuple[str, ...]:
    """A notice of links that lead out of a folder, which was trusted."""
    out = check_files(folder)
    if not out:
        return ()
    return (f"Of its files {', '.join(out[:3])} {'lies' if len(out) == 1 else 'lie'} elsewhere: by a link.",)


def _home(folder: Path) -> Path:
    """Where a folder's files lie: in itself, of one in the hub's cache, or in such a one, beside all its
    versions."""
    whole = folder.resolve()
    for one in (whole, *whole.parents):
        if one.parent.name == "snapshots" and one.parent.parent.name.startswith("models--"):
            return one.parent.parent
    return whole


def check_tokenizer(folder: Path) -> None:
    """HeadlightError for a tokenizer.json that cannot be read, and for one that makes texts grow without
    end."""
    file = folder / _TOKENIZER
    if not file.is_file():
        return
    content = read_json(file)
    if not isinstance(content, dict):
        raise HeadlightError(f"{file} holds no tokenizer.", "Fetch the model again.")
    growth = 1
    for step in _steps(content.get("normalizer")):
        added = step.get("content", step.get("prepend", step.get("replacement")))
        growth *= max(1, len(added)) if isinstance(added, str) else 1
        if growth > GROWTH:
            raise HeadlightError(
                f"{file} makes a text more than {GROWTH} times as long before it is cut into tokens.",
                "Do not trust this model, or choose another.",
            )


def _steps(normalizer: Any) -> Iterator[dict[str, Any]]:
    waiting = [normalizer]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            yield one
            waiting.append(one.get("normalizers"))
