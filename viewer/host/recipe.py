"""Making: how a document's trace is made, without what it is made of. Small, and equal by content. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from headlight.models.core.task import SILENT, Task
from headlight.viewer.registry import REGISTRY

if TYPE_CHECKING:
    from headlight.models.core.answers import Writing
    from headlight.models.core.interventions import Intervention
    from headlight.viewer.inputs.inputs import Input, TextInput
    from headlight.viewer.inputs.source import Reading
    from headlight.viewer.inputs.told.columns import Roles
    from headlight.viewer.inputs.told.frame import Frame


@dataclass(frozen=True)
class RunOptions:
    """Which model reads the input, and how. size: short side in pixels, None for what is usual of the
    model; start: first token of a long text.

    trust_pickle: the user was asked about the model's file, which can run code, and trusts it.
    classes: the list that the labels of clouds are read by when they are opened, a word of
    clouds.labels.TITLES; None for a guess. says: what kind of answer is needed, where no model is named (see
    `Entry`). writing: how the model goes on with a text, None where it does not. texts: classes that a
    picture is compared with, each put into every one of `prompts`. at, not_at, around: pixels of a picture on
    what is to be cut out of it and beside that, and the first and last pixel of a box around it. second: the
    file of a picture that stands beside it. step: of several recordings the one that is shown, None for the
    last. since: the second of a sound from which on it is heard. language: of what is said in it, None for a
    guess of the model's; translate: it is to be written in English. frame: of several pictures in a file the
    one, from 1; encoding: of a text's file; None for what is usual. file: of several files the one that is
    read, None for the one that was opened.
    """

    model: str | None = None
    device: str | None = None
    size: int | None = None
    start: int = 0
    trust_pickle: bool = False
    classes: str | None = None
    says: str = ""
    writing: Writing | None = None
    interventions: tuple[Intervention, ...] = ()
    texts: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()
    at: tuple[tuple[float, float], ...] = ()
    not_at: tuple[tuple[float, float], ...] = ()
    around: tuple[float, float, float, float] | None = None
    second: str = ""
    step: int | None = None
    since: float = 0.0
    language: str | None = None
    translate: bool = False
    frame: int | None = None
    encoding: str | None = None
    file: str | None = None

    @property
    def reading(self) -> Reading:
        """How a file is read."""
        from headlight.viewer.inputs.source import Reading

        return Reading(self.frame, self.encoding, self.classes)


def says_of(options: RunOptions) -> str:
    """What kind of answer is needed, where no model is named."""
    return options.says or ("texts" if options.texts else "")


@dataclass(frozen=True)
class Making:
    """All that a person can change of how a document is made.

    text: the text itself, None of what is no text. frame: how a cloud's coordinates are read, None of what is
    no cloud, and for a guess. listed: the list of classes that its labels are read by. columns: what those of
    a table are, () for a guess, None of what is no table of points.
    """

    options: RunOptions
    text: TextInput | None = None
    frame: Frame | None = None
    listed: str | None = None
    columns: Roles | None = None

    @classmethod
    def of(cls, what: Input, options: RunOptions) -> Making:
        """How `what`, read with these options, was made."""
        return cls(options, **REGISTRY.adapter_of(what).asked(what))

    @property
    def interventions(self) -> tuple[Intervention, ...]:
        return self.options.interventions

    def amended(self, **options: Any) -> Making:
        """The same with other options."""
        return replace(self, options=replace(self.options, **options))

    def input(self, source: Input, task: Task = SILENT) -> Input:
        """What is to be read, made of what the document holds."""
        return REGISTRY.adapter_of(source).remade(source, self, task)
