"""The objects that shapes are learnt from: which class each is, and which split.

Models of Debian's package sweethome3d-furniture (CC-BY 3.0 and CC0) in 14 classes. Those of one design
(sizes, colours, poses of one person) are in one split. objects.csv lists all with their licences; made anew
by `python -m script.training.shapes.objects`. Kitchen appliances are left out: by its shape a fridge is a
cabinet.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from script.training.furniture import Model, described, modelled

CLASSES = (
    "bed", "cabinet", "chair", "door", "lamp", "person", "plant", "plug", "sanitary", "sofa", "table",
    "vehicle", "vessel", "window",
)  # fmt: skip
SPLITS = ("train", "validation", "test")
LIST = Path(__file__).with_name("objects.csv")
SALT = 16
"""Of the hash that orders designs."""
SHARES = {"test": 0.24, "validation": 0.12}
"""Of a class's objects, at least."""

# ruff: noqa: E501
# The first rule that fits "file/category/name/id@elevation" gives the class; "" leaves the model out.
RULES = (
    ("", r"Wheelchair|Deck chair|Relax chair|Beach chair|Table tennis|[fF]ootball table|Pool table|Table fan"),
    ("", r"Changing table|Dressing table|[tT]ablet/|Bedside lamp|Rocking horse|Abdominal|Cup cake|cutlery"),
    ("", r"Opened convertible|Air mattress|box_room|Contemporary|televisionCabinet|Doll house|Keyboard|[wW]orkbench|Milk/"),
    ("", r"[hH]edge|Flower box|Candle|Flashlight|Fluorescent|Track lights|Socket/chaussette|Potty|Showe|shower"),
    ("", r"[gG]arage|[eE]levator|shutter|Glasses/|Sunglasses|Medicine box|ottoman|Puff|Keys|Number lock"),
    ("person", r"/Characters/.*([mM]ale|Boy|boy|Girl|girl|Mannequin)"),
    ("vehicle", r"/Vehicles/(Truck|Ford|Concept|VW|Seat|Peugeot|Renault|Bus|SUV|Chevrolet|Van|Smart|City)"),
    ("", r"/Characters/|/Vehicles/|/Staircases/"),
    ("plug", r"/Miscellaneous/.*(plug|switch/|socket/)"),
    ("window", r"/Doors and windows/.*window"),
    ("door", r"/Doors and windows/.*[dD]oor"),
    ("plant", r"[pP]lant\b|[tT]ree\b|Cactus|Orchids|Bamboo|Yucca|Spathi|Tulips|lily|Ficus|Bonsai|Bush|Acacia"),
    ("plant", r"[pP]ine\b|beech|Cypress|maple|Poplar|Palm|blossom|/Flowers/"),
    ("bed", r"/Bedroom/.*([bB]ed/|Crib|Futon/)"),
    ("lamp", r"/Lights/"),
    ("chair", r"Modern armchair/modern_armchair"),
    ("sofa", r"[sS]ofa|[cC]ouch|/Living room/(Armchair|Modern armchair|Winchester)|rattanArmchair"),
    ("cabinet", r"Wardrobe|Cupboard|Bedside table|/Chest/|[cC]abinet|Dresser|TV stand|Bookcase|[sS]helves"),
    ("cabinet", r"bookcase|Locked locker|/Safe/|Vanity|vanity"),
    ("chair", r"[cC]hair|[sS]tool|Class seat|[bB]ench|Office/Armchair|Little bank|Wood bank"),
    ("table", r"[tT]able\b|Desk|desk/|/Island/"),
    ("sanitary", r"/Bathroom/(Washbasin|Toilets|Bidet|Urinal|Bath/|Corner bathtub|Small lavatory|Basin|Island)"),
    ("vessel", r"/Kitchen/(Glass/|Beer glass|Cocktail glass|Bowl/|.*[cC]up/|Coffee mug|.*[bB]ottle/|Old jar)"),
    ("vessel", r"Pottery|Teapot|Creamer|Oil servers|/Vase/|Flacon|Bathroom/Bottle|Medicine bottle"),
    ("vessel", r"Cosmetics pot|Sugar/|Utensils pot|Plastic cup|Coffee cup|espressokettle|Salt shaker"),
)  # fmt: skip
# Models that are sizes, colours, poses or close relatives of one design, by file and label.
FAMILIES = (
    r"Scopia#window_.*arched", r"Scopia#window_(2x6|4x5)", r"Scopia#window_(2x3|4x3|2x4)", r"Scopia#window_[34]x1",
    r"Scopia#window_2x1", r"KatorLegaz#window-08", r"KatorLegaz#exterior-door", r"Scopia#double_door",
    r"Scopia#(glass_d|glassD)oor", r"KatorLegaz#mid-century-.*(sofa|chair)", r"Scopia#beige_sofa",
    r"Scopia#wooden_office", r"BlendSwap-CC-0#winchester", r"Scopia#rattan", r"Scopia#(glass_table|desk_table|metal_g)",
    r"Scopia#kids_.*desk", r"BlendSwap-CC-0#technicalTable", r"KatorLegaz#concept-sedan-01",
    r"KatorLegaz#concept-sedan-02", r"Scopia#little_lamp", r"Scopia#(coconut|palm|sabal)", r"Scopia#(pine|bluePine)",
    r"BlendSwap-CC-BY#tulip", r"Scopia#medicoscopia", r".*#(beer|red-wine|wine)[_-]?bottle", r"KatorLegaz#.*glass$",
    r"BlendSwap-CC-0#(upper|smallUpper|lower|drawers|high)C", r"BlendSwap-CC-BY#kitchen.*(Upper|Lower|Drawers)",
    r"BlendSwap-CC-0#bed[12]", r"Scopia#child.*_bed", r"Scopia#(kitchen_stool|bar_chair)",
    r"(Reallusion#.*[mM]ale01|Reallusion#.*Male01)", r"Scopia#(simple_sofa|clear_sofa)", r"Scopia#(chair|chair3|chair4)$",
    r"BlendSwap-CC-0#(chair|chair2)$", r"Scopia#(table3|table4)$", r"BlendSwap-CC-0#(stool|stool2|silla2)$",
)  # fmt: skip
_KINDS_OF_PLUGS = r"(antenna|dimmer|double|TypeA|TypeB|TypeC|TypeE|TypeG|RJ|[sS]witch|[sS]ocket|[wW]all)"


@dataclass(frozen=True)
class Thing:
    """One object. licence: of its model."""

    model: Model
    split: str
    licence: str

    @property
    def label(self) -> int:
        return CLASSES.index(self.model.klass)


def classified(where: str) -> str:
    """The class of a model, "" for none."""
    return next((klass for klass, rule in RULES if re.search(rule, where)), "")


def design(file: str, label: str, klass: str) -> str:
    """What models that are much alike have in common."""
    key = f"{file}#{label}"
    if klass == "plug":  # one kind, square and round, from one hand
        found = re.search(_KINDS_OF_PLUGS, label)
        return f"plug {found[1].lower()}" if found else key
    if klass == "person":  # one body in several poses
        return re.sub(r"(?i)^sit(ting)?|^holding|^lyingdown|lying$|standing$|sitting.*$", "", label).lower()
    for index, rule in enumerate(FAMILIES):
        if re.match(rule, key):
            return f"family {index}"
    return key


@lru_cache
def things() -> tuple[Thing, ...]:
    """Every object, in a fixed order."""
    models = []
    for file, label, entry in described():
        elevation = float(entry.get("elevation", 0)) / 100
        klass = classified(f"{file}/{entry['category']}/{entry['name']}/{label}@{elevation:g}")
        if klass:
            width, depth, height = (float(entry[side]) / 100 for side in ("width", "depth", "height"))
            model = modelled(file, label, entry, klass, "", (width, depth, height))
            models.append(replace(model, design=design(file, label, klass)))
    side = sides(models)
    return tuple(Thing(model, side[model.klass, model.design], licence_of(model)) for model in models)


def licence_of(model: Model) -> str:
    """As the package's copyright file says of its parts."""
    return "CC0" if model.key.startswith("BlendSwap-CC-0#") else "CC-BY 3.0"


def sides(models: Iterable[Model]) -> dict[tuple[str, str], str]:
    """The split of each (class, design): of every class designs are taken in the order of a hash, until test
    and then validation have their share of the objects.
    """
    groups: dict[str, dict[str, int]] = {}
    for model in models:
        counts = groups.setdefault(model.klass, {})
        counts[model.design] = counts.get(model.design, 0) + 1
    found: dict[tuple[str, str], str] = {}
    for klass, counts in groups.items():
        left = {split: share * sum(counts.values()) for split, share in SHARES.items()}
        for name in sorted(counts, key=lambda name: hashlib.sha256(f"{SALT} {name}".encode()).hexdigest()):
            fits = (split for split, open_ in left.items() if open_ > 0 and counts[name] < 2 * open_ + 1)
            split = next(fits, "train")
            if split != "train":
                left[split] -= counts[name]
            found[klass, name] = split
    return found


def main() -> None:
    with LIST.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["class", "split", "object", "name", "design", "licence"])
        for one in sorted(things(), key=lambda one: (one.label, SPLITS.index(one.split), one.model.key)):
            model = one.model
            rows.writerow([model.klass, one.split, model.key, model.name, model.design, one.licence])
    for klass in CLASSES:
        own = [one for one in things() if one.model.klass == klass]
        print(f"{klass:9} {len(own):3}", *(f"{s} {sum(o.split == s for o in own):3}" for s in SPLITS))


if __name__ == "__main__":
    main()
