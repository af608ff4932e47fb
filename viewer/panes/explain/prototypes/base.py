"""What the panes of this page share: what the classes say of the open picture."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial
from typing import Any

from headlight.models.core.trace import Trace
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.inspecting import PrototypeSettings
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.explain.prototypes import Voted, voted
from headlight.widgets.controls.readout import Figures

SECTIONS = (
    Figures("vote", "Classes by example", ("Most like", "Its cosine", "With probability", "Pictures")),
    Figures("pointed", "Under the cursor", ("Patch", "Cosine of it", "With")),
)


class ExamplesPane(Pane):
    """A picture that nobody made classes for has those of the picture that was opened last before it."""

    def settings(self) -> PrototypeSettings:
        """Those of the current document."""
        views = [self.session.view, *(one.view for one in reversed(self.session.documents))]
        return next(
            (view[PrototypeSettings] for view in views if PrototypeSettings in view), PrototypeSettings()
        )

    def change(self, gesture: str = "", **changes: Any) -> None:
        """They are the document's own from now on."""
        made = replace(self.settings(), **changes)
        self.session.change(PrototypeSettings, gesture=gesture, also=(made,))


class VotedPane(ExamplesPane):
    """Shows what `voted` gives, nothing without classes."""

    found: Voted | None = None

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return self.settings(), document.options.size

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        document, settings = self.session.current, self.settings()
        if not settings.classes:
            self.show_none()
            return None
        return partial(voted, trace, settings, document.options.size, document.path)

    def paint(self, result: Voted) -> None:
        self.found = result
        self.display()

    def display(self) -> None:
        """Paint what was found."""

    def show_none(self) -> None:
        """There are no classes."""
        self.clear(self.session.current)

    def clear(self, document: Document | None) -> None:
        self.found = None
        self.subtitle_changed.emit("")

    def complain(self, failure: Failure) -> None:
        self.clear(self.session.current)
        self.say_instead(f"{failure.cause} {failure.next_step}")

    def say_instead(self, sentence: str) -> None:
        """There is nothing to show, and this is why."""

    def show_class(self, name: str) -> None:
        """Lay the likeness of this class on the picture; of the one in sight the winner's again."""
        self.change(shown="" if name == self.settings().shown else name)
