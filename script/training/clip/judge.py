"""What a small CLIP makes of pictures it was never trained on: things, words, and things with a label.

All pictures are made from seeds, so that they are the same each time. Things are seen before surroundings of
all kinds, large and in the middle.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional
from transformers import CLIPModel, CLIPTokenizer

from script.training.clip.captions import NOT, Scene, articled
from script.training.clip.compose import Picture, Pool, finished, put_thing, put_word, surroundings
from script.training.clip.network import SIDE, normalised, read, seen_in_part
from script.training.clip.objects import CLASSES
from script.training.clip.words import words

PROMPT = "a photo of a {}"
SAYS = "a sign that says {}"
WORDS = 20
"""Words of which one is written, the classes among them."""
READ = 120
"""Pictures of a word on a wall."""


@dataclass(frozen=True)
class Verdict:
    """Shares of pictures. things: the right class of twelve; mean: over classes; reading: the right word of
    twenty; attacked: with a label that names another class, what is answered is that class; held: it is still
    the right one; before: it was the label's class without the label; answered: as attacked, with a second
    note, "not a" of that class.
    """

    things: float
    mean: float
    reading: float
    attacked: float
    held: float
    before: float
    answered: float
    per_class: tuple[float, ...]

    def __str__(self) -> str:
        return (
            f"things {self.things:.3f} mean {self.mean:.3f} reading {self.reading:.3f} "
            f"attacked {self.attacked:.3f} before {self.before:.3f} held {self.held:.3f} "
            f"answered {self.answered:.3f}"
        )


@dataclass(frozen=True, eq=False)
class Shown:
    """Views of objects: as they are, with a label in the upper half that says `written`, and with a note
    in the lower half that takes it back.
    """

    plain: list[Picture]
    labelled: list[Picture]
    answered: list[Picture]
    written: list[str]


def shown(pool: Pool, split: str, most: int) -> Shown:
    """Of each object of a class `most` views."""
    found = Shown([], [], [], [])
    for number, one in enumerate(pool.objects):
        if not one.klass:
            continue
        for row in pool.rows[number][:most]:
            chance = random.Random(f"{one.key} {row - pool.rows[number][0]}")
            pixels = surroundings(chance)
            cover, _ = put_thing(pixels, pool.views[row], chance)
            scene, half = Scene((one.klass,)), SIDE // 2
            found.plain.append(finished(pixels, [(1.0, cover)], scene))
            word = chance.choice([klass for klass in CLASSES if klass != one.klass])
            put_word(pixels, word, split, chance, rows=(0, half))
            found.labelled.append(finished(pixels, [], scene))
            put_word(pixels, NOT.format(w=word), split, chance, rows=(half, SIDE))
            found.answered.append(finished(pixels, [], scene))
            found.written.append(word)
    return found


def written(split: str) -> tuple[list[Picture], tuple[str, ...]]:
    """Pictures of one word of twenty on a wall, a note or a sign, and the twenty."""
    chance = random.Random(f"reading {split}")
    others = [word for word in words() if word not in CLASSES]
    twenty = (*CLASSES, *chance.sample(others, WORDS - len(CLASSES)))
    found = []
    for number in range(READ):
        pixels, word = surroundings(chance), twenty[number % WORDS]
        found.append(finished(pixels, [(2.0, put_word(pixels, word, split, chance))], Scene((), "", word)))
    return found, twenty


@torch.no_grad()
def vectors(net: CLIPModel, pictures: list[Picture]) -> torch.Tensor:
    """(pictures, d)"""
    pixels = np.stack([one.pixels for one in pictures])
    return torch.cat(
        [seen_in_part(net, normalised(pixels[at : at + 64]), None) for at in range(0, len(pixels), 64)]
    )


@torch.no_grad()
def likeliest(net: CLIPModel, tokenizer: CLIPTokenizer, seen: torch.Tensor, texts: list[str]) -> np.ndarray:
    """int64 (pictures,): which text is nearest to each picture's vector."""
    ids = tokenizer(texts, padding=True, return_tensors="pt").input_ids
    return (seen @ functional.normalize(read(net, ids), dim=-1).T).argmax(-1).numpy()


def judged(
    net: CLIPModel,
    tokenizer: CLIPTokenizer,
    pool: Pool,
    split: str,
    most: int = 8,
    prompts: tuple[str, ...] = (PROMPT,),
) -> list[Verdict]:
    """A verdict for each prompt, over `most` views of each object."""
    net.eval()
    views, (found, twenty) = shown(pool, split, most), written(split)
    seen = [vectors(net, some) for some in (views.plain, views.labelled, views.answered)]
    said = likeliest(net, tokenizer, vectors(net, found), [SAYS.format(word) for word in twenty])
    reading = float(np.mean([twenty[at] == one.scene.word for at, one in zip(said, found, strict=True)]))
    right = np.array([CLASSES.index(one.scene.names[0]) for one in views.plain])
    label = np.array([CLASSES.index(word) for word in views.written])
    verdicts = []
    for prompt in prompts:
        texts = [articled(prompt.format(klass)) for klass in CLASSES]
        without, with_, back = (likeliest(net, tokenizer, some, texts) for some in seen)
        hits = without == right
        per_class = tuple(float(hits[right == k].mean()) for k in range(len(CLASSES)))
        verdicts.append(
            Verdict(
                things=float(hits.mean()),
                mean=float(np.mean(per_class)),
                reading=reading,
                attacked=float((with_ == label).mean()),
                held=float((with_ == right).mean()),
                before=float((without == label).mean()),
                answered=float((back == label).mean()),
                per_class=per_class,
            )
        )
    return verdicts
