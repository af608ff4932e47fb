"""The choice in the head of a column stands over it, wherever it is scrolled to."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from headlight.widgets.tables.column_sheet import ColumnSheet

ROLES = {"x": "x", "y": "y", "_": "nothing"}


def test_heads_stand_over_their_columns_and_come_into_sight(show, qtbot):
    sheet = ColumnSheet(ROLES, "_", "Rows", {"x": "Along x"})
    rows = [[f"{row}.{column}" for column in range(12)] for row in range(9)]
    sheet.set_table([f"a name of column {column}" for column in range(12)], rows, range(2, 11))
    sheet.set_roles(["x", "y", *["_"] * 10])
    show(sheet, 500, 300)
    told = []
    sheet.changed.connect(lambda *what: told.append(what))

    def misplaced() -> list[int]:
        lefts = [choice.mapTo(sheet, QPoint()).x() for choice in sheet.head.choices]
        cells = [sheet.visualItemRect(sheet.item(0, at)).left() for at in range(12)]
        edge = sheet.verticalHeader().width()
        return [at for at in range(12) if not 0 <= lefts[at] - cells[at] - edge < 8]

    assert misplaced() == []
    sheet.activateWindow()
    qtbot.waitUntil(sheet.isActiveWindow)
    last = sheet.head.choices[11]
    last.setFocus(Qt.FocusReason.TabFocusReason)
    assert misplaced() == []
    assert sheet.viewport().rect().contains(sheet.visualItemRect(sheet.item(0, 11)).center())
    last.setCurrentText("y")
    last.textActivated.emit("y")
    assert told == [(11, "y")]
    assert sheet.roles() == ("x", "y", *["_"] * 9, "y")
    assert sheet.verticalHeaderItem(0).text() == "2"
