"""How the coordinates of a file are read: their unit and the axis that points up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.viewer.inputs.told.units import UNITS, Up, said_up

# Which file axis each local axis is, and its sign: rotations, so that nothing is mirrored.
_TURNS: dict[Up, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    "z": ((0, 1, 2), (1, 1, 1)),
    "y": ((0, 2, 1), (1, -1, 1)),
    "x": ((1, 2, 0), (1, 1, 1)),
    "z-down": ((0, 1, 2), (1, -1, -1)),
    "y-down": ((0, 2, 1), (1, 1, -1)),
    "x-down": ((1, 2, 0), (1, -1, -1)),
}


@dataclass(frozen=True)
class Frame:
    """How file coordinates are read."""

    metres_per_unit: float = 1.0
    up: Up = "z"

    @property
    def unit(self) -> str:
        """The unit's name, or how many metres it has."""
        names = (name for name, metres in UNITS.items() if np.isclose(metres, self.metres_per_unit))
        return next(names, f"units of {self.metres_per_unit:g} m")

    @property
    def upright(self) -> str:
        """ "z up", "y down"."""
        return said_up(self.up)

    def turned(self, vectors: np.ndarray) -> np.ndarray:
        """(n, 3) along the file's axes → (n, 3) with z up, lengths as they are."""
        axes, signs = _TURNS[self.up]
        if self.up == "z":
            return vectors
        return vectors[:, axes] * np.array(signs, vectors.dtype)

    def turned_back(self, vectors: np.ndarray) -> np.ndarray:
        """The inverse of `turned`."""
        axes, signs = _TURNS[self.up]
        back = np.empty_like(vectors)
        for local, (axis, sign) in enumerate(zip(axes, signs, strict=True)):
            back[:, axis] = vectors[:, local] * vectors.dtype.type(sign)
        return back
