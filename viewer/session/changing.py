"""What gestures change of heads and of the input, by what is chosen, and how that is told. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headlight.models.core.interventions import (
    Edit,
    Freeze,
    Hide,
    Intervention,
    Level,
    Off,
    OnHeads,
    Recipe,
    Scale,
    Swap,
)
from headlight.models.core.tokens import Box, CharSpan, Place, Region
from headlight.viewer.session.view import ExperimentSettings, Selection

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.session.document import Document
    from headlight.viewer.session.runs import Runs
    from headlight.viewer.session.session import Session

Head = tuple[int, int]
"""A layer by its number, and a head of it."""
Make = Callable[[str, tuple[int, ...]], OnHeads]


def off(layer: str, heads: tuple[int, ...]) -> OnHeads:
    return Scale(layer, heads)


def scaled(factor: float) -> Make:
    return lambda layer, heads: Scale(layer, heads, factor)


def uniform(layer: str, heads: tuple[int, ...]) -> OnHeads:
    return Level(layer, heads)


def frozen(of: Recipe) -> Make:
    return lambda layer, heads: Freeze(layer, heads, of)


# -- heads ---------------------------------------------------------------------------------------------------


def chosen(session: Session) -> tuple[Head, ...]:
    """The heads that are chosen together, or the selected one."""
    one = session.view[Selection]
    return session.view[ExperimentSettings].heads or ((one.layer, one.head),)


def toggle(session: Session, heads: Iterable[Head], only_add: bool = False) -> None:
    """Take heads into those that are chosen together, or out of them."""
    before, after = session.view[ExperimentSettings].heads, list(session.view[ExperimentSettings].heads)
    for head in heads:
        if head not in before:
            after.append(head)
        elif not only_add:
            after.remove(head)
    session.change(ExperimentSettings, heads=tuple(sorted(after)), gesture="heads")


def change_heads(runs: Runs, document: Document, heads: Iterable[Head], make: Make | None) -> None:
    """Change these heads in one way, whatever was changed of them before; None leaves them as they are."""
    if document.trace is None:
        return
    layers = document.trace.layers
    by_layer: dict[str, list[int]] = {}
    for layer, head in heads:
        by_layer.setdefault(layers[layer].name, []).append(head)
    interventions = document.wanted.interventions
    for name, members in by_layer.items():
        interventions = _without(interventions, name, members)
        if make is not None:
            interventions = _joined(interventions, make(name, tuple(sorted(members))))
    runs.intervene(document, interventions)


def _without(
    interventions: Iterable[Intervention], layer: str, heads: Sequence[int]
) -> tuple[Intervention, ...]:
    """With these heads of a layer as they are."""
    kept: list[Intervention] = []
    for one in interventions:
        of = one.of if isinstance(one, Off) else one
        if not isinstance(of, OnHeads) or of.layer != layer:
            kept.append(one)
            continue
        if left := tuple(head for head in of.heads if head not in heads):
            less = replace(of, heads=left)
            kept.append(Off(less) if isinstance(one, Off) else less)
    return tuple(kept)


def _joined(interventions: tuple[Intervention, ...], new: OnHeads) -> tuple[Intervention, ...]:
    """Heads of a layer that are changed in the same way are one."""
    for at, one in enumerate(interventions):
        if isinstance(one, OnHeads) and replace(one, heads=new.heads) == new:
            whole = replace(one, heads=tuple(sorted({*one.heads, *new.heads})))
            return (*interventions[:at], whole, *interventions[at + 1 :])
    return (*interventions, new)


def donors(session: Session, document: Document) -> list[tuple[str, Recipe]]:
    """(title, recipe) of other documents that the same model has read: heads can be frozen to them."""
    own = document.trace
    traces = ((other.title, other.trace) for other in session.documents if other is not document)
    return [
        (title, trace.recipe)
        for title, trace in traces
        if trace is not None and own is not None and trace.model.id == own.model.id
    ]


def marks(interventions: Iterable[Intervention], trace: Trace) -> dict[Head, str]:
    """How each changed head is changed, in a word."""
    numbers = {layer.name: number for number, layer in enumerate(trace.layers)}
    return {
        (numbers[one.layer], head): _how(one)
        for one in interventions
        if isinstance(one, OnHeads) and one.layer in numbers
        for head in one.heads
    }


def _how(one: OnHeads) -> str:
    if isinstance(one, Level):
        return "uniform"
    if isinstance(one, Freeze):
        return "frozen"
    return "off" if one.factor == 0 else f"× {one.factor:g}".replace("-", "\u2212")


# -- the input -----------------------------------------------------------------------------------------------


def hidden(document: Document) -> tuple[Place, ...]:
    """Where a model sees nothing of what is shown."""
    return tuple(
        place for one in document.made.interventions if isinstance(one, Hide) for place in one.places
    )


def mask(runs: Runs, document: Document, places: Sequence[Place]) -> None:
    """Hide what is at these places, or show it again where all of it is hidden."""
    if not places:
        return
    interventions = document.wanted.interventions
    hidden = {place for one in interventions if isinstance(one, Hide) for place in one.places}
    if all(place in hidden for place in places):
        less = [_showing(one, set(places)) for one in interventions]
        runs.intervene(document, tuple(one for one in less if one is not None))
        return
    runs.intervene(document, (*interventions, Hide(tuple(one for one in places if one not in hidden))))


def _showing(one: Intervention, places: set[Place]) -> Intervention | None:
    if not isinstance(one, Hide):
        return one
    left = tuple(place for place in one.places if place not in places)
    return replace(one, places=left) if left else None


def no_swap(document: Document) -> str:
    """ "" where two words or two patches are selected, else what is to be done."""
    return "" if _pair(document) is not None else "Select two words, or two patches."


def swap(runs: Runs, document: Document) -> None:
    """The two selected words or patches take each other's place."""
    pair = _pair(document)
    if pair is None:
        return
    first, second = pair
    if isinstance(first, Box) and isinstance(second, Box):
        runs.intervene(document, (*document.wanted.interventions, Swap(first, second)))
        return
    text = document.wanted.text
    if text is None or not isinstance(first, CharSpan) or not isinstance(second, CharSpan):
        return
    texts = [text.text, text.pair or ""]
    texts[first.text] = swapped(texts[first.text], first, second)
    runs.edit(document, texts[0], texts[1] or None)


def swapped(text: str, first: CharSpan, second: CharSpan) -> str:
    """The text with two spans in each other's place, the spaces around them where they were."""
    (a, b), (c, d) = sorted(_bare(text, span) for span in (first, second))
    return f"{text[:a]}{text[c:d]}{text[b:c]}{text[a:b]}{text[d:]}"


def _bare(text: str, span: CharSpan) -> tuple[int, int]:
    word = text[span.start : span.stop]
    start = span.start + len(word) - len(word.lstrip())
    return start, start + len(word.strip())


def _pair(document: Document) -> tuple[Place, Place] | None:
    places = document.view[Selection].queries
    if len(places) != 2 or type(places[0]) is not type(places[1]):
        return None
    first, second = places
    if isinstance(first, CharSpan) and isinstance(second, CharSpan):
        apart = first.stop <= second.start or second.stop <= first.start
        same = (first.text, first.stream) == (second.text, second.stream)
        return (first, second) if apart and same else None
    return (first, second) if isinstance(first, Box) else None


# -- the list ------------------------------------------------------------------------------------------------


def switch(runs: Runs, document: Document, number: int) -> None:
    """Let one of them rest, or act again."""
    every = list(document.wanted.interventions)
    one = every[number]
    every[number] = one.of if isinstance(one, Off) else Off(one)
    runs.intervene(document, tuple(every))


def remove(runs: Runs, document: Document, number: int) -> None:
    every = document.wanted.interventions
    runs.intervene(document, (*every[:number], *every[number + 1 :]))


def clear(runs: Runs, document: Document) -> None:
    runs.intervene(document, ())


def said(one: Intervention, document: Document, others: Sequence[Document] = ()) -> str:
    """What it does, in a few words. others: documents that heads may be frozen to."""
    if isinstance(one, Off):
        return said(one.of, document, others)
    if isinstance(one, Edit):
        return one.said[:1].upper() + one.said[1:]
    if isinstance(one, Hide):
        return _hidden(one, document)
    heads = f"head{'s' * (len(one.heads) > 1)} {', '.join(map(str, one.heads))}"
    how = _how(one)
    if isinstance(one, Freeze):
        title = next((x.title for x in others if x.trace is not None and x.trace.recipe == one.of), "")
        how = f"frozen to “{title or _source(one.of)}”"
    return f"{_layer(one.layer, document)}, {heads}: {how}"


def _layer(name: str, document: Document) -> str:
    layers = () if document.trace is None else document.trace.layers
    number = next((at for at, layer in enumerate(layers) if layer.name == name), None)
    if number is None:
        return name
    several = len({layer.stack for layer in layers}) > 1
    return (
        f"{layers[number].stack.capitalize()} layer {layers[number].depth}" if several else f"Layer {number}"
    )


def _source(of: Recipe) -> str:
    text = of.source if isinstance(of.source, str) else of.source.path if of.source else "another input"
    return text if len(text) <= 24 else f"{text[:23]}…"


def _hidden(one: Hide, document: Document) -> str:
    words = [_word(place, document) for place in one.places]
    if all(words) and len(words) <= 4:
        return f"Hidden: {', '.join(f'“{word}”' for word in words)}"
    count = sum(len(place.positions) if isinstance(place, Region) else 1 for place in one.places)
    what = "patch" if isinstance(one.places[0], Box) else "token" if any(words) else "point"
    many = f"{what}es" if what == "patch" else f"{what}s"
    return f"{count:,} {what if count == 1 else many} hidden"


def _word(place: Place, document: Document) -> str:
    text = document.made.text
    if text is None or not isinstance(place, CharSpan) or place.text > (text.pair is not None):
        return getattr(place, "label", "")
    return (text.text, text.pair or "")[place.text][place.start : place.stop].strip()
