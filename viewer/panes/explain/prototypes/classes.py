"""Where classes are made: by a name, with the open picture, files or folders."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import (
    QGridLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from headlight.viewer.host.corpus import Pictures
from headlight.viewer.panes.explain.prototypes.base import ExamplesPane
from headlight.viewer.panes.shared.dialogs import inputs_that_give
from headlight.viewer.session.inspecting import Example
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import View
from headlight.viewer.slices.explain.prototypes import classes_in
from headlight.viewer.slices.many.pictures import read_pictures
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.text_line import TextLine

NONE = (
    "Name a class and give it pictures: one or two are enough. Or open a folder in which each class has a "
    "folder of its own."
)
SOME = "A click on a class names it above, and shows where the picture is like it."
UNNAMED = "Write the name of a class first."
NO_FILE = "The open picture is in no file: save it first."


class ClassesByExamplePane(ExamplesPane):
    waits = False

    def build(self) -> QWidget:
        self.field = TextLine("Name of the class that gets pictures", "Name of a class", empty=True)
        self.note = Note(NONE)
        self.list = QListWidget()
        self.list.setAccessibleName("Classes")
        self.list.itemClicked.connect(self._picked)
        acts: dict[str, Callable[[], None]] = {
            "Add this picture": self._add_open,
            "Add files…": self._choose_files,
            "Add a folder…": self._choose_folder,
            "Open a folder of classes…": self._choose_classes,
            "Remove the class": self._remove,
            "Clear: no classes": partial(self._set, ()),
        }
        grid = QGridLayout()
        grid.setSpacing(theme.em(0.4))
        self.buttons = {}
        for number, (said, act) in enumerate(acts.items()):
            self.buttons[said] = button = QPushButton(said)
            button.clicked.connect(lambda _=False, act=act: act())
            grid.addWidget(button, number // 2, number % 2)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.field)
        column.addLayout(grid)
        column.addWidget(self.note)
        column.addWidget(self.list, 1)
        column.addStretch()
        return widget

    def prepare(self, document: Document, view: View) -> None:
        classes = self.settings().classes
        self.list.clear()
        for one in classes:
            count = len(one.paths)
            item = QListWidgetItem(f"{one.name} · {count:,} {'picture' if count == 1 else 'pictures'}")
            item.setToolTip("\n".join(one.paths[:10]))
            self.list.addItem(item)
        self.list.setVisible(bool(classes))
        self.note.setText(SOME if classes else NONE)
        for said in ("Remove the class", "Clear: no classes"):
            self.buttons[said].setVisible(bool(classes))
        self.subtitle_changed.emit(f"{len(classes):,}" if classes else "")

    def clear(self, document: Document | None) -> None:
        self.subtitle_changed.emit("")

    # -- classes -----------------------------------------------------------------------------------------

    def add(self, paths: tuple[str, ...]) -> None:
        """Give these files to the class whose name is written above."""
        name = self.field.text().strip()
        if not name:
            self.note.setText(UNNAMED)
            self.field.setFocus()
        elif paths:
            self.field.show_text(name)
            self._set(self.settings().added(name, paths))

    def open(self, path: str) -> None:
        """Take the classes of a folder, if one was chosen."""
        if path and self.session.current is not None:
            size = self.session.current.options.size
            show = partial(self._set, folder=path)
            self.jobs.submit("read classes", partial(classes_in, path, size), show, here=True)

    def add_folder(self, path: str) -> None:
        """Give the pictures of a folder to the class, if one was chosen."""

        def show(found: Pictures) -> None:
            self.add(found.paths)

        if path and self.session.current is not None:
            size = self.session.current.options.size
            self.jobs.submit("read classes", partial(read_pictures, path, size), show, here=True)

    def _set(self, classes: tuple[Example, ...], folder: str = "") -> None:
        self.change(classes=classes, folder=folder, shown="")

    def _add_open(self) -> None:
        document = self.session.current
        if document is not None and document.path:
            self.add((document.path,))
        else:
            self.note.setText(NO_FILE)

    def _remove(self) -> None:
        name = self.field.text().strip()
        classes = self.settings().classes
        if any(one.name == name for one in classes):
            self._set(tuple(one for one in classes if one.name != name))
        else:
            self.note.setText("Click the class that is to go.")

    def _picked(self, item: QListWidgetItem) -> None:
        name = self.settings().classes[self.list.row(item)].name
        self.field.show_text(name)
        self.change(shown=name)

    def _choose_files(self) -> None:
        if not self.field.text().strip():
            self.add(())
            return
        self.add(tuple(self.dialogs.files("pictures", "Pictures of the class", inputs_that_give("pixels"))))

    def _choose_folder(self) -> None:
        if not self.field.text().strip():
            self.add(())
            return
        self.add_folder(self.dialogs.directory("pictures", "A folder of pictures of the class"))

    def _choose_classes(self) -> None:
        self.open(self.dialogs.directory("pictures", "A folder with a folder for each class"))
