"""The cloud in space, twice: the same camera, each view with its own colours."""

from __future__ import annotations

import weakref
from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.tokens import Place, Position
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.panes.clouds.base import CloudPane, current_look, scene_of
from headlight.viewer.panes.clouds.ready import Ready, ready
from headlight.viewer.panes.clouds.words import subtitle
from headlight.viewer.panes.shared import readings
from headlight.viewer.panes.shared.controls import offer
from headlight.viewer.panes.shared.on_input import pointed
from headlight.viewer.registry import Method
from headlight.viewer.session.methods import IN_SPACE, settings_of
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import (
    CloudSettings,
    ColourBy,
    MapSettings,
    RolloutQuery,
    Selection,
    TargetSettings,
    View,
)
from headlight.viewer.slices.clouds import maps as cloud_maps
from headlight.viewer.slices.clouds.classes import named, reading
from headlight.viewer.slices.clouds.colours import TITLES, Scene, offers, shown_as
from headlight.viewer.slices.clouds.painted import Asked, Painted, painted
from headlight.viewer.slices.clouds.relevance import asks
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.cloud.camera import Camera
from headlight.widgets.cloud.view import CloudView
from headlight.widgets.controls.colour_key import ColourKey

_cameras: weakref.WeakKeyDictionary[Document, Camera] = weakref.WeakKeyDictionary()
"""Where each document is looked at from; both views look from there."""
_fitted: weakref.WeakKeyDictionary[Document, CloudInput] = weakref.WeakKeyDictionary()
"""The cloud that each document's camera was put before; another one is fitted into the view anew."""


class View3DPane(CloudPane):
    """One view; its widget is made with the first cloud."""

    menu_title = "What colours the points"
    setting = ""
    """The field of the cloud's settings that says what colours this view."""

    def build(self) -> QWidget:
        self.view: CloudView | None = None
        self.has: Ready | None = None
        """What the view draws."""
        self._shown: CloudInput | None = None
        self._drawn: list[object] = [None, None, None]
        """Point size, eye-dome lighting and cut-away walls as the view has them."""
        self._under: tuple[Place, int] | None = None
        self.lasso = False
        """Whether a drag selects instead of turning."""
        widget = QWidget()
        self._box = QVBoxLayout(widget)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(theme.em(0.35))
        self.key_of_colours = ColourKey()
        self._box.addWidget(self.key_of_colours)
        return widget

    def _made(self) -> CloudView:
        if self.view is None:
            self.view = CloudView()
            self.view.hovered.connect(self._hovered)
            self.view.clicked.connect(self._clicked)
            self.view.region.connect(self._circled)
            self.view.settled.connect(self.settled)
            self.view.set_tip(self._tip)
            self.view.set_lasso(self.lasso)
            self._box.insertWidget(0, self.view, 1)
        return self.view

    @property
    def painted(self) -> Painted | None:
        """What the view draws is of this."""
        return None if self.has is None else self.has.painted

    # -- what it shows -----------------------------------------------------------------------------------

    def chosen_by(self, view: View) -> ColourBy:
        """What the user wants to see here."""
        return getattr(view[CloudSettings], self.setting)

    def prepare(self, document: Document, view: View) -> None:
        made, cloud = self._made(), view[CloudSettings]
        # Each of these draws all points again, so only where it is another.
        for number, (apply, value) in enumerate(
            (
                (made.set_point_size, cloud.point_size),
                (made.set_eye_dome, cloud.eye_dome),
                (made.set_cutaway, cloud.cutaway),
            )
        ):
            if self._drawn[number] != value:
                self._drawn[number] = value
                apply(value)
        if self._shown is not None and self._shown is not document.input:
            # Until the new cloud is painted, nothing of the old one.
            made.clear()
            self._shown = self.has = None
            self.key_of_colours.set_swatches(())
        camera_of(document).set_projection(cloud.projection)
        self._say(document, view)

    def subject(self, document: Document, view: View, hover: Hover) -> Asked:
        scene, at, method = scene_of(document), pointed(view, hover), IN_SPACE.method(document, view)
        by = self._shown_by(scene, view, method)
        shows = by == "attention" and method.of == "head"
        blocked = self.blocked(at[0]) if shows else ""
        # Only attention changes with the layer: pointing at the map grid must not colour the other view anew.
        return Asked(scene, by, current_look(), method, at if shows else (0, 0), blocked)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        cloud = view[CloudSettings]
        method = IN_SPACE.method(document, view)
        asked = (view[TargetSettings], view[RolloutQuery]) if method.of == "target" else ()
        settings = (*settings_of(method, view), *asked)
        return (cloud.palette, cloud.hidden, *settings, view[Selection].queries, view[MapSettings].colours)

    def _shown_by(self, scene: Scene, view: View, method: Method) -> ColourBy:
        return shown_as(scene, self.chosen_by(view), asks(method, view), method)

    def lane_for(self, view: View) -> Lane:
        by, document = self.chosen_by(view), self.session.current
        far = document is not None and IN_SPACE.method(document, view).of != "head"
        shown = by == "attention" and far and asks(IN_SPACE.method(document, view), view)
        return "run" if shown or by == "bound" else "look"

    def slice(self, asked: Asked, view: View, hover: Hover) -> Call:
        return partial(painted, asked, view, self.painted.colours if self.painted is not None else None)

    def ready(self, result: Painted) -> Call:
        return partial(ready, result, self.has)

    def paint_partial(self, value: Ready) -> None:
        self.paint(value)

    def paint(self, made: Ready) -> None:
        view, document = self._made(), self.session.current
        result, has, before = made.painted, self.has, self.painted
        cloud = result.asked.scene.cloud
        if cloud is not self._shown or has is None or has.cloud is not made.cloud:
            view.set_camera(camera_of(document))
            view.set_points(made.cloud, fit=not is_fitted(document, cloud))
            self._shown, has, before = cloud, None, None
        if has is None or has.colours is not made.colours:
            view.set_colours(made.colours)
        if before is None or not np.array_equal(before.selected, result.selected):
            view.set_selected(result.selected)
        view.set_lut(lut(self.session.view[MapSettings].colours))
        star = result.star
        if star is None or star.centre is None:
            view.set_star(None)
        else:
            view.set_star(star.centre, star.ends, star.weights)
        view.set_box(result.drawn.box if result.drawn is not None else None)
        self.has, read = made, result.meaning
        if read.scale is not None:
            self.key_of_colours.set_scale(read.scale, read.lut, read.of)
        else:
            self.key_of_colours.set_swatches(read.swatches, read.of)
        self._say(document, self.session.view)
        view.set_tip(self._tip)  # what rests under the cursor is read out of what is drawn now

    def mark(self, view: View, hover: Hover) -> None:
        if self.view is not None and self._shown is self.session.current.input:
            self.view.set_hovered(self._point_at(hover.key or hover.query))
            # Where nothing of a class can be seen, or it was just hidden, all the others would only go dark.
            hidden = hover.kind is None or hover.kind in view[CloudSettings].hidden
            group = None if hidden or self.painted is None else hover.kind + 1
            self.view.set_lit(group if group and group in self.painted.colours.in_sight else None)

    def clear(self, document: Document | None) -> None:
        self.has = None
        self.key_of_colours.set_swatches(())
        if self._shown is not None:
            self.view.clear()
            self._shown = self._under = None

    def is_settled(self) -> bool:
        return self.view is None or not self.view.isVisible() or self.view.is_settled()

    # -- what it says ------------------------------------------------------------------------------------

    def complain(self, failure: Failure) -> None:
        self.drop()  # so that the same can be asked again
        super().complain(failure)

    def _say(self, document: Document, view: View) -> None:
        scene = scene_of(document)
        method = IN_SPACE.method(document, view)
        by = self._shown_by(scene, view, method)
        self.title_changed.emit(method.name if by == "attention" else TITLES[by])
        painted = self.painted
        drawn = painted is not None and painted.asked.scene == scene and painted.asked.by == by
        said = painted.said if drawn else ""
        if by != "attention" and not said:
            said = subtitle(scene, by, self.chosen_by(view), method)
        self.subtitle_changed.emit(said)

    def _tip(self, point: int) -> str:
        painted = self.painted
        if painted is None or self._shown is not painted.asked.scene.cloud:
            return ""
        if point >= len(self._shown.points):
            return "a place of the upper bound"
        scene, weight = painted.asked.scene, self._weight(painted, point)
        self.said.emit("pointed", {**readings.of_point(scene, point), **weight}, None)
        said = reading(scene, point)
        if not weight:
            return said
        # What is counted names itself, "3 hops".
        word = "" if painted.drawn.counts else painted.asked.method.word
        return f"{said}\n{word}\t{weight['Weight']}"

    def _weight(self, painted: Painted, point: int) -> dict[str, str]:
        """What the view shows of a point beside its colour: how it bears on the selected ones."""
        drawn, asked = painted.drawn, painted.asked
        if drawn is None:
            return {}
        token = asked.scene.nearest[point]
        if not drawn.seen[token]:
            return {}
        value, trace = drawn.values[token], asked.scene.trace
        chosen = cloud_maps.chosen(trace, trace.tokens, self.session.view[Selection].queries)
        of_target = asked.method.of == "target"
        of = painted.said.partition(" · ")[0] if of_target else named(asked.scene, chosen)
        return {
            "Weight": f"{value} {drawn.unit}" if drawn.counts else read_out(float(value)),
            "From": of,
            "In": cloud_maps.map_named(trace, *drawn.at) if drawn.at else drawn.what,
        }

    # -- gestures ----------------------------------------------------------------------------------------

    def fill_menu(self, menu: QMenu) -> None:
        """The colourings, those that cannot be had with the reason why."""
        menu.clear()
        menu.setToolTipsVisible(True)
        document = self.session.current
        if document is None or not self.needs.suits(document.kind):
            return
        chosen, method = self.chosen_by(self.session.view), IN_SPACE.method(document, self.session.view)
        for by, reason in offers(scene_of(document), method).items():
            change = partial(self.session.change, CloudSettings, **{self.setting: by})
            offer(menu, TITLES[by], by == chosen, lambda _, change=change: change(), reason)

    def fit(self) -> None:
        if self.view is not None and self.view.isVisible():
            self.view.fit()

    def look(self, name: str) -> None:
        if self.view is not None and self.view.isVisible():
            self.view.look(name)

    def set_lasso(self, on: bool) -> None:
        self.lasso = on
        if self.view is not None:
            self.view.set_lasso(on)

    def _hovered(self, point: int | None) -> None:
        if point is None or self._shown is None or point >= len(self._shown.points):
            self._under = None
            self.session.set_hover(NOWHERE)
            return
        scene = scene_of(self.session.current)
        if scene.answer is None:
            place: Place = Position(*(float(value) for value in scene.cloud.points[point]))
        else:
            place = scene.trace.tokens.place(int(scene.answer.nearest[point]))
        self._under = (place, point)
        self.session.set_hover(Hover(query=place))

    def _clicked(self, point: int, add: bool) -> None:
        self._take(np.array([point]), add)

    def _circled(self, points: np.ndarray, add: bool) -> None:
        self._take(points, add)

    def _take(self, points: np.ndarray, add: bool) -> None:
        """Select the tokens that answer for these points of the file."""
        document = self.session.current
        if document is None or document.trace is None or self._shown is not document.input:
            return
        trace, before = document.trace, self.session.view[Selection].queries
        points = points[points < len(document.input.points)]

        def found(places: tuple[Place, ...]) -> None:
            if self.session.current is document and document.trace is trace:
                self.session.select(queries=places)

        if len(points):
            find = partial(cloud_maps.taken, trace, points, before if add else ())
            self.jobs.submit("take", find, found, document=document.number)

    def _point_at(self, place: Place | None) -> int | None:
        """The point of the file at a place that is pointed at here or elsewhere."""
        if not isinstance(place, Position):
            return None
        if self._under is not None and self._under[0] is place:
            return self._under[1]
        trace = self.session.current.trace
        return None if trace is None else cloud_maps.point_of(trace, int(trace.tokens.find(place)[0]))


class FirstViewPane(View3DPane):
    setting = "first"


class SecondViewPane(View3DPane):
    setting = "second"


def camera_of(document: Document) -> Camera:
    if document not in _cameras:
        _cameras[document] = Camera()
    return _cameras[document]


def is_fitted(document: Document, cloud: CloudInput) -> bool:
    """Whether the camera was put before these points already; it is from now on."""
    last, _fitted[document] = _fitted.get(document), cloud
    return last is not None and last.points is cloud.points
