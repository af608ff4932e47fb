"""Theme and size of text: applied at once, and remembered."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from headlight.viewer.app.commands.bound import Acts
from headlight.widgets.base import theme

TEXT_STEP = 0.1


def set_theme(window: Acts, name: theme.Choice) -> None:
    window.settings.setValue("theme", name)
    theme.apply(QApplication.instance(), name, theme.chosen()[1])


def has_theme(window: Acts, name: theme.Choice) -> bool:
    return theme.chosen()[0] == name


def scale_text(window: Acts, step: int) -> None:
    """Larger or smaller by so many steps."""
    choice, scale = theme.chosen()
    theme.apply(QApplication.instance(), choice, round(scale + step * TEXT_STEP, 1))
    window.settings.setValue("text_scale", theme.chosen()[1])
