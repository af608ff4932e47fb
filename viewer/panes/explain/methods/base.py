"""What the panes of the page of methods share: which stand side by side, and what they are asked of."""

from __future__ import annotations

from collections.abc import Hashable

from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.registry import REGISTRY, Method
from headlight.viewer.session.methods import settings_of
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import MethodsSettings, RolloutQuery, Selection, TargetSettings, View
from headlight.viewer.slices.explain.beside import chosen
from headlight.widgets.controls.readout import Figures

SECTIONS = (
    Figures("pointed", "Under the cursor", ("Token", "Method", "Value", "Rank", "Disagreement")),
    Figures("both", "Two methods", ("First", "Second", "Spearman’s ρ", "Tokens")),
)


class OfMethodsPane(Pane):
    """Its slices are of the chosen methods and of the chosen target."""

    def lane_for(self, view: View) -> Lane:
        return "run"

    def methods(self, document: Document, view: View) -> tuple[str, ...]:
        """The ids of those that stand side by side."""
        return chosen(document.kind, document.trace, view[MethodsSettings])

    def asked(self, document: Document, view: View) -> Hashable:
        """All that what they say depends on."""
        names = self.methods(document, view)
        settings = [one for name in names for one in settings_of(method(name), view)]
        queries = view[Selection].queries if view[RolloutQuery].selected else ()
        return names, view[TargetSettings], queries, *settings


def method(name: str) -> Method:
    return REGISTRY.all(Method)[name]


def titled(name: str, trace: Trace) -> str:
    """As it stands over its map: of a head's methods whose heads they are."""
    one = method(name)
    return f"{one.title}, last layer" if one.of == "head" else one.title
