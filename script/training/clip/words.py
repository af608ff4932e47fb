"""The words that are written on walls, notes and signs, and the fonts they are written in.

The fonts are the machine's (and, of tests, the window's and Pillow's own); none is bundled by this. Whole
families are kept for validation and for the test.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from script.training.clip.objects import CLASSES, objects

FAMILIES = {
    "train": (
        "C059", "DejaVu Sans", "DejaVu Sans Mono", "DejaVu Serif", "Nimbus Mono PS", "Nimbus Roman", "Nimbus Sans",
        "Nimbus Sans Narrow", "URW Gothic",
    ),
    "validation": ("Inter", "P052"),
    "test": ("Aileron", "URW Bookman"),
}  # fmt: skip
"""Aileron is what Pillow writes with where no font is named."""
PILLOW = "pillow"
_INTER = Path(__file__).resolve().parents[3] / "assets" / "fonts"

NOUNS = """
air animal ant apple arm army art baby back bag ball band bank bar basket bath beach bean bear bee bell bench berry
bike bird bird boat body bone book boot bottle bowl box boy bread brick bridge broom brush bucket bus butter button
cake camera camp candle cap card cat cave cheese cherry chicken child church circle city clock cloud coat coffee coin
comb computer cook cookie corn cotton country cow cream crown cup curtain dance day desk dice doctor dog doll dollar
dolphin dragon dream dress drum duck eagle ear earth egg engine eye face fair family farm father feather fence field
film finger fire fish flag floor flower fly food foot forest fork fox friend frog fruit game garden gate ghost gift
girl glass glove gold grape grass guitar hair hammer hand hat head heart hill home honey horse hospital hotel house ice
iron island ipod jacket jar job juice key king kitchen kite knife ladder lake leaf leg lemon letter library light lion
lip lock map market mask meat milk mirror money monkey moon mother mountain mouse mouth movie mug music nail name neck
nest net news night nose note nurse nut ocean office oil onion orange oven owl page paint palace pan paper park party
peach pear pen pencil pepper phone piano picture pig pilot pin pirate pizza plane plate pocket pool potato prize queen
rabbit radio rain rice ring river road robot rock roof room rope rose rug salad salt sand school sea seat seed shark
sheep shelf ship shirt shoe shop silver sink sister skin sky sleep snake snow soap sock soup spider spoon star station
stone store storm stove street sugar sun swan table tail tea teacher tent tiger time toast toe tool tooth towel tower
toy train tree truck umbrella uncle valley van vase village violin voice wall war watch water wave web week whale wheat
wheel wind wine wing winter wolf woman wood wool word world yard year zebra zoo
exit open closed push pull stop sale free hello welcome danger private school taxi police
""".split()


@lru_cache
def words() -> tuple[str, ...]:
    """Every word that is written, class names first; those of objects are names of one short word."""
    named = {name for one in objects() for name in one.names if name.isalpha() and len(name) <= 9}
    return tuple(dict.fromkeys([*CLASSES, *NOUNS, *sorted(named)]))


@lru_cache
def files(split: str) -> tuple[str, ...]:
    """The font files of a split's families, upright and slanted, in a fixed order."""
    listed = subprocess.run(
        ["fc-list", ":", "file", "family"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    named = [(where, families.split(",")[0].strip()) for where, _, families in (l.partition(":") for l in listed)]
    found = sorted(
        where
        for where, family in named
        if family in FAMILIES[split] and where.endswith((".otf", ".ttf")) and "ExtraLight" not in where
    )
    if "Inter" in FAMILIES[split]:
        found += sorted(str(path) for path in _INTER.glob("*.otf"))
    if "Aileron" in FAMILIES[split]:
        found += [PILLOW] * 4
    return tuple(found)


@lru_cache(maxsize=4096)
def font(file: str, size: int) -> ImageFont.FreeTypeFont:
    """size: in pixels."""
    return ImageFont.load_default(size) if file == PILLOW else ImageFont.truetype(file, size)
