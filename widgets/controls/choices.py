"""Controls of the side column: segments, checks, choices and rows of figures; sliders stand in sliders.py."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QKeyEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.base import theme
from headlight.widgets.base.arrow_keys import ByTab
from headlight.widgets.base.labels import ElidedLabel, plain_tip
from headlight.widgets.base.painted import Arranged
from headlight.widgets.base.wheel import pass_wheel_on

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


_WORDS = 0.45
"""Of the width of a row, what its words keep beside a long figure."""


class Segmented(QFrame):
    """One of a few options, all in sight. Reached by Tab, arrow keys move the choice."""

    changed = Signal(object)
    """The value chosen by the user."""

    def __init__(
        self,
        options: Sequence[tuple[Hashable, str]],
        name: str = "",
        parent: QWidget | None = None,
        row: int | None = None,
    ) -> None:
        """options: (value, label); the first is chosen. name: what is chosen, for screen readers. row: how
        many stand in a row, all of them unless it is given.
        """
        super().__init__(parent)
        self.setProperty("role", "segmented")
        self.setAccessibleName(name)
        self._values = [value for value, _ in options]
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        for index, (_, label) in enumerate(options):
            if index % (row or len(options)) == 0:
                line = QHBoxLayout()
                column.addLayout(line)
            button = _Segment(label)
            button.setAccessibleName(f"{name}: {label}" if name else label)
            button.setChecked(index == 0)
            self._group.addButton(button, index)
            line.addWidget(button, 1)
        self._group.idToggled.connect(self._toggled)

    def value(self) -> Hashable:
        """The chosen option, None where none is."""
        chosen = self._group.checkedId()
        return None if chosen < 0 else self._values[chosen]

    def set_value(self, value: Hashable) -> None:
        """Choose without a signal; None for none of them. ValueError if there is no such option."""
        self._group.blockSignals(True)
        if value is None and None not in self._values:
            self._group.setExclusive(False)
            for button in self._group.buttons():
                button.setChecked(False)
            self._group.setExclusive(True)
        else:
            self._group.button(self._values.index(value)).setChecked(True)
        self._group.blockSignals(False)

    def set_option_enabled(self, value: Hashable, enabled: bool, why: str = "") -> None:
        """Grey an option out; `why` becomes its tool tip."""
        button = self._group.button(self._values.index(value))
        button.setEnabled(enabled)
        button.setToolTip("" if enabled else why)

    def set_option_visible(self, value: Hashable, visible: bool) -> None:
        """Leave an option out, or bring it back."""
        self._group.button(self._values.index(value)).setVisible(visible)

    def set_label(self, value: Hashable, label: str) -> None:
        """Rename an option."""
        self._group.button(self._values.index(value)).setText(label)

    def _toggled(self, index: int, on: bool) -> None:
        if on:
            self.changed.emit(self._values[index])


class _Segment(ByTab, QPushButton):
    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.setProperty("role", "segment")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        # The chosen segment is bold: room for that always, so that nothing moves when the choice does.
        bold = QFontMetrics(theme.text_font(weight=QFont.Weight.DemiBold))
        return QSize(bold.horizontalAdvance(self.text()) + theme.em(0.9), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        buttons = [b for b in self.group().buttons() if b.isEnabled() and not b.isHidden()]
        if event.key() in _STEPS:
            following = buttons[(buttons.index(self) + _STEPS[event.key()]) % len(buttons)]
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            following = buttons[0 if event.key() == Qt.Key.Key_Home else -1]
        else:
            super().keyPressEvent(event)
            return
        following.setFocus(Qt.FocusReason.TabFocusReason)
        following.click()


class NumberRow(Arranged, QWidget):
    """What a figure means at the left in grey, the figure at the right. Where both have no room the words
    give way first, up to a point; the tool tip then holds the whole.
    """

    def __init__(self, label: str, value: str = "–", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel(label)
        self._label.setProperty("role", "dim")
        self._shown = QLabel()
        self._shown.setProperty("role", "value")
        self._shown.setTextFormat(Qt.TextFormat.PlainText)
        self._shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._shown.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._label, 1)
        row.addWidget(self._shown, 0, Qt.AlignmentFlag.AlignRight)
        self._value = ""
        self.set_value(value)

    def value(self) -> str:
        return self._value

    def set_value(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self._fit()

    def set_label(self, label: str) -> None:
        self._label.setText(label)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Its width does not depend on the figure, or a column would jump with it."""
        return QSize(theme.em(8), super().minimumSizeHint().height())

    def _resized(self) -> None:
        self._fit()

    def _restyled(self) -> None:
        if hasattr(self, "_value"):
            self._fit()

    def _fit(self) -> None:
        words = min(self._label.sizeHint().width(), int(self.width() * _WORDS))
        room = max(self.width() - words - self.layout().spacing(), theme.em(3.5))  # for “100 %”
        text = self._shown.fontMetrics().elidedText(self._value, Qt.TextElideMode.ElideRight, room)
        # A token that runs right to left must not turn the row: the figure stands behind it.
        self._shown.setText(f"\u200e{text}" if "\u2068" in text else text)
        whole = plain_tip(self._value) if text != self._value else ""
        if whole != self._shown.toolTip():
            self._shown.setToolTip(whole)


class Section(QWidget):
    """A small grey heading; with `rule`, under a thin line that parts it from what stands above."""

    def __init__(self, title: str, rule: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.em(0.3), 0, 0)
        column.setSpacing(theme.em(0.6))
        if rule:
            line = QFrame()
            line.setProperty("role", "rule")
            column.addWidget(line)
        self._title = ElidedLabel(title)
        self._title.setProperty("role", "heading")
        column.addWidget(self._title)

    def title(self) -> str:
        return self._title.text()

    def set_title(self, title: str) -> None:
        self._title.setText(title)


class Toggle(ByTab, QCheckBox):
    """A check box that tells user's changes apart from the program's."""

    changed = Signal(bool)

    def __init__(self, label: str, on: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(label, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setChecked(on)
        self.clicked.connect(self.changed)

    def set_on(self, on: bool) -> None:
        """Set without a signal."""
        self.setChecked(on)


class Choice(ByTab, QComboBox):
    """A combo box for longer lists than `Segmented` can show."""

    changed = Signal(str)
    """Chosen by the user."""

    def __init__(self, options: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        pass_wheel_on(self)  # what it chooses may take long to load
        self.addItems(list(options))
        self.setAccessibleName(name)
        self.textActivated.connect(self.changed)
        self.view().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Where nothing had the keyboard before the list was opened, Qt leaves it with the closed list."""
        if event.type() == QEvent.Type.Hide and watched is QApplication.focusWidget():
            watched.clearFocus()
        return super().eventFilter(watched, event)

    def may_shrink(self) -> None:
        """Where there is little room the chosen text may be cut off; the list shows it in full."""
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def shown(self) -> str:
        """The chosen text as it is painted."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        return self._elided(option)

    def _elided(self, option: QStyleOptionComboBox) -> str:
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        return self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """As Qt paints it, which cuts through letters where there is little room."""
        option, painter = QStyleOptionComboBox(), QStylePainter(self)
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self._elided(option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()
