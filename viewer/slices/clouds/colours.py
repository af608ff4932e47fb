"""The colours of a cloud's points: by class, truth, error, attention, … Pure functions for the workers.

Everything is per point of the file, uint8 (n, 3), though the model saw a sample: a point has the answer of
its nearest token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.attention.statistics import stages
from headlight.models.core.answers import PointLabels
from headlight.models.core.cache import derived
from headlight.models.core.classes.palettes import RIGHT, UNLABELLED, WRONG, class_colours
from headlight.models.core.colours import DIVERGING, Scale, levels, lut
from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import Trace
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.registry import Method
from headlight.viewer.session.document import Document
from headlight.viewer.session.methods import IN_SPACE
from headlight.viewer.session.view import ColourBy
from headlight.viewer.slices.clouds.maps import in_input
from headlight.viewer.slices.maps import Drawn

if TYPE_CHECKING:
    from headlight.models.points.blocks import Block

TITLES: dict[ColourBy, str] = {
    "prediction": "Prediction",
    "truth": "Ground truth",
    "error": "Error",
    "confidence": "Confidence",
    "entropy": "Entropy",
    "rgb": "RGB",
    "height": "Height",
    "stage": "Stage",
    "attention": "Reach of the point",
    "critical": "Critical points",
    "bound": "Upper bound",
}
STRETCH = 4096
"""Places of the upper bound that are tried between two looks at the task."""
SHADE = 0.30
"""How much of its colour a point keeps where others are to be seen."""


@dataclass(frozen=True)
class Scene:
    """A cloud and, once a model has answered, what it said."""

    cloud: CloudInput
    trace: Trace | None = None

    @property
    def answer(self) -> PointLabels | None:
        return self.trace.answer(PointLabels) if self.trace else None

    @property
    def said(self) -> PointLabels:
        """The answer, where there is one."""
        return known(self.answer, PointLabels)

    @property
    def nearest(self) -> np.ndarray:
        """int (n,): the token that answers for each point; of what labels no points, these are tokens."""
        return np.arange(len(self.read.tokens)) if self.answer is None else self.answer.nearest

    @property
    def read(self) -> Trace:
        """The trace, where there is one."""
        return known(self.trace, Trace)

    @property
    def labelled(self) -> np.ndarray:
        """The truth, where there is one."""
        return known(self.truth, np.ndarray)

    @property
    def truth(self) -> np.ndarray | None:
        """int16 (n,), -1 where nobody labelled."""
        return self.answer.truth if self.answer else self.cloud.labels

    @property
    def classes(self) -> tuple[str, ...]:
        return self.answer.classes if self.answer else self.cloud.classes or ()


@dataclass(frozen=True)
class Look:
    """The theme as colours see it. background: red, green, blue behind the points."""

    dark: bool
    background: tuple[int, int, int]


def no_truth(document: Document) -> str:
    """Why there is nothing to compare the answer with, or ""."""
    scene = Scene(known(document.input, CloudInput), document.trace)
    return "" if scene.truth is not None else "The file has no labels."


def no_comparison(document: Document) -> str:
    """Why the classes of points cannot be compared with the truth, or ""."""
    trace = document.trace
    if trace is not None and trace.answer(PointLabels) is None:
        return f"{trace.model.title} gives no class to points."
    return no_truth(document)


def no_colouring(document: Document, by: ColourBy) -> str:
    """Why a cloud's points cannot be coloured so now, or ""."""
    scene = Scene(known(document.input, CloudInput), document.trace)
    return offers(scene, IN_SPACE.method(document, document.view)).get(by, "The model has none.")


def offers(scene: Scene, method: Method | None = None) -> dict[ColourBy, str]:
    """Every colouring that there can be for this model, and why it cannot be chosen now ("" if it can).

    method: what "attention" is to show; not all need layers.
    """
    trace, answer = scene.trace, scene.answer
    waiting = unread = "" if trace is not None else "The model has not answered yet"
    if trace is not None and answer is None:
        waiting = f"{trace.model.title} gives no class to a point"
    layerless = f"{trace.model.title} has no attention layers" if trace and not trace.layers else waiting
    truth = "" if scene.truth is not None else "The file has no labels"
    reasons: dict[ColourBy, str] = {
        "prediction": waiting,
        "truth": truth,
        "error": truth or waiting,
        "confidence": waiting,
        "entropy": waiting,
        "rgb": "" if scene.cloud.colours is not None else "The file has no colours",
        "height": "",
        "stage": layerless,
        "attention": unread if method is not None and not method.needs.layers else layerless,
    }
    if trace is not None and "critical" in trace.outputs:
        reasons["critical"] = reasons["bound"] = ""
    return reasons


def shown_as(scene: Scene, wanted: ColourBy, selected: bool, method: Method | None = None) -> ColourBy:
    """What a view shows for what was chosen: something else as long as that is not to be had."""
    possible = offers(scene, method)
    if possible.get(wanted, "no") == "" and (wanted != "attention" or selected):
        return wanted
    instead: tuple[ColourBy, ...] = ("truth", "rgb", "height") if wanted == "attention" else ("rgb", "height")
    return next(by for by in instead if not possible[by])


def plain_colours(scene: Scene, by: ColourBy, palette: str, look: Look) -> np.ndarray:
    """uint8 (n, 3): any colouring but attention. The same array again for the same arguments and trace."""
    if scene.trace is None:
        return _plain(scene, by, palette, look)
    key = ("colours", id(scene.cloud), by, palette, look)
    # What is kept for a trace must not keep the trace alive: the function is called at once.
    return derived(scene.trace, key, lambda: _plain(scene, by, palette, look))


def _plain(scene: Scene, by: ColourBy, palette: str, look: Look) -> np.ndarray:
    if by == "rgb":
        return known(scene.cloud.colours, np.ndarray)
    if by in ("prediction", "truth"):
        labels = scene.said.labels if by == "prediction" else scene.labelled
        return np.vstack([class_colours(scene.classes, palette), UNLABELLED])[labels]  # -1 is the last
    if by in ("height", "confidence", "entropy"):
        return lut("viridis")[levels(plain_values(scene, by), plain_scale(scene, by)), :3]
    if by == "error":
        return _errors(scene, look)
    if by == "stage":
        return _stage_colours(scene.read)
    # Of the upper bound the cloud itself is the smallest part: it stands in the shade of its points.
    tokens = scene.read.outputs["critical"] if by == "critical" else np.empty(0, int)
    return _marked(scene, tokens, palette, look)


def heights(points: np.ndarray) -> tuple[float, float]:
    """Metres from which and up to which height is told apart: stray points do not count."""
    if not len(points):
        return 0.0, 0.0
    low, high = np.percentile(points[:: max(1, len(points) // 100_000), 2], (1, 99))
    return float(low), float(high)


def plain_values(scene: Scene, by: ColourBy) -> np.ndarray:
    """float (n,): height in metres above the lowest points, confidence, or entropy in nats."""
    if by != "height":
        return getattr(scene.answer, by)
    return scene.cloud.points[:, 2] - np.float32(heights(scene.cloud.points)[0])


def plain_scale(scene: Scene, by: ColourBy) -> Scale:
    """Of `plain_values`."""
    if by == "confidence":
        return Scale(0.0, 1.0)
    if by == "entropy":
        return Scale(0.0, float(np.log(max(len(scene.said.classes), 2))))
    low, high = heights(scene.cloud.points)
    up = plain_values(scene, by)
    beyond = np.count_nonzero(up < 0) + np.count_nonzero(up > high - low)
    return Scale(0.0, high - low, clipped=beyond / max(len(up), 1))


def mixed(colours: np.ndarray, look: Look, share: float) -> np.ndarray:
    """uint8 (…, 3): `share` of the colours, the rest background."""
    table = np.arange(256) * share
    out = np.empty_like(colours)
    for channel in range(3):
        whole = (table + look.background[channel] * (1 - share) + 0.5).astype(np.uint8)
        out[..., channel] = whole[colours[..., channel]]
    return out


def _errors(scene: Scene, look: Look) -> np.ndarray:
    """Wrong answers loud, right ones quiet, points without truth nearly gone."""
    truth, labels = scene.labelled, scene.said.labels
    table = np.array([RIGHT, WRONG, mixed(UNLABELLED, look, 0.4)], np.uint8)
    kind = (truth != labels).astype(np.uint8)
    kind[truth < 0] = 2
    return table[kind]


def coarsest(trace: Trace) -> np.ndarray:
    """int8 (m,): the last stage (from 1) that each token is still a point of."""
    last = np.ones(len(trace.tokens), np.int8)
    for number, members in enumerate(stages(trace.layers)):
        last[in_input(trace, trace.layers[members[0]].queries)] = number + 1
    return last


def stage_table(trace: Trace) -> np.ndarray:
    """uint8 (stages, 3), the finest stage first."""
    count = len(stages(trace.layers))
    return lut("viridis")[np.linspace(50, 255, max(count, 2)).astype(int)[:count], :3]


def _stage_colours(trace: Trace) -> np.ndarray:
    return stage_table(trace)[coarsest(trace) - 1][known(trace.answer(PointLabels), PointLabels).nearest]


def _marked(scene: Scene, tokens: np.ndarray, palette: str, look: Look) -> np.ndarray:
    """Some tokens in their class colours, all others in the shade."""
    bright = plain_colours(scene, "prediction", palette, look)
    inside = np.zeros(len(scene.read.tokens), bool)
    inside[tokens] = True
    return np.where(inside[scene.said.nearest][:, None], bright, mixed(bright, look, SHADE * 0.6))


def block_of(trace: Trace, tokens: np.ndarray) -> Block | None:
    """The block that PointNet saw a selected token in, the last of those that overlap there.

    None for no token or several, and for networks without blocks.
    """
    if len(tokens) != 1:
        return None
    return next((b for b in reversed(trace.outputs.get("blocks", ())) if tokens[0] in b.tokens), None)


def critical_colours(scene: Scene, block: Block, palette: str, look: Look) -> np.ndarray:
    """uint8 (n, 3): the critical points of one block in their class colours, all others in the shade."""
    return _marked(scene, block.critical, palette, look)


def upper_bound(trace: Trace, task: Task = SILENT) -> np.ndarray:
    """float32 (k, 3): places on a lattice through the cloud's box that could be points of it as well, without
    any change to what the model makes of the whole (Qi et al. 2017, section 5.3).
    """

    def found() -> np.ndarray:
        engine = trace.run.engine(task)
        candidates = lattice(known(trace.tokens, PointTokens).positions)
        kept = []
        for start in range(0, len(candidates), STRETCH):
            task.progress(start / len(candidates), "Searching the upper bound")
            part = candidates[start : start + STRETCH]
            kept.append(part[engine.upper_bound(trace, part)])
        return np.concatenate(kept)

    return derived(trace, "upper bound", found)


def lattice(points: np.ndarray, most: int = 30_000) -> np.ndarray:
    """float32 (k, 3): at most `most` places, equally far apart, that fill the box of `points`."""
    low, high = points.min(0).astype(np.float64), points.max(0).astype(np.float64)
    extent = np.maximum(high - low, 1e-3)
    step = float(np.prod(extent) / most) ** (1 / 3)
    while np.prod(np.floor(extent / step) + 1) > most:
        step *= 1.05
    axes = [np.arange(int(e / step) + 1) * step + lo for e, lo in zip(extent, low, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3).astype(np.float32)


# -- what bears on the selected points ----------------------------------------------------------------------


def shaded_colours(scene: Scene, palette: str, look: Look) -> np.ndarray:
    """uint8 (n, 3): the class colours, or those of heights, in the shade, from which the selected points'
    reach stands out."""
    base = plain_colours(scene, "height" if scene.answer is None else "prediction", palette, look)
    key = ("shade", id(scene.cloud), palette, look)
    return derived(scene.read, key, lambda: mixed(base, look, SHADE))


def relevance_colours(scene: Scene, drawn: Drawn, palette: str, look: Look, map_: str) -> np.ndarray:
    """uint8 (n, 3): the class colours in the shade, and over them what is seen in the colours of heat."""
    nearest = scene.nearest
    colours = shaded_colours(scene, palette, look).copy()
    lit = np.flatnonzero(known(drawn.seen, np.ndarray)[nearest])
    colours[lit] = heat(map_, look)[drawn.levels[nearest[lit]]]
    return colours


def heat(name: str, look: Look) -> np.ndarray:
    """uint8 (256, 3): the map's part that stands out from the background; on a light one the strongest is
    the darkest. Of values with a sign it is the whole map, zero in its middle.
    """
    if name == DIVERGING:
        return lut(name)[:, :3]
    part = np.linspace(90, 250, 256) if look.dark else np.linspace(205, 70, 256)
    return lut(name)[part.astype(int), :3]


def visible(scene: Scene, hidden: frozenset[int]) -> np.ndarray | None:
    """bool (n,): the points whose class is not hidden, None for all."""
    if not hidden or scene.answer is None:
        return None
    table = np.ones(max(len(scene.classes), 1), bool)
    table[[number for number in hidden if number < len(table)]] = False
    return table[scene.answer.labels]
