"""The process of one journey: `python -m tests.journeys.play NAME REPORT.json [SEED SECONDS]`."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer
from PySide6.QtWidgets import QApplication


def main() -> int:
    name, report = sys.argv[1], Path(sys.argv[2])
    from viewer import cli

    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication(sys.argv[:1])
    threads: list[threading.Thread] = []
    QTimer.singleShot(0, lambda: _begin(name, report, threads))
    status = cli.run([])
    for thread in threads:
        thread.join(30)
    del app
    return status


def _begin(name: str, report: Path, threads: list[threading.Thread]) -> None:
    from viewer.window import Window

    windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, Window) and w.isVisible()]
    if not windows:
        QTimer.singleShot(20, lambda: _begin(name, report, threads))
        return
    from tests.journeys.person import Gui

    gui = Gui()
    thread = threading.Thread(target=_live, args=(windows[0], gui, name, report))
    threads.append(thread)
    thread.start()


def _live(window, gui, name: str, report: Path) -> None:
    from tests.journeys import robot, trips
    from tests.journeys.person import Person

    time.sleep(0.3)  # the window manager puts the window in its place
    person = Person(window, gui, report.parent)
    if name == "robot":
        seed, seconds = int(sys.argv[3]), float(sys.argv[4])
        person.run(lambda p: robot.wander(p, seed, seconds))
    else:
        person.run(trips.TRIPS[name])
    report.write_text(json.dumps({"found": person.found, "steps": person.steps}))
    if gui.ask(window.isVisible):
        gui.ask(window.close)


if __name__ == "__main__":
    sys.exit(main())
