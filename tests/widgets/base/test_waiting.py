"""What an empty pane says: in its middle, over all of it, as much as there is room for."""

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.waiting import Cover, Waiting, ring


def test_a_cover_fills_its_pane_and_leaves_out_what_has_no_room(show, qtbot):
    pane = QWidget()
    cover, called = Cover(pane), []
    show(pane, 400, 300)
    least = pane.minimumSizeHint()
    waiting = Waiting(
        "Reading the picture with DINOv2-small…", "40 %", 0.4, (("Cancel", lambda: called.append(1)),)
    )
    cover.show_waiting(waiting, main=True)
    qtbot.waitUntil(cover.isVisible)
    assert pane.minimumSizeHint() == least  # it asks for no room
    (bar,), (button,) = cover.findChildren(QProgressBar), cover.findChildren(QPushButton)
    qtbot.waitUntil(button.isVisible)
    assert bar.isVisible()
    assert bar.value() == 400
    for height in (120, 90, 60, 300):
        pane.resize(260, height)
        qtbot.wait(10)
        assert cover.height() >= height - 2
        shown = [
            w for w in cover.findChildren(QWidget) if w.isVisible() and isinstance(w, QLabel | QPushButton)
        ]
        assert {"Reading the picture with DINOv2-small…", "Cancel"} <= {widget.text() for widget in shown}
        if height >= 90:
            assert all(cover.rect().contains(widget.geometry()) for widget in shown)
    cover.show_waiting(Waiting("On", "50 %", 0.5, (("Cancel", lambda: called.append(2)),)), main=True)
    assert cover.findChildren(QPushButton) == [button]  # it can be pressed while the text moves on
    button.click()
    assert called == [1]
    cover.show_waiting(None, main=True)
    assert cover.isHidden()


def test_other_panes_have_no_buttons(show, qtbot):
    pane = show(QWidget(), 300, 200)
    cover = Cover(pane)
    cover.show_waiting(Waiting("Cancelled.", buttons=(("Run again (F5)", lambda: None),)), main=False)
    qtbot.waitUntil(cover.isVisible)
    assert [label.text() for label in cover.findChildren(QLabel) if label.isVisible()] == ["Cancelled."]
    assert not cover.findChildren(QPushButton)


def test_the_ring_fills(qapp):
    def amber(share: float) -> int:
        picture = ring(share, 32).pixmap(32, 32).toImage().convertToFormat(QImage.Format.Format_RGB32)
        colours = [picture.pixelColor(x, y).name() for x in range(32) for y in range(32)]
        return colours.count(theme.current().amber)

    filled = [amber(share) for share in (0.0, 0.25, 0.5, 1.0)]
    assert filled[0] == 0
    assert filled == sorted(set(filled))
