"""What can be asked of how an input is read: options of every kind, and of each. No Qt.

The command line has them, of a window and of exports alike, and a document can tell how it was read so.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from headlight.models.core.classes.lists import LISTS
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.told.columns import AS_TEXT, ROLES, Roles, columns
from headlight.viewer.inputs.told.units import SHORT_UNITS, UNITS, Up
from headlight.viewer.options import corners, count, is_given, numbers, option, place, some, within
from headlight.viewer.registry import REGISTRY, resolve

if TYPE_CHECKING:
    from headlight.viewer.inputs.cloud import CloudInput
    from headlight.viewer.inputs.inputs import ImageInput, Input, PictureTextInput, TextInput
    from headlight.viewer.inputs.recorded.inputs import Recorded
    from headlight.viewer.inputs.sounds.sound import SoundInput

WRITING = ("new", "beams", "temperature", "top_k", "top_p", "seed", "target", "ids")
"""What tells that a model is to write."""
SIZES = (224, 1022)
"""Least and most pixels of a picture's short side."""


UTF_8 = "utf-8"


def named_encoding(value: str) -> str:
    from headlight.viewer.inputs.encodings import known_encoding

    try:
        return known_encoding(value)
    except LookupError:
        raise argparse.ArgumentTypeError(f"“{value}” is no encoding that is known, as cp1252 is") from None


@dataclass(frozen=True)
class OfTable:
    """Of what is read of a table, whichever it becomes: `inputs.from_path` takes it."""

    columns: Roles | None = option(
        f"of a table: what each column is, one of {' '.join(ROLES)} (guessed); or text, which it is then",
        parse=columns,
        metavar="x,y,z,_,label",
        window=True,
    )


@dataclass(frozen=True)
class Model:
    """Which model reads it, whatever it is."""

    model: str | None = option("see “headlight models”, or a checkpoint", metavar="ID-or-path", window=True)
    trust_pickle: bool = option(
        "open a checkpoint that could run code (.pth, .pt), or a folder with links that lead out of it",
        switch=True,
        window=True,
    )
    device: str | None = option(
        "cuda, cuda:1, mps or cpu (the fastest there is)", metavar="NAME", window=True
    )


@dataclass(frozen=True)
class Written:
    """What a model writes behind a text, or of it."""

    new: int | None = option(
        "tokens that the model writes behind a text", parse=count, metavar="N", window=True
    )
    target: str | None = option("what it writes, whatever it would say", metavar="TEXT", window=True)
    beams: int | None = option("hypotheses that are kept while it writes", parse=int, metavar="N")
    temperature: float | None = option(
        "what logits are divided by before tokens are drawn", parse=float, metavar="T"
    )
    top_k: int | None = option("draw of the K likeliest tokens", parse=int, metavar="K")
    top_p: float | None = option("draw of the fewest that hold the share P", parse=float, metavar="P")
    seed: int | None = option("of what is drawn", parse=count, metavar="N")
    ids: tuple[int, ...] | None = option(
        "tokens that it writes first, by their numbers", parse=numbers, metavar="N,N,…"
    )

    @staticmethod
    def asked(run: RunOptions) -> dict[str, Any]:
        asked = {} if run.writing is None else vars(run.writing)
        known = {name: value for name, value in asked.items() if name in Written.__dataclass_fields__}
        known["beams"] = None if known.get("beams") == 1 else known.get("beams")
        known["ids"] = known.get("ids") or None
        return known


@dataclass(frozen=True, kw_only=True)
class OfFilm:
    """Which of several pictures in one file."""

    frame: int | None = option(
        "of an animation or of several pages the one that is read, from 1",
        parse=some,
        metavar="N",
        window=True,
    )


def frame_of(read: ImageInput) -> int | None:
    """As is asked for it; None of the first."""
    return None if read.film is None or read.film.at == 1 else read.film.at


@dataclass(frozen=True)
class OfText(Written, OfTable):
    text: str | None = option("a text in place of a FILE, or beside a picture", metavar="TEXT", window=True)
    pair: str | None = option("the second text of a pair", metavar="TEXT", window=True)
    start: int | None = option("first token shown of a long text", parse=count, metavar="TOKEN")
    encoding: str | None = option(
        "in which a text's file is read (guessed)", parse=named_encoding, metavar="NAME", window=True
    )

    def applied(self, read: TextInput) -> TextInput:
        if self.pair is None:
            return read
        from headlight.viewer.inputs.inputs import from_text

        made = from_text(read.text, read.title, self.pair)
        return replace(made, notices=(*read.notices, *made.notices), encoding=read.encoding)

    @classmethod
    def of(cls, read: TextInput, run: RunOptions, is_file: bool) -> OfText:
        text = None if is_file else read.text
        encoding = read.encoding if is_file and read.encoding != UTF_8 else None
        told, start = AS_TEXT if is_file and read.table is not None else None, run.start or None
        more = {"columns": told, "encoding": encoding, **cls.asked(run)}
        return cls(text=text, pair=read.pair, start=start, **more)


@dataclass(frozen=True)
class OfPictureText(Written, OfFilm):
    text: str | None = option("a text in place of a FILE, or beside a picture", metavar="TEXT", window=True)

    def applied(self, read: PictureTextInput | ImageInput) -> PictureTextInput:
        from headlight.viewer.inputs.inputs import PictureTextInput, beside

        picture = read.picture if isinstance(read, PictureTextInput) else read
        before = read.text if isinstance(read, PictureTextInput) else ""
        return beside(picture, before if self.text is None else self.text)

    @classmethod
    def of(cls, read: PictureTextInput, run: RunOptions, is_file: bool) -> OfPictureText:
        return cls(text=read.text, frame=frame_of(read.picture), **cls.asked(run))


@dataclass(frozen=True)
class OfSound(Written):
    text: str | None = option("a text in place of a FILE, or beside a picture", metavar="TEXT", window=True)
    since: float | None = option(
        "second of a sound from which on it is heard", parse=float, metavar="SECONDS", window=True
    )
    language: str | None = option(
        "of what is said in a sound, as en or de (guessed by the model)", metavar="CODE", window=True
    )
    translate: bool = option("write in English what is said in another language", switch=True, window=True)

    def applied(self, read: SoundInput) -> SoundInput:
        moved = read if self.since is None else read.moved(self.since)
        return moved if self.text is None else moved.saying(self.text)

    @classmethod
    def of(cls, read: SoundInput, run: RunOptions, is_file: bool) -> OfSound:
        said = {"language": run.language, "translate": run.translate, "since": read.since or None}
        return cls(text=read.text or None, **said, **cls.asked(run))


@dataclass(frozen=True)
class OfImage(OfFilm):
    size: int | None = option(
        "short side of a picture, {} to {}".format(*SIZES),
        parse=within(*SIZES),
        metavar="PIXELS",
        window=True,
    )
    texts: tuple[str, ...] | None = option(
        "classes that a model of two towers compares a picture with", many=True, metavar="TEXT", window=True
    )
    prompts: tuple[str, ...] | None = option(
        "what each of them is put into at “{}”; the mean over several",
        many=True,
        metavar="PROMPT",
        window=True,
    )
    at: tuple[tuple[float, float], ...] | None = option(
        "pixels on what a model (SAM) is to cut out of a picture",
        many=True,
        parse=place,
        metavar="X,Y",
        window=True,
    )
    not_at: tuple[tuple[float, float], ...] | None = option(
        "pixels beside it", many=True, parse=place, metavar="X,Y", window=True
    )
    around: tuple[float, float, float, float] | None = option(
        "the left, top, right and bottom pixel of a box around it",
        parse=corners,
        metavar="X,Y,X,Y",
        window=True,
    )

    second: str | None = option(
        "another picture, beside the first: for models that match points of two (LightGlue)",
        metavar="FILE",
        window=True,
    )

    def applied(self, read: ImageInput) -> ImageInput:
        return read.beside(self.second) if self.second else read

    @classmethod
    def of(cls, read: ImageInput, run: RunOptions, is_file: bool) -> OfImage:
        compared = run.size, run.texts or None, run.prompts or None
        shown = run.at or None, run.not_at or None, run.around
        return cls(*compared, *shown, run.second or None, frame=frame_of(read))


@dataclass(frozen=True)
class OfCloud(OfTable):
    classes: str | None = option(
        "of a cloud: which list its labels are numbers of (guessed)",
        choices={name: name for name in (*LISTS, "names", "none")},
        window=True,
    )
    unit: str | None = option("of a cloud: what its coordinates count", choices=SHORT_UNITS)
    up: Up | None = option(
        "of a cloud: which of its axes points up, or down", choices={up: up for up in get_args(Up)}
    )

    def applied(self, read: CloudInput) -> CloudInput:
        if self.classes is not None:
            from headlight.viewer.inputs.clouds.labels import relabelled

            read = relabelled(read, self.classes)
        frame = read.frame
        if self.unit is not None:
            frame = replace(frame, metres_per_unit=UNITS[SHORT_UNITS[self.unit]])
        if self.up is not None:
            frame = replace(frame, up=self.up)
        return read if frame == read.frame else read.reframed(frame)

    @classmethod
    def of(cls, read: CloudInput, run: RunOptions, is_file: bool) -> OfCloud:
        frame, guessed = read.frame, read.guessed
        same = frame.metres_per_unit == guessed.metres_per_unit
        unit = None if same else next(short for short, name in SHORT_UNITS.items() if name == frame.unit)
        listed = None if read.numbers is None else read.listed
        table = read.table
        told = None if table is None or table.roles == table.guessed else table.roles
        up = None if frame.up == guessed.up else frame.up
        return cls(columns=told, classes=listed, unit=unit, up=up)


@dataclass(frozen=True)
class OfRecording:
    """Nothing: what was recorded is as it is."""

    def applied(self, read: Recorded) -> Recorded:
        return read

    @classmethod
    def of(cls, read: Recorded, run: RunOptions, is_file: bool) -> OfRecording:
        return cls()


def asked_of(what: Input, run: RunOptions, is_file: bool) -> dict[str, Any]:
    """The options of its reading and its run that are not as usual, by name. is_file: a file holds it."""
    kind = REGISTRY.kind_of(what)
    asked = vars(Model(run.model, run.trust_pickle, run.device))
    if kind.options:
        asked |= vars(resolve(kind.options).of(what, run, is_file))
    return {name: value for name, value in asked.items() if is_given(value)}


def run_options(given: Mapping[str, Any]) -> RunOptions:
    """What concerns the run, of all that was asked for, by name."""
    asked = {name: given[name] for name in RunOptions.__dataclass_fields__ if is_given(given.get(name))}
    if any(given.get(name) is not None for name in WRITING):
        from headlight.models.core.answers import Writing  # a window starts without it, and without numpy

        asked = {"writing": Writing.of(given), **asked}
    return RunOptions(**asked)
