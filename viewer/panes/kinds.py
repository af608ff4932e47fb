"""All panes. Importing them imports pyqtgraph, which takes a while: a worker does it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from headlight.viewer.panes.attention.heads import HeadsPane
from headlight.viewer.panes.attention.matrix import MatrixPane
from headlight.viewer.panes.attention.picture import PicturePane
from headlight.viewer.panes.attention.rollout import RolloutPane
from headlight.viewer.panes.attention.sentence import SentencePane
from headlight.viewer.panes.attention.settings import SettingsPane
from headlight.viewer.panes.clouds.classes import ClassesPane
from headlight.viewer.panes.clouds.confusion import ConfusionPane
from headlight.viewer.panes.clouds.maps import MapsPane
from headlight.viewer.panes.clouds.neighbourhood import NeighbourhoodPane
from headlight.viewer.panes.clouds.space import FirstViewPane, SecondViewPane
from headlight.viewer.panes.cost.cost import CostPane
from headlight.viewer.panes.cost.settings import CostSettingsPane
from headlight.viewer.panes.fields.distance import DistancePane
from headlight.viewer.panes.fields.field import FieldPane, SecondFieldPane
from headlight.viewer.panes.fields.growth import GrowthPane
from headlight.viewer.panes.fields.layers import LayersPane
from headlight.viewer.panes.fields.settings import FieldSettingsPane
from headlight.viewer.panes.shared.log import LogPane
from headlight.viewer.panes.shared.numbers import Heard, NumbersPane
from headlight.viewer.panes.stack.editor import StackEditorPane
from headlight.viewer.panes.stack.field import StackFieldPane
from headlight.viewer.panes.stack.steps import StackStepsPane
from headlight.viewer.panes.stack.table import StackGrowthPane, StackLayersPane

if TYPE_CHECKING:
    from headlight.viewer.panes.shared.log import LogHandler
    from headlight.viewer.session.jobs import Jobs
    from headlight.viewer.session.runs import Runs
    from headlight.viewer.session.session import Session

KINDS: tuple[type, ...] = (
    *(PicturePane, SentencePane, HeadsPane, MatrixPane, RolloutPane, SettingsPane),
    *(FirstViewPane, SecondViewPane, NeighbourhoodPane, MapsPane, ConfusionPane, ClassesPane),
    *(FieldPane, SecondFieldPane, LayersPane, GrowthPane, DistancePane, FieldSettingsPane),
    *(CostPane, CostSettingsPane),
    *(StackEditorPane, StackStepsPane, StackFieldPane, StackLayersPane, StackGrowthPane),
    *(NumbersPane, LogPane),
)


class PaneMaker:
    """Makes panes; what any of them says of its figures, the numbers pane hears, whichever was made first."""

    def __init__(self, session: Session, jobs: Jobs, runs: Runs, log: LogHandler, parent: QObject) -> None:
        self._given = session, jobs, runs, parent
        self._log, self._figures = log, Heard(parent)
        self._cost: CostPane | None = None

    def __call__(self, kind: type) -> QObject:
        """One pane of a kind. GUI thread."""
        session, *_, parent = self._given
        if kind is LogPane:
            return LogPane(self._log, parent)
        if kind is NumbersPane:
            return NumbersPane(session, self._figures, parent)
        if kind is CostSettingsPane:
            return CostSettingsPane(session, self._cost, parent)
        pane = kind(*self._given)
        if kind is CostPane:
            self._cost = pane
        self._figures.listen(pane)
        return pane
