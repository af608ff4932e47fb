"""The process of one journey: `python -m tests.journeys.play NAME FOLDER [SEED SECONDS]` on a display.

NAME is one of `trips.TRIPS`, several joined by "+", or "robot". FOLDER takes the files that are opened,
`report.json` and pictures.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication


def main() -> int:
    from headlight.viewer.app import cli
    from tests.journeys import painted, things

    folder = Path(sys.argv[2])
    things.make(folder)
    painted.watch()
    app = QApplication(sys.argv[:1])
    threads: list[threading.Thread] = []
    QTimer.singleShot(0, lambda: _begin(folder, threads))
    status = cli.run(["--size", str(things.SIDE)])
    for thread in threads:
        thread.join(30)
    del app
    return status


def _begin(folder: Path, threads: list[threading.Thread]) -> None:
    from headlight.viewer.app.window import Window

    windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, Window) and w.isVisible()]
    if not windows:
        QTimer.singleShot(20, lambda: _begin(folder, threads))
        return
    from tests.journeys.person import Gui

    gui = Gui()
    thread = threading.Thread(target=_live, args=(windows[0], gui, folder))
    threads.append(thread)
    thread.start()


def _live(window, gui, folder: Path) -> None:
    from tests.journeys import robot, trips
    from tests.journeys.person import Person

    person = Person(window, gui, folder)
    if sys.argv[1] == "robot":
        seed, seconds = int(sys.argv[3]), float(sys.argv[4])
        person.run(lambda p: robot.wander(p, seed, seconds))
    else:
        person.run(*(trips.TRIPS[name] for name in sys.argv[1].split("+")))
    (folder / "report.json").write_text(json.dumps({"found": person.found, "steps": person.steps}))
    if not person.gone:
        gui.ask(window.close)


if __name__ == "__main__":
    sys.exit(main())
