"""All panes. Importing them imports pyqtgraph, which takes a while: a worker does it first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from viewer.panes.classes import ClassesPane
from viewer.panes.cloud import FirstViewPane, SecondViewPane
from viewer.panes.confusion import ConfusionPane
from viewer.panes.cost import CostPane
from viewer.panes.cost_settings import CostSettingsPane
from viewer.panes.distance import DistancePane
from viewer.panes.field import FieldPane, SecondFieldPane
from viewer.panes.field_settings import FieldSettingsPane
from viewer.panes.growth import GrowthPane
from viewer.panes.heads import HeadsPane
from viewer.panes.layers import LayersPane
from viewer.panes.log import LogPane
from viewer.panes.maps import MapsPane
from viewer.panes.matrix import MatrixPane
from viewer.panes.neighbourhood import NeighbourhoodPane
from viewer.panes.numbers import Heard, NumbersPane
from viewer.panes.picture import PicturePane
from viewer.panes.rollout import RolloutPane
from viewer.panes.sentence import SentencePane
from viewer.panes.settings import SettingsPane
from viewer.panes.stack_editor import StackEditorPane
from viewer.panes.stack_field import StackFieldPane
from viewer.panes.stack_steps import StackStepsPane
from viewer.panes.stack_table import StackGrowthPane, StackLayersPane

if TYPE_CHECKING:
    from viewer.jobs import Jobs
    from viewer.panes.log import LogHandler
    from viewer.runs import Runs
    from viewer.session import Session

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
