"""The layers of a stack of convolutions, each with its numbers to be set with the mouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.base import theme
from headlight.widgets.controls.choices import Choice
from headlight.widgets.controls.number_field import NumberField

KINDS = {"convolution": "Conv", "max pooling": "Max pool", "average pooling": "Mean pool"}
NUMBERS = {"kernel": 3, "stride": 1, "padding": 0, "dilation": 1}
"""The numbers of a layer and what they start with."""
MOST_LAYERS = 64

_RESULTS = ("units", "field")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class StackEditor(QWidget):
    """A row for each layer: what it is, its numbers, what comes of it, and where it goes.

    Layers are dicts with "kind" (a key of KINDS) and the NUMBERS. The program says what comes of them, with
    `set_results` and `set_errors`.
    """

    changed = Signal(object)
    """All layers, list[dict], after the user changed one, added, removed or moved one."""
    selected = Signal(int)
    """A layer the user turned to."""
    hovered = Signal(object)
    """The layer under the cursor, or None."""
    preset = Signal(str)
    """A preset chosen by the user; the program then sets its layers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[_Row] = []
        self._selected: int | None = None
        self._hovered: int | None = None
        self._head = _Head(self)
        self._list = QWidget()
        self._list.setObjectName("content")
        self._list.setAutoFillBackground(False)
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self._area = QScrollArea()
        self._area.setWidget(self._list)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.viewport().setAutoFillBackground(False)
        self._message = QLabel()
        self._message.setProperty("role", "bad")
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        self._message.setWordWrap(True)
        self._message.hide()
        self.add = QPushButton("Add a layer")
        self.add.clicked.connect(self._add)
        self.presets = QPushButton("Presets")
        self._menu = QMenu(self)
        self.presets.setMenu(self._menu)
        self.presets.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.em(0.6))
        buttons.addWidget(self.add)
        buttons.addWidget(self.presets)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.3))
        column.addWidget(self._head)
        column.addWidget(self._area, 1)
        column.addWidget(self._message)
        column.addLayout(buttons)
        self.setAccessibleName("Stack of convolutions")

    # What panes call.

    def set_layers(self, layers: Sequence[Mapping[str, object]]) -> None:
        """Show these layers; no signal. What a user is just dragging stays in hand."""
        while len(self._rows) > len(layers):
            row = self._rows.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self._rows) < len(layers):
            row = _Row(len(self._rows), self)
            self._rows.append(row)
            self._column.insertWidget(row.index, row)
        for row, layer in zip(self._rows, layers, strict=True):
            row.set_layer(layer)
        if self._selected is not None and self._selected >= len(layers):
            self._selected = None
        self._renew()

    def layers(self) -> list[dict[str, object]]:
        """What stands in the rows now."""
        return [row.layer() for row in self._rows]

    def set_results(self, results: Sequence[tuple[str, str]]) -> None:
        """What comes of each layer: its units and the size of its field, as they are shown."""
        for index, row in enumerate(self._rows):
            row.set_result(*(results[index] if index < len(results) else ("", "")))
        self._fit()

    def set_errors(self, errors: Mapping[int, str], whole: str = "") -> None:
        """What is wrong with a layer, by its index, and with the stack as a whole."""
        for index, row in enumerate(self._rows):
            row.set_error(errors.get(index, ""))
        self._message.setText(whole)
        self._message.setVisible(bool(whole))

    def set_presets(self, names: Sequence[str]) -> None:
        """The stacks to begin with, by name."""
        self._menu.clear()
        for name in names:
            self._menu.addAction(name).triggered.connect(lambda _=False, name=name: self.preset.emit(name))
        self.presets.setVisible(bool(names))

    def set_selected(self, index: int | None) -> None:
        """Mark a layer in amber and bring it into sight; no signal."""
        if index is not None and not 0 <= index < len(self._rows):
            raise IndexError(f"no layer {index} among {len(self._rows)}")
        self._selected = index
        self._mark()
        if index is not None:
            self._area.ensureWidgetVisible(self._rows[index], 0, 0)

    def set_hovered(self, index: int | None) -> None:
        """Mark a layer that is pointed at elsewhere; no signal."""
        if index != self._hovered:
            self._hovered = index
            self._mark()

    def row_rect(self, index: int) -> QRect:
        """Where a layer stands, in this widget's pixels."""
        row = self._rows[index]
        return QRect(row.mapTo(self, QPoint(0, 0)), row.size())

    # What the user does.

    def _edited(self) -> None:
        self.changed.emit(self.layers())

    def _put(self, layers: list[dict[str, object]], selected: int) -> None:
        self.set_layers(layers)
        self.set_selected(selected)
        self._edited()
        self.selected.emit(selected)

    def _add(self) -> None:
        """A copy of the selected layer after it, or of the last at the end."""
        layers = self.layers()
        after = self._selected if self._selected is not None else len(layers) - 1
        layer = dict(layers[after]) if layers else {"kind": "convolution", **NUMBERS}
        self._put([*layers[: after + 1], layer, *layers[after + 1 :]], after + 1)

    def _remove(self, index: int) -> None:
        layers = self.layers()
        del layers[index]
        self._put(layers, min(index, len(layers) - 1))

    def _move(self, index: int, step: int) -> None:
        layers = self.layers()
        layers.insert(index + step, layers.pop(index))
        self._put(layers, index + step)

    def _choose(self, index: int) -> None:
        if index != self._selected:
            self.set_selected(index)
            self.selected.emit(index)

    def _point(self, index: int | None) -> None:
        if index != self._hovered:
            self.set_hovered(index)
            self.hovered.emit(index)

    def _renew(self) -> None:
        last = len(self._rows) - 1
        for row in self._rows:
            row.up.setEnabled(row.index > 0)
            row.down.setEnabled(row.index < last)
            row.remove.setEnabled(last > 0)
        self.add.setEnabled(len(self._rows) < MOST_LAYERS)
        self.add.setToolTip("" if self.add.isEnabled() else f"{MOST_LAYERS} layers are the most")
        self.setAccessibleDescription(f"{len(self._rows)} layers")
        self._mark()
        self._head.update()
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and self._rows:
            self._fit()

    def _mark(self) -> None:
        for row in self._rows:
            row.mark()

    def _fit(self) -> None:
        """Columns of one width in all rows."""
        font = QFontMetrics(theme.text_font(weight=QFont.Weight.Medium))
        heads = QFontMetrics(_head_font())
        widths = []
        for column, heading in enumerate(_RESULTS):
            texts = [font.horizontalAdvance(row.results[column].text()) for row in self._rows]
            widths.append(
                max([heads.horizontalAdvance(heading), *texts]) + theme.em(0.3) if any(texts) else 0
            )
        for row in self._rows:
            row.fit(widths)
            for name, field in row._fields.items():  # headings must not touch
                field.setMinimumWidth(heads.horizontalAdvance(name) + theme.em(0.5))
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self.minimumSizeHint().width(), theme.em(24))

    def minimumSizeHint(self) -> QSize:
        rows = max((row.minimumSizeHint().width() for row in self._rows), default=theme.em(30))
        return QSize(rows + self._area.verticalScrollBar().sizeHint().width(), theme.em(12))


class _Head(QWidget):
    """What the columns are."""

    def __init__(self, editor: StackEditor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.em(8), QFontMetrics(_head_font()).height() + theme.em(0.2))

    def heading_at(self, at: QPoint) -> str:
        """The heading at a place, or ""."""
        return next((name for name, right in self._columns() if at.x() <= right), "")

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(_head_font())
            painter.setPen(QColor(theme.current().dim))
            for name, right in self._columns():
                painter.drawText(QRect(0, 0, right - 2, self.height()), _RIGHT, name)

    def _columns(self) -> list[tuple[str, int]]:
        """(heading, the pixel at which it ends)."""
        columns = self._editor._rows[0].columns() if self._editor._rows else ()
        return [(name, w.mapTo(self._editor, QPoint(w.width(), 0)).x()) for name, w in columns]


class _Row(QFrame):
    """One layer."""

    def __init__(self, index: int, editor: StackEditor) -> None:
        super().__init__()
        self.index = index
        self._editor = editor
        self._number = QLabel(str(index + 1))
        self._number.setProperty("role", "dim")
        self._number.setAlignment(_RIGHT)
        self._kind = Choice(list(KINDS.values()), f"Kind of layer {index + 1}")
        self._kind.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._kind.changed.connect(self._touched)
        self._fields = {
            name: NumberField(
                f"{name.capitalize()} of layer {index + 1}", 0, 999, least=0 if name == "padding" else 1
            )
            for name in NUMBERS
        }
        for field in self._fields.values():
            field.changed.connect(self._touched)
        self.results = [QLabel() for _ in _RESULTS]
        for label, name in zip(self.results, _RESULTS, strict=True):
            label.setAlignment(_RIGHT)
            label.setProperty("role", "value" if name == "field" else "dim")
        self.up = self._button("↑", "Move up", lambda: editor._move(self.index, -1))
        self.down = self._button("↓", "Move down", lambda: editor._move(self.index, 1))
        self.remove = self._button("×", "Remove", lambda: editor._remove(self.index))
        self._error = QLabel()
        self._error.setProperty("role", "bad")
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setWordWrap(True)
        self._error.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(theme.em(0.3), theme.em(0.2), theme.em(0.2), theme.em(0.2))
        grid.setHorizontalSpacing(theme.em(0.3))
        grid.setVerticalSpacing(theme.em(0.15))
        controls = [self._number, self._kind, *self._fields.values(), *self.results]
        free = 2 + len(NUMBERS)  # what is left over stands before the results
        for column, widget in enumerate(controls):
            grid.addWidget(widget, 0, column + (column >= free))
        grid.setColumnStretch(free, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(theme.em(0.4), 0, 0, 0)
        buttons.setSpacing(0)
        for button in (self.up, self.down, self.remove):
            buttons.addWidget(button)
        grid.addLayout(buttons, 0, len(controls) + 1)
        grid.addWidget(self._error, 1, 1, 1, len(controls) + 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def columns(self) -> list[tuple[str, QWidget]]:
        results = zip(_RESULTS, self.results, strict=True)
        return [*self._fields.items(), *((name, label) for name, label in results if not label.isHidden())]

    def set_layer(self, layer: Mapping[str, object]) -> None:
        self._kind.setCurrentIndex(list(KINDS).index(layer["kind"]))
        for name, field in self._fields.items():
            if field.value() != layer[name]:
                field.set_value(layer[name])

    def layer(self) -> dict[str, object]:
        kind = list(KINDS)[self._kind.currentIndex()]
        return {"kind": kind, **{name: field.value() for name, field in self._fields.items()}}

    def set_result(self, units: str, field: str) -> None:
        for label, text in zip(self.results, (units, field), strict=True):
            label.setText(text)

    def set_error(self, text: str) -> None:
        self._error.setText(text)
        self._error.setVisible(bool(text))

    def fit(self, results: Sequence[int]) -> None:
        """results: pixels of the columns of results."""
        self._number.setFixedWidth(theme.em(1.3))
        for label, width in zip(self.results, results, strict=True):
            label.setFixedWidth(width)
            label.setVisible(width > 0)  # nothing is said there, of any layer
        for button in (self.up, self.down, self.remove):
            button.setFixedWidth(theme.em(1.5))

    def mark(self) -> None:
        """What moves and removes the layer shows where the user is."""
        here = self.index in (self._editor._selected, self._editor._hovered)
        for button in (self.up, self.down, self.remove):
            button.setVisible(here)
        self.update()

    def _button(self, text: str, tip: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(f"{tip}, layer {self.index + 1}")
        button.setProperty("role", "flat")
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        button.clicked.connect(act)
        return button

    def _touched(self) -> None:
        # What was changed is told first: who answers to the choice may set all layers anew.
        self._editor._edited()
        self._editor._choose(self.index)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._editor._point(self.index)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._editor._point(None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._editor._choose(self.index)

    def paintEvent(self, _event: QPaintEvent) -> None:
        colours = theme.current()
        selected, pointed = self._editor._selected == self.index, self._editor._hovered == self.index
        if not (selected or pointed):
            return
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setBrush(QColor(colours.raised))
            painter.setPen(QColor(colours.blue) if pointed else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
            if selected:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colours.amber))
                bar = QRectF(QPointF(1, 4), QPointF(4, self.height() - 4))
                painter.drawRoundedRect(bar, 1.5, 1.5)


def _head_font() -> QFont:
    return theme.text_font(0.85)
