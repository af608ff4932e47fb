"""What heads do over many texts: a file of lines or a folder, run through the model of an open document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headlight.models.core.cache import CACHE
from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import TextTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.corpus import Corpus
from headlight.viewer.inputs.inputs import TextInput, from_path, lines_of

if TYPE_CHECKING:
    from headlight.models.corpus.gathered import Event, Gathered

MOST = 20_000
"""Texts of a corpus."""
ENDINGS = {".txt", ".md", ".text", ".rst"}
AROUND = 40
"""Characters shown of a text before and after a token."""
_BLANK = re.compile(r"\s+")
SHOWN = 3
"""Texts that are shown of each decile."""


def read_corpus(path: str, task: Task = SILENT) -> Corpus:
    """A file, a text a line, or a folder, a text a file; at most MOST. HeadlightError where there is none."""
    where = Path(path)
    if not where.is_dir():
        texts = _lines(path)
    else:
        files = sorted(one for one in where.iterdir() if one.suffix.lower() in ENDINGS and one.is_file())
        texts = []
        for number, file in enumerate(files[:MOST]):
            task.progress(number / len(files), f"Reading {file.name}")
            texts.append(_text(str(file)))
    if not texts:
        raise HeadlightError(f"{where.name} holds no text.", "Choose a text file with a text a line.")
    return Corpus(where.name, tuple(texts[:MOST]))


def _text(path: str) -> str:
    read = from_path(path)
    if not isinstance(read, TextInput):
        raise HeadlightError(f"{Path(path).name} is no text.", "Choose a text file, or a folder of them.")
    return read.text


def _lines(path: str) -> list[str]:
    return list(lines_of(_text(path)))


def gathered_over(trace: Trace, corpus: Corpus, settings: PatternSettings, task: Task = SILENT) -> Gathered:
    """Kept for every document of the same model."""
    from headlight.models.corpus.texts import gathered

    key = "gathered", trace.model.id, trace.device, settings
    found = CACHE.get(corpus, key)
    if found is None:
        engine = trace.run.engine(Part(task, 0, 0))
        found = CACHE.put(corpus, key, gathered(engine, corpus.texts, settings, vectors=True, task=task))
    return found


@dataclass(frozen=True)
class Found:
    """A token in one of many texts. value: of the measure there."""

    number: int
    start: int
    stop: int
    before: str
    token: str
    after: str
    value: float


@dataclass(frozen=True)
class Group:
    title: str
    found: tuple[Found, ...]


def texts_of_head(
    trace: Trace,
    corpus: Corpus,
    settings: PatternSettings,
    layer: int,
    head: int,
    name: str,
    task: Task = SILENT,
) -> tuple[Group, ...]:
    """Where a measure of a head is highest, then by tenths of the texts, highest first, and at random."""
    found = gathered_over(trace, corpus, settings, Part(task))
    groups = groups_of(found, layer, head, name, SHOWN)
    engine = trace.run.engine(Part(task, 0, 0))
    numbers = sorted({event.text for _, events in groups for event in events})
    cut = dict(zip(numbers, engine.cut([corpus.texts[number] for number in numbers]), strict=True))

    def shown(event: Event) -> Found:
        return _found(event, corpus.texts[event.text], cut[event.text].tokens)

    return tuple(Group(title, tuple(map(shown, events))) for title, events in groups)


def groups_of(found: Gathered, layer: int, head: int, name: str, shown: int) -> list[tuple[str, list[Event]]]:
    """The inputs that are shown of a head, under what they stand: as many of each decile."""
    if name not in found.names or head >= found.heads[layer]:
        return []
    groups = [("Highest of all", found.highest(layer, head, name))]
    deciles = found.deciles(layer, head, name)
    for number in reversed(range(len(deciles))):
        groups.append((f"Decile {number + 1}", deciles[number][-shown:][::-1]))
    groups.append(("At random", found.random(layer, head, name, 2 * shown)))
    return [(title, events) for title, events in groups if events]


def around(text: str, start: int, stop: int, reach: int = AROUND) -> tuple[str, str]:
    """What stands before and after some characters, in one line."""
    sides = text[max(0, start - reach) : start], text[stop : stop + reach]
    return _BLANK.sub(" ", sides[0]), _BLANK.sub(" ", sides[1])


def _found(event: Event, text: str, tokens: TextTokens) -> Found:
    start, stop = (int(edge) for edge in tokens.spans[event.token])
    before, after = around(text, start, stop)
    token = text[start:stop] or tokens.labels[event.token]
    return Found(event.text, start, stop, before, token, after, event.value)
