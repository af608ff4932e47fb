"""Rings around selected points, over the cloud: seen through what lies before them, fainter there."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor
from vispy.gloo import gl

from headlight.widgets.base import theme
from headlight.widgets.cloud.camera import Camera, Size
from headlight.widgets.cloud.eye_dome import depth_line
from headlight.widgets.cloud.gl_objects import Buffer, Program, Texture

_VERTEX = """
uniform mat4 matrix;
uniform float size;
attribute vec3 position;
varying vec3 centre;
void main() {
    gl_Position = matrix * vec4(position, 1.0);
    gl_PointSize = size;
    centre = 0.5 * gl_Position.xyz / gl_Position.w + 0.5;
    gl_Position.y = -gl_Position.y;  // rows from the top
}
"""
# Amber in a dark rim, which sets it off from any ground. A point is hidden where something is drawn before
# its middle by more than the discs of one surface overlap (`slack`, metres).
_FRAGMENT = """
uniform sampler2D scene;
uniform vec4 fill, rim;
uniform float size, width, slack, through;
uniform vec3 line;
varying vec3 centre;

float metres(float depth) {
    float value = line.x + line.y * depth;
    return line.z > 0.0 ? value * line.z : 1.0 / value;
}

void main() {
    float away = length(gl_PointCoord - 0.5) * size;
    float outer = clamp(0.5 * size - away, 0.0, 1.0);
    float inner = clamp(0.5 * size - width - away, 0.0, 1.0);
    bool hidden = metres(centre.z) > metres(texture2D(scene, centre.xy).r) + slack;
    float alpha = outer * mix(rim.a, 1.0, inner) * (hidden ? through : 1.0);
    gl_FragColor = vec4(mix(rim.bgr, fill.bgr, inner), alpha);  // blue first
}
"""
_FEW = 64
"""Up to this many points have large marks; of more, each is hardly larger than the point itself."""


class CloudMarks:
    """Lives in one context."""

    def __init__(self) -> None:
        self._program = Program(_VERTEX, _FRAGMENT)
        self._positions = Buffer()

    def set_points(self, points: np.ndarray) -> None:
        """float32 (k, 3)."""
        self._positions.set(points.reshape(-1, 3))

    def draw(self, camera: Camera, size: Size, scene: Texture, point_size: float, ratio: float) -> None:
        """Blend over what an `EyeDome` made. scene: the depth of the cloud; sizes in logical pixels."""
        if not self._positions.rows:
            return
        few = self._positions.rows <= _FEW
        pixels = max(point_size + 8, 10) if few else max(point_size + 2.5, 5)
        pose = camera.pose
        distance = 0.0 if pose.projection == "perspective" else pose.distance
        now = theme.current()
        fill, rim = QColor(theme.DARK.amber), QColor("#000000" if now.dark else "#3a2000")
        gl.glEnable(gl.GL_BLEND)
        gl.glBlendFunc(gl.GL_SRC_ALPHA, gl.GL_ONE_MINUS_SRC_ALPHA)
        self._program.use(
            scene=scene,
            matrix=camera.matrix(size),
            size=pixels * ratio,
            width=(2.0 if few else 1.0) * ratio,
            fill=(*fill.getRgbF()[:3], 1.0),
            rim=(*rim.getRgbF()[:3], 0.85),
            line=(*depth_line(camera.clip(), distance or None), distance),
            slack=2.5 * point_size / float(camera.pixels_per_metre(pose.distance, size)),
            through=0.55,
        )
        self._program.draw(gl.GL_POINTS, 0, self._positions.rows, position=self._positions)
