"""Settings of methods. Apart from what they are for, so that a window can hold them without torch.

A field whose metadata have a `label` is one that a person is asked for. They say further: `choices`, what
each value is called; or `span`, least, most and step of a number, and `written`, its format, with `zero`,
what 0 is called; or `last`, the field of the last layer where this one is the first. `streams`: only where
what is written is a stream of its own. `after`: another field and the value that it must have, else it is not
asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from headlight.models.core.errors import HeadlightError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headlight.models.core.layers import Fusion

Residual = Literal["add", "mix", "none"]
Through = Literal["whole", "encoder", "decoder", "cross"]
OUTLIER = 3.0
"""An outlier's norm is above so many medians of its layer: of DINOv2-small's patches the highest has 2.5
before the first layer, and 2.0 behind the others."""
TEMPERATURE, NEAREST = 0.05, 5
"""What cosines with prototypes are divided by before their softmax; how many nearest pictures are named."""
LANGUAGE = "language"
"""The stack of a language model to which another one hands what it saw."""


@dataclass(frozen=True)
class RolloutSettings:
    """How layers are turned into one matrix each.

    fusion: over heads, element by element. residual: "add" is the paper's row-normalise(A + I); "mix"
    normalises A first, then ½A + ½I, so that the skip connection counts one half for every fusion; "none"
    leaves it out. Rows sum to 1 in all three. discard: this share of the lowest weights of every row is set
    to 0 (weights equal to the lowest one kept stay), never the residual. first, last: layers, both included;
    a `last` of None is the final layer. stack: of an encoder–decoder, whose layers count in each stack, what
    is gone through: from output to input all of it, or the cross attention of the last layer and the encoder;
    or one half alone. Of a tower and a language model it is the latter, or "encoder" the tower (of its
    first tile). Of other models it is all the same.
    """

    fusion: Fusion = field(
        default="mean",
        metadata={"label": "Heads", "choices": {"mean": "Mean", "max": "Max", "min": "Min"}},
    )
    residual: Residual = field(
        default="add",
        metadata={"label": "Residual", "choices": {"add": "A + I", "mix": "½A + ½I", "none": "None"}},
    )
    discard: float = field(
        default=0.0, metadata={"label": "Discard", "span": (0.0, 0.99, 0.01), "written": "{:.0%}"}
    )
    first: int = field(default=0, metadata={"label": "Layers", "last": "last"})
    last: int | None = None
    stack: Through = field(
        default="whole",
        metadata={
            "label": "Through",
            "choices": {one: one.capitalize() for one in get_args(Through)},
            "streams": True,
        },
    )

    def __post_init__(self) -> None:
        if self.fusion not in ("mean", "max", "min"):
            raise HeadlightError(f"Heads cannot be fused by “{self.fusion}”.", "Choose mean, max or min.")
        if self.residual not in ("add", "mix", "none"):
            raise HeadlightError(f"There is no residual “{self.residual}”.", "Choose add, mix or none.")
        if self.stack not in get_args(Through):
            raise HeadlightError(
                f"There is no rollout through “{self.stack}”.", f"Choose {', '.join(get_args(Through))}."
            )
        if not 0 <= self.discard < 1:
            raise HeadlightError(
                f"The discard share {self.discard:g} is outside 0 to 1.", "Choose at least 0 and less than 1."
            )


BACK = "back"
"""The stack of layers that lead from what is read to what reads it."""


def depth_of(stacks: Sequence[str], settings: RolloutSettings) -> int:
    """How many layers `first` and `last` count. stacks: that of each layer there is."""
    if "cross" not in stacks:
        return len(_of_one(stacks, settings))
    if settings.stack != "whole":
        return stacks.count(settings.stack)
    decoder, cross, back = (stacks.count(one) for one in ("decoder", "cross", BACK))
    if back:
        return decoder + cross + back
    return cross if decoder in (0, cross) else decoder + cross


def layers_of_rollout(stacks: Sequence[str], settings: RolloutSettings) -> list[int]:
    """Which layers a rollout goes through, by their numbers. stacks: that of each layer there is.

    Of an encoder–decoder those of the encoder first, then of the decoder and the cross attention in the order
    in which a token goes through them; where what is read looks back at what reads it, these too, as they are
    listed. HeadlightError for a range that there is not.
    """
    of = {name: [n for n, one in enumerate(stacks) if one == name] for name in get_args(Through)}
    if not of["cross"]:
        return _ranged(_of_one(stacks, settings), settings)
    if settings.stack != "whole" and not of[settings.stack]:
        raise HeadlightError(
            f"There are no layers of a stack “{settings.stack}”.",
            f"Choose {', '.join(dict.fromkeys(stacks))}.",
        )
    if settings.stack in ("encoder", "decoder"):
        return _ranged(of[settings.stack], settings)
    if settings.stack == "cross":
        return [*of["encoder"], _ranged(of["cross"], settings)[-1]]
    decoder, cross = of["decoder"], of["cross"]
    if back := [number for number, one in enumerate(stacks) if one == BACK]:
        return [*of["encoder"], *_ranged(sorted([*decoder, *cross, *back]), settings)]
    if len(decoder) not in (0, len(cross)):  # who crosses once and goes on, or at every second layer
        return [*of["encoder"], *_ranged(sorted([*decoder, *cross]), settings)]
    decoder, cross = _ranged(decoder, settings) if decoder else [], _ranged(cross, settings)
    if decoder and decoder[-1] < cross[0]:  # listed stack by stack: a block crosses behind its self-attention
        return [*of["encoder"], *(number for pair in zip(decoder, cross, strict=True) for number in pair)]
    return [*of["encoder"], *sorted([*decoder, *cross])]


def _of_one(stacks: Sequence[str], settings: RolloutSettings) -> list[int]:
    """All layers; where a tower hands what it saw on to a language model, those of one of both, since what
    stands between them is no attention."""
    if LANGUAGE not in stacks:
        return list(range(len(stacks)))
    through = next(one for one in stacks) if settings.stack == "encoder" else LANGUAGE
    return [number for number, one in enumerate(stacks) if one == through]


def _ranged(numbers: list[int], settings: RolloutSettings) -> list[int]:
    last = len(numbers) - 1 if settings.last is None else settings.last
    if not 0 <= settings.first <= last < len(numbers):
        raise HeadlightError(
            f"Layers {settings.first} to {last} are not a range of layers 0 to {len(numbers) - 1}.",
            "Choose a first layer that is not after the last one.",
        )
    return numbers[settings.first : last + 1]


@dataclass(frozen=True)
class WritingSettings:
    """How a model goes on with a text, as `answers.Writing` has it.

    how: the likeliest token each time, the likeliest text that a search with beams finds, or tokens that are
    drawn. top_k of 0 and top_p of 1 leave all tokens to be drawn.
    """

    how: Literal["greedy", "beams", "drawn"] = field(
        default="greedy",
        metadata={"label": "Tokens", "choices": {"greedy": "Greedy", "beams": "Beams", "drawn": "Sampled"}},
    )
    new: int = field(default=32, metadata={"label": "New tokens", "span": (1, 512, 1), "written": "{:.0f}"})
    beams: int = field(
        default=4,
        metadata={"label": "Beams", "span": (2, 16, 1), "written": "{:.0f}", "after": ("how", "beams")},
    )
    temperature: float = field(
        default=1.0,
        metadata={
            "label": "Temperature",
            "span": (0.05, 3.0, 0.05),
            "written": "{:.2f}",
            "after": ("how", "drawn"),
        },
    )
    top_k: int = field(
        default=0,
        metadata={
            "label": "Top k",
            "span": (0, 200, 1),
            "written": "{:.0f}",
            "zero": "all",
            "after": ("how", "drawn"),
        },
    )
    top_p: float = field(
        default=1.0,
        metadata={
            "label": "Top p",
            "span": (0.05, 1.0, 0.05),
            "written": "{:.2f}",
            "after": ("how", "drawn"),
        },
    )
    seed: int = field(
        default=0,
        metadata={"label": "Seed", "span": (0, 99, 1), "written": "{:.0f}", "after": ("how", "drawn")},
    )


BAND = 2
"""Tokens, or patches down and across, that a band reaches to either side."""
TEMPLATE = 12
"""Rows and columns of a template."""


@dataclass(frozen=True)
class PatternSettings:
    """What heads are searched for beside the patterns that need no choice.

    band: as BAND. template: painted cells (row, column) of TEMPLATE × TEMPLATE, which are laid over the whole
    matrix of a head; none where nothing is painted.
    """

    band: int = BAND
    template: tuple[tuple[int, int], ...] = ()


Parts = Literal["fine", "coarse"]


@dataclass(frozen=True)
class NoiseSettings:
    """samples: inputs with noise, of which the mean gradient is taken. noise: its standard deviation, as a
    share of the range of the input's values. seed: of what is drawn."""

    samples: int = field(default=24, metadata={"label": "Samples", "span": (1, 100, 1), "written": "{:.0f}"})
    noise: float = field(
        default=0.15, metadata={"label": "Noise", "span": (0.0, 0.5, 0.01), "written": "{:.0%}"}
    )
    seed: int = field(default=0, metadata={"label": "Seed", "span": (0, 99, 1), "written": "{:.0f}"})


@dataclass(frozen=True)
class OcclusionSettings:
    """parts: what is hidden at a time. Fine: a token of a text, a square of a picture of a sixteenth of its
    short side, a cube of half a metre of a cloud. Coarse: a word, an eighth, a metre."""

    parts: Parts = field(
        default="coarse", metadata={"label": "Parts", "choices": {"fine": "Fine", "coarse": "Coarse"}}
    )
