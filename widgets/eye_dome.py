"""Eye-dome lighting: what lies behind the points around it is darkened, so that shapes stand out unlit.

After Boucheny 2009 (and Potree, CloudCompare): a pixel is shaded by how far its neighbours on the screen come
before it, relative to their depth. Here the differences of log depth are replaced by 1 − z'/z, which agrees
with them where they are small and is bounded by 1 where they are not.
"""

from __future__ import annotations

import numpy as np
from vispy.gloo import gl

from widgets.gl_objects import Buffer, Program, Target

STRENGTH = 2.6
_RADIUS = 1.4  # px on the screen to the neighbours that are compared

_VERTEX = """
attribute vec2 corner;
varying vec2 place;
void main() {
    place = 0.5 * corner + 0.5;
    gl_Position = vec4(corner, 0.0, 1.0);
}
"""
# The depth buffer holds a + b/z in perspective and a linear depth otherwise. `line` makes of both what a
# ratio can be taken of: 1/z in perspective; in orthographic view z/distance, so that both agree at the focus.
_FRAGMENT = """
uniform sampler2D colour, depth;
uniform vec4 ground;
uniform vec2 line;
uniform vec2 around;
uniform vec2 kind;  // strength, 1 in perspective
varying vec2 place;

float of(vec2 at) { return line.x + line.y * texture2D(depth, at).r; }

float before(float here, vec2 at) {
    float there = of(at);
    return kind.y > 0.5 ? max(0.0, 1.0 - here / there) : clamp(here - there, 0.0, 1.0);
}

void main() {
    if (texture2D(depth, place).r >= 1.0) {
        gl_FragColor = ground;
        return;
    }
    vec4 seen = texture2D(colour, place);
    float shade = 1.0;
    if (kind.x > 0.0) {
        float here = of(place);
        float sum = TAPS;
        shade = exp(-kind.x * sum);
    }
    gl_FragColor = vec4(seen.rgb * shade, 1.0);
}
"""


def _taps(count: int) -> str:
    """GLSL: the mean of `before` on a ring of neighbours, times 8."""
    angles = 2 * np.pi * (np.arange(count) + 0.5) / count
    calls = [f"before(here, place + around * vec2({np.cos(a):.4f}, {np.sin(a):.4f}))" for a in angles]
    return f"{8 / count:.1f} * ({' + '.join(calls)})"


class EyeDome:
    """Puts a target on the screen, shaded or as it is. Lives in one context."""

    def __init__(self) -> None:
        self._fine, self._quick = (
            Program(_VERTEX, _FRAGMENT.replace("TAPS", _taps(count))) for count in (8, 4)
        )
        self._corners = Buffer()
        self._corners.set(np.array([[-1, -1], [3, -1], [-1, 3]], np.float32))

    def draw(
        self,
        target: Target,
        ground: tuple[float, float, float],
        clip: tuple[float, float],
        distance: float | None,
        strength: float,
        pixel_ratio: float = 1.0,
        quick: bool = False,
    ) -> None:
        """Draw over all of the current framebuffer.

        ground: colour, 0 to 1, where no point is. clip: near and far of the target's depth. distance: to the
        focus in orthographic view, None in perspective. strength: 0 for no shading. quick: four neighbours.
        """
        gl.glDisable(gl.GL_DEPTH_TEST)
        gl.glDisable(gl.GL_BLEND)
        program = self._quick if quick else self._fine
        width, height = target.size
        reach = _RADIUS * pixel_ratio
        program.use(
            colour=target.colour,
            depth=target.depth,
            ground=(*ground, 1.0),
            line=depth_line(clip, distance),
            around=(reach / width, reach / height),
            kind=(strength, float(distance is None)),
        )
        program.draw(gl.GL_TRIANGLES, 0, 3, corner=self._corners)

    def delete(self) -> None:
        for thing in (self._fine, self._quick, self._corners):
            thing.delete()


def depth_line(clip: tuple[float, float], distance: float | None) -> tuple[float, float]:
    """(a, b): a + b·d is 1/z in perspective, z/distance in orthographic view, d being the depth buffer's."""
    near, far = clip
    if distance is None:
        return 1 / near, 1 / far - 1 / near
    return near / distance, (far - near) / distance
