"""A column of controls: what has the keyboard stays in sight."""

from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from headlight.widgets.base.scroll_column import ScrollColumn


def test_controls_that_come_above_do_not_carry_the_keyboard_out_of_sight(show, qtbot):
    content = QWidget()
    column = QVBoxLayout(content)
    above, last = QWidget(), QPushButton("Last")
    above.setFixedHeight(300)
    above.hide()
    column.addWidget(above)
    column.addWidget(last)
    area = show(ScrollColumn(content), 200, 120)
    area.activateWindow()
    qtbot.waitUntil(area.isActiveWindow)
    last.setFocus()
    assert QApplication.focusWidget() is last
    above.show()
    qtbot.waitUntil(lambda: content.height() > 300)
    qtbot.waitUntil(lambda: not last.visibleRegion().isEmpty())
    last.clearFocus()
    area.verticalScrollBar().setValue(0)
    assert last.visibleRegion().isEmpty()
    last.setFocus()  # as by Tab from outside
    assert not last.visibleRegion().isEmpty()
