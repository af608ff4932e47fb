"""What is being read can be given up, from its first second and by one key."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from headlight.viewer.inputs.clouds import las
from tests.viewer import cloud_samples as make


@pytest.mark.parametrize("is_open", [False, True], ids=["welcome page", "document"])
@pytest.mark.parametrize("reader", ["is_slow", "hangs"])
def test_escape_stops_a_file_that_is_being_read(reader, is_open, make_window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(las, "NATIVE", f"tests.viewer.odd_readers:{reader}")
    (tmp_path / "scan.las").write_bytes(make.las(False, make.XYZ))
    window = make_window(run=False)
    if is_open:
        window.runs.open_text("Some text.")
        qtbot.waitUntil(lambda: len(window.session.documents) == 1)
    window.runs.open_path(str(tmp_path / "scan.las"))
    qtbot.waitUntil(lambda: any(job.sentence == "Reading scan.las" for job in window.jobs.running("run")))
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Escape)
    assert not window.runs.is_reading()
    assert len(window.session.documents) == is_open
    assert window.messages.texts() == ["Reading was cancelled. Open the file again to go on."]
    qtbot.waitUntil(window.is_idle)
    window.messages.clear()
