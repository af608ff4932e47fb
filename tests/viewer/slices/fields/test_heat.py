"""What is said of an effective field."""

from types import SimpleNamespace

import numpy as np

from headlight.models.core.field import Field
from headlight.models.core.tokens import Box
from headlight.models.fields.effective import Effective
from headlight.viewer.slices.fields.maps import UNMOVED, Frame, _heat_map


def test_a_unit_that_no_pixel_moves_has_no_widths():
    """As the sum of what a layer norm gives, whose gradient is 0."""
    field = Field("a", "conv", (3, 3), (1, 1), (0, 0), (6, 6), input_shape=(8, 8))
    seen = SimpleNamespace(frame=Frame(8, 8, Box(0, 0, 8, 8)))
    heat = np.zeros((8, 8), np.float32)
    dead = _heat_map(seen, field, (2, 2), Effective(heat, 1), False)
    assert (dead.widths, dead.scale.left_out) == ((), UNMOVED)
    heat[3, 3] = 1
    alive = _heat_map(seen, field, (2, 2), Effective(heat, 1), False)
    assert (alive.widths, alive.inside, alive.scale.left_out) == ((1.0, 1.0), 1.0, "")
