"""The chosen head as it was before anything was changed: its matrix, or its map on the picture."""

from __future__ import annotations

from functools import partial

import numpy as np

from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.attention.matrix import MatrixPane
from headlight.viewer.panes.attention.picture import PicturePane
from headlight.viewer.panes.shared.on_input import pointed
from headlight.viewer.registry import Method
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.explain.experiments import map_before, matrix_before


class MatrixBeforePane(MatrixPane):
    def slice(self, subject: tuple[Trace, Method], view: View, hover: Hover) -> Call:
        (trace, method), document = subject, self.session.current
        return partial(matrix_before, trace, document.input, document.options, view, method)


class PictureBeforePane(PicturePane):
    def pixels(self, document: Document) -> np.ndarray:
        return document.input.edited(()).pixels

    def slice(self, subject: tuple[Trace, Method], view: View, hover: Hover) -> Call:
        (trace, method), document = subject, self.session.current
        return partial(
            map_before, trace, document.input, document.options, view, method, pointed(view, hover)
        )
