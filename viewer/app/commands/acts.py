"""What commands act on: the window, as far as they know it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from headlight.viewer.app.commands.possible import Possible
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Session

Act = Callable[[], object]


class Acts(Protocol):
    """deck, exports, models, status: the docks, the dialog of exports, the menu of models, the status bar."""

    session: Session
    runs: Runs
    can: Possible
    theme: str
    deck: Any
    exports: Any
    models: Any
    status: Any
    choose_files: Act
    choose_room: Act
    new_text: Act
    paste: Act
    edit_text: Act
    copy_weights: Act
    save_screenshot: Act
    close_document: Act
    close: Act
    cancel: Act
    resume: Act
    run_again: Act
    fit_views: Act
    toggle_lasso: Act
    reset_layout: Act
    toggle_full_screen: Act
    open_palette: Act
    show_keys: Act
    show_about: Act
    look: Callable[[str], object]
    set_theme: Callable[[str], object]
    scale_text: Callable[[int], object]
    step_document: Callable[[int], object]
    can_resume: Callable[[], bool]
    has_lasso: Callable[[], bool]
    pages_offered: Callable[[], Sequence[str]]
    pane_switches: Callable[[], list[tuple]]
