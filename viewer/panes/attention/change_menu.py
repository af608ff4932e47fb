"""The menu of what can be changed of heads: switched off, scaled, made uniform, frozen, as they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QInputDialog, QMenu

from headlight.viewer.panes.shared.controls import head
from headlight.viewer.session import changing
from headlight.viewer.session.able import no_changes, no_hiding
from headlight.viewer.session.document import Document
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import Selection

FACTORS = (0.25, 0.5, 2.0, 4.0, -1.0)
LARGEST = 100.0
"""What a head can be multiplied by."""


def fill_menu(menu: QMenu, session: Session, runs: Runs, heads: Sequence[changing.Head]) -> None:
    """Fill it anew for these heads of the current document; what cannot be done is said in its place."""
    menu.clear()
    document = session.current
    if document is None:
        return
    if reason := no_changes(document):
        menu.addAction(reason).setEnabled(False)
        return

    def change(make: changing.Make | None) -> None:
        changing.change_heads(runs, document, heads, make)

    one = heads[0]
    head(menu, f"{len(heads)} heads" if len(heads) > 1 else f"Layer {one[0]}, head {one[1]}")
    menu.addAction("Switch off", partial(change, changing.off))
    scale = menu.addMenu("Scale by")
    for factor in FACTORS:
        said = f"{factor:g}".replace("-", "\u2212")
        scale.addAction(said, partial(change, changing.scaled(factor)))
    scale.addAction("Another factor…", lambda: _ask(menu, lambda factor: change(changing.scaled(factor))))
    menu.addAction("Make uniform", partial(change, changing.uniform))
    freeze = menu.addMenu("Freeze to")
    for title, recipe in changing.donors(session, document):
        freeze.addAction(title, partial(change, changing.frozen(recipe)))
    if freeze.isEmpty():
        freeze.addAction("Open another input with the same model first").setEnabled(False)
    menu.addSeparator()
    changed = changing.marks(document.wanted.interventions, document.trace)
    menu.addAction("As it was", partial(change, None)).setEnabled(any(each in changed for each in heads))


def fill_input_menu(menu: QMenu, document: Document, runs: Runs) -> None:
    """What can be changed of what is selected of the input."""
    menu.clear()
    places = document.view[Selection].queries
    again = set(places) <= set(changing.hidden(document))
    named = "Show it to the model again" if again else "Hide it from the model"
    _act(menu, named, partial(changing.mask, runs, document, places), no_hiding(document))
    _act(menu, "Swap the two", partial(changing.swap, runs, document), changing.no_swap(document))


def _act(menu: QMenu, title: str, act: Callable[[], None], why_not: str) -> None:
    action = menu.addAction(title, act)
    action.setEnabled(not why_not)
    action.setToolTip(why_not)


def _ask(menu: QMenu, then: Callable[[float], None]) -> None:
    """For a factor, without holding the window up."""
    dialog = QInputDialog(menu.window())
    dialog.setWindowTitle("Scale heads")
    dialog.setLabelText("What these heads add is multiplied by:")
    dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
    dialog.setDoubleRange(-LARGEST, LARGEST)
    dialog.setDoubleDecimals(3)
    dialog.setDoubleValue(0.5)
    dialog.doubleValueSelected.connect(then)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
