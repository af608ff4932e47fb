"""Whether everything that can be set shows what is set, and everything that can be done is offered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from PySide6.QtWidgets import QComboBox

from headlight.viewer.app.models.listed import title_of
from headlight.viewer.app.window import Window
from headlight.viewer.panes.shared.method_controls import MethodForms
from headlight.viewer.panes.shared.words import short_side
from headlight.viewer.session.methods import IN_SPACE
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import (
    CloudSettings,
    CostSettings,
    MapSettings,
    RepresentSettings,
    RolloutQuery,
    View,
)


def controls_true(window: Window) -> Iterator[str]:
    """The controls show the settings that are wanted."""
    document = window.session.current
    if document is None or window.deck is None:
        return
    for name, control, wanted in _settings(window, document, window.session.view):
        if control.isVisible() and (shown := _shown(control)) != wanted:
            yield f"the control of {name} shows {shown!r}, it is {wanted!r}"


def _shown(control: Any) -> Any:
    if isinstance(control, QComboBox):
        return control.currentText()
    return control.isChecked() if hasattr(control, "set_on") else control.value()


def _settings(window: Window, document: Document, view: View) -> Iterator[tuple[str, Any, Any]]:
    """(name, control, what it must show) of the settings of the page."""
    if window.topbar.page.isVisible():
        yield "page", window.topbar.page, document.page
    map_, cloud, cost = view[MapSettings], view[CloudSettings], view[CostSettings]
    reach = next(iter(IN_SPACE.offered(document.kind)), None) and IN_SPACE.method(document, view)
    reaches = reach is not None and not reach.needs.never(document)
    wanted = {
        "settings": (
            *(("method", map_.method), ("heads", map_.heads), ("direction", map_.incoming)),
            *(("scale", map_.log), ("shared", map_.shared), ("percentile", map_.percentile)),
            *(("floor", map_.floor), ("opacity", map_.opacity), ("mass", map_.mass)),
            *(("colours", map_.colours), ("leave_out", map_.leave_out)),
            *(("hide_special", map_.hide_special), ("whole_words", map_.whole_words)),
            ("size", short_side(document)),
        ),
        "relevance": (("query", view[RolloutQuery].selected),),
        "classes": (
            *(
                ("reach", reach.id if reaches else None),
                ("palette", cloud.palette),
                ("size", cloud.point_size),
                ("projection", cloud.projection),
            ),
            *(("eye_dome", cloud.eye_dome), ("cutaway", cloud.cutaway)),
            *((("unit", document.wanted.frame.unit),) if document.wanted.frame is not None else ()),
        ),
        "cost-settings": (
            *(("width", cost.width), ("kernel", cost.kernel), ("heads", cost.heads), ("terms", cost.terms)),
            *(("neighbourhood", cost.neighbourhood), ("projections", cost.projections)),
        ),
    }
    represented = view[RepresentSettings]
    wanted["represented-settings"] = tuple(
        (name, getattr(represented, name))
        for name in ("hard", "shuffle", "channel", "above", "space", "colour", "view")
    )
    for pane, values in wanted.items():
        if pane in window.deck.panes:  # one that was not shown yet was not made
            for name, value in values:
                yield f"{pane}'s {name}", getattr(window.deck.panes[pane], name), value
    for pane in ("relevance", "classes"):
        if pane in window.deck.panes:
            yield from _of_forms(pane, window.deck.panes[pane].forms, view)


def _of_forms(pane: str, forms: MethodForms, view: View) -> Iterator[tuple[str, Any, Any]]:
    """The settings of methods; layers are shown as a range of all."""
    for type_, form in forms.forms.items():
        for field in fields(type_):
            if "label" in field.metadata and "last" not in field.metadata:
                value = getattr(view[type_], field.name)
                yield f"{pane}'s {field.name}", form.controls[field.name], value


def named(window: Window) -> Iterator[str]:
    """Tabs, the window's title and the model's button speak of the current document."""
    session, topbar = window.session, window.topbar
    document = session.current
    at = session.documents.index(document) if document is not None else -1
    titles = [topbar.tabs.bar.title(number) for number in range(topbar.tabs.bar.count())]
    if session.documents and topbar.tabs.bar.chosen() != at:
        yield f"tab {topbar.tabs.bar.chosen()} is chosen, document {at} is shown"
    if titles != [one.named for one in session.documents]:
        yield f"the tabs say {titles}"
    title = "Headlight" if document is None else f"{document.named} – Headlight"
    if window.windowTitle() != title:
        yield f"the window is called “{window.windowTitle()}”, not “{title}”"
    if document is None or "read" not in document.kind.gives:
        return
    said, wanted = topbar.model_button.text(), document.wanted.options.model
    reads = document.trace is not None and wanted == document.options.model
    model = document.trace.model.title if reads else title_of(wanted, document.kind.id)
    if model not in said:
        yield f"{model} reads, the button says “{said}”"


def offered(window: Window) -> Iterator[str]:
    """A command's key and menu work exactly while it can be done, and are checked where it is on."""
    for id_, command in window.actions_.commands.items():
        action = window.actions_.actions[id_]
        if action.isEnabled() != bool(command.enabled()):
            yield f"“{command.title}” is {'on' if action.isEnabled() else 'off'} and should not be"
        if command.is_switch and action.isChecked() != bool(command.checked()):
            yield f"“{command.title}” is {'checked' if action.isChecked() else 'not checked'}"
