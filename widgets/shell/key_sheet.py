"""All keys on one sheet, by category, in as many columns as fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.base import theme

COLUMNS = 4
KEY, COLUMN = 8.5, 25
"""The widths of the keys and of a whole column, in em."""


class KeySheet(QDialog):
    """categories: of each its title and (keys, what they do)."""

    def __init__(self, categories: Mapping[str, Sequence[tuple[str, str]]], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys and gestures")
        sheet = QWidget()
        sheet.setObjectName("content")
        row = QHBoxLayout(sheet)
        edge = theme.em(1.4)
        row.setContentsMargins(edge, edge, edge, edge)
        row.setSpacing(theme.em(2.2))
        for blocks in _shared(list(categories.items())):
            column = QVBoxLayout()
            column.setSpacing(theme.em(1.3))
            for title, keys in blocks:
                column.addLayout(_block(title, keys))
            column.addStretch(1)
            row.addLayout(column, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(sheet)
        area.viewport().setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)
        room = self.screen().availableSize()
        self.resize(min(theme.em(COLUMN * COLUMNS), room.width()), min(theme.em(58), room.height() - 60))


def _shared(blocks: list[tuple[str, Sequence]]) -> list[list[tuple[str, Sequence]]]:
    """The blocks in columns of about equal height, in their order."""
    whole = sum(len(keys) + 2 for _, keys in blocks)
    columns: list[list] = [[]]
    height = 0
    for block in blocks:
        rows = len(block[1]) + 2
        over = height + rows / 2 > whole * len(columns) / COLUMNS
        if columns[-1] and over and len(columns) < COLUMNS:
            columns.append([])
        columns[-1].append(block)
        height += rows
    return columns


def _block(title: str, keys: Sequence[tuple[str, str]]) -> QVBoxLayout:
    heading = QLabel(title)
    heading.setProperty("role", "title")
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme.em(0.9))
    grid.setVerticalSpacing(theme.em(0.25))
    grid.setColumnStretch(1, 1)
    grid.setColumnMinimumWidth(0, theme.em(KEY))
    for place, (key, what) in enumerate(keys):
        pressed, does = QLabel(key), QLabel(what)
        pressed.setTextFormat(Qt.TextFormat.PlainText)
        pressed.setProperty("role", "value")
        does.setProperty("role", "dim")
        does.setWordWrap(True)
        grid.addWidget(pressed, place, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(does, place, 1, Qt.AlignmentFlag.AlignTop)
    block = QVBoxLayout()
    block.setSpacing(theme.em(0.4))
    block.addWidget(heading)
    block.addLayout(grid)
    return block
