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
from viewer.panes.numbers import NumbersPane
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

KINDS = (
    *(PicturePane, SentencePane, HeadsPane, MatrixPane, RolloutPane, SettingsPane),
    *(FirstViewPane, SecondViewPane, NeighbourhoodPane, MapsPane, ConfusionPane, ClassesPane),
    *(FieldPane, SecondFieldPane, LayersPane, GrowthPane, DistancePane, FieldSettingsPane),
    CostPane,
    *(StackEditorPane, StackStepsPane, StackFieldPane, StackLayersPane, StackGrowthPane),
)


def make_panes(session: Session, jobs: Jobs, runs: Runs, log: LogHandler, parent: QObject) -> list[QObject]:
    """All panes, in the order in which they are listed. GUI thread."""
    panes = [kind(session, jobs, runs, parent) for kind in KINDS]
    cost = next(pane for pane in panes if isinstance(pane, CostPane))
    others = CostSettingsPane(session, cost, parent), NumbersPane(session, panes, parent)
    return [*panes, *others, LogPane(log, parent)]
