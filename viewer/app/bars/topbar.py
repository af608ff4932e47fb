"""The bar over the panes: the menu, a tab for each document and the way to every command; below, what the
current document is asked: its pages and its model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from headlight.viewer.app.models.listed import title_of
from headlight.viewer.registry import REGISTRY, Page
from headlight.viewer.session import able
from headlight.viewer.session.session import Document, Session
from headlight.widgets.base import theme
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.elided_button import ElidedButton
from headlight.widgets.shell.document_tabs import DocumentTabs

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace


class TopBar(QWidget):
    """Shows the session's documents as tabs; everything else are buttons whose work the window gives."""

    new_asked = Signal()
    palette_asked = Signal()
    close_asked = Signal(object)
    export_asked = Signal()

    def __init__(self, session: Session, fill_models: Callable[[QMenu], None]) -> None:
        super().__init__()
        self.session = session
        self.setObjectName("topbar")
        self.menu_button = QToolButton()
        self.menu_button.setText("Menu")
        self.menu_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setToolTip("All commands")
        self.menu_button.setAccessibleName("Menu")
        self.tabs = DocumentTabs()
        # A click on the tab that is current leads back from the welcome page to its document.
        self.tabs.chosen.connect(lambda index: session.show(session.documents[index]))
        self.tabs.close_asked.connect(lambda index: self.close_asked.emit(session.documents[index]))
        self.new_button = QPushButton("+")
        self.new_button.setFlat(True)
        self.new_button.setToolTip("Open something else (Ctrl+N)")
        self.new_button.setAccessibleName("Open something else")
        self.new_button.clicked.connect(self.new_asked)
        self.palette_button = ElidedButton("Find a command   Ctrl K")
        self.palette_button.clicked.connect(self.palette_asked)
        self.model_button = ElidedButton(hint="The model that reads this document; choose another")
        self._models = QMenu(self.model_button)
        self._models.aboutToShow.connect(lambda: fill_models(self._models))
        self.model_button.setMenu(self._models)
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("Write what is shown, or what it was made of, to a file (Ctrl+E)")
        self.export_button.clicked.connect(self.export_asked)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(8, 5, 8, 5)
        rows.setSpacing(4)
        first = _row(rows)
        first.addWidget(self.menu_button)
        first.addSpacing(6)
        first.addWidget(self.tabs)
        first.addWidget(self.new_button)
        first.addStretch(1)
        first.addWidget(self.palette_button)
        # What the current document is asked: its own row, over the panes that answer.
        self._second = second = _row(rows)
        self._list_pages()
        second.addWidget(self.model_button)
        second.addStretch(1)
        second.addWidget(self.export_button)
        session.documents_changed.connect(self.refresh)
        session.current_changed.connect(self.refresh)
        session.document_changed.connect(self._document_changed)
        self._draw_icon()
        self.refresh()

    def set_menu(self, categories: dict[str, list[QAction]], before: Callable[[], None]) -> None:
        """The main menu, a submenu for each category of commands."""
        if (old := self.menu_button.menu()) is not None:
            old.deleteLater()
        menu = QMenu(self.menu_button)
        menu.aboutToShow.connect(before)
        for title, actions in categories.items():
            menu.addMenu(title).addActions(actions)
        self.menu_button.setMenu(menu)

    def offer_models(self) -> None:
        """Open the menu of models."""
        self._models.popup(self.model_button.mapToGlobal(QPoint(0, self.model_button.height())))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def _draw_icon(self) -> None:
        self.menu_button.setIconSize(QSize(theme.em(1.2), theme.em(1.2)))
        self.menu_button.setIcon(QIcon(str(theme.current().icon("menu"))))

    def refresh(self) -> None:
        documents, current = self.session.documents, self.session.current
        at = documents.index(current) if current in documents else -1
        self.tabs.show_titles([document.named for document in documents], at)
        self.tabs.setVisible(bool(documents))
        self._say_model(current)

    def _say_model(self, current: Document | None) -> None:
        read = current is not None and current.kind.is_read
        self.model_button.setVisible(read)
        self.export_button.setVisible(current is not None)
        self.export_button.setEnabled(current is not None and not able.nothing_to_export(current))
        if not read:
            return
        trace, wanted = current.trace, current.wanted.options.model
        if trace is None or wanted != current.options.model:
            self.model_button.setText(title_of(wanted, current.kind.id))
            return
        said = (trace.model.title, _extent(trace), trace.model.mark)
        self.model_button.setText(" · ".join(filter(None, said)))

    def _list_pages(self) -> None:
        """The choice of all pages that there are."""
        known = REGISTRY.all(Page)
        self._listed = set(known)
        self.page = Segmented([(page.id, page.title) for page in known.values()], "Page")
        self.page.changed.connect(self.session.set_page)
        self.page.hide()  # until a document has more than one
        self._second.insertWidget(0, self.page)

    def show_pages(self, pages: Sequence[str], current: str) -> None:
        """Offer these pages; one alone is no choice."""
        if set(REGISTRY.all(Page)) != self._listed:
            self.page.deleteLater()
            self._list_pages()
        for page in REGISTRY.all(Page):
            self.page.set_option_visible(page, page in pages)
        self.page.setVisible(len(pages) > 1)
        if pages:
            self.page.set_value(current)

    def _document_changed(self, document: Document) -> None:
        self.refresh()


def _extent(trace: Trace) -> str:
    """12 × 6 (layers and heads); of what gives classes to points or boxes 13 classes; without layers pixels,
    else tokens."""
    from headlight.models.core.answers import Boxes, PointLabels

    said = trace.answer(PointLabels) or trace.answer(Boxes)
    if said is not None:
        return f"{len(said.classes)} classes"
    if not trace.layers and "pixel_values" not in trace.shapes:
        return f"{len(trace.tokens):,} tokens"
    if not trace.layers:
        height, width = trace.shapes["pixel_values"][1:]
        return f"{width} × {height} px"
    heads = sorted({layer.heads for layer in trace.layers})
    said = f"{heads[0]}" if len(heads) == 1 else f"{heads[0]}–{heads[-1]}"
    return f"{len(trace.layers)} × {said}"


def _row(rows: QVBoxLayout) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(6)
    rows.addLayout(row)
    return row
