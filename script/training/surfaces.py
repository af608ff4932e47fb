"""Where on a piece of furniture something can stand."""

from __future__ import annotations

import numpy as np
import open3d as o3d

from script.training.mesh import Mesh


class Surfaces:
    """Heights of a placed mesh, seen from above."""

    def __init__(self, mesh: Mesh) -> None:
        self.scene = o3d.t.geometry.RaycastingScene()
        self.scene.add_triangles(
            np.ascontiguousarray(mesh.vertices, np.float32), np.ascontiguousarray(mesh.triangles, np.uint32)
        )
        self.above = float(mesh.box[1, 2]) + 1.0

    def level(self, x: float, y: float, reach: float) -> float | None:
        """Height of the level surface under a square about (x, y), None where it is not level."""
        offsets = np.linspace(-reach, reach, 3)
        across, along = np.meshgrid(x + offsets, y + offsets)
        rays = np.zeros((9, 6), np.float32)
        rays[:, 0], rays[:, 1], rays[:, 2], rays[:, 5] = across.ravel(), along.ravel(), self.above, -1
        depth = self.scene.cast_rays(o3d.core.Tensor(rays))["t_hit"].numpy()
        if not np.isfinite(depth).all() or np.ptp(depth) > 0.015:
            return None
        return self.above - float(depth.min())
