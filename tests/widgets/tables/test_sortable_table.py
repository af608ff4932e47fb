"""A table whose rows are sorted by a click on a heading."""

from PySide6.QtCore import Qt

from headlight.widgets.tables.sortable_table import SortableTable


def test_headings_stand_over_their_columns(show):
    table = show(SortableTable(("name", "figure"), "Figures"), 300, 200)
    table.set_rows([("a", "1"), ("b", "22")], [("a", 1.0), ("b", 22.0)])
    for column, side in enumerate((Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight)):
        heading, cell = table.horizontalHeaderItem(column), table.item(0, column)
        assert heading.textAlignment() == cell.textAlignment()
        assert Qt.AlignmentFlag(heading.textAlignment()) & side
