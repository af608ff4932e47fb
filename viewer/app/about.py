"""Help: a sheet of all keys, and what Headlight is made of."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox, QWidget

from headlight.viewer.app.commands.every import Actions
from headlight.widgets.shell.key_sheet import KeySheet

GESTURES = (
    ("point", "preview everywhere"),
    ("click, Shift+click", "select, add"),
    ("drag", "select a span, a rectangle or a block; turn a cloud"),
    ("wheel, middle drag", "zoom to the cursor, pan"),
    ("Shift+drag in a cloud", "lasso"),
)


def show_keys(actions: Actions, parent: QWidget) -> None:
    """By the categories of the menus."""
    categories = {
        title: [(" or ".join(actions.all_keys(command.id)), command.title) for command in commands]
        for title, commands in actions.with_keys().items()
    }
    KeySheet({"Gestures": GESTURES, **categories}, parent).show()


def show(parent: QWidget) -> None:
    QMessageBox.about(
        parent,
        "About Headlight",
        "Headlight, a desktop microscope for attention. BSD-3-Clause.\n\n"
        "MiniLM-L6 (Apache-2.0), DINOv2-small (MIT; architecture Apache-2.0), Point Transformer and "
        "PointNet (BSD-3-Clause, trained by Headlight), Inter (SIL OFL 1.1).",
    )
