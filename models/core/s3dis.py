"""The classes of S3DIS (Armeni et al. 2016), for which point networks are trained. For all rooms."""

from __future__ import annotations

CLASSES = (
    *("ceiling", "floor", "wall", "beam", "column", "window", "door"),
    *("table", "chair", "sofa", "bookcase", "board", "clutter"),
)
"""In the order of Headlight, PointNet, Open3D-ML and Pointcept."""
ORIGINAL_ORDER = (*CLASSES[:7], "chair", "table", "bookcase", "sofa", "board", "clutter")
"""In the order of the data set's own file of names."""
