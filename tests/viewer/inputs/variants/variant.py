"""One way in which a program writes a cloud, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ

BRIGHT = np.arange(len(XYZ), dtype=np.float32) * 4
"""An intensity from 0 to 236, of every point."""
WHOLE = {"points": XYZ, "colours": RGB, "normals": NORMALS, "numbers": LABELS, "intensity": BRIGHT}
"""The sample, by what a CloudInput calls its parts."""


@dataclass(frozen=True)
class Variant:
    """A file as some program writes it.

    file: its name. what: who writes it so, or what is odd in it. holds: of `WHOLE`, what must come out, and
    nothing else but normals of surfaces. others: arrays that must come out, instead. says: words of a notice.
    refused: words of the message, of a file that is not read. within: how far parts may be
    off that the format rounds.
    """

    file: str
    what: str
    data: bytes
    holds: str = "points"
    others: dict[str, np.ndarray] = field(default_factory=dict)
    says: str = ""
    refused: str = ""
    within: dict[str, float] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        return "refused" if self.refused else "told" if self.says else "read"

    def expected(self) -> dict[str, np.ndarray]:
        return {part: WHOLE[part] for part in self.holds.split()} | self.others
