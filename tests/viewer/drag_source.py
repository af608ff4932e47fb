"""A program of its own whose window is one big handle: pressing the mouse on it drags the file named on
the command line. Says "ready X Y" (the middle of the handle on the screen) once it is seen."""

import sys

from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag
from PySide6.QtWidgets import QApplication, QLabel


class Handle(QLabel):
    def mousePressEvent(self, event):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(sys.argv[1])])
        drag = QDrag(self)
        drag.setMimeData(mime)
        action = drag.exec(Qt.DropAction.CopyAction)
        print("dropped" if action == Qt.DropAction.CopyAction else "refused", flush=True)


app = QApplication(sys.argv)
handle = Handle("drag me")
handle.setAlignment(Qt.AlignmentFlag.AlignCenter)
handle.setWindowTitle("drag source")
handle.resize(200, 120)
handle.move(int(sys.argv[2]), int(sys.argv[3]))
handle.show()


def say() -> None:
    middle = handle.mapToGlobal(handle.rect().center())
    print(f"ready {middle.x()} {middle.y()}", flush=True)


QTimer.singleShot(800, say)
sys.exit(app.exec())
