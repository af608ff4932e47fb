"""Every user action, once: title, shortcut, what it does. Menus, palette and keys are made from this list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from headlight.viewer.app.commands.acts import Acts
from headlight.viewer.app.commands.clouds import cloud_commands
from headlight.viewer.app.commands.command import Command
from headlight.viewer.app.commands.fields import field_commands
from headlight.viewer.app.topbar import PAGE_TITLES
from headlight.viewer.session import selecting
from headlight.viewer.session.view import MapSettings


def commands(window: Acts) -> list[Command]:
    """All commands, in the order of the menus."""
    return [
        *(*_file(window), *_edit(window), *_map(window), *_heads(window)),
        *(*field_commands(window), *cloud_commands(window), *_view(window), *_help(window)),
    ]


def _file(w: Acts) -> list[Command]:
    opened = w.can.has_document
    return [
        Command("open", "Open file…", "File", w.choose_files, ("Ctrl+O",)),
        Command("open-room", "Open a room folder…", "File", w.choose_room),
        Command("new-text", "New sentence", "File", w.new_text, ("Ctrl+N",)),
        Command("new-stack", "New stack of convolutions", "File", w.runs.open_stack, ("Ctrl+Shift+N",)),
        Command("paste", "Paste text, image or file", "File", w.paste, ("Ctrl+V",)),
        Command("run-again", "Run again", "File", w.run_again, ("F5",), w.can.can_run),
        Command("cancel", "Cancel what runs", "File", w.cancel, ("Ctrl+.",), w.can.is_busy),
        Command("resume", "Go on with what was cancelled", "File", w.resume, ("Ctrl+Shift+R",), w.can_resume),
        Command("model-folder", "Open a model folder…", "File", w.models.choose_folder, ("Ctrl+M",)),
        Command("model-file", "Open a checkpoint of a point model…", "File", w.models.choose_checkpoint),
        Command("model-hub", "Open a model from the hub…", "File", w.models.choose_from_hub),
        Command("export", "Export…", "File", w.exports.open, ("Ctrl+E",), w.can.has_trace),
        Command("screenshot", "Save a picture of the window…", "File", w.save_screenshot, ("Ctrl+Shift+S",)),
        Command("close", "Close document", "File", w.close_document, ("Ctrl+W",), opened),
        Command(
            "reopen", "Reopen closed document", "File", w.runs.reopen, ("Ctrl+Shift+T",), w.session.can_reopen
        ),
        Command("quit", "Quit", "File", w.close, ("Ctrl+Q",)),
    ]


def _edit(w: Acts) -> list[Command]:
    opened = w.can.has_trace
    return [
        Command("undo", "Undo", "Edit", w.session.undo, ("Ctrl+Z",), w.can.can_undo),
        Command("redo", "Redo", "Edit", w.session.redo, ("Ctrl+Shift+Z", "Ctrl+Y"), w.can.can_redo),
        Command("edit-text", "Edit the text", "Edit", w.edit_text, ("F2",), w.can.is_text),
        Command(
            *("clear", "Clear the selection", "Edit", lambda: selecting.clear(w.session), ("Esc",)),
            w.can.has_selectable,
        ),
        Command(
            *("select-all", "Select all tokens", "Edit", lambda: selecting.take_all(w.session), ("Ctrl+A",)),
            opened,
        ),
        Command("copy-numbers", "Copy the shown weights", "Edit", w.copy_weights, ("Ctrl+C",)),
    ]


def _map(w: Acts) -> list[Command]:
    def setting(name: str, value: object) -> Callable[[], None]:
        return lambda: w.session.change(MapSettings, **{name: value})

    def is_set(name: str, value: object) -> Callable[[], bool]:
        return lambda: getattr(w.session.view[MapSettings], name) == value

    def switch(name: str) -> Callable[[], None]:
        return lambda: w.session.change(MapSettings, **{name: not getattr(w.session.view[MapSettings], name)})

    def is_on(name: str) -> Callable[[], bool]:
        return lambda: bool(getattr(w.session.view[MapSettings], name))

    def choice(id_: str, title: str, name: str, value: object, *keys: str) -> Command:
        return Command(id_, title, "Map", setting(name, value), keys, w.can.has_cells, is_set(name, value))

    def fused(id_: str, title: str, value: str, key: str) -> Command:
        return Command(
            *(id_, title, "Map", setting("heads", value), (key,), w.can.has_layers, is_set("heads", value))
        )

    return [
        choice("show-attention", "Show attention", "method", "attention", "A"),
        choice("show-rollout", "Show rollout", "method", "rollout", "R"),
        Command(
            *("show-saliency", "Show the saliency prediction", "Map", setting("method", "saliency"), ("S",)),
            *(w.can.has_saliency, is_set("method", "saliency")),
        ),
        fused("heads-one", "One head", "one", "1"),
        fused("heads-mean", "Mean of heads", "mean", "2"),
        fused("heads-max", "Maximum of heads", "max", "3"),
        Command(
            *("direction", "Who looks at the token, instead of where it looks", "Map", switch("incoming")),
            *(("D",), w.can.has_cells, is_on("incoming")),
        ),
        Command(
            *("log", "Logarithmic scale", "Map", switch("log"), ("L",)),
            *(lambda: w.can.has_cells() or w.can.has_fields(), is_on("log")),
        ),
        Command(
            *("shared", "One scale for all heads", "Map", switch("shared"), ("G",), w.can.has_cells),
            is_on("shared"),
        ),
        Command(
            *("hide-special", "Hide special tokens", "Map", switch("hide_special"), ("H",), w.can.has_cells),
            is_on("hide_special"),
        ),
        Command(
            *("whole-words", "Merge subwords to words", "Map", switch("whole_words"), ("W",), w.can.is_text),
            is_on("whole_words"),
        ),
        Command(
            *(
                "leave-out",
                "Leave sinks out of the scale",
                "Map",
                switch("leave_out"),
                ("X",),
            ),
            *(w.can.has_cells, is_on("leave_out")),
        ),
    ]


def _heads(w: Acts) -> list[Command]:
    def step(layer: int, head: int) -> Callable[[], None]:
        return lambda: selecting.step_head(w.session, layer, head)

    def query(by: int) -> Callable[[], None]:
        return lambda: selecting.step_query(w.session, by)

    has = w.can.has_layers
    return [
        Command("layer-next", "Next layer", "Heads", step(1, 0), ("Right",), has),
        Command("layer-previous", "Previous layer", "Heads", step(-1, 0), ("Left",), has),
        Command("head-next", "Next head", "Heads", step(0, 1), ("Down",), has),
        Command("head-previous", "Previous head", "Heads", step(0, -1), ("Up",), has),
        Command("query-next", "Next token as query", "Heads", query(1), ("]",), w.can.has_cells),
        Command("query-previous", "Previous token as query", "Heads", query(-1), ("[",), w.can.has_cells),
    ]


def _view(w: Acts) -> list[Command]:
    themes = [
        Command(
            f"theme-{name}",
            f"Theme: {name}",
            "View",
            lambda name=name: w.set_theme(name),
            checked=lambda name=name: w.theme == name,
        )
        for name in ("dark", "light", "system")
    ]
    pages = [
        Command(
            *(f"page-{page}", f"Page: {title.lower()}", "View", lambda page=page: w.session.set_page(page)),
            *((f"Ctrl+{number}",), lambda page=page: page in w.pages_offered()),
            lambda page=page: w.session.current is not None and w.session.current.page == page,
        )
        for number, (page, title) in enumerate(PAGE_TITLES.items(), 1)
    ]
    return [
        *pages,
        Command("palette", "Find a command", "View", w.open_palette, ("Ctrl+K",)),
        Command("document-next", "Next document", "View", lambda: w.step_document(1), ("Ctrl+Tab",)),
        Command(
            *("document-previous", "Previous document", "View", lambda: w.step_document(-1)),
            ("Ctrl+Shift+Tab",),
        ),
        Command("fit", "Fit pictures to their panes", "View", w.fit_views, ("F",), w.can.has_document),
        *(Command(f"pane-{n}", f"Pane: {t}", "View", r, (), e, c) for n, t, r, e, c in w.pane_switches()),
        Command("layout", "Reset the layout", "View", w.reset_layout, ("Ctrl+0",)),
        Command("messages", "Messages", "View", w.status.switch_messages, ("F8",)),
        Command("full-screen", "Full screen", "View", w.toggle_full_screen, ("F11",)),
        *themes,
        Command("text-larger", "Larger text", "View", lambda: w.scale_text(1), ("Ctrl++", "Ctrl+=")),
        Command("text-smaller", "Smaller text", "View", lambda: w.scale_text(-1), ("Ctrl+-",)),
    ]


def _help(w: Acts) -> list[Command]:
    return [
        Command("keys", "Keyboard shortcuts", "Help", w.show_keys, ("F1",)),
        Command("about", "About Headlight", "Help", w.show_about),
    ]


class Actions:
    """The commands as QActions of a window, so that their keys work and menus can show them.

    The key of a disabled action does nothing: whatever enabled states depend on must be followed.
    """

    def __init__(self, window: QWidget, listed: list[Command]) -> None:
        self.before: Callable[[str], None] = lambda id_: None
        """Called before a command is run."""
        self._soon = QTimer(window, singleShot=True, interval=0)
        self._soon.timeout.connect(self.refresh)
        self.commands = {command.id: command for command in listed}
        self.actions: dict[str, QAction] = {}
        for command in listed:
            action = QAction(command.title, window)
            action.setShortcuts([QKeySequence(key) for key in command.keys])
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setCheckable(command.checked is not None)
            action.triggered.connect(lambda _=False, id_=command.id: self.run(id_))
            window.addAction(action)
            self.actions[command.id] = action

    def follow(self, *signals: Any) -> None:
        """Refresh once the event that emits any of these is over."""
        for signal in signals:
            signal.connect(self._follow)

    def _follow(self, *_: object) -> None:
        self._soon.start()

    def run(self, id_: str) -> None:
        """Run a command if it can be run now."""
        command = self.commands[id_]
        if command.enabled():
            self.before(id_)
            command.run()
        self.refresh()

    def refresh(self) -> None:
        """Bring switches and enabled states up to date, before a menu or the palette is shown."""
        for id_, command in self.commands.items():
            self.actions[id_].setEnabled(command.enabled())
            if command.checked is not None:
                self.actions[id_].setChecked(command.checked())

    def keys(self, id_: str) -> str:
        """The first shortcut as this platform writes it."""
        return next(iter(self.all_keys(id_)), "")

    def all_keys(self, id_: str) -> list[str]:
        """Its shortcuts as this platform writes them."""
        shortcuts = self.actions[id_].shortcuts()
        return [one.toString(QKeySequence.SequenceFormat.NativeText) for one in shortcuts]

    def with_keys(self) -> dict[str, list[Command]]:
        """The commands that have a key, by their categories."""
        categories: dict[str, list[Command]] = {}
        for command in self.commands.values():
            if command.keys:
                categories.setdefault(command.category, []).append(command)
        return categories
