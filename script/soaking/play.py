"""The process of a soak: `script.soaking.play FOLDER CYCLES MODELS DAMAGED SECONDS SEED`, on a display."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import threading
from pathlib import Path


def main() -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from headlight.viewer.app import cli
    from script.soaking import trips
    from tests.journeys import painted, things

    folder = Path(sys.argv[1])
    things.make(folder)
    painted.watch()
    kinds = trips.prepared(folder)
    app = QApplication(sys.argv[:1])
    threads: list[threading.Thread] = []
    QTimer.singleShot(0, lambda: _begin(folder, kinds, threads))
    status = cli.run(["--size", str(things.SIDE)])
    for thread in threads:
        thread.join(30)
    del app
    return status


def _begin(folder: Path, kinds, threads: list[threading.Thread]) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from headlight.viewer.app.window import Window
    from tests.journeys.person import Gui

    windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, Window) and w.isVisible()]
    if not windows:
        QTimer.singleShot(20, lambda: _begin(folder, kinds, threads))
        return
    threads.append(threading.Thread(target=_live, args=(windows[0], Gui(), folder, kinds)))
    threads[0].start()


def _live(window, gui, folder: Path, kinds) -> None:
    from script.soaking import trips
    from tests.journeys.person import Person

    cycles, models, damaged, seconds, seed = (int(word) for word in sys.argv[2:7])
    person, found = Person(window, gui, folder), {}
    faulthandler.dump_traceback_later(600, repeat=True, file=(folder / "stacks").open("w"))

    def all_of_it(_: Person) -> None:
        person.settle()
        if cycles:
            trips.cycles(person, cycles, kinds, found.setdefault("cycles", []))
        if models:
            trips.models(person, models, kinds, found.setdefault("models", []))
        if damaged:
            trips.damaged(person, damaged, seed, found.setdefault("damaged", []))
        if seconds:
            trips.wander(person, seed, seconds, found.setdefault("robot", []))

    person.run(all_of_it)
    processes = [os.getpid(), gui.ask(lambda: window.jobs.host.pid)]
    report = {"wrong": person.found, "rows": found, "processes": processes}
    (folder / "report.json").write_text(json.dumps(report))
    gui.ask(window.close)


if __name__ == "__main__":
    sys.exit(main())
