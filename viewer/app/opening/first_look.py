"""A large cloud is seen before all of it is read: some of its points, until its panes have drawn it."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QTimer
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from headlight.models.core.task import SILENT, Task
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.session import Session
from headlight.widgets.base import theme

if TYPE_CHECKING:
    from headlight.viewer.inputs.cloud import CloudInput
    from headlight.widgets.cloud.prepared import Coloured, Prepared
    from headlight.widgets.cloud.view import CloudView

_LONGEST = 10.0
"""Seconds after the file is open until it goes in any case."""
_LOOK = 50
"""Milliseconds between two looks at whether the panes have drawn."""
_DARK, _BRIGHT = 90, 235
"""Greys of the lowest and the highest points of a cloud without colours."""
_SHARE = 0.45
"""Of the room, along either side, where a document is open and stays to be seen."""


class FirstLook(QFrame):
    """Covers the welcome page, or a corner of what is open. The pointer turns it as any cloud."""

    def __init__(self, over: QWidget, session: Session, jobs: Jobs) -> None:
        super().__init__(over)
        self.session, self.jobs = session, jobs
        self.view: CloudView | None = None
        self._number: int | None = None
        """Of what is opened and seen here."""
        self._until = 0.0
        self.setAutoFillBackground(True)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._said = QLabel()
        self._said.setContentsMargins(*(round(theme.em(0.6)),) * 4)
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(1, 1, 1, 1)
        self._box.setSpacing(0)
        self._box.addWidget(self._said)
        self._timer = QTimer(self, interval=_LOOK)
        self._timer.timeout.connect(self._drawn)
        over.installEventFilter(self)
        self.hide()

    def take(self, number: int, look: CloudInput | None) -> None:
        """Some points of what is opened under a number; None where it is open, or will not be."""
        if look is not None:
            self._timer.stop()
            self._number = number
            work = partial(_made_ready, look)
            self.jobs.submit("first look", work, partial(self._show, number, look), here=True)
        elif number == self._number:
            self._number, self._until = None, time.monotonic() + _LONGEST
            self.jobs.cancel("first look")
            self._timer.start()

    def _show(self, number: int, look: CloudInput, made: tuple[Prepared, Coloured]) -> None:
        if number != self._number:
            return
        if self.view is None:
            from headlight.widgets.cloud.view import CloudView

            self.view = CloudView()
            self._box.addWidget(self.view, 1)
        self._said.setText(
            f"{look.title}: a first look at {len(look.points):,} of its points, while all are read"
        )
        self._place()
        self.show()
        self.raise_()
        self.view.set_points(made[0])
        self.view.set_colours(made[1])

    def _drawn(self) -> None:
        """Go as soon as the panes have drawn what they have."""
        if self.jobs.running("look") and time.monotonic() < self._until:
            return
        self._timer.stop()
        self.hide()
        if self.view is not None:
            self.view.clear()

    def _place(self) -> None:
        room = self.parentWidget().rect()
        if self.session.current is not None:
            corner = QRect(0, 0, round(room.width() * _SHARE), round(room.height() * _SHARE))
            corner.moveBottomRight(room.bottomRight())
            room = corner
        self.setGeometry(room)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False


def _made_ready(look: CloudInput, task: Task = SILENT) -> tuple[Prepared, Coloured]:
    """What a view draws, in the cloud's colours or in greys by its heights."""
    import numpy as np

    from headlight.widgets.cloud.prepared import prepare

    colours = look.colours
    if colours is None:
        low, high = np.percentile(look.points[:, 2], (1, 99))
        share = ((look.points[:, 2] - low) / max(float(high - low), 1e-6)).clip(0, 1)
        colours = np.repeat(np.rint(_DARK + (_BRIGHT - _DARK) * share)[:, None], 3, axis=1).astype(np.uint8)
    ready = prepare(look.points)
    return ready, ready.coloured(colours)
