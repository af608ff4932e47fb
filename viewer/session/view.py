"""View: how a document is looked at. All that a gesture changes and undo brings back. No Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import RolloutSettings, layers_of_rollout

if TYPE_CHECKING:
    from headlight.models.core.costs import Terms
    from headlight.models.core.layers import Vector
    from headlight.models.core.tokens import CharSpan, Place
    from headlight.models.core.trace import Trace
    from headlight.viewer.host.corpus import Corpus, Pictures

T = TypeVar("T")
Heads = Literal["one", "mean", "max"]
ColourBy = Literal[
    "prediction",
    "truth",
    "error",
    "confidence",
    "entropy",
    "rgb",
    "height",
    "stage",
    "attention",
    "critical",
    "bound",
]
INPUTS = (1, 8, 32, 128)
"""How many inputs an effective field can be the mean over."""


@dataclass(frozen=True)
class Selection:
    """layer, head: what the maps show. queries, keys: tokens by their place; no queries means the readout."""

    layer: int = 0
    head: int = 0
    queries: tuple[Place, ...] = ()
    keys: tuple[Place, ...] = ()


@dataclass(frozen=True)
class MapSettings:
    """How weights become colours.

    method: what is shown on the input, the weights of a head by this method; of a cloud what the selected
    points draw on. relevance: the method whose relevance is shown beside the input.
    incoming: show who looks at the chosen token (a column) rather than where it looks (a row). several: of
    several chosen tokens the mean of their rows or columns, or the sum.
    percentile, floor: weights above and below these percentiles are clipped; a floor of 0 starts the scale at
    zero. shared: one scale for all maps of the head grid.
    mass: share of a DINO mass mask, 0 for none. leave_out: special tokens, sinks and artifact tokens
    do not set the scale. step: of what the model wrote so many tokens are seen, None for all.
    """

    method: str = "attention"
    relevance: str = "rollout"
    heads: Heads = "one"
    incoming: bool = False
    several: Literal["mean", "sum"] = "mean"
    log: bool = False
    percentile: float = 99.5
    floor: float = 0.0
    shared: bool = False
    colours: str = "inferno"
    opacity: float = 0.75
    mass: float = 0.0
    leave_out: bool = True
    hide_special: bool = False
    whole_words: bool = False
    step: int | None = None


@dataclass(frozen=True)
class CloudSettings:
    """How a cloud is looked at.

    first, second: what colours the two views; "attention" is the relevance by the map's method.
    point_size: in pixels. cutaway: leave out the walls that one would look at from outside. hidden: classes
    that no view draws.
    rows: the layer that each row of the map grid shows, one a stage; empty for the first of each.
    """

    first: ColourBy = "prediction"
    second: ColourBy = "attention"
    point_size: float = 4.0
    eye_dome: bool = True
    cutaway: bool = True
    projection: Literal["perspective", "orthographic"] = "perspective"
    hidden: frozenset[int] = frozenset()
    palette: Literal["soft", "s3dis"] = "soft"
    rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class BoxSettings:
    """Which boxes of those that a model found are shown, and how they are measured.

    score: from which on. suppress: how boxes that overlap give way to the likeliest, "model" as the model
    has it; overlap, radius: from which share of their union on the ground, up to how many metres. heat: the
    class whose heat map is shown, None for the most of all. metres: how far on the ground from its truth a
    box has found it. truth: draw the true boxes. agreement: what is said of how they agree, figures by
    nuScenes or KITTI, or precision over recall.
    """

    score: float = 0.3
    suppress: Literal["model", "rotated", "circle", "none"] = "model"
    overlap: float = 0.2
    radius: float = 2.0
    heat: int | None = None
    metres: float = 2.0
    truth: bool = True
    agreement: Literal["nuscenes", "kitti", "curves"] = "nuscenes"


@dataclass(frozen=True)
class RepresentSettings:
    """As what networks of three dimensions are fed a cloud, and what is shown of that.

    like: the published configuration whose range, edges and limits hold. low, high: metres of another range;
    the cloud's box without either. voxel_edge, pillar_edge: metres, None for what is usual. hard: of a cell
    the first most_points points are kept, of the cloud the first most_cells cells; None for what is usual.
    shuffle: 0 for the points in the order of the file, else the seed of another order.
    space: what the view of cells in space shows, and by what they are coloured. above: what the view from
    above shows, and which number of it. sensor: of the range image, None for the one that fits; channel:
    which of its numbers. view: the camera whose view is shown large.
    """

    like: str | None = None
    low: tuple[float, float, float] | None = None
    high: tuple[float, float, float] | None = None
    voxel_edge: float | None = None
    pillar_edge: float | None = None
    hard: bool = False
    most_points: int | None = None
    most_cells: int | None = None
    shuffle: int = 0
    space: Literal["voxels", "occupancy"] = "voxels"
    colour: Literal["count", "height", "occupied"] = "count"
    above: Literal["birds-eye", "pillars"] = "birds-eye"
    birds_eye: str = "mean"
    pillar: str = "count"
    sensor: str | None = None
    channel: str = "range"
    view: int = 0


@dataclass(frozen=True)
class FieldSettings:
    """What is shown of receptive fields.

    layer: the name of the layer whose unit is looked at, "" for the last. box, heat, row: draw the
    theoretical field, the effective one, the row of the selected attention head. contours: of 50 % and 95 %
    of the effective field's mass. windows: the edges of attention windows. inputs, source: how many inputs
    the effective field is averaged over, and which: this picture, or noise.
    compare: the second network, looked at beside the first. networks: those of the growth plot.
    include_self: attention distance counts the query's own patch. all_operations: list every operation, not
    blocks alone.
    """

    layer: str = ""
    box: bool = True
    heat: bool = True
    row: bool = False
    contours: bool = True
    windows: bool = True
    inputs: int = 1
    source: Literal["picture", "noise"] = "picture"
    compare: str | None = None
    compare_layer: str = ""
    networks: tuple[str, ...] = ("vgg16", "resnet50", "convnext-tiny", "swin-tiny", "vit-base")
    include_self: bool = True
    all_operations: bool = False


@dataclass(frozen=True)
class CostSettings:
    """Which layers are compared, and at what lengths.

    width, kernel, neighbourhood: d, k and r of table 1. projections: attention with its four d × d products.
    shortest, longest: tokens, powers of two. device: None for the fastest. seconds: a measurement's limit.
    terms: what closed forms count.
    """

    width: int = 512
    kernel: int = 3
    heads: int = 8
    neighbourhood: int = 64
    projections: bool = True
    shortest: int = 64
    longest: int = 4096
    device: str | None = None
    seconds: int = 30
    terms: Terms = "table"


@dataclass(frozen=True)
class HeadSettings:
    """How heads are compared, each by its id in `models.attention.patterns`.

    measure: what they are ranked by. across, up, colour: the axes and the colour of the scatter; "layer" is
    one of them. corpus: the many inputs that the figures are of, None for the document alone. texts_by: by
    which measure of the chosen head inputs are listed. vectors: which of the chosen head are projected.
    """

    measure: str = "previous"
    across: str = "layer"
    up: str = "entropy"
    colour: str = "distance"
    corpus: Corpus | Pictures | None = None
    texts_by: str = "peak"
    vectors: Vector = "query"


@dataclass(frozen=True)
class LensSettings:
    """What is shown of what layers would say.

    colour: by the probability of what each says first, of what is said in the end, or by the rank of that.
    token: to which logit is added, by its number in the vocabulary; None for what the model says first.
    """

    colour: Literal["first", "end", "rank"] = "first"
    token: int | None = None


@dataclass(frozen=True)
class ArcsSettings:
    """mass: the share of each token's weight that the links hold which are drawn. heads: of which heads, none
    for all of the layer.
    """

    mass: float = 0.7
    heads: tuple[int, ...] = ()


@dataclass(frozen=True)
class CompareSettings:
    """What a text is compared with, each text by the number of its document.

    without: texts that are left out of all that are open. beside: the one whose attention is taken away, None
    for the first. words: where the word stands in a text that has it elsewhere, or has another one for it.
    at: layer and head of another model, None for those that stand where the chosen ones do.
    """

    without: frozenset[int] = frozenset()
    beside: int | None = None
    words: tuple[tuple[int, CharSpan], ...] = ()
    at: tuple[int, int] | None = None

    def word_in(self, number: int) -> CharSpan | None:
        return dict(self.words).get(number)


@dataclass(frozen=True)
class ByHand:
    """Numbers of one weight that are set by hand, None of those that are the model's.

    of: whose: (layer, head, query, key), which the others of it are for; no other weight has them.
    """

    of: tuple[int, int, Place, Place] | None = None
    bias: float | None = None
    score: float | None = None
    sink: float | None = None


@dataclass(frozen=True)
class RolloutQuery:
    """selected: roll out the selected queries rather than the readout."""

    selected: bool = False


@dataclass(frozen=True)
class TargetSettings:
    """index: of the target whose relevance is shown, as `Target.index`; None for what is said first. box: of
    several things of one class the one, where it stands, or the token that found it."""

    index: int | None = None
    box: Place | None = None


@dataclass(frozen=True)
class MethodsSettings:
    """methods: which stand side by side, by their ids; None for those that do from the start. by: what each
    is shown by: where a token stands in its order, or its share of the sizes of all values.
    """

    methods: tuple[str, ...] | None = None
    by: Literal["rank", "share"] = "rank"


@dataclass(frozen=True)
class ExperimentSettings:
    """heads: (layer, head) of those that are chosen together, none for the selected one alone. sweep: what is
    measured of every head: what is lost without it, or what it carries over from another open text, giving,
    by the number of its document; None for the first.
    """

    heads: tuple[tuple[int, int], ...] = ()
    sweep: Literal["off", "patched"] = "off"
    giving: int | None = None


class View(Mapping[type, Any]):
    """All about a document that a gesture changes and undo brings back: of each type of settings its value.

    Frozen, and equal by content. A type of settings is a frozen dataclass whose fields all have defaults,
    which a view answers of a type that nobody has changed.
    """

    __slots__ = ("_values",)

    def __init__(self, *values: Any) -> None:
        self._values = {type(value): value for value in values if value != _default(type(value))}

    def __getitem__(self, kind: type[T]) -> T:
        return self._values[kind] if kind in self._values else _default(kind)

    def __contains__(self, kind: object) -> bool:
        return kind in self._values

    def __iter__(self) -> Iterator[type]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, View) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._values.values()))

    def __repr__(self) -> str:
        return f"View({', '.join(map(repr, self._values.values()))})"

    def having(self, *values: Any) -> View:
        """With these settings in place of those of their types."""
        return View(*(self._values | {type(value): value for value in values}).values())

    def changed(self, kind: type, **changes: Any) -> View:
        """With other values in some fields of one type of settings."""
        return self.having(replace(self[kind], **changes))


@cache
def _default(kind: type[T]) -> T:
    return kind()


def within(view: View, trace: Trace) -> View:
    """A view as this trace can show it: layers, heads and classes that it does not have give way to others.

    There may be no layers at all: not every model that reads a cloud has attention.
    """
    selection, last = view[Selection], max(len(trace.layers) - 1, 0)
    layer = min(selection.layer, last)
    heads = min((trace.layers[number].heads for number in {layer, last} if trace.layers), default=1)
    selection = replace(selection, layer=layer, head=min(selection.head, heads - 1))
    rollout = view[RolloutSettings]
    try:
        layers_of_rollout([layer.stack for layer in trace.layers], rollout)
    except HeadlightError:
        rollout = replace(rollout, first=0, last=None)
    written = 0 if trace.written is None else len(trace.written.ids)
    maps = view[MapSettings]
    maps = replace(maps, step=None if maps.step is None or maps.step >= written else maps.step)
    from headlight.models.core.answers import PointLabels

    answer = trace.answer(PointLabels)
    classes = 0 if answer is None else len(answer.classes)
    cloud = view[CloudSettings]
    cloud = replace(cloud, hidden=frozenset(number for number in cloud.hidden if number < classes))
    there = [(layer, head) for layer, of in enumerate(trace.layers) for head in range(of.heads)]
    chosen = view[ExperimentSettings]
    chosen = replace(chosen, heads=tuple(head for head in chosen.heads if head in there))
    return view.having(selection, rollout, cloud, maps, chosen)


def fitted(
    view: View, trace: Trace, start: tuple[int, int] | None = None, before: Trace | None = None
) -> View:
    """A view as another trace can show it; a fresh one starts at the layer and head of `start`.

    before: the trace that was looked at so. Of another model the layer in the same place is looked at.
    """
    if start is not None:
        view = view.changed(Selection, layer=start[0], head=start[1])
    elif before is not None and view[Selection].layer < len(before.layers):
        view = view.changed(Selection, layer=trace.nearest(before, view[Selection].layer))
    view = within(view, trace)
    selection = view[Selection]
    return view.changed(
        Selection,
        queries=tuple(place for place in selection.queries if len(trace.at(place)[1])),
        keys=tuple(place for place in selection.keys if len(trace.at(place)[1])),
    )
