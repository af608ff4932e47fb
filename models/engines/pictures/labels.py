"""Words written on a picture: a note of paper that is stuck there, or a pen's letters on what is seen.

A model that reads takes a thing for what a note on it says: the typographic attack of Goh et al. 2021,
“Multimodal Neurons in Artificial Neural Networks”. The fonts come with Headlight, so that the same label
is the same pixels everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Edit
from headlight.models.core.tokens import Box

Style = Literal["paper", "pen"]
STYLES = get_args(Style)
Letters = Literal["plain", "hand", "serif"]
FONTS: dict[str, str] = {
    "plain": "Inter-Medium.otf",
    "hand": "ComicNeue-Regular.otf",
    "serif": "DejaVuSerif.ttf",
}
MOST_TURNED = 90.0
"""Degrees."""
PAPER, EDGE, INK, CHALK = (250, 248, 240), (205, 200, 185), (24, 24, 28), (245, 245, 245)
SMALLEST, LARGEST = 6, 1000
"""Pixels of letters' height."""
LONGEST = 200
"""Characters."""


@dataclass(frozen=True)
class Label(Edit):
    """A text on a picture. x, y: the label's middle, in pixels of the picture as it is shown. size: pixels
    from the top of a tall letter to the bottom of a deep one. letters: of FONTS. turned: degrees against the
    clock. HeadlightError for one that cannot be written.
    """

    text: str
    x: float
    y: float
    size: float
    style: Style = "paper"
    letters: Letters = "plain"
    turned: float = 0.0

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise HeadlightError("The label is empty or holds only spaces.", "Give it some words.")
        if len(self.text) > LONGEST or not self.text.isprintable():
            raise HeadlightError(
                "A label is one line of letters, "
                f"{LONGEST} at most: this one has {len(self.text):,} characters.",
                "Shorten it.",
            )
        if not SMALLEST <= self.size <= LARGEST:
            raise HeadlightError(
                f"Letters {self.size:g} pixels high are outside {SMALLEST} to {LARGEST:,}.",
                "Choose a size within that range.",
            )
        if self.style not in STYLES:
            raise HeadlightError(f"“{self.style}” is no style of a label.", f"Choose {' or '.join(STYLES)}.")
        if self.letters not in FONTS:
            raise HeadlightError(f"Labels have no font “{self.letters}”.", f"Choose {', '.join(FONTS)}.")
        if not abs(self.turned) <= MOST_TURNED:
            raise HeadlightError(
                f"A label cannot be turned by {self.turned:g} degrees.",
                f"Choose from -{MOST_TURNED:g} to {MOST_TURNED:g}.",
            )

    @property
    def said(self) -> str:
        return f"the label “{self.text}”" + (" in pen" if self.style == "pen" else "")

    def moved(self, x: float, y: float) -> Label:
        return replace(self, x=x, y=y)

    def applied(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) → the same with the label."""
        return written_on(pixels, self)


def on(
    pixels: np.ndarray,
    text: str,
    at: tuple[float, float] | None = None,
    size: float | None = None,
    style: Style = "paper",
    letters: Letters = "plain",
    turned: float = 0.0,
) -> Label:
    """A label of a picture uint8 (H, W, 3), where a hand would put it: a little below the middle, with
    letters of an eighth of its short side, or lower ones if it were wider than 0.8 of the picture.
    HeadlightError as of `Label`."""
    height, width = pixels.shape[:2]
    x, y = at or (width / 2, 0.6 * height)
    if size is None:
        by_height = min(height, width) / 8
        label = Label(text, x, y, min(max(by_height, SMALLEST), LARGEST), style, letters)
        wide = _flat(label)[0]
        size = max(label.size * min(1.0, width * 0.8 / max(wide, 1)), SMALLEST)
    return Label(text, x, y, size, style, letters, turned)


ARTICLES = ("a ", "an ", "the ")


def named(text: str) -> str:
    """What a note on a thing says for a class text: “lamp” for “a lamp”."""
    return next((text[len(one) :] for one in ARTICLES if text.lower().startswith(one)), text)


def denied(label: Label, texts: Sequence[str], pixels: np.ndarray) -> Label:
    """The note that answers another: “not a lamp” beside “lamp”, below it where there is room, else above.
    texts: classes, by which it is known which article a word has."""
    thing = next((one for one in texts if named(one) == label.text), label.text)
    answer = replace(label, text=f"not {thing}")
    height, width = pixels.shape[:2]
    wide, high = _extent(answer)
    if wide > width:
        answer = replace(answer, size=max(label.size * width / wide, SMALLEST))
    box = box_of(label)
    below = box.y1 + 0.6 * high
    y = below if below + high / 2 <= height else max(box.y0 - 0.6 * high, high / 2)
    wide = _extent(answer)[0]
    return answer.moved(min(max(label.x, wide / 2), max(width - wide / 2, wide / 2)), y)


def box_of(label: Label) -> Box:
    """The pixels that a label covers, whole ones, beyond the picture too."""
    width, height = _extent(label)
    x, y = round(label.x - width / 2), round(label.y - height / 2)
    return Box(x, y, x + width, y + height)


def written_on(pixels: np.ndarray, label: Label) -> np.ndarray:
    """uint8 (H, W, 3) → the same with the label; only pixels of its box are others. HeadlightError for one
    that lies beside the picture, or whose letters the font does not have."""
    box, (height, width) = box_of(label), pixels.shape[:2]
    if box.x1 <= 0 or box.y1 <= 0 or box.x0 >= width or box.y0 >= height:
        raise HeadlightError(
            "The label lies beside the picture.", f"Put it within {width} × {height} pixels."
        )
    if lacking := [letter for letter in label.text if not _has(label.letters, letter)]:
        raise HeadlightError(
            f"The font of labels has no “{lacking[0]}”.", "Write it in Latin, Greek or Cyrillic letters."
        )
    picture = Image.fromarray(pixels)
    ink = INK
    if label.style == "pen":
        seen = picture.crop((max(box.x0, 0), max(box.y0, 0), min(box.x1, width), min(box.y1, height)))
        ink = INK if np.asarray(seen).mean() > 96 else CHALK
    note = _note(label, ink)
    picture.paste(note, (int(box.x0), int(box.y0)), note)
    return np.asarray(picture)


def _note(label: Label, ink: tuple[int, int, int]) -> Image.Image:
    """What is laid on the picture, as opaque as it covers it; as large as its box."""
    font, margin = _font(label.letters, label.size), _margin(label)
    ascent, _ = font.getmetrics()
    paper = label.style == "paper"
    note = Image.new("RGBA", _flat(label), (*PAPER, 255) if paper else (*ink, 0))
    draw = ImageDraw.Draw(note)
    if paper:
        draw.rectangle((0, 0, note.width - 1, note.height - 1), None, EDGE)
        draw.text((margin, margin + ascent), label.text, ink, font, anchor="ls")
    else:
        strokes = Image.new("L", note.size)
        ImageDraw.Draw(strokes).text((margin, margin + ascent), label.text, 255, font, anchor="ls")
        note.putalpha(strokes)
    if label.turned:
        turned = note.rotate(
            label.turned, Image.Resampling.BICUBIC, expand=True, fillcolor=(*PAPER, 0) if paper else (*ink, 0)
        )
        fitted = Image.new("RGBA", _extent(label), (*ink, 0))
        fitted.paste(turned, ((fitted.width - turned.width) // 2, (fitted.height - turned.height) // 2))
        return fitted
    return note


def _flat(label: Label) -> tuple[int, int]:
    """(width, height) of the label before it is turned."""
    font = _font(label.letters, label.size)
    ascent, descent = font.getmetrics()
    margin = _margin(label)
    return int(np.ceil(font.getlength(label.text))) + 2 * margin, ascent + descent + 2 * margin


def _extent(label: Label) -> tuple[int, int]:
    """(width, height) of its box."""
    width, height = _flat(label)
    if not label.turned:
        return width, height
    angle = np.radians(label.turned)
    c, s = abs(np.cos(angle)), abs(np.sin(angle))
    return int(np.ceil(width * c + height * s)) + 1, int(np.ceil(width * s + height * c)) + 1


def _margin(label: Label) -> int:
    return round(0.3 * label.size) if label.style == "paper" else 2


@lru_cache(32)
def _font(letters: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(ASSETS / "fonts" / FONTS[letters], size)


@lru_cache(1024)
def _has(letters: str, letter: str) -> bool:
    """Whether the font has it: what it lacks is drawn as what no font has."""
    font = _font(letters, 32.0)
    nothing = font.getmask("\U0010fffe")
    found = font.getmask(letter)
    return letter == " " or (found.size, bytes(found)) != (nothing.size, bytes(nothing))
