"""What can be done now: the questions that commands ask before they can be run. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headlight.viewer.session.session import Session
from headlight.viewer.session.view import CloudSettings, ColourBy
from headlight.viewer.slices.cloud_colours import Scene, offers

if TYPE_CHECKING:
    from headlight.viewer.session.jobs import Jobs


class Possible:
    """Asks the session and the jobs."""

    def __init__(self, session: Session, jobs: Jobs) -> None:
        self.session, self.jobs = session, jobs

    def has_document(self) -> bool:
        return self.session.current is not None

    def has_trace(self) -> bool:
        return self.session.current is not None and self.session.current.trace is not None

    def is_text(self) -> bool:
        return self.session.current is not None and self.session.current.modality == "text"

    def is_image(self) -> bool:
        return self.session.current is not None and self.session.current.modality == "image"

    def is_cloud(self) -> bool:
        return self.session.current is not None and self.session.current.modality == "points"

    def is_stack(self) -> bool:
        return self.session.current is not None and self.session.current.modality == "stack"

    def can_run(self) -> bool:
        """Whether there is anything for a model to read."""
        return self.has_document() and not self.is_stack()

    def has_selectable(self) -> bool:
        return self.has_trace() or self.is_stack()

    def has_cells(self) -> bool:
        """What has heads in a grid and tokens in a row: the attention of a text or an image that was read."""
        return self.has_trace() and not self.is_cloud() and self.session.current.page == "attention"

    def has_fields(self) -> bool:
        """Receptive fields of a picture that was read are shown."""
        return self.has_trace() and self.is_image() and self.session.current.page == "fields"

    def has_layers(self) -> bool:
        return self.has_trace() and bool(self.session.current.trace.layers)

    def is_segmented(self) -> bool:
        return self.is_cloud() and self.has_trace()

    def colourings(self) -> dict[ColourBy, str]:
        """What a cloud's points can be coloured by, and why some of it cannot be had; nothing without one."""
        if not self.is_cloud():
            return {}
        scene = Scene(self.session.current.input, self.session.current.trace)
        return offers(scene, self.session.view[CloudSettings].reach)

    def has_saliency(self) -> bool:
        return self.has_trace() and self.session.current.trace.has_saliency

    def is_busy(self) -> bool:
        return bool(self.jobs.running("run"))

    def can_undo(self) -> bool:
        return self.session.can_undo()

    def can_redo(self) -> bool:
        return self.session.can_redo()
