"""The bar over the panes: the menu, a tab for each document, the model, and the way to every command."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QSizePolicy, QTabBar, QToolButton, QWidget

from models.attention import Trace
from viewer.model_list import title_of
from viewer.session import Document, Page, Session
from widgets import theme
from widgets.controls import Segmented

PAGE_TITLES: dict[Page, str] = {"attention": "Attention", "fields": "Receptive fields", "cost": "Cost"}


class TopBar(QWidget):
    """Shows the session's documents as tabs; everything else are buttons whose work the window gives."""

    new_asked = Signal()
    palette_asked = Signal()
    close_asked = Signal(object)

    def __init__(self, session: Session, fill_models: Callable[[QMenu], None]) -> None:
        super().__init__()
        self.session = session
        self.setObjectName("topbar")
        self.menu_button = QToolButton()
        self.menu_button.setObjectName("logo")
        self.menu_button.setText("Headlight")
        self.menu_button.setIconSize(QSize(16, 16))
        self.menu_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setAccessibleName("Headlight menu")
        self.tabs = QTabBar()
        self.tabs.setTabsClosable(True)
        self.tabs.setMovable(False)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideRight)
        self.tabs.setUsesScrollButtons(True)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.tabs.currentChanged.connect(self._chosen)
        # From the welcome page back to the document whose tab is still the current one.
        self.tabs.tabBarClicked.connect(self._chosen)
        self.tabs.tabCloseRequested.connect(lambda i: self.close_asked.emit(self.session.documents[i]))
        self.new_button = QPushButton("+")
        self.new_button.setFlat(True)
        self.new_button.setToolTip("Open something else (Ctrl+N)")
        self.new_button.setAccessibleName("Open something else")
        self.new_button.clicked.connect(self.new_asked)
        self.model_button = QPushButton()
        self.model_button.setToolTip("The model that reads this document; choose another")
        self._models = QMenu(self.model_button)
        self._models.aboutToShow.connect(lambda: fill_models(self._models))
        self.model_button.setMenu(self._models)
        self.page = Segmented(list(PAGE_TITLES.items()), "Page")
        self.page.changed.connect(session.set_page)
        self.page.hide()  # until a document has more than one
        self.palette_button = QPushButton("Find a command   Ctrl K")
        self.palette_button.clicked.connect(self.palette_asked)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(6)
        row.addWidget(self.menu_button)
        row.addSpacing(6)
        row.addWidget(self.tabs)
        row.addWidget(self.new_button)
        row.addStretch(1)
        row.addWidget(self.page)
        row.addSpacing(6)
        row.addWidget(self.model_button)
        row.addWidget(self.palette_button)
        session.documents_changed.connect(self.refresh)
        session.current_changed.connect(self.refresh)
        session.document_changed.connect(self._document_changed)
        self._draw_logo()
        self.refresh()

    def set_menu(self, categories: dict[str, list[QAction]], before: Callable[[], None]) -> None:
        """The main menu, a submenu for each category of commands."""
        menu = QMenu(self.menu_button)
        menu.aboutToShow.connect(before)
        for title, actions in categories.items():
            menu.addMenu(title).addActions(actions)
        self.menu_button.setMenu(menu)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_logo()

    def _draw_logo(self) -> None:
        self.menu_button.setIcon(QIcon(str(theme.current().icon("headlight"))))

    def refresh(self) -> None:
        documents, current = self.session.documents, self.session.current
        self.tabs.blockSignals(True)
        while self.tabs.count() > len(documents):
            self.tabs.removeTab(self.tabs.count() - 1)
        while self.tabs.count() < len(documents):
            self.tabs.addTab("")
        for index, document in enumerate(documents):
            self.tabs.setTabText(index, _short(document.title))
            self.tabs.setTabToolTip(index, document.title)
        self.tabs.setCurrentIndex(documents.index(current) if current in documents else -1)
        self.tabs.blockSignals(False)
        self.tabs.setVisible(bool(documents))
        self._say_model(current)

    def _say_model(self, current: Document | None) -> None:
        read = current is not None and current.modality != "stack"
        self.model_button.setVisible(read)
        if not read:
            return
        trace, wanted = current.trace, current.wanted.options.model
        if trace is None or wanted != current.options.model:
            self.model_button.setText(title_of(wanted, current.modality))
            return
        untrained = " · untrained" if trace.model.untrained else ""
        self.model_button.setText(f"{trace.model.title} · {_extent(trace)}{untrained}")

    def show_pages(self, pages: Sequence[Page], current: Page) -> None:
        """Offer these pages; one alone is no choice."""
        for page in PAGE_TITLES:
            self.page.set_option_visible(page, page in pages)
        self.page.setVisible(len(pages) > 1)
        self.page.set_value(current)

    def _document_changed(self, document: Document) -> None:
        self.refresh()

    def _chosen(self, index: int) -> None:
        if 0 <= index < len(self.session.documents):
            self.session.show(self.session.documents[index])


def _extent(trace: Trace) -> str:
    """12 × 6 (layers and heads); of what segments a cloud 13 classes; of what only convolves its input."""
    if trace.segmentation is not None:
        return f"{len(trace.segmentation.classes)} classes"
    if not trace.layers:
        height, width = trace.inputs["pixel_values"].shape[1:]
        return f"{width} × {height} px"
    heads = sorted({layer.heads for layer in trace.layers})
    said = f"{heads[0]}" if len(heads) == 1 else f"{heads[0]}–{heads[-1]}"
    return f"{len(trace.layers)} × {said}"


def _short(title: str, limit: int = 28) -> str:
    return title if len(title) <= limit else title[: limit - 1].rstrip() + "…"
