"""What of a report differs from kind to kind of document: how it is shown, and how one head of it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from headlight.models.core.layers import Head
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.attention import maps
from headlight.viewer.export.clouds import answered
from headlight.viewer.export.clouds.pictured import cloud_drawing
from headlight.viewer.export.figures import Drawing, picture_drawing
from headlight.viewer.export.report.page import Block, Figure, Said, Verbatim
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import ImageInput, PictureTextInput, TextInput
from headlight.viewer.inputs.sounds.sound import SoundInput
from headlight.viewer.inputs.sounds.spectrogram import HIGHEST
from headlight.viewer.session.view import MapSettings

MATRIX = 128
"""Tokens up to which a matrix can be read; of more, the row of one token is drawn."""
WHOLE, ROW = "Rows are queries, columns keys", "Where the token looks"


class Reported:
    """Of documents whose tokens make a matrix that is too large to be read."""

    maps: str | None = "Whole matrices, queries down, keys across"
    """What each of the small maps of all heads shows; None where there are none."""

    def shown(self, document: Any) -> list[Block]:
        """The document as it was read."""
        return []

    def head(
        self,
        document: Any,
        trace: Trace,
        at: tuple[int, Head],
        query: maps.Query | None,
        look: MapSettings,
        task: Task,
    ) -> tuple[Drawing, str]:
        """(the attention of a layer's head, what is seen there). query: the token that looks, if one is asked
        for."""
        asked = query if query is not None or self._is_short(trace, at[0]) else "readout"
        names = {"layer": trace.layers[at[0]].name, "head": at[1]}
        options = maps.AttentionOptions(query=asked, colours=look.colours, **names)
        drawn = maps.attention(options, "svg", document, trace, task)
        return drawn.drawing(), WHOLE if asked is None else ROW

    def _is_short(self, trace: Trace, layer: int) -> bool:
        """Whether a layer's matrix can be read."""
        return False


class Texts(Reported):
    def shown(self, document: TextInput) -> list[Block]:
        second = [] if document.pair is None else [Said("and the second text:", dim=True)]
        return [
            Verbatim(document.text),
            *second,
            *([] if document.pair is None else [Verbatim(document.pair)]),
        ]

    def _is_short(self, trace: Trace, layer: int) -> bool:
        return max(len(trace.layers[layer].queries), len(trace.layers[layer].keys)) <= MATRIX


class Pictures(Reported):
    maps = "Where the token that the answer is read from looks"

    def shown(self, document: ImageInput) -> list[Block]:
        height, width = document.pixels.shape[:2]
        return [Figure(picture_drawing(document.pixels, ""), f"{width:,} × {height:,} pixels")]


class PicturesWithTexts(Reported):
    def shown(self, document: PictureTextInput) -> list[Block]:
        return [*PICTURES.shown(document.picture), Verbatim(document.text)]


class Sounds(Reported):
    def shown(self, document: SoundInput) -> list[Block]:
        said = f"{document.seconds:,.2f} s from {document.since:,.2f} s on, up to {HIGHEST:,.0f} Hz"
        picture = Figure(picture_drawing(document.pixels, ""), said)
        return [picture, *([Verbatim(document.text)] if document.text else [])]


class Clouds(Reported):
    maps = None

    def shown(self, document: CloudInput) -> list[Block]:
        frame = document.frame
        said = f"{len(document.points):,} points, from a corner; {frame.unit}, {frame.up} up"
        return [Figure(cloud_drawing(document, ""), said)]

    def head(
        self,
        document: CloudInput,
        trace: Trace,
        at: tuple[int, Head],
        query: maps.Query | None,
        look: MapSettings,
        task: Task,
    ) -> tuple[Drawing, str]:
        point = _middle(document) if query is None else int(query[0])
        options = answered.AttentionOptions(point=point, layer=trace.layers[at[0]].name, head=at[1])
        drawn = answered.attention(options, "svg", document, trace, task)
        return drawn.drawing(), f"The neighbourhood of point {point:,} of the file"


def _middle(cloud: CloudInput) -> int:
    """The number in the file of the point nearest the middle of all."""
    nearest = int(np.argmin(((cloud.points - cloud.points.mean(0)) ** 2).sum(1)))
    return nearest if cloud.kept is None else int(cloud.kept[nearest])


PLAIN, TEXTS, PICTURES, CLOUDS = Reported(), Texts(), Pictures(), Clouds()
PICTURES_WITH_TEXTS, SOUNDS = PicturesWithTexts(), Sounds()
