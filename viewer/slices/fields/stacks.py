"""What the panes of a stack of convolutions show: pure functions from the stack and the view. No Qt.

Places in the input of a stack are Positions in its units: x to the right and y down in two dimensions, x, y
and z in three; unit p of an axis covers [p, p + 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from math import sqrt
from typing import Any

import numpy as np

from headlight.models.core import stack as convolution_stack
from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_of
from headlight.models.core.errors import HeadlightError
from headlight.models.core.field import Field
from headlight.models.core.stack import ConvLayer, ConvStack
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Place, Position
from headlight.models.fields.figures import equivalent_width, square_side, variance
from headlight.models.fields.voxels import LONGEST

SHARES = (0.5, 0.95)
LARGEST = {2: 512, 3: 48}
"""Units per axis of the input at most, by the number of axes: what is drawn and computed at once."""


@dataclass(frozen=True, eq=False)
class Built:
    """A stack with the field of its input, of each layer and, of branches, of their sum; or what is wrong."""

    stack: ConvStack
    fields: tuple[Field, ...]
    problem: HeadlightError | None = None

    def field(self, name: str) -> Field:
        """The layer of this name; without one, the last."""
        return next((field for field in self.fields[1:] if field.name == name), self.fields[-1])

    def number(self, field: Field) -> int | None:
        """Which layer of the stack, from 0, a field is that of; None for the sum of branches."""
        at = self.fields.index(field) - 1
        return at if at < len(self.stack.layers) else None


def built(stack: ConvStack, task: Task = SILENT) -> Built:
    """The fields of a stack, or the first thing that keeps it from being computed."""
    return derived(None, ("built", stack), lambda: _built(stack))


def _built(stack: ConvStack) -> Built:
    try:
        return Built(stack, convolution_stack.fields(stack))
    except HeadlightError as error:
        return Built(stack, (), error)


def around(stack: ConvStack) -> ConvStack:
    """The stack over a cloud, around which empty space has no end: no kernel is too large for it."""
    return replace(stack, side=LONGEST, axes=3)


def built_around(stack: ConvStack) -> Built:
    """The fields of `around(stack)`, all but the number of units, which nobody asks for there.

    They are those of an input with room for one unit of the last layer: half a million units take a second.
    """
    endless = around(stack)
    try:
        convolution_stack.check(endless)
    except HeadlightError as error:
        return Built(endless, (), error)
    size = stride = 1
    for layer in stack.layers:
        if stack.parallel:
            size, stride = max(size, layer.reach), max(stride, layer.stride)
        else:
            size, stride = size + (layer.reach - 1) * stride, stride * layer.stride
    # As many strides shorter: branches that give equally many units there do so here.
    return built(replace(endless, side=LONGEST - max(LONGEST - size, 0) // stride * stride))


def up_to(stack: ConvStack, name: str) -> ConvStack:
    """The stack whose last layer is the one of this name, or one branch alone; all of it without a name."""
    for index in range(len(stack.layers)):
        if name == f"layer {index + 1}":
            kept = stack.layers[index : index + 1] if stack.parallel else stack.layers[: index + 1]
            return replace(stack, layers=kept, parallel=False)
    return stack


# -- the editor's rows ---------------------------------------------------------------------------------------


def rows(stack: ConvStack) -> list[dict[str, Any]]:
    """One mapping a layer, as the editor takes it."""
    return [{field.name: getattr(layer, field.name) for field in fields(ConvLayer)} for layer in stack.layers]


def layers(given: Sequence[Mapping[str, Any]]) -> tuple[ConvLayer, ...]:
    """What the editor gives, as layers."""
    return tuple(ConvLayer(**row) for row in given)


def faults(stack: ConvStack) -> list[str]:
    """What is wrong with each layer, "" with none; behind a layer without output nothing can be said."""
    said = [""] * len(stack.layers)
    side = stack.side
    for number, layer in enumerate(stack.layers):
        wrong = convolution_stack.fault(layer, stack.side if stack.parallel else side)
        if wrong is not None:
            said[number] = f"{wrong[0][0].upper()}{wrong[0][1:]} {wrong[1]}"
            if not stack.parallel:
                break
        elif not stack.parallel:
            side = (side + 2 * layer.padding - layer.reach) // layer.stride + 1
    return said


def curve(
    title: str, stack: Built, colour: int
) -> tuple[str, tuple[int, ...], tuple[float, ...], tuple[str, ...], int, None]:
    """A series of the growth plot, a point for the input and one for each layer: the size of its field."""
    fields = stack.fields
    return (
        *(title, tuple(range(len(fields))), tuple(float(field.size[0]) for field in fields)),
        *(tuple(field.name for field in fields), colour, None),
    )


def results(stack: Built, shapes: bool = True) -> list[tuple[str, str]]:
    """Units and size of the field on one axis after each layer, as they are written; nothing with faults."""
    layers = stack.fields[1 : len(stack.stack.layers) + 1]
    return [(f"{field.shape[0]:,}" if shapes else "", f"{field.size[0]:,}") for field in layers]


# -- one unit ------------------------------------------------------------------------------------------------


def unit_at(field: Field, place: Place | None) -> tuple[int, ...]:
    """The unit that lies nearest to a place in the input; without one, that in the middle."""
    if not isinstance(place, Position):
        return tuple(count // 2 for count in field.shape)
    return field.unit_at((place.y, place.x) if len(field.shape) == 2 else (place.x, place.y, place.z))


def seen(
    stack: ConvStack, layer: str, pointed: Place | None, selected: Place | None, task: Task = SILENT
) -> tuple[Built, Looked | None, bool]:
    """(the fields, what one unit sees, whether it is the one under the cursor); of a stack with faults none.

    The unit is of `layer` ("" for the last) and lies nearest to the place that is pointed at, else selected.
    """
    found = built(stack)
    if found.problem is not None:
        return found, None, False
    field = found.field(layer)
    unit = unit_at(field, selected if pointed is None else pointed)
    return found, look(stack, field.name, unit), pointed is not None


def place_of(field: Field, unit: tuple[int, ...]) -> Position:
    """Where a unit lies in the input; `unit_at` leads back."""
    centre = field.centre(unit)
    return Position(centre[1], centre[0], 0.0) if len(centre) == 2 else Position(*centre)


PLANES = {2: ((0, 1),), 3: ((1, 0), (2, 0), (2, 1))}
"""The axes that go down and to the right in each view of an input of two or three axes."""
Rect = tuple[float, float, float, float]


def rectangle(box: Sequence[tuple[int, int]], axes: tuple[int, int]) -> Rect:
    """A field's box, per axis [first, last + 1), as x0, y0, x1, y1 of a view of these axes."""
    (top, bottom), (left, right) = (box[axis] for axis in axes)
    return float(left), float(top), float(right), float(bottom)


@dataclass(frozen=True, eq=False)
class Plane:
    """Two axes of the input, down and to the right, with the heat summed over the third, if there is one.

    levels: uint8 (down, right). box: of the field, unclipped.
    """

    axes: tuple[int, int]
    levels: np.ndarray
    box: Rect


@dataclass(frozen=True, eq=False)
class Looked:
    """The field of one unit over the input.

    scale: of the heat, of a stack of three axes of its sums. widths: sides of the smallest squares around
    the unit (cubes) that hold SHARES of the weight. equivalent, spread: width of an even field of the same
    mass and peak, and standard deviation, of the first axis. padding: share of the weight that falls outside
    the input.
    """

    field: Field
    unit: tuple[int, ...]
    planes: tuple[Plane, ...]
    scale: Scale
    widths: tuple[int, ...]
    equivalent: float
    spread: float
    padding: float


def look(stack: ConvStack, name: str, unit: tuple[int, ...]) -> Looked:
    """What a unit of layer `name` of a stack without faults sees, with uniform weights."""
    return derived(None, ("look", stack, name, unit), lambda: _look(stack, name, unit))


def _look(stack: ConvStack, name: str, unit: tuple[int, ...]) -> Looked:
    whole = built(stack)
    field = whole.field(name)
    heat = convolution_stack.effective(stack, whole.fields.index(field) - 1, unit)
    box = field.box(unit)
    sums = []
    for down, right in PLANES[stack.axes]:
        others = tuple(axis for axis in range(stack.axes) if axis not in (down, right))
        summed = heat.sum(axis=others)
        sums.append(summed if down < right else summed.T)
    scale = scale_of(np.concatenate([summed.ravel() for summed in sums]), 100.0)
    planes = [
        Plane(axes, levels(summed, scale), rectangle(box, axes))
        for axes, summed in zip(PLANES[stack.axes], sums, strict=True)
    ]
    centre = field.centre(unit)
    return Looked(
        field,
        unit,
        tuple(planes),
        scale,
        tuple(square_side(heat, share, centre) for share in SHARES) if heat.any() else (),
        equivalent_width(heat)[0],
        sqrt(variance(heat)[0]),
        max(1 - float(heat.sum()), 0.0),
    )
