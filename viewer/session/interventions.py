"""What stays of a document's interventions when its text or its model becomes another. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headlight.models.core.interventions import Edit, Hide, Intervention, Off, OnHeads
from headlight.models.core.tokens import CharSpan, Place

if TYPE_CHECKING:
    from headlight.viewer.inputs.inputs import TextInput

Moved = Callable[[Place], Place | None]


@dataclass(frozen=True)
class Kept:
    """dropped: a sentence that says which are gone, "" where all are there."""

    interventions: tuple[Intervention, ...]
    dropped: str = ""


def after_text(interventions: Iterable[Intervention], before: TextInput, after: TextInput) -> Kept:
    """Words that are hidden stay so where the edit left them; changes of heads stay."""
    texts = ((before.text, before.pair or ""), (after.text, after.pair or ""))

    def moved(place: Place) -> Place | None:
        if not isinstance(place, CharSpan):
            return place
        old, new = (pair[place.text] for pair in texts)
        return _moved(place, old, new)

    lost: list[str] = []
    kept = [_following(one, moved, before, lost) for one in interventions]
    named = ", ".join(f"“{word}”" for word in lost)
    said = f"{named} {'is' if len(lost) == 1 else 'are'} not hidden any more: the text there is another."
    return Kept(tuple(one for one in kept if one is not None), said if lost else "")


def after_model(interventions: Iterable[Intervention]) -> Kept:
    """Another model has other heads; what is changed of the input stays."""
    every = tuple(interventions)
    kept = tuple(one for one in every if isinstance(_active(one), Hide | Edit))
    gone = len(every) - len(kept)
    said = "1 change of heads is" if gone == 1 else f"{gone} changes of heads are"
    return Kept(kept, f"{said} taken back: another model has other heads." if gone else "")


def after_file(interventions: Iterable[Intervention]) -> Kept:
    """Another picture or cloud has other things at the same places; changes of heads stay."""
    every = tuple(interventions)
    kept = tuple(one for one in every if isinstance(_active(one), OnHeads))
    return Kept(kept, "What was changed of the input is not changed of this one." if kept != every else "")


def after_points(interventions: Iterable[Intervention]) -> Kept:
    """Where all points lie elsewhere nothing of them is hidden any more; changes of heads stay."""
    every = tuple(interventions)
    kept = tuple(one for one in every if not isinstance(_active(one), Hide))
    return Kept(kept, "What was hidden is shown again: its points lie elsewhere." if kept != every else "")


def _active(one: Intervention) -> Intervention:
    return one.of if isinstance(one, Off) else one


def _following(one: Intervention, moved: Moved, before: TextInput, lost: list[str]) -> Intervention | None:
    """What is left of an intervention; words that it hides no more are told to `lost`."""
    if isinstance(one, Off):
        left = _following(one.of, moved, before, [])
        return None if left is None else replace(one, of=left)
    if not isinstance(one, Hide):
        return one
    found = [(place, moved(place)) for place in one.places]
    lost += [_word(place, before) for place, there in found if there is None]
    places = tuple(there for _, there in found if there is not None)
    return replace(one, places=places) if places or not one.places else None


def _word(place: Place, text: TextInput) -> str:
    assert isinstance(place, CharSpan)
    return (text.text, text.pair or "")[place.text][place.start : place.stop].strip()


def _moved(span: CharSpan, old: str, new: str) -> CharSpan | None:
    """The same characters in the text as it is now, None where the edit touches their word."""
    head = _alike(old, new)
    tail = min(_alike(old[::-1], new[::-1]), min(len(old), len(new)) - head)
    grown = len(new) - len(old)
    if span.stop < head or (span.stop == head and not _joined(old, head) and not _joined(new, head)):
        return span
    start = len(old) - tail
    if span.start > start or (
        span.start == start and not _joined(old, start) and not _joined(new, start + grown)
    ):
        return replace(span, start=span.start + grown, stop=span.stop + grown)
    return None


def _alike(first: str, second: str) -> int:
    """How many characters they begin with alike."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(first), len(second)))


def _joined(text: str, at: int) -> bool:
    """Whether a word goes on across this place."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
