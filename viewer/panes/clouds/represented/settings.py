"""How the cloud is represented: configuration, range, cells, sensor, and what of it is shown."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from headlight.models.points.representations.asked import FITTED, MIDDLE, PANORAMA
from headlight.models.points.representations.pillars import PUBLISHED
from headlight.models.points.representations.range_image import CHANNELS, SENSORS
from headlight.viewer.host.lanes import Call
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import RepresentSettings, View
from headlight.viewer.slices.clouds.represented.kept import asked_of
from headlight.viewer.slices.clouds.represented.pictures import BIRDS_EYE, PILLAR, InForce, in_force
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Choice, Section, Segmented
from headlight.widgets.controls.sliders import LabelledSlider, RangeRow

OWN_BOX, FITS = "The cloud’s own box", "The one that fits"
CONFIGURATIONS = {None: OWN_BOX, "kitti": "KITTI", "nuscenes": "nuScenes", "waymo": "Waymo"}
_SENSORS = {
    None: FITS,
    **{name: one.title for name, one in SENSORS.items()},
    FITTED: "The beams of the cloud",
    MIDDLE: PANORAMA.title,
}
_STEPS = 400
"""Of the range along an axis, at most."""
_AXES = "xyz"


class RepresentSettingsPane(Pane):
    waits = False

    def build(self) -> QWidget:
        change = partial(self.session.change, RepresentSettings)
        self.controls = Controls(RepresentSettings, change)
        bind = self.controls.bind
        self.likes = Choice([CONFIGURATIONS[like] for like in (None, *PUBLISHED)], "Configuration")
        self.likes.changed.connect(self._configured)
        self.hard = bind("hard", Segmented([(False, "Dynamic"), (True, "Hard")], "Voxelisation"))
        self.voxel = self._slider("voxel_edge", "Voxel edge", 0.01, 2.0, 0.01, "{:.2f} m")
        self.pillar = self._slider("pillar_edge", "Pillar edge", 0.02, 2.0, 0.02, "{:.2f} m")
        self.points = self._slider("most_points", "Points a cell", 1, 100, 1, "{:.0f}")
        self.cells = self._slider("most_cells", "Cells", 1000, 200_000, 1000, "{:,.0f}")
        orders = [(0, "Of the file"), (1, "Shuffled"), (2, "Again")]
        self.shuffle = bind("shuffle", Segmented(orders, "Order of the points"))
        self.limits: tuple[np.ndarray, np.ndarray] = (np.zeros(3), np.ones(3))
        self.step = np.ones(3)
        self.axes = [RangeRow(axis, 0, 1, format=partial(self._metres, at)) for at, axis in enumerate(_AXES)]
        for row in self.axes:
            row.changed.connect(lambda *_: self._ranged())
        self.sensors = Choice(list(_SENSORS.values()), "Sensor")
        self.sensors.changed.connect(self._sensed)
        channels = [(name, name.capitalize()) for name in CHANNELS]
        self.channel = bind("channel", Segmented(channels, "Channel", row=3))
        self.above = bind(
            "above", Segmented([("birds-eye", "Bird’s-eye"), ("pillars", "Pillars")], "From above")
        )
        self.feature = Choice([], "Number shown from above")
        self.feature.changed.connect(self._featured)
        self.space = bind("space", Segmented([("voxels", "Voxels"), ("occupancy", "32³ grid")], "In space"))
        colours = [("count", "Points"), ("height", "Height"), ("occupied", "Occupied")]
        self.colour = bind("colour", Segmented(colours, "Colours of cells"))
        self.view = bind("view", LabelledSlider("Large view", 0, 11, 1, "{:.0f}", 0, first=1))
        self.only_hard = [self.points, self.cells, Section("Order of the points"), self.shuffle]
        self.known: InForce | None = None
        self.of_cloud = [self.voxel, self.pillar, self.points, self.cells, *self.axes]
        """Whose values are not known before the cloud was looked at."""
        for choice in (self.likes, self.sensors, self.feature):
            choice.may_shrink()
        return ScrollColumn(
            stacked(
                *(Section("Configuration"), self.likes, self.hard, self.voxel, self.pillar),
                *self.only_hard,
                *(Section("Range, from … to below"), *self.axes),
                *(Section("In space", rule=True), self.space, self.colour),
                *(Section("From above"), self.above, self.feature),
                *(Section("Range image"), self.sensors, self.channel),
                *(Section("Views"), self.view),
            )
        )

    def _slider(self, name: str, *of: Any) -> LabelledSlider:
        """Of a number that is as usual as long as nobody has moved it."""
        slider = LabelledSlider(*of)
        whole = name.startswith("most")
        slider.changed.connect(
            lambda value: self.session.change(
                RepresentSettings, gesture=name, **{name: int(value) if whole else round(value, 4)}
            )
        )
        return slider

    # -- what is set --------------------------------------------------------------------------------------

    def subject(self, document: Document, view: View, hover: Hover) -> CloudInput:
        return document.input

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        settings = view[RepresentSettings]
        return tuple(asked_of(settings, name) for name in ("voxels", "pillars"))

    def slice(self, subject: CloudInput, view: View, hover: Hover) -> Call:
        return partial(in_force, subject, view[RepresentSettings])

    def paint(self, result: InForce) -> None:
        self.known = result
        self._show(self.session.view[RepresentSettings])

    def complain(self, failure: Any) -> None:
        """The panes say what cannot be shown."""

    def prepare(self, document: Document, view: View) -> None:
        self._show(view[RepresentSettings])

    def clear(self, document: Document | None) -> None:
        self.known = None

    def _show(self, settings: RepresentSettings) -> None:
        self.controls.display(settings)
        self.likes.setCurrentText(CONFIGURATIONS[settings.like])
        self.sensors.setCurrentText(_SENSORS[settings.sensor])
        for widget in self.only_hard:
            widget.setVisible(settings.hard)
        words = PILLAR if settings.above == "pillars" else BIRDS_EYE
        if [self.feature.itemText(at) for at in range(self.feature.count())] != list(words.values()):
            self.feature.clear()
            self.feature.addItems(list(words.values()))
        self.feature.setCurrentText(
            words[settings.pillar if settings.above == "pillars" else settings.birds_eye]
        )
        for control in self.of_cloud:
            control.setEnabled(self.known is not None)
        if (known := self.known) is not None:
            self.voxel.set_value(known.voxel_edge if settings.voxel_edge is None else settings.voxel_edge)
            self.pillar.set_value(known.pillar_edge if settings.pillar_edge is None else settings.pillar_edge)
            self.points.set_value(settings.most_points or known.most_points)
            self.cells.set_value(settings.most_cells or known.most_cells)
            notes = known.of_voxels
            self.voxel.set_note(notes.get("voxel_edge", ""))
            self.points.set_note(notes.get("most_points", ""))
            self.cells.set_note(notes.get("most_cells", ""))
            self._show_range(settings, known)

    def _show_range(self, settings: RepresentSettings, known: InForce) -> None:
        """The ends can be set from those of the cloud, or of what is chosen beyond, in round steps."""
        low, high = self._ends(settings, known)
        outer = np.minimum(low, known.low), np.maximum(high, known.high)
        sizes = np.maximum(outer[1] - outer[0], 1e-3)
        step = 10.0 ** np.ceil(np.log10(sizes / _STEPS))
        self.limits, self.step = (np.floor(outer[0] / step), np.ceil(outer[1] / step)), step
        for axis, row in enumerate(self.axes):
            row.set_limits(int(self.limits[0][axis]), int(self.limits[1][axis]))
            row.set_value(round(low[axis] / step[axis]), round(high[axis] / step[axis]))
            if settings.low is None and settings.like is None:
                row.set_value(int(self.limits[0][axis]), int(self.limits[1][axis]))

    def _ends(self, settings: RepresentSettings, known: InForce) -> tuple[np.ndarray, np.ndarray]:
        if settings.low is not None and settings.high is not None:
            return np.array(settings.low), np.array(settings.high)
        if settings.like is not None:
            grid = PUBLISHED[settings.like].grid
            return np.array(grid.low), np.array(grid.high)
        return np.array(known.low), np.array(known.high)

    def _metres(self, axis: int, number: int) -> str:
        step = float(self.step[axis])
        decimals = max(0, round(-np.log10(step)))
        return f"{number * step:.{decimals}f}"

    # -- gestures ------------------------------------------------------------------------------------------

    def _configured(self, title: str) -> None:
        """A configuration with all that it lays down; without one nothing is laid down."""
        like = next(name for name, said in CONFIGURATIONS.items() if said == title)
        usual = dict.fromkeys(("low", "high", "voxel_edge", "pillar_edge", "most_points", "most_cells"))
        self.session.change(RepresentSettings, like=like, hard=like is not None, **usual)

    def _sensed(self, title: str) -> None:
        sensor = next(name for name, said in _SENSORS.items() if said == title)
        self.session.change(RepresentSettings, sensor=sensor)

    def _featured(self, title: str) -> None:
        pillars = self.session.view[RepresentSettings].above == "pillars"
        words = PILLAR if pillars else BIRDS_EYE
        name = next(name for name, said in words.items() if said == title)
        self.session.change(RepresentSettings, **{"pillar" if pillars else "birds_eye": name})

    def _ranged(self) -> None:
        ends = np.array([row.value() for row in self.axes], float).T
        if (ends[0] == self.limits[0]).all() and (ends[1] == self.limits[1]).all():
            self.session.change(RepresentSettings, gesture="range", low=None, high=None)
            return
        ends[1] = np.maximum(ends[1], ends[0] + 1)
        low, high = (tuple(np.round(end * self.step, 6).tolist()) for end in ends)
        self.session.change(RepresentSettings, gesture="range", low=low, high=high)
