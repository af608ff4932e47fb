"""Which methods stand side by side, of what, and on which scale."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.viewer.panes.explain.methods.base import OfMethodsPane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.panes.shared.method_controls import SettingsForm, asked_types, row
from headlight.viewer.panes.shared.target_choice import SaidAt, TargetChoice
from headlight.viewer.registry import REGISTRY, Kind, Method
from headlight.viewer.session.methods import layers_counted, objection
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import MapSettings, MethodsSettings, View
from headlight.viewer.slices.explain.beside import offered
from headlight.widgets.base.labels import plain_tip
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.choices import Section, Segmented, Toggle
from headlight.widgets.controls.sliders import LabelledSlider

_COLUMN = ("Target", "Said at", "Scale")


class MethodsSettingsPane(OfMethodsPane):
    waits = False

    def build(self) -> QWidget:
        self.target = TargetChoice(self.session)
        self.query = SaidAt(self.session, "Said at")
        self.query_row = row("Said at", self.query, _COLUMN)
        controls = Controls(MethodsSettings, partial(self.session.change, MethodsSettings))
        self.by = controls.bind("by", Segmented([("rank", "Rank"), ("share", "Share")], "Scale of methods"))
        looks = Controls(MapSettings, partial(self.session.change, MapSettings))
        self.opacity = looks.bind("opacity", LabelledSlider("Overlay opacity", 0, 1, 0.01, "{:.2f}", 0.75))
        self.toggles = {one.id: self._toggle(one) for one in self._methods()}
        self.forms: dict[type, SettingsForm] = {}
        self.settings = QWidget()
        column = QVBoxLayout(self.settings)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for one in self._methods():
            for type_ in asked_types([one]):
                if type_ not in self.forms:
                    form = self.forms[type_] = SettingsForm(type_, self.session)
                    column.addWidget(Section(one.title))
                    column.addWidget(form)
        self.controls = stacked(
            row("Target", self.target, _COLUMN),
            self.query_row,
            row("Scale", self.by, _COLUMN),
            self.opacity,
            Section("Methods"),
            *self.toggles.values(),
            self.settings,
        )
        return ScrollColumn(stacked(self.controls))

    def _methods(self) -> list[Method]:
        kinds = [kind for kind in REGISTRY.all(Kind).values() if self.needs.suits(kind)]
        return list(dict.fromkeys(one for kind in kinds for one in offered(kind)))

    def _toggle(self, one: Method) -> Toggle:
        made = Toggle(one.title)
        made.changed.connect(partial(self._chosen, one.id))
        return made

    def prepare(self, document: Document, view: View) -> None:
        trace = document.trace
        self.controls.setVisible(trace is not None)  # what they choose among is known with the model
        if trace is None:
            return
        placed = self.target.display(trace, view)
        self.query.display(view, placed)
        self.query_row.setVisible(bool(placed))
        self.by.set_value(view[MethodsSettings].by)
        self.opacity.setVisible("positions" not in document.kind.gives)
        self.opacity.set_value(view[MapSettings].opacity)
        names, here = self.methods(document, view), offered(document.kind)
        for name, toggle in self.toggles.items():
            one = REGISTRY.all(Method)[name]
            reason = objection(one, document.kind, trace)
            toggle.setVisible(one in here)
            toggle.setEnabled(not reason)
            toggle.set_on(name in names)
            said = (reason, one.says, one.paper)
            toggle.setToolTip(plain_tip("\n".join(part for part in said if part)))
        self._show_forms(document, view, names)

    def clear(self, document: Document | None) -> None:
        self.controls.setVisible(document is not None and document.trace is not None)

    def _show_forms(self, document: Document, view: View, names: tuple[str, ...]) -> None:
        """Of the methods that are chosen and have settings."""
        asked = set(asked_types([REGISTRY.all(Method)[name] for name in names]))
        column = self.settings.layout()
        for number, (type_, form) in enumerate(self.forms.items()):
            column.itemAt(2 * number).widget().setVisible(type_ in asked)
            form.setVisible(type_ in asked)
            if type_ in asked:
                settings = view[type_]
                several = len(document.trace.streams) > 1
                form.display(settings, layers_counted(document.trace, settings), several)

    def _chosen(self, name: str, on: bool) -> None:
        document, view = self.session.current, self.session.view
        if document is None or document.trace is None:
            return
        names = self.methods(document, view)
        self.session.change(
            MethodsSettings, methods=(*names, name) if on else tuple(n for n in names if n != name)
        )
