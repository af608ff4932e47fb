"""Numbers as they are typed: which texts are one, and how a field says that its text is none."""

from __future__ import annotations

import re

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QToolTip, QWidget

from headlight.widgets.base.arrow_keys import KeepsArrows

_NUMBER = re.compile(
    r"([-−+]?)(\d{1,3}(?:,\d{3})+(?:\.\d{1,12})?(?!\d)|\d{1,12}(?:[.,]\d{1,12})?|[.,]\d{1,12})"
)
_FIGURES = re.compile(r"[\d.,\s]+")


def number_in(text: str, like: str = "", grouped: bool = False) -> float | None:
    """The number that `text` is; None if it is none.

    like: how a number is written there, whose unit may stand behind the figures or be left out. grouped: a
    comma or a point before three figures groups thousands, as in 1,370 and 1.370; else it is a decimal one.
    """
    text = text.strip()
    found = _NUMBER.match(text)
    if found is None:
        return None
    written = _NUMBER.search(like)
    unit, rest = _word(like[written.end() :]) if written else "", text[found.end() :].strip()
    if rest and (not unit or _word(rest) not in (unit, unit.partition(" ")[0])):
        return None
    figures = found[2]
    if grouped and re.search(r",\d{3}\b", figures):
        figures = figures.replace(",", "")
    elif grouped and re.search(r"\.\d{3}$", figures):
        figures = figures.replace(".", "")
    figures = figures.replace(",", ".")
    if figures.count(".") > 1:
        return None
    return float(figures) * (-1 if found[1] in ("-", "−") else 1)


def _word(text: str) -> str:
    """What stands between and behind figures."""
    return _FIGURES.sub(" ", text).strip()


def mark(field: QWidget, text: QLineEdit, reason: str) -> None:
    """Edge a field in red while what is typed in it cannot be taken, and say once why; "" takes it back."""
    if bool(field.property("invalid")) == bool(reason):
        return
    field.setProperty("invalid", bool(reason))
    field.style().unpolish(field)
    field.style().polish(field)
    if reason:
        QToolTip.showText(text.mapToGlobal(QPoint(0, text.height())), reason, text)
    else:
        QToolTip.hideText()


class TypedNumber(KeepsArrows):
    """Mix in before a field of a number: which keys are the field's while the focus is in it.

    Arrows and Escape are, undo only where something was typed: else it takes back what was done before.
    """

    def is_typed(self) -> bool:
        """Whether something stands in the field that was not taken yet."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Show the value again, whatever was typed."""
        raise NotImplementedError

    def keeps_arrows(self) -> bool:
        return True

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            undo, redo = QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo
            if (event.matches(undo) or event.matches(redo)) and not self.is_typed():
                event.ignore()
                return False
            if event.key() == Qt.Key.Key_Escape:
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.give_up()
            self.clearFocus()
        else:
            super().keyPressEvent(event)
