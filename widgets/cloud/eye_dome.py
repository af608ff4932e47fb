"""Eye-dome lighting: what lies behind the points around it is darkened, so that shapes stand out unlit.

After Boucheny 2009 (and Potree, CloudCompare): a pixel is shaded by how far its neighbours on the screen come
before it, relative to their depth. Here the differences of log depth are replaced by 1 − z'/z, which agrees
with them where they are small and is bounded by 1 where they are not.
"""

from __future__ import annotations

import numpy as np
from vispy.gloo import gl

from headlight.widgets.cloud.gl_objects import Buffer, Program, Target

STRENGTH = 4.5
_MOST = 0.045  # of the depth, beyond which a neighbour shades no more: gaps must not turn black
_RADIUS = 1.4  # px on the screen to the neighbours that are compared

_VERTEX = """
attribute vec2 corner;
varying vec2 place;
void main() {
    place = 0.5 * corner + 0.5;
    gl_Position = vec4(corner.x, -corner.y, 0.0, 1.0);
}
"""
# The depth buffer holds a + b/z in perspective and a linear depth otherwise. `line` makes of both what a
# ratio can be taken of: 1/z in perspective; in orthographic view z/distance, so that both agree at the focus.
_FRAGMENT = """
uniform sampler2D colour, depth;
uniform vec3 ground;
uniform vec2 line;
uniform vec2 around, quarter;
uniform vec2 kind;  // strength, 1 in perspective
varying vec2 place;

float of(vec2 at) { return line.x + line.y * texture2D(depth, at).r; }

float before(float here, vec2 at) {
    float there = of(at);
    return clamp(kind.y > 0.5 ? 1.0 - here / there : here - there, 0.0, MOST);
}

vec3 seen(vec2 at) {
    float deep = texture2D(depth, at).r;
    if (deep >= 1.0)
        return ground;
    vec3 tint = texture2D(colour, at).rgb;
    if (kind.x <= 0.0)
        return tint;
    float here = line.x + line.y * deep;
    return tint * exp(-kind.x * TAPS);
}

void main() { gl_FragColor = vec4((PICTURE).bgr, 1.0); }
"""
_PICTURES = {
    1: "seen(place)",
    2: "0.25 * (seen(place + quarter) + seen(place - quarter)"
    " + seen(place + quarter * vec2(1.0, -1.0)) + seen(place + quarter * vec2(-1.0, 1.0)))",
}


def _taps(count: int) -> str:
    """GLSL: the mean of `before` on a ring of neighbours, times 8."""
    angles = 2 * np.pi * (np.arange(count) + 0.5) / count
    calls = [f"before(here, at + around * vec2({np.cos(a):.4f}, {np.sin(a):.4f}))" for a in angles]
    return f"{8 / count:.1f} * ({' + '.join(calls)})"


def _program(taps: int, scale: int) -> Program:
    fragment = _FRAGMENT.replace("TAPS", _taps(taps)).replace("PICTURE", _PICTURES[scale])
    return Program(_VERTEX, fragment.replace("MOST", f"{_MOST}"))


class EyeDome:
    """Makes of a target what Qt paints, shaded or as it is: rows from the top, blue first. Lives in one
    context."""

    def __init__(self) -> None:
        # By the pixels of the target along one of the screen's, and whether it must be quick.
        self._programs = {
            (1, True): _program(4, 1),
            (1, False): _program(8, 1),
            (2, False): _program(4, 2),
        }
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
        scale: int = 1,
        quick: bool = False,
    ) -> None:
        """Draw over all of the bound target, whose size is the other's divided by `scale`, 1 or 2.

        ground: colour, 0 to 1, where no point is. clip: near and far of the target's depth. distance: to the
        focus in orthographic view, None in perspective. strength: 0 for no shading. quick: four neighbours.
        """
        program = self._programs[scale, quick and scale == 1]
        width, height = (side / scale for side in target.size)
        reach = _RADIUS * pixel_ratio
        program.use(
            colour=target.colour,
            depth=target.depth,
            ground=ground,
            line=depth_line(clip, distance),
            around=(reach / width, reach / height),
            quarter=(0.25 / width, 0.25 / height),
            kind=(strength, float(distance is None)),
        )
        program.draw(gl.GL_TRIANGLES, 0, 3, corner=self._corners)


def depth_line(clip: tuple[float, float], distance: float | None) -> tuple[float, float]:
    """(a, b): a + b·d is 1/z in perspective, z/distance in orthographic view, d being the depth buffer's."""
    near, far = clip
    if distance is None:
        return 1 / near, 1 / far - 1 / near
    return near / distance, (far - near) / distance
