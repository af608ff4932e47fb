"""Which reader a file is for: by how it begins, then by its ending; and what all of them are called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from headlight.models.core.errors import HeadlightError, shown
from headlight.viewer.inputs.encodings import is_binary, looks_like_text
from headlight.viewer.inputs.source import Source, ending_of
from headlight.viewer.inputs.told.columns import AS_TEXT
from headlight.viewer.registry import REGISTRY, Kind, Reader, resolve

MOST_FILES = 100_000
"""Of a folder, that are walked through."""
_PROSE = 1 / 4
"""Share of lines of words from which on a text that begins like something else is a text."""


@dataclass(frozen=True)
class Several:
    """Files in a folder, which are shown one after another. kind: of all of them. said: what the user should
    know."""

    kind: str
    files: tuple[str, ...]
    said: str


def files_in(folder: Path) -> Several:
    """The pictures or the clouds in a folder, whichever are more, in the order of the numbers in their names.

    HeadlightError where there is none.
    """
    found: dict[str, list[Path]] = {}
    others = 0
    for file in sorted(folder.iterdir(), key=lambda one: _numbered(one.name)):
        kind = None if file.name.startswith(".") or not file.is_file() else _walked(ending_of(file.name))
        if kind is None:
            others += not file.name.startswith(".")
        else:
            found.setdefault(kind, []).append(file)
    if not found:
        raise HeadlightError(
            f"{shown(folder.name)} is a folder without pictures or point clouds.", "Choose a file in it."
        )
    kind, files = max(found.items(), key=lambda each: len(each[1]))
    others += sum(map(len, found.values())) - len(files)
    what = REGISTRY.all(Kind)[kind]
    said = f"{shown(folder.name)} holds {len(files):,} {what.noun if len(files) == 1 else what.plural}"
    said += ": Page Down and Page Up walk through them." if len(files) > 1 else "."
    if others:
        one = "1 other thing in it is" if others == 1 else f"{others:,} other things in it are"
        said += f" {one} passed over."
    return Several(kind, tuple(map(str, files[:MOST_FILES])), said)


def _walked(ending: str) -> str | None:
    """The kind of files that are named so, if these can be looked at one after another."""
    claims = [one for one in claiming(ending) if one.names or one.binary]
    kind = None if not claims or claiming(ending)[0] is _rest() else REGISTRY.all(Kind)[claims[0].kind]
    walked = kind is not None and "again" in kind.gives and {"pixels", "positions"} & set(kind.gives)
    return kind.id if walked else None


def _numbered(name: str) -> tuple[tuple[int, int | str], ...]:
    """“scan 9” stands before “scan 10”."""
    parts = re.split(r"(\d{1,18})", name.casefold())
    return tuple((0, int(part)) if part.isdigit() else (1, part) for part in parts if part)


def reader_of(source: Source) -> Reader:
    """What reads a file. Something does: the rest are texts, or say that they are none."""
    chosen = source.meanings.chosen
    if chosen == AS_TEXT:
        return _rest()
    found = told(source)
    if chosen and found is None:  # what its columns are is told: it is a table
        return next(one for one in REGISTRY.all(Reader).values() if one.columns)
    return _rest() if found is None or (_is_prose(source) and not chosen) else found


def is_rest(reader: Reader) -> bool:
    """Whether it reads what no other does."""
    return reader is _rest()


def told(source: Source) -> Reader | None:
    """The reader that a file's beginning speaks for, or else its ending."""
    readers = REGISTRY.all(Reader).values()
    sure = [one for one in readers if one.magic and not one.guess]
    by_ending = [one for one in readers if not one.magic and source.ending in one.endings]
    guesses = [one for one in readers if one.guess]
    for one in [*sure, *by_ending, *guesses]:
        if one is not _rest() and _begins(one, source):
            return one
    return None


def claiming(ending: str) -> list[Reader]:
    """Those whose files are named so."""
    return [one for one in REGISTRY.all(Reader).values() if ending and ending in one.endings]


def all_that_is_read() -> str:
    """A sentence: the names of all formats, by what they hold."""
    held: dict[str, list[tuple[int, tuple[str, ...]]]] = {kind.plural: [] for kind in _kinds()}
    for one in REGISTRY.all(Reader).values():
        for place, what in enumerate(one.holds or (REGISTRY.all(Kind)[one.kind].plural,)):
            held.setdefault(what, []).append((place, one.names))
    parts = []
    for what, found in held.items():
        if not found:  # of a kind all of whose files hold something else first
            continue
        names = [name for _, own in sorted(found, key=lambda each: each[0]) for name in own]
        parts.append(f"{what} ({', '.join(names)})" if names else what)
    *front, last = parts
    return f"This version opens {', '.join(front)} and {last}."


def names_of_formats() -> str:
    """What people call them, kind after kind."""
    kinds = list(REGISTRY.all(Kind))
    ordered = sorted(REGISTRY.all(Reader).values(), key=lambda one: kinds.index(one.kind))
    return ", ".join(name for one in ordered for name in one.names[:1])


def endings_by_kind() -> dict[Kind, list[str]]:
    """Of each kind of input how its files are named, without dots; recorded ones among all the others."""
    found = {}
    for kind in (one for one in _kinds() if "recorded" not in one.gives):
        own = (one.endings for one in REGISTRY.all(Reader).values() if one.kind == kind.id)
        found[kind] = list(dict.fromkeys(ending for endings in own for ending in endings if ending))
    return found


def is_named_as(path: str, capability: str) -> bool:
    """Whether a file is named as those are whose documents give this before any model reads them."""
    ending = ending_of(Path(path).name)
    return any(ending in ends for kind, ends in endings_by_kind().items() if capability in kind.gives)


def _kinds() -> Iterable[Kind]:
    read = {one.kind for one in REGISTRY.all(Reader).values()}
    return (kind for kind in REGISTRY.all(Kind).values() if kind.id in read)


def _rest() -> Reader:
    return next(one for one in REGISTRY.all(Reader).values() if "" in one.endings)


def _begins(reader: Reader, source: Source) -> bool:
    if isinstance(reader.magic, str):
        begins = not reader.magic or resolve(reader.magic)(source)
    else:
        begins = source.head.startswith(reader.magic) if reader.magic else True
    return begins and not (reader.binary and looks_like_text(source.head))


def _is_prose(source: Source) -> bool:
    """Whether what begins like a cloud goes on in words: a poem that counts, "OFF with his head"."""
    head = source.head
    if source.ending not in _rest().endings or is_binary(head) or b"end_header" in head:
        return False
    lines = [line for line in head.decode("utf-8", "ignore").splitlines() if line.strip()]
    lines = [line.split() for line in lines[1:] or lines if not line.lstrip().startswith("#")]
    prose = sum(_is_line_of_words(words) for words in lines)
    return prose > 0 and prose >= _PROSE * len(lines)


def _is_line_of_words(words: list[str]) -> bool:
    bare = [word.strip(".,;:!?'\"()-–—“”‘’…") for word in words]
    return len(words) >= 3 and sum(len(word) > 1 and word.isalpha() for word in bare) * 5 >= len(words) * 3
