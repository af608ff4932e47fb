"""What the panes of this page share: what the classes say of the open picture."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

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
    Figures("vote", "Classes by example", ("Most like", "Its cosine", "Its probability", "Pictures")),
    Figures("pointed", "Under the cursor", ("Patch", "Cosine of it", "With")),
)


class VotedPane(Pane):
    """Shows what `voted` gives, nothing without classes."""

    found: Voted | None = None

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[PrototypeSettings], document.options.size

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        document, settings = self.session.current, view[PrototypeSettings]
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
        before = self.session.view[PrototypeSettings].shown
        self.session.change(PrototypeSettings, shown="" if name == before else name)
