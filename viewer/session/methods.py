"""Which method is shown where, and what it goes through. No Qt."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import RolloutSettings, depth_of, layers_of_rollout
from headlight.viewer.registry import REGISTRY, Kind, Method, Needs, Shown, resolve
from headlight.viewer.session.view import MapSettings, View

if TYPE_CHECKING:
    from headlight.models.core.tokens import Tokens
    from headlight.models.core.trace import Trace

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Slot:
    """Where one method at a time is shown. setting: the field of the map's settings that chooses it; of: what
    the methods are of that it offers. first: what is shown where the chosen one is of something else, "" for
    the first of the registry.
    """

    setting: str
    of: tuple[str, ...]
    first: str = ""

    def offered(self, kind: Kind) -> list[Method]:
        """Those that there are for a kind of documents, in the registry's order."""
        every = REGISTRY.all(Method).values()
        return [method for method in every if method.of in self.of and method.needs.suits(kind)]

    def offered_in(self, needs: Needs) -> list[Method]:
        """Those for any of the documents that a pane with these needs shows."""
        kinds = [kind for kind in REGISTRY.all(Kind).values() if needs.suits(kind)]
        return list(dict.fromkeys(method for kind in kinds for method in self.offered(kind)))

    def method(self, document: Shown, view: View) -> Method:
        """The chosen one; the first where that is of a plugin that is gone, or not for this document."""
        offered, chosen = self.offered(document.kind), getattr(view[MapSettings], self.setting)
        found = next((method for method in offered if method.id == chosen), None)
        if found is None and chosen not in REGISTRY.all(Method):
            _say_gone(chosen, offered[0].title)
        if found is not None and not found.needs.never(document):
            return found
        return next((method for method in offered if method.id == self.first), offered[0])


ON_INPUT = Slot("method", ("head",))
BESIDE = Slot("relevance", ("layers", "picture", "target"))
IN_SPACE = Slot("method", ("head", "layers", "target"))


@dataclass(frozen=True)
class _Read:
    """A document that was read, on the page that has a method."""

    kind: Kind
    page: str
    trace: Trace | None


def offered_by(kind: Kind, of: Sequence[str] = ("target", "layers")) -> list[Method]:
    """The methods of these for a kind of documents, on whichever page they stand."""
    return [one for one in REGISTRY.all(Method).values() if one.of in of and one.needs.of_kind(kind)]


def objection(method: Method, kind: Kind, trace: Trace | None) -> str:
    """Why there is no such method for a reading, wherever it is asked for; or ""."""
    page = next(iter(method.needs.pages), kind.layouts[0].page)
    return method.needs.met(_Read(kind, page, trace))


@cache
def _say_gone(chosen: str, instead: str) -> None:
    """Once."""
    _log.warning("There is no method “%s” any more: %s is shown instead.", chosen, instead)


def settings_of(method: Method, view: View) -> list[Any]:
    """What it is called with: the view's settings of its types."""
    return [view[resolve(one)] for one in method.settings]


def layers_through(trace: Trace, method: Method, view: View) -> list[int]:
    """The layers that a method goes through: those of its settings, else all. None of a range that there is
    not, which the method itself refuses."""
    for settings in settings_of(method, view):
        if isinstance(settings, RolloutSettings) and trace.layers:
            try:
                return layers_of_rollout([layer.stack for layer in trace.layers], settings)
            except HeadlightError:
                return []
    return list(range(len(trace.layers)))


def layers_counted(trace: Trace, settings: object) -> int:
    """How many layers the first and the last one of a method's settings count."""
    if isinstance(settings, RolloutSettings) and trace.layers:
        return depth_of([layer.stack for layer in trace.layers], settings)
    return len(trace.layers)


def tokens_after(trace: Trace, last: int | None = None) -> Tokens:
    """Of which tokens what leads through layers up to the last is: of a picture's stages those that leave it,
    of an encoder–decoder those of its stream.

    last: the last layer's number, None for that of the model.
    """
    from headlight.models.core.tokens import PatchTokens

    if not trace.layers or not (isinstance(trace.tokens, PatchTokens) or len(trace.streams) > 1):
        return trace.tokens
    return trace.layers[-1 if last is None else last].queries
