"""What the small CLIP sees: objects with their names, their class among twelve, and their split.

The classes and the split by design are those of script/training/shapes; all other models of the package whose
names say what they are join the training by their names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from script.training.furniture import Model, described, mesh, modelled
from script.training.mesh import Mesh
from script.training.shapes.designs import made
from script.training.shapes.objects import licence_of, things

CLASSES = (
    "bed", "cabinet", "chair", "door", "lamp", "person", "plant", "plug", "sofa", "table",
    "vehicle", "window",
)  # fmt: skip
MADE = 24
"""Made-up designs of each class, for training alone."""
CALLED = {"chair": r"\bchair", "sofa": r"\b(sofa|couch)", "table": r"\btable"}
"""What an object is called that counts as one of the class: no stool, no desk."""
_WORDS = rf"\b({'|'.join(CLASSES)}|couch|desk|bench|stool|cupboard|shelves|bookcase|socket|switch|car)s?\b"
_UNCLEAR = (
    r"Characters/.*(ale|Boy|boy|Girl|girl)|Hashtray|Flipper|Barnum|Flacon|Bascule|Mocassin|Trunck|Puff|Hood"
    r"|Little|Parking|Concrete sidewalk|Pedestrian crossing|Arrow|Bill|Contemporary|box_room|Rails|Tool\b"
    r"|Iron railing|Pedestrian railing|Staircases|Tape\b|Fluorescent|Abdominal|Island|unit\b|Short\b"
)
"""Of file/category/name: what is left out of the others."""
_SAID = (
    (r"sitting|lying down|holding|mannequin", ""), (r"\bfemale\b", "woman"), (r"\bmale\b", "man"),
    (r"toilets unit", "toilet"), (r"television", "tv"), (r"[0-9:€].*|\(.*", ""), (r"- .*", ""), (r"\s+", " "),
)  # fmt: skip
_CARS = r"Ford|Concept|VW|Seat|Peugeot|Renault|SUV|Chevrolet|Smart"


@dataclass(frozen=True)
class Object:
    """key: unique; klass: one of CLASSES or ""; names: what it is called, beside its class; split; licence:
    of its model, "" for made-up ones.
    """

    key: str
    klass: str
    names: tuple[str, ...]
    split: str
    licence: str
    model: Model | None = None
    number: int = 0

    @property
    def called(self) -> frozenset[str]:
        """Every name that is true of it."""
        return frozenset(name for name in (self.klass, *self.names) if name)

    def mesh(self) -> Mesh:
        return mesh(self.model) if self.model else made(self.klass, self.number)


def plain(name: str) -> str:
    """A catalogue's name as one would say it."""
    said = name.lower()
    for pattern, instead in _SAID:
        said = re.sub(pattern, instead, said)
    return said.strip(" .,")


def names_of(name: str, klass: str) -> tuple[str, ...]:
    """What an object of a class is called by its catalogue name; not what names another class."""
    if klass == "vehicle" and re.search(_CARS, name):
        return ("car",)
    if klass == "plug":
        found = re.search("socket|switch", name.lower())
        return (found[0],) if found else ()
    said = plain(name)
    others = rf"\b({'|'.join(k for k in CLASSES if k != klass)})s?\b"
    return () if said == klass or re.search(others, said) or not said else (said,)


@lru_cache
def objects() -> tuple[Object, ...]:
    """All of them, in a fixed order: of the twelve classes, made up, and others by name."""
    sorted_ = things()
    known = {one.model.key for one in sorted_}
    found = []
    for one in sorted_:
        klass = one.model.klass if one.model.klass in CLASSES else ""
        names = names_of(one.model.name, klass)
        if klass in CALLED and not re.search(CALLED[klass], one.model.name.lower()):
            klass = ""
        if klass or names:
            found.append(Object(one.model.key, klass, names, one.split, one.licence, one.model))
    for klass in CLASSES:
        found += [Object(f"{klass} {number}", klass, (), "train", "", None, number) for number in range(MADE)]
    for file, label, entry in described():
        where = f"{file}/{entry['category']}/{entry['name']}"
        said = plain(entry["name"])
        if f"{file}#{label}" in known or re.search(_WORDS, said) or re.search(_UNCLEAR, where) or not said:
            continue
        width, depth, height = (float(entry[side]) / 100 for side in ("width", "depth", "height"))
        model = modelled(file, label, entry, "clutter", "", (width, depth, height))
        found.append(Object(model.key, "", (said,), "train", licence_of(model), model))
    return tuple(found)
