"""What of a document outlives that it is made anew: its pass, its former trace, what is selected. No Qt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headlight.models.core.errors import known
from headlight.viewer.host.recipe import Making
from headlight.viewer.session.document import Document
from headlight.viewer.session.history import Former

if TYPE_CHECKING:
    import numpy as np

    from headlight.models.core.tokens import Place
    from headlight.viewer.host.forward import Pass
    from headlight.viewer.inputs.cloud import CloudInput


def serving(document: Document, recipe: Making) -> Pass | None:
    """The pass that a document has, if only its labels are wanted in another way, or other interventions
    than on its pixels."""
    from headlight.models.core.interventions import edits
    from headlight.viewer.host.forward import Pass

    made, wanted = document.made, recipe.interventions
    same = replace(made, listed=recipe.listed).amended(interventions=wanted) == recipe
    same = same and edits(made.interventions) == edits(wanted)
    if document.trace is None or not same or document.made == recipe:
        return None
    return Pass(document.trace, document.checks, document.device, document.memory, document.held)


def former(document: Document) -> Former | None:
    """The present trace, to be kept when another one takes its place; None where it is large."""
    if document.trace is None:
        return None
    former = Former(
        *(document.input, document.options, document.trace),
        *(document.checks, document.memory, document.held, document.device),
    )
    return former if former.is_small() else None


def moved(old: CloudInput, new: CloudInput, place: Place) -> Place:
    """A selected point of a cloud, or many of them, or a box, where it is in another frame."""
    import numpy as np

    from headlight.models.core.tokens import Cuboid, Position, Region

    scale = new.frame.metres_per_unit / old.frame.metres_per_unit

    def there(points: np.ndarray) -> np.ndarray:
        return new.frame.turned(old.frame.turned_back(points)) * scale

    if isinstance(place, Region):
        return Region(there(place.positions))
    if isinstance(place, Cuboid):
        x, y, z = there(np.array([place.numbers[:3]], np.float32))[0].tolist()
        sides = {name: getattr(place, name) * scale for name in ("length", "width", "height")}
        return replace(place, x=x, y=y, z=z, **sides)
    at = known(place, Position)
    x, y, z = there(np.array([[at.x, at.y, at.z]], np.float32))[0]
    return Position(float(x), float(y), float(z))
