"""One model, as the catalogue knows it without loading it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from headlight.models.core.trace import ModelCard

Where = Literal["bundled", "extra", "downloaded", "hub", "published", "folder", "file"]
"""extra: it comes with an optional package. published: its configuration alone is known, and its weights
would be random."""


@dataclass(frozen=True)
class Entry:
    """One model.

    id: what `find` takes. megabytes: size of the weights on disk. folder: where it lies, None while only the
    hub has it (then modality, layers, heads and size are not known yet), or while it is not unpacked.
    mean_pooled: its answer is the mean over all tokens, not the class token's. file: the checkpoint of a
    point model that is one file alone, or a GGUF file. family: of a published network. convolutional: it has
    no attention. classifies: what it reads is one object, and it says what that is. decodes: of what it reads
    it writes something else, by an encoder and a decoder. by_hand: its weights are set, not trained. gridded:
    it sees a representation of a cloud, not its points. detects: it finds boxes in clouds. paired: a tower
    beside the one that sees reads texts, and it says how well these fit a picture. asks: learnt queries of it
    look for things in pictures. prompted: clicks show it what to cut out of them. segments: queries of it do
    so by themselves. matches: it reads two pictures, and finds points of one in the other. also: what other
    kinds of input it reads. suits: what of its kind of input it is for, the first foremost ("object", "room",
    "street", "scan" of clouds). notices: what the user should know of them. opening: what it takes to open
    it, said before that is done; "" where it takes little.
    """

    id: str
    title: str
    where: Where
    source: str
    licence: str
    folder: Path | None = None
    modality: str | None = None
    layers: int | None = None
    heads: int | None = None
    megabytes: float | None = None
    mean_pooled: bool = False
    file: Path | None = None
    family: str = ""
    convolutional: bool = False
    decodes: bool = False
    classifies: bool = False
    by_hand: bool = False
    gridded: bool = False
    detects: bool = False
    paired: bool = False
    asks: bool = False
    prompted: bool = False
    segments: bool = False
    matches: bool = False
    also: tuple[str, ...] = ()
    suits: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    opening: str = ""

    def card(self, untrained: bool = False) -> ModelCard:
        """What is said of it beside its results. Only for an entry whose modality is known."""
        if self.modality is None:
            raise ValueError(f"{self.id} has not been downloaded")
        return ModelCard(
            *(self.id, self.title, self.modality, self.source, self.licence), untrained, self.by_hand
        )

    def reads(self, modality: str) -> bool:
        """Whether this kind of input; what only the hub has is not known to read any."""
        return self.modality == modality or modality in self.also

    def read_as(self, modality: str) -> Entry:
        """The same model for one of the kinds of input that it reads, the others left aside."""
        return replace(self, modality=modality, also=()) if self.reads(modality) else self

    def convolves(self) -> bool:
        return self.convolutional

    def tells_objects(self) -> bool:
        return self.classifies

    def writes(self) -> bool:
        return self.decodes

    def asks_pictures(self) -> bool:
        return self.asks

    def is_prompted(self) -> bool:
        return self.prompted

    def cuts_by_itself(self) -> bool:
        return self.segments

    def matches_pictures(self) -> bool:
        return self.matches

    def represents(self) -> bool:
        return self.gridded

    def finds(self) -> bool:
        return self.detects

    def has_two_towers(self) -> bool:
        return self.paired

    def is_checkpoint(self) -> bool:
        return self.file is not None

    @property
    def says(self) -> str:
        """What kind of answer it gives: of a cloud "boxes", "classes" of one object, or "labels" of points,
        of a picture "texts" that fit it, or whatever else."""
        if self.paired:
            return "texts"
        return "boxes" if self.detects else "classes" if self.classifies else "labels"

    @property
    def weights(self) -> Path | None:
        """What a language model is read from: its folder, or the GGUF file that it is."""
        return self.file or self.folder
