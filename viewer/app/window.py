"""The window: the welcome page or the panes, the bars around them, messages, drops anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from PySide6.QtCore import QMimeData, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from headlight.models.core.errors import HeadlightError, sentence
from headlight.viewer import plugins, registry
from headlight.viewer.app.bars.pace import Paces
from headlight.viewer.app.bars.status import Status
from headlight.viewer.app.bars.topbar import TopBar
from headlight.viewer.app.bars.waits import Waits, Ways
from headlight.viewer.app.bridge import Bridge
from headlight.viewer.app.commands.every import Actions
from headlight.viewer.app.explanations import explain
from headlight.viewer.app.exporting.window import Exports
from headlight.viewer.app.layout import geometry
from headlight.viewer.app.layout.ahead import PanesAhead
from headlight.viewer.app.layout.beforehand import beforehand
from headlight.viewer.app.manager.window import Manager
from headlight.viewer.app.models.listed import ModelList
from headlight.viewer.app.models.menu import ModelMenu
from headlight.viewer.app.models.offer import ModelOffers, is_model
from headlight.viewer.app.opening.columns import Sheets
from headlight.viewer.app.opening.drop import DropTarget, open_mime
from headlight.viewer.app.opening.first_look import FirstLook
from headlight.viewer.app.opening.recent import Recent
from headlight.viewer.app.opening.recent_files import RecentFiles
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Host
from headlight.viewer.inputs.readers import names_of_formats
from headlight.viewer.panes.shared.dialogs import FileDialogs, filters, inputs, inputs_that_give
from headlight.viewer.registry import REGISTRY
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Document, RunOptions, Session
from headlight.viewer.shown.places import is_shown
from headlight.widgets.base import theme
from headlight.widgets.shell.drop_sign import DropSign
from headlight.widgets.shell.messages import Kind, Message, Messages
from headlight.widgets.shell.palette import CommandPalette, PaletteEntry
from headlight.widgets.shell.samples import Together
from headlight.widgets.shell.tips import Tips
from headlight.widgets.shell.welcome import Welcome

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.app.layout.deck import Deck
    from headlight.viewer.panes.shared.log_handler import LogHandler

P = TypeVar("P")


class Window(QMainWindow):
    """Owns the session, the jobs and everything seen. Panes are made when their page is first shown."""

    uncaught = Signal(object)
    """An exception that nobody caught, on any thread."""
    told = Signal(str, str)
    """(kind, sentences) of what the user was told."""
    drawn = Signal()
    """A job began or ended, or a pane has drawn all it has: `is_idle` may say something else now."""

    def __init__(
        self, options: RunOptions, settings: QSettings, log: LogHandler, host: Host | None = None
    ) -> None:
        """host: where models run and panes' slices are computed, in this process unless it is said."""
        super().__init__()
        self.setWindowTitle("Headlight")
        self.settings = settings
        self._bridge = Bridge(self)
        self.session, self.jobs = Session(), Jobs(self._bridge.post, host or _in_place())
        self._log = log
        self.deck: Deck | None = None
        self.messages = Messages(self)
        self._traces: WeakValueDictionary[int, Trace] = WeakValueDictionary()
        """What each document was read as when it was last looked at here."""
        self.runs = Runs(self.session, self.jobs, self.notify, options)
        self.jobs.failed.connect(self._job_failed)
        self.jobs.changed.connect(self.drawn.emit)
        self._bridge.emptied.connect(self.drawn)
        self.uncaught.connect(self._crashed)

        self.dialogs, self.recent = FileDialogs(settings, self), Recent(settings, self.jobs, self)
        self.exports = Exports(self.session, self.jobs, self.dialogs, self.notify, self)
        self.offers = ModelOffers(self.session, self.runs, self.jobs, self)
        self.models = ModelMenu(
            *(self.session, self.runs, ModelList(self.jobs), self.recent, self.offers, self.dialogs, self)
        )
        self.manager = Manager(self.jobs, self.models, self)
        self.columns = Sheets(self.session, self.runs, settings, self.notify, self)
        self.runs.trusts = self.models.trusts
        self.runs.prepare = beforehand
        self.topbar = TopBar(self.session, self.models.fill)
        self.welcome = Welcome(formats=f"{names_of_formats()}, GGUF")
        self.welcome.text_entered.connect(self.runs.open_text)
        self.welcome.sample_chosen.connect(self._open_sample)
        self.welcome.open_clicked.connect(self.choose_files)
        self.welcome.stack_asked.connect(self.runs.open_stack)
        self.recent_files = RecentFiles(self.recent, self.welcome, self.runs.open_path, self)
        self.runs.opened.connect(self._opened)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.welcome)
        paces = Paces(self.jobs, self)
        self.status = Status(self.session, self.jobs, paces, self.messages)
        self.status.cancel_asked.connect(self.runs.cancel_of)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.topbar)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self.setCentralWidget(centre)
        self.palette_popup = CommandPalette(self)
        self.palette_popup.chosen.connect(self._run_command)
        self.drop_sign = DropSign(self.pages)
        self.first_look = FirstLook(self.pages, self.session, self.jobs)
        self.runs.looked.connect(self.first_look.take)
        self.drops = DropTarget(self._dropped, self._dragged)
        self.drops.watch(self)

        ways = Ways(self.cancel, self.run_again, self.topbar.offer_models, self.choose_second)
        self.waits = Waits(self.session, self.jobs, paces, self.topbar, self.welcome, ways)
        self.tips = Tips(self, explain)
        self.actions_ = Actions(self, self, self.jobs)
        self.actions_.before = self._close_messages
        self._take_commands()
        self.models.more = [self.actions_.actions[id] for id in ("models", "model-folder", "model-file")]
        self.topbar.palette_asked.connect(self.open_palette)
        self.topbar.new_asked.connect(self.new_text)
        self.topbar.close_asked.connect(self.runs.close)
        self.topbar.export_asked.connect(lambda: self.exports.open())
        self.session.current_changed.connect(self._current_changed)
        self.session.page_changed.connect(self._current_changed)
        self.session.document_changed.connect(self._document_changed)
        session = self.session
        self.actions_.follow(
            *(session.documents_changed, session.current_changed, session.page_changed),
            *(session.document_changed, session.view_changed, self.jobs.runs_changed),
        )
        self.actions_.refresh()
        self.welcome.focus_text()
        geometry.restore(self, settings)

    # -- what the user is told ---------------------------------------------------------------------------

    def notify(
        self,
        kind: Kind,
        cause: str,
        next_step: str,
        details: str | None = None,
        about: Document | None = None,
        offers: tuple[str, Callable[[], object]] | None = None,
    ) -> None:
        """offers: what a button says, and what it does."""
        title, number = ("", None) if about is None else (sentence(about.title), about.number)
        message = Message(kind, sentence(cause), sentence(next_step), title, details, number, offers)
        if self.messages.tell(message):
            self.told.emit(kind, message.text)

    def _crashed(self, error: BaseException) -> None:
        """Said, with its traceback, and the program goes on."""
        failure = Failure.of(error)
        self.notify("error", failure.cause, failure.next_step, failure.details)

    def _job_failed(self, failure: Failure) -> None:
        """A slice could not be computed; panes compute of the current document alone."""
        if failure.ended:
            return  # it is told for all that was lost
        details = None if failure.foreseen else failure.details
        self.notify("error", failure.cause, failure.next_step, details, self.session.current)

    # -- what is shown -----------------------------------------------------------------------------------

    def is_idle(self) -> bool:
        """Nothing runs, nothing waits: what is on the screen is what there is to see."""
        still = theme.is_everywhere() and not self.jobs.running() and self._bridge.is_empty()
        return still and (self.deck is None or self.deck.is_settled())

    def _current_changed(self) -> None:
        document = self.session.current
        if document is None:
            self.pages.setCurrentWidget(self.welcome)
        else:
            self._panes().show_page(document)
            self.pages.setCurrentWidget(self.deck)
            self.deck.setFocus()  # not on what stands next to the welcome page's field
        self._name()
        self._offer_pages()

    def _name(self) -> None:
        document = self.session.current
        self.setWindowTitle("Headlight" if document is None else f"{document.named} – Headlight")

    def _document_changed(self, document: Document) -> None:
        trace = document.trace
        if trace is not None and self._traces.get(document.number) is not trace:
            self._traces[document.number] = trace
            self.messages.settled(document.number)
        self._name()
        self._offer_pages()
        self.recent.note(document)

    def _offer_pages(self) -> None:
        document = self.session.current
        pages = () if document is None else document.pages
        self.topbar.show_pages(pages, document.page if pages else "")

    def _take_commands(self) -> None:
        """Menus and keys of all commands that there are."""
        self.status.panel.addActions(self.actions_.take())
        self.topbar.set_menu(self._menu_actions(), self.actions_.refresh)

    def _opened(self, path: str) -> None:
        """Files that are opened again; what scripts show is gone some day."""
        if not is_shown(path):
            self.recent.add_file(path)
            self.dialogs.keep("input", path)

    def read_plugins(self) -> None:
        """What is installed beside Headlight and has something for it; one that fails is told."""
        for failure in plugins.read(REGISTRY):
            self.notify("error", failure.cause, failure.next_step)
        self._take_commands()
        self.actions_.refresh()

    def _panes(self) -> Deck:
        """The room of the panes: the welcome page can do without its modules."""
        if self.deck is None:
            from headlight.viewer.app.layout.deck import Deck
            from headlight.viewer.panes.shared.desk import Desk

            desk = Desk(self.session, self.jobs, self.runs, self._log, self.dialogs, self)
            self.deck = Deck(desk.make, self.settings)
            self.deck.settled.connect(self.drawn)
            self.deck.added.connect(self._pane_added)
            self.actions_.follow(self.deck.changed)
            self.waits.follow(self.deck)
            self.pages.addWidget(self.deck)
            self.deck.resize(self.pages.size())
        return self.deck

    def make_ready(self) -> None:
        """Make panes while nothing is open; what they need is imported."""
        self._ahead = PanesAhead(self._panes, lambda: not self.session.documents, self)

    def _pane_added(self, name: str) -> None:
        dock = self.deck.docks[name]
        self.drops.watch(dock)
        begin = REGISTRY.all(registry.Pane)[name].export
        if begin is not None:
            dock.offer_export(lambda: self.exports.open_pane(begin))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel, wait for the workers, and go."""
        if self.deck is not None:
            self.deck.keep()
        geometry.keep(self, self.settings)
        self.exports.close()
        self.columns.close()
        self.hide()
        self.session.current_changed.disconnect()
        self.jobs.close()
        super().closeEvent(event)

    # -- state that commands ask for ---------------------------------------------------------------------

    def is_busy(self) -> bool:
        return bool(self.jobs.running("run"))

    def offers_page(self, page: str) -> bool:
        return self.session.current is not None and self.session.current.has_page(page)

    def shows_page(self, page: str) -> bool:
        return self.session.current is not None and self.session.current.page == page

    def offers_pane(self, name: str) -> bool:
        return self.session.current is not None and self.deck is not None and self.deck.offers(name)

    def shows_pane(self, name: str) -> bool:
        return self.deck is not None and self.deck.shows(name)

    def made(self, type_: type[P]) -> list[P]:
        """The panes of a type that were made, in the registry's order."""
        panes = {} if self.deck is None else self.deck.panes
        return [panes[name] for name in REGISTRY.all(registry.Pane) if isinstance(panes.get(name), type_)]

    # -- commands: files ---------------------------------------------------------------------------------

    def choose_files(self) -> None:
        self.open_paths(self.dialogs.files("input", "Open texts, images, sounds or point clouds", inputs()))

    def choose_second(self) -> None:
        """A picture for models that match points of two."""
        document = self.session.current
        title = "Put a second picture beside this one"
        path = self.dialogs.file("input", title, inputs_that_give("pixels"))
        if path and document is not None:
            self.runs.put_beside(document, path)

    def choose_room(self) -> None:
        """A room of S3DIS is a folder, as many pictures are, which a dialog for files cannot choose."""
        folder = self.dialogs.directory("room", "Open a folder: of pictures, of clouds, or a room")
        if folder:
            self.runs.open_path(folder)

    def open_paths(self, paths: Sequence[str]) -> None:
        """Open files; a model among them is offered to read something."""
        for path in paths:
            if is_model(path):
                self.offers.offer(path)
            else:
                self.runs.open_onto(path, self.session.current)

    def new_text(self) -> None:
        """Back to the welcome page, without closing anything."""
        self.session.show(None)
        self.welcome.focus_text()

    def paste(self) -> None:
        self._dropped(QApplication.clipboard().mimeData())

    def _dropped(self, mime: QMimeData | None) -> None:
        try:
            open_mime(mime, self.runs, self.open_paths)
        except HeadlightError as error:
            self.notify("error", error.cause, error.next_step)

    def _dragged(self, over: bool) -> None:
        """Something that can be opened hovers over the window, or no more."""
        self.welcome.set_drag_active(over)
        self.drop_sign.set_active(over and self.pages.currentWidget() is not self.welcome)

    def _open_sample(self, sample: object, model: str) -> None:
        if isinstance(sample, Path):
            self.runs.open_path(str(sample))
        elif isinstance(sample, Together):
            self.runs.open_together(*sample)
        else:
            self.runs.open_text(str(sample), model=model)

    def run_again(self) -> None:
        if self.session.current is not None:
            self.runs.start(self.session.current)

    def cancel(self) -> None:
        self.runs.cancel()

    def resume(self) -> None:
        """Go on with what was cancelled: the panes' slices, or the pass that they wait for."""
        if self.session.current.state in ("cancelled", "failed"):
            self.runs.start(self.session.current)
        else:
            self.deck.resume()

    def can_resume(self) -> bool:
        document = self.session.current
        if document is None or self.deck is None:
            return False
        return document.state in ("cancelled", "failed") or self.deck.is_stopped()

    def close_document(self) -> None:
        if self.session.current is not None:
            self.runs.close(self.session.current)

    def save_screenshot(self) -> None:
        kinds = filters(("PNG pictures", "png"))
        path = self.dialogs.to_save("picture", "Save a picture of the window", "headlight.png", kinds)
        if not path:
            return
        path = path if Path(path).suffix else f"{path}.png"
        if self.picture().save(path):
            self.notify("info", f"The picture is saved: {path}", "")
        else:
            self.notify("error", f"{path} could not be written.", "Choose another folder.")

    def picture(self) -> QPixmap:
        """The window as it is, without messages."""
        with self.status.silent():
            return self.grab()

    # -- commands: view ----------------------------------------------------------------------------------

    def open_palette(self) -> None:
        self.actions_.refresh()
        self.palette_popup.open_with(
            [
                PaletteEntry(c.id, c.title, c.category, self.actions_.keys(c.id), c.enabled())
                for c in self.actions_.commands.values()
                if c.id != "palette"
            ]
        )

    def _run_command(self, id_: str) -> None:
        QTimer.singleShot(0, self, lambda: self.actions_.run(id_))

    def _close_messages(self, id_: str) -> None:
        """The list of messages gives way to any command but the one that switches it."""
        if id_ != "messages":
            self.status.panel.close()

    def _menu_actions(self) -> dict[str, list]:
        categories: dict[str, list] = {}
        for command in self.actions_.commands.values():
            categories.setdefault(command.category, []).append(self.actions_.actions[command.id])
        categories["File"].insert(1, self.recent_files.menu.menuAction())
        return categories

    def step_document(self, step: int) -> None:
        documents = self.session.documents
        if documents:
            current = self.session.current
            at = documents.index(current) if current in documents else -1 if step > 0 else 0
            self.session.show(documents[(at + step) % len(documents)])

    def switch_pane(self, name: str) -> None:
        self.deck.switch(name)

    def reset_layout(self) -> None:
        if self.deck is not None and self.deck.kind is not None:
            self.deck.reset()

    def toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)


def _in_place() -> Host:
    from headlight.viewer.host.in_place import InPlace

    return InPlace()
