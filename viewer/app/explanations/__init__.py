"""What the words of the window mean, each once, with where it comes from. A pointer's rest says it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from headlight.viewer.app.explanations import (
    boxes,
    clouds,
    costs,
    experiments,
    fields,
    inspecting,
    maps,
    masks,
    methods,
    panes,
    published,
    represented,
    towers,
)
from headlight.viewer.app.explanations.entry import Explanation
from headlight.viewer.registry import REGISTRY, Method

EXPLANATIONS = (
    *(*panes.PANES, *panes.BARS, *maps.MAPS, *maps.ROLLOUTS, *maps.NUMBERS),
    *(*fields.UNITS, *fields.STACKS, *clouds.CLOUDS, *boxes.BOXES, *costs.COSTS),
    *experiments.EXPERIMENTS,
    *published.PUBLISHED,
    *inspecting.INSPECTED,
    *masks.MASKS,
    *methods.METHODS,
    *represented.REPRESENTED,
    *towers.TOWERS,
)
_WORDS = {word: entry for entry in EXPLANATIONS for word in entry.words if word[0] != "/"}
_PATTERNS = [
    (re.compile(word[1:-1]), entry) for entry in EXPLANATIONS for word in entry.words if word[0] == "/"
]


def find(pane: str, words: Iterable[str]) -> Explanation | None:
    """The explanation of the first of these words that has one. pane: the name of the pane that has them."""
    for word in words:
        said = _WORDS.get(f"{pane}/{word}") or _WORDS.get(word)
        if said is None:
            said = next((entry for pattern, entry in _PATTERNS if pattern.fullmatch(word)), None)
        said = said or _of_method(word)
        if said is not None:
            return said
    return None


def _of_method(title: str) -> Explanation | None:
    """What a method says of itself, a plugin's too."""
    methods = (method for method in REGISTRY.all(Method).values() if method.says)
    named = (method for method in methods if title in (method.title, method.name))
    return next((Explanation((title,), method.says, method.paper) for method in named), None)


def explain(pane: str, words: Iterable[str]) -> str:
    """What these words mean, and in a line of its own where it comes from; "" for words that need none."""
    said = find(pane, words)
    if said is None:
        return ""
    return f"{said.says}\n{said.paper}" if said.paper else said.says
