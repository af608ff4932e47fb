"""What is in a picture, sentences that say a part of it, and which sentences are true of which pictures."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from script.training.clip.objects import objects
from script.training.clip.words import words

Claim = tuple[str, str]
"""("thing", name), ("colour", name), ("word", what is written), ("any", a word that is seen or written)."""

THINGS = (
    "a photo of a {n}", "a photo of a {n}", "a {n}", "a {n}", "a picture of a {n}", "this is a {n}",
    "a {n} in a room", "a {n} by a wall", "there is a {n}", "the {n}", "one {n}", "an image of a {n}",
    "a photo of the {n}",
)  # fmt: skip
COLOURED = ("a {c} {n}", "a photo of a {c} {n}", "the {c} {n}", "a {n} that is {c}")
WRITTEN = (
    "a note that says {w}", "the word {w}", "a sign: {w}", "a sign that says {w}", "a label that says {w}",
    "it says {w}", "a wall with the word {w}", "the text {w}", "a photo of the word {w}",
    "{w} on a piece of paper",
)  # fmt: skip
BOTH = (
    "a {n} with a note that says {w}", "a {n} and the word {w}", "a {n} labelled {w}",
    "a photo of a {n} with the word {w}", "the word {w} on a {n}", "a sign that says {w} by a {n}",
)  # fmt: skip
NOT = "not a {w}"
"""Written on a note that takes something back."""
COLOURS = {
    "black": (25, 25, 25), "white": (235, 235, 235), "grey": (135, 135, 135), "red": (190, 40, 40),
    "brown": (120, 75, 45), "orange": (230, 130, 40), "yellow": (225, 210, 60), "green": (60, 140, 60),
    "blue": (50, 80, 180), "purple": (120, 50, 140), "pink": (235, 150, 175), "beige": (205, 185, 150),
}  # fmt: skip


@dataclass(frozen=True)
class Scene:
    """names: all that are true of the thing, none without one; colour: "" if no thing; word: what is written,
    "" for nothing.
    """

    names: tuple[str, ...] = ()
    colour: str = ""
    word: str = ""

    @property
    def facts(self) -> frozenset[Claim]:
        seen = {("thing", name) for name in self.names} | {("any", name) for name in self.names}
        if self.colour:
            seen.add(("colour", self.colour))
        if self.word:
            seen |= {("word", self.word), ("any", self.word)}
        return frozenset(seen)


@dataclass(frozen=True)
class Caption:
    text: str
    claims: frozenset[Claim]


def articled(text: str) -> str:
    """With "an" where one says it."""
    said = text.split(" ")
    for number, (one, after) in enumerate(itertools.pairwise(said)):
        if one == "a" and after[:1] in "aeiou":
            said[number] = "an"
    return " ".join(said)


def caption(scene: Scene, chance: random.Random) -> Caption:
    """A sentence that is true of the scene, of its thing, of its word, or of both."""
    said = (
        "thing"
        if not scene.word
        else "word"
        if not scene.names
        else chance.choices(("thing", "word", "both"), (3, 3, 5))[0]
    )
    name = chance.choice((scene.names[0], *scene.names)) if scene.names else ""
    if said != "both" and chance.random() < 0.1:
        bare = name if said == "thing" else scene.word
        return Caption(bare, frozenset({("any", bare)}))
    if said == "word":
        return Caption(chance.choice(WRITTEN).format(w=scene.word), frozenset({("word", scene.word)}))
    claims: set[Claim] = {("thing", name)}
    if said == "both":
        claims.add(("word", scene.word))
        text = articled(chance.choice(BOTH).format(n=name, w="{w}")).format(w=scene.word)
    elif scene.colour and chance.random() < 0.25:
        claims.add(("colour", scene.colour))
        text = articled(chance.choice(COLOURED).format(n=name, c=scene.colour))
    else:
        text = articled(chance.choice(THINGS).format(n=name))
    return Caption(text, frozenset(claims))


def truth(scenes: Iterable[Scene], captions: Iterable[Caption]) -> np.ndarray:
    """bool (scenes, captions): whether all that a caption says is so."""
    captions = tuple(captions)
    return np.array(
        [[one.claims <= facts for one in captions] for facts in (scene.facts for scene in scenes)]
    )


def colour_of(rgb: np.ndarray) -> str:
    """The name of the nearest colour, of (3,) from 0 to 255."""
    return min(COLOURS, key=lambda name: float(((np.array(COLOURS[name]) - rgb) ** 2).sum()))


def corpus() -> Iterator[str]:
    """Sentences of all names and words, as often as is likely: what pieces of words are learnt from."""
    chance = random.Random(0)
    colours, written = tuple(COLOURS), words()
    for one in objects():
        names = tuple(sorted(one.called))
        for _ in range(3):
            yield caption(Scene(names, chance.choice(colours), chance.choice(written)), chance).text
    for word in written:
        for text in (word, NOT.format(w=word)):
            yield caption(Scene(word=text), chance).text
