"""What of a widget's text cannot be read: elided, cut off, or reaching over an edge."""

from __future__ import annotations

from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QCheckBox,
    QComboBox,
    QDockWidget,
    QLabel,
    QStyle,
    QStyleOptionComboBox,
    QWidget,
)

from headlight.widgets.base.labels import ElidedLabel, label_font
from headlight.widgets.controls.choices import NumberRow
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.elided_button import ElidedButton

SLACK = 1
"""Pixels that rounding may take."""


def cut(widget: QWidget) -> str:
    """What of the widget's text does not fit, or nothing."""
    if isinstance(widget, ElidedLabel | ElidedButton):
        shown, text = widget.shown(), widget.text()
        return f"“{text}” is elided" if shown != text and shown.endswith("…") else ""
    if isinstance(widget, NumberRow):
        shown = widget.findChildren(QLabel)[1].text()
        return "" if shown == widget.value() else f"“{widget.value()}” is elided"
    if isinstance(widget, ColourBar):
        return _beside(widget)
    if isinstance(widget, QLabel):
        return _of_label(widget)
    if isinstance(widget, QAbstractButton) and widget.text():
        return _of_button(widget)
    if isinstance(widget, QComboBox):
        return _of_choice(widget)
    return ""


def _of_label(label: QLabel) -> str:
    text = label.text()
    if not text or not label.pixmap().isNull():
        return ""
    if label.wordWrap():
        needed = label.heightForWidth(label.width())
        return f"“{text[:60]}” is cut below" if needed > label.height() + SLACK else ""
    short = label.sizeHint().width() > label.width() + SLACK
    return f"“{text[:60]}” is cut off" if short else _over(label)


def _of_button(button: QAbstractButton) -> str:
    least, text = button.minimumSizeHint(), button.text()
    needed = least.width() if isinstance(button, QCheckBox) else button.sizeHint().width()
    if button.minimumWidth() == button.maximumWidth():  # it was told how little there is around its text
        needed = button.fontMetrics().horizontalAdvance(text)
    if needed > button.width() + SLACK:
        return f"“{text}” has {button.width()} of {needed} px"
    if least.height() > button.height() + SLACK:
        return f"“{text}” is {button.height()} px high, not {least.height()}"
    return _over(button)


def _of_choice(choice: QComboBox) -> str:
    option = QStyleOptionComboBox()
    option.initFrom(choice)
    style = choice.style()
    field = style.subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, choice
    )
    needed = choice.fontMetrics().horizontalAdvance(choice.currentText())
    return f"“{choice.currentText()}” has {field.width()} of {needed} px" if needed > field.width() else ""


def _beside(bar: ColourBar) -> str:
    """What is said beside a colour bar, and whether its two ends have room."""
    if elided := [line for line in bar.shown() if line.endswith("…")]:
        return f"“{elided[0]}” is elided"
    metrics = QFontMetricsF(label_font())
    low, high = (metrics.horizontalAdvance(end) for end in bar.ends())
    return f"{' and '.join(bar.ends())} overlap" if low + high > bar.bar_rect().width() else ""


def _over(widget: QWidget) -> str:
    """Whether another widget's edge cuts it, unless it can be scrolled into sight."""
    parent, area = widget.parentWidget(), widget.geometry()
    while parent is not None and not parent.isWindow():
        if isinstance(parent.parentWidget(), QAbstractScrollArea):
            return ""
        if not parent.rect().adjusted(-SLACK, -SLACK, SLACK, SLACK).contains(area):
            return f"{where(widget)} reaches over an edge"
        area = area.translated(parent.pos())
        parent = parent.parentWidget()
    return ""


def where(widget: QWidget) -> str:
    """A widget by its kind and the pane or bar that it is in."""
    holder: QWidget | None = widget
    bars = ("status", "topbar")
    while holder is not None and not isinstance(holder, QDockWidget) and holder.objectName() not in bars:
        holder = holder.parentWidget()
    inside = "" if holder is None else f" of {holder.objectName()}"
    return f"{type(widget).__name__}{inside}"
