"""What the panes of receptive fields draw: pure functions from a Trace and settings to arrays. No Qt.

Positions: the network sees a picture of its own size; a `Frame` leads from its pixels to those on the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_of
from headlight.models.core.errors import known
from headlight.models.core.field import Field
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import Box, PatchTokens, Place
from headlight.models.core.trace import Trace
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import FieldSettings, Selection, View
from headlight.viewer.slices.fields.contours import contours
from headlight.viewer.slices.maps import InputMap, attention_map

if TYPE_CHECKING:
    from headlight.models.fields.effective import Effective

SHARES = (0.5, 0.95)
"""Of the effective field's mass, which its contours enclose."""
CONTOUR_CELLS = 128
"""Contours are drawn of a map of at most so many cells a side: of single pixels they would be all specks."""
HEAT_PERCENTILE = 99.9

Rect = tuple[float, float, float, float]


@dataclass(frozen=True)
class Frame:
    """The pixels that the network saw, height × width, lie on `region` of the picture."""

    height: int
    width: int
    region: Box

    @property
    def rect(self) -> Rect:
        return self.region.corners

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels of the picture a pixel of the network's input, down and across."""
        down = (self.region.y1 - self.region.y0) / self.height
        return down, (self.region.x1 - self.region.x0) / self.width

    def position(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture → (row, column) in the network's input, where pixel p covers [p, p + 1)."""
        down, across = self.scale
        return (y - self.region.y0) / down, (x - self.region.x0) / across

    def box(self, box: Sequence[tuple[float, float]]) -> Rect:
        """Rows and columns [first, last + 1) of the network's input → x0, y0, x1, y1 on the picture."""
        (top, bottom), (left, right) = box
        down, across = self.scale
        x, y = self.region.x0, self.region.y0
        return x + left * across, y + top * down, x + right * across, y + bottom * down

    def middle(self, place: Place | None) -> tuple[float, float] | None:
        """(row, column) of the middle of a place in the picture; None where the network did not see it."""
        if not isinstance(place, Box):
            return None
        x, y, region = (place.x0 + place.x1) / 2, (place.y0 + place.y1) / 2, self.region
        inside = region.x0 <= x <= region.x1 and region.y0 <= y <= region.y1
        return self.position(x, y) if inside else None


@dataclass(frozen=True, eq=False)
class Seen:
    """A network that looked at the picture, with the field of each of its layers."""

    trace: Trace
    checks: tuple[float, ...]
    fields: tuple[Field, ...]

    @cached_property
    def frame(self) -> Frame:
        height, width = self.trace.shapes["pixel_values"][1:]
        region = known(self.trace.tokens, PatchTokens).region
        if self.trace.layers:  # patches fill what the network saw
            return Frame(height, width, region)
        # Units of a feature map lie a stride apart, and not from edge to edge of what the network saw.
        last = self.fields[-1]
        (rows, columns), (down, across), (y, x) = last.shape, last.stride, last.centre((0, 0))
        high, wide = (region.y1 - region.y0) / (rows * down), (region.x1 - region.x0) / (columns * across)
        left, top = region.x0 - (x - across / 2) * wide, region.y0 - (y - down / 2) * high
        return Frame(height, width, Box(left, top, left + width * wide, top + height * high))

    def field(self, name: str) -> Field:
        """The layer of this name; without one, that at which looking begins."""
        found = next((field for field in self.fields if field.name == name), None)
        return found or starting_field(self.fields)


UNMOVED = "no pixel moves this unit"


@dataclass(frozen=True, eq=False)
class HeatMap:
    """An effective field as it is drawn and what is said of it.

    levels: uint8 (height, width) of the network's input. contours: of SHARES, polylines (n, 2) on the
    picture.
    widths: of SHARES, the side of the smallest square around the unit that holds this share, in input pixels;
    none where no pixel moves the unit, and area and inside are NaN then.
    area: of the fewest pixels that hold 95 %, as a share of the theoretical field's part inside the
    picture. inside: share of the mass that lies in the theoretical field. inputs: averaged over so many.
    """

    unit: tuple[int, int]
    levels: np.ndarray
    scale: Scale
    contours: tuple[list[np.ndarray], ...]
    widths: tuple[float, ...]
    area: float
    inside: float
    inputs: int


# -- networks ------------------------------------------------------------------------------------------------


def seen(trace: Trace, checks: tuple[float, ...], task: Task = SILENT) -> Seen:
    """The trace with its fields, which are walked once."""
    from headlight.models.fields.of_images import fields_of

    fields = derived(trace, "fields", lambda: fields_of(trace.run.engine(task), trace, task))
    return Seen(trace, checks, layers_of(fields))


def layers_of(fields: Sequence[Field]) -> tuple[Field, ...]:
    """Without the input, which is no layer."""
    return tuple(field for field in fields if field.kind != "input")


def second(trace: Trace, what: ImageInput, options: RunOptions, model: str, task: Task = SILENT) -> Seen:
    """Another network that looks at the same picture; its pass is kept with the first one's trace."""
    from headlight.viewer.host.forward import forward_pass

    def looked() -> Any:
        return forward_pass(what, replace(options, model=model, trust_pickle=False), task)

    there = derived(trace, ("second", model, options.size, options.device), looked)
    return seen(there.trace, there.checks, task)


def both(
    trace: Trace,
    checks: tuple[float, ...],
    what: ImageInput,
    options: RunOptions,
    other: str | None,
    task: Task = SILENT,
) -> tuple[Seen, Seen | None]:
    """The network that read the picture, handed out at once, and the one it is compared with, if any."""
    own = seen(trace, checks, task)
    task.partial((own, None))
    return own, None if other is None else second(trace, what, options, other, task)


def listed(fields: Sequence[Field], all_operations: bool) -> list[Field]:
    """The layers that are worth a row: ends of blocks and stages, or every operation."""
    ends = [field for field in fields if field.level != "operation"]
    return list(fields) if all_operations or not ends else ends


def starting_field(fields: Sequence[Field]) -> Field:
    """Where looking begins: the last layer whose units still make a map, best the end of a block."""
    maps = [field for field in fields if np.prod(field.shape) > 1]
    ends = [field for field in maps if field.level != "operation"]
    return (ends or maps or list(fields))[-1]


def attention_at(seen: Seen, field: Field) -> int | None:
    """Which attention layer the units of `field` have passed last (an index into the trace's), if any.

    A block is what its attention's name begins with, up to the last number: layers.3.blocks.1.attention.
    """
    blocks = {_block(layer.name): index for index, layer in enumerate(seen.trace.layers)}
    found = None
    for one in seen.fields:
        parts = one.name.split(".")
        names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        found = next((blocks[name] for name in names if name in blocks), found)
        if one is field:
            return found
    return found


def _block(name: str) -> str:
    parts = name.split(".")
    last = max((place for place, part in enumerate(parts) if part.isdecimal()), default=len(parts) - 1)
    return ".".join(parts[: last + 1])


# -- one unit ------------------------------------------------------------------------------------------------


def unit_at(seen: Seen, field: Field, place: Place | None) -> tuple[int, int]:
    """The unit that looks at a place of the picture; without one, the unit in the middle."""
    at = seen.frame.middle(place)
    row, column = middle_unit(field) if at is None else field.unit_at(at)
    return row, column


def middle_unit(field: Field) -> tuple[int, int]:
    """The unit in the middle of the map; of an even number the one after it, as in published figures."""
    rows, columns = field.shape
    return rows // 2, columns // 2


def box_of(seen: Seen, field: Field, unit: tuple[int, int]) -> Rect:
    """x0, y0, x1, y1 on the picture of all that a unit can see, unclipped."""
    return seen.frame.box(field.box(unit))


def heat_map(
    seen: Seen, field: Field, unit: tuple[int, int], settings: FieldSettings, log: bool, task: Task = SILENT
) -> HeatMap:
    """The effective field of a unit; hands out a map after each input that it is averaged over."""
    from headlight.models.fields.of_images import effective_of

    def drawn(effective: Effective) -> HeatMap:
        return _heat_map(seen, field, unit, effective, log)

    trace, inputs, source = seen.trace, settings.inputs, settings.source

    def computed() -> Effective:
        engine = trace.run.engine(task)
        return effective_of(engine, trace, field.name, unit, inputs, source, Part(task, draw=drawn))

    return drawn(derived(trace, ("effective", field.name, unit, inputs, source), computed))


def _heat_map(seen: Seen, field: Field, unit: tuple[int, int], effective: Effective, log: bool) -> HeatMap:
    from headlight.models.fields.figures import area_ratio, mass_inside, square_side

    heat, box, centre = effective.heat, field.box(unit), field.centre(unit)
    scale = scale_of(heat, HEAT_PERCENTILE, log)
    widths = tuple(float(square_side(heat, share, centre)) for share in SHARES) if heat.any() else ()
    if not widths:
        scale = replace(scale, left_out=UNMOVED)
    clipped = [
        max(min(last, side) - max(first, 0), 0) for (first, last), side in zip(box, heat.shape, strict=True)
    ]
    return HeatMap(
        unit,
        levels(heat, scale),
        scale,
        tuple(_contours(heat, seen.frame, share) for share in SHARES),
        widths,
        area_ratio(heat, SHARES[-1]) * heat.size / max(int(np.prod(clipped)), 1),
        mass_inside(heat, box),
        effective.inputs,
    )


def _contours(heat: np.ndarray, frame: Frame, share: float) -> list[np.ndarray]:
    """Around the fewest cells of the smoothed map that hold this share of its mass, on the picture."""
    from scipy.ndimage import gaussian_filter

    from headlight.models.fields.figures import contour_level

    step = -(-max(heat.shape) // CONTOUR_CELLS)
    rows, columns = (-(-side // step) for side in heat.shape)
    padded = np.pad(heat, [(0, rows * step - heat.shape[0]), (0, columns * step - heat.shape[1])])
    cells = padded.reshape(rows, step, columns, step).sum(axis=(1, 3))
    # Weights of single pixels are speckled: the lines follow means over a few cells, the figures do not.
    cells = gaussian_filter(cells.astype(np.float64), 1.5, mode="constant")
    if not cells.any():
        return []
    down, across = frame.scale
    far = np.array([frame.region.x1, frame.region.y1])
    found = []
    for line in contours(cells, contour_level(cells, share)):
        places = line * (step * across, step * down) + (frame.region.x0, frame.region.y0)
        found.append(np.minimum(places, far))
    return found


# -- attention -----------------------------------------------------------------------------------------------


def row_map(
    trace: Trace, view: View, place: Place | None, at: tuple[int, Any], task: Task = SILENT
) -> InputMap:
    """Where the token at a place looks in layer and head `at`."""
    selection = replace(view[Selection], queries=(place,) if place is not None else view[Selection].queries)
    return attention_map(trace, view.having(selection), *at)


def distances(trace: Trace, include_self: bool, task: Task = SILENT) -> tuple[np.ndarray, float | None]:
    """(pixels that each head looks, float32 (layers, heads); those of one that looks everywhere alike)."""
    from headlight.models.attention.distances import attention_distances

    far = derived(trace, ("distances", include_self), lambda: attention_distances(trace, include_self, task))
    return far, derived(trace, ("uniform", include_self), lambda: uniform_distance(trace, include_self))


def uniform_distance(trace: Trace, include_self: bool) -> float | None:
    """Pixels that a head looks which looks everywhere alike; None unless all layers share one grid."""
    from headlight.models.attention.distances import attention_distance

    tokens = known(trace.tokens, PatchTokens)
    if any(layer.queries is not tokens or layer.keys is not tokens for layer in trace.layers):
        return None
    patches = replace(tokens, labels=tokens.labels[tokens.prefix :], special=tokens.special[tokens.prefix :])
    even = np.ones((1, len(patches)), np.float32)
    far = [attention_distance(even, patches, np.array([i]), include_self) for i in range(len(patches))]
    return float(np.mean(far))


# -- growth --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Growth:
    """How the field grows through a network.

    network: its id. depths: 1, 2, ... sizes: pixels, the larger side. names: of the
    layers. whole_from: the first point from which on every unit sees the whole picture, None if none does.
    """

    network: str
    title: str
    depths: tuple[int, ...]
    sizes: tuple[float, ...]
    names: tuple[str, ...]
    whole_from: int | None


def growth(network: str, side: int, task: Task = SILENT) -> Growth:
    """That of a published network, for pictures of side × side pixels; it needs no weights."""
    from headlight.models.catalogue.published import PUBLISHED
    from headlight.models.fields import of_images

    return growth_of(network, PUBLISHED[network].title, layers_of(of_images.growth(network, side, task)))


def own_growth(seen: Seen, side: int, task: Task = SILENT) -> Growth:
    """That of the network which read the picture; one that nobody published as the picture was read."""
    from headlight.models.catalogue.published import PUBLISHED

    card = seen.trace.model
    if card.id in PUBLISHED:
        return growth(card.id, side, task)
    return growth_of(card.id, card.title, seen.fields)


def growths(
    trace: Trace, checks: tuple[float, ...], networks: Sequence[str], side: int, task: Task = SILENT
) -> tuple[Seen, tuple[Growth, ...]]:
    """(the network that read the picture, its growth and then those of the others); hands out one by one."""
    from headlight.models.catalogue.published import PUBLISHED

    own = seen(trace, checks, task)
    curves = [own_growth(own, side, task)]
    wanted = [network for network in networks if network != trace.model.id]
    for done, network in enumerate(wanted):
        task.progress(done / len(wanted), f"Fields of {PUBLISHED[network].title}")
        curves.append(growth(network, side, task))
        task.partial((own, tuple(curves)))
    return own, tuple(curves)


def growth_of(network: str, title: str, fields: Sequence[Field]) -> Growth:
    """The points are the layers beyond which a unit sees more than before any; then the ends of blocks.

    What a shortcut sees past a block is less than what the block before it saw, and no point.
    """
    points: list[Field] = []
    largest, whole = 0, None
    for field in fields:
        if whole is None and (field.whole or max(field.size) > largest):
            largest = max(field.size)
            whole = len(points) if field.whole else None
            points.append(field)
        elif whole is not None and field.level != "operation":
            points.append(field)
    return Growth(
        network,
        title,
        tuple(range(1, len(points) + 1)),
        tuple(float(max(field.size)) for field in points),
        tuple(field.name for field in points),
        whole,
    )


def point_of(growth: Growth, seen: Seen, field: Field) -> int | None:
    """The point of the own network's growth that a layer has reached, if it has come to any."""
    order = {one.name: place for place, one in enumerate(seen.fields)}
    reached = [i for i, name in enumerate(growth.names) if order.get(name, np.inf) <= order[field.name]]
    return reached[-1] if reached else None
