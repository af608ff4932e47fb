import pytest
import shiboken6
from PySide6.QtCore import QEvent, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QWidget

from headlight.widgets.base import theme


@pytest.fixture(autouse=True)
def clean(qapp):
    """Every test starts dark at scale 1, and leaves neither a widget nor a running timer behind."""
    theme.apply(qapp, "dark")
    while not theme.is_everywhere():  # widgets of former tests may lie about still, and take it on by and by
        QApplication.processEvents()
    before = set(QApplication.topLevelWidgets())
    yield
    made = [widget for widget in QApplication.topLevelWidgets() if widget not in before]
    timers = [timer for widget in made for timer in widget.findChildren(QTimer)]
    for widget in made:
        widget.close()
        widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert not [widget for widget in QApplication.topLevelWidgets() if widget not in before]
    assert not [timer for timer in timers if _alive(timer)]


def _alive(timer: QTimer) -> bool:
    return shiboken6.isValid(timer)


@pytest.fixture
def show(clean, qtbot):
    """Show a widget at a size and wait until it is painted, the cursor out of its way."""
    kept = []

    def shown(widget: QWidget, width: int = 400, height: int = 300) -> QWidget:
        QCursor.setPos(1900, 1060)
        kept.append(widget)
        widget.resize(width, height)
        with qtbot.waitExposed(widget):
            widget.show()
        return widget

    yield shown
    kept.clear()
