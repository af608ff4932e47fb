"""Help: a sheet of all keys, and what Headlight is made of."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox

from headlight.viewer.app.commands.bound import Acts
from headlight.viewer.app.commands.every import listed, native
from headlight.widgets.shell.key_sheet import KeySheet

GESTURES = (
    ("point", "preview everywhere"),
    ("click, Shift+click", "select, add"),
    ("drag", "select a span, a rectangle or a block; turn a cloud"),
    ("wheel, middle drag", "zoom to the cursor, pan"),
    ("Shift+drag in a cloud", "lasso"),
)


def show_keys(window: Acts) -> None:
    """A sheet of all keys, by the categories of the menus."""
    categories: dict[str, list[tuple[str, str]]] = {}
    for command in filter(lambda one: one.keys, listed()):
        keys = " or ".join(native(key) for key in command.keys)
        categories.setdefault(command.category, []).append((keys, command.title))
    KeySheet({"Gestures": GESTURES, **categories}, window).show()


def show_about(window: Acts) -> None:
    QMessageBox.about(
        window,
        "About Headlight",
        "Headlight, a desktop microscope for attention. BSD-3-Clause.\n\n"
        "MiniLM-L6 (Apache-2.0), DINOv2-small (MIT; architecture Apache-2.0), Point Transformer and "
        "PointNet (BSD-3-Clause, trained by Headlight), Inter (SIL OFL 1.1).",
    )
