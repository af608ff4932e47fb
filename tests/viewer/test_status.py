"""The status bar: what a message says has room."""

SAID = "The text has 900 tokens and the model reads 510 of them at once: tokens 1 to 510 are shown."


def test_a_message_longer_than_its_room_stands_in_place_of_the_check(opened, qtbot):
    window = opened("text", "attention")
    window.resize(1358, 720)
    status = window.status
    qtbot.waitUntil(lambda: status.width() == 1358 and status.check.isVisible())
    window.notify("info", "Copied.", "")
    assert status.check.isVisible()
    window.notify("info", SAID, "")
    qtbot.waitUntil(lambda: not status.check.isVisible() and not status.bell.lacks_room())
    assert status.bell.line() == SAID
    window.session.document_changed.emit(window.session.current)
    assert not status.check.isVisible()
    status.bell.fade()
    assert status.check.isVisible()
    assert status.device.isVisible()
