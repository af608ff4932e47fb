"""The colours of the dark and of the light theme."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ASSETS = Path(__file__).resolve().parents[2] / "assets"


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as "#rrggbb". `text`, `dim`, `amber_text`, `green` and `red` are legible (WCAG AA, 4.5) on
    `background`, `panel` and `raised`; `amber` (selected) and `blue` (under the cursor) are for frames and
    fills, `faint` is for what is disabled.
    """

    name: Literal["dark", "light"]
    background: str
    panel: str
    raised: str
    hover: str
    line: str
    text: str
    dim: str
    faint: str
    amber: str
    amber_text: str
    on_amber: str
    blue: str
    green: str
    red: str

    @property
    def dark(self) -> bool:
        return self.name == "dark"

    @property
    def icons(self) -> Path:
        return ASSETS / "icons" / self.name

    def icon(self, name: str) -> Path:
        """The file of an icon in this theme's colour: one of the names in assets/icons."""
        return self.icons / f"{name}.svg"


DARK = Theme(
    name="dark",
    background="#14161b",
    panel="#1b1e25",
    raised="#20242c",
    hover="#2a2f39",
    line="#2c313b",
    text="#e7e9ee",
    dim="#949db0",
    faint="#626b7d",
    amber="#ffb84d",
    amber_text="#ffb84d",
    on_amber="#14161b",
    blue="#5cc8ff",
    green="#7fd6a0",
    red="#ff8a80",
)
LIGHT = Theme(
    name="light",
    background="#eceef2",
    panel="#fbfbfd",
    raised="#f2f3f7",
    hover="#e6e9ef",
    line="#d6dae2",
    text="#1d2129",
    dim="#5d6675",
    faint="#969eac",
    amber="#c26a00",
    amber_text="#9a5400",
    on_amber="#ffffff",
    blue="#0077b8",
    green="#177a43",
    red="#b3261e",
)
