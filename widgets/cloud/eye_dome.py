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
uniform vec4 part;  // left, low, right and high of what is drawn, of a target that is 1 wide and high
attribute vec2 corner;
varying vec2 place;
void main() {
    place = mix(part.xy, part.zw, corner);
    gl_Position = vec4((2.0 * place - 1.0) * vec2(1.0, -1.0), 0.0, 1.0);
}
"""
# The depth buffer holds a + b/z in perspective and a linear depth otherwise. `line` makes of both what a
# ratio can be taken of: 1/z in perspective; in orthographic view z/distance, so that both agree at the focus.
_SHADE = """
uniform sampler2D depth;
uniform vec2 line, around;
uniform float strength;

float of(vec2 at) { return line.x + line.y * texture2D(depth, at).r; }

float before(float here, vec2 at) {
    float there = of(at);
    return clamp(BEFORE, 0.0, MOST);
}

float shade(vec2 at) {
    float here = of(at);
    return exp(-strength * TAPS);
}
"""
_PICTURE = """
uniform sampler2D colour;
uniform vec3 ground;
uniform vec2 quarter;
varying vec2 place;

vec3 seen(vec2 at) {
    vec4 tint = texture2D(colour, at);  // opaque where a point is
    return mix(ground, tint.rgb * SHADE, tint.a);
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


class EyeDome:
    """Makes of a target what Qt paints, shaded or as it is: rows from the top, blue first. Lives in one
    context."""

    def __init__(self) -> None:
        self._programs: dict[tuple[int, int, bool], Program] = {}
        self._corners = Buffer()
        self._corners.set(np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32))

    def draw(
        self,
        target: Target,
        screen: Target,
        ground: tuple[float, float, float],
        clip: tuple[float, float],
        distance: float | None,
        strength: float,
        part: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
        pixel_ratio: float = 1.0,
        scale: int = 1,
        quick: bool = False,
    ) -> None:
        """Draw over all of `screen`, whose size is the target's divided by `scale`, 1 or 2; it stays bound.

        ground: colour, 0 to 1, where no point is. clip: near and far of the target's depth. distance: to the
        focus in orthographic view, None in perspective. strength: 0 for no shading. part: left, low, right
        and high of where points are, the target being 1 wide and high. quick: of four neighbours.
        """
        screen.bind()
        gl.glClearColor(*ground[::-1], 1.0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT)
        width, height = (side / scale for side in target.size)
        taps = 0 if strength <= 0 else 4 if quick or scale == 2 else 8
        reach = _RADIUS * pixel_ratio
        shading = {
            "depth": target.depth,
            "line": depth_line(clip, distance),
            "around": (reach / width, reach / height),
            "strength": strength,
        }
        program = self._program(taps, scale, distance is None)
        program.use(
            colour=target.colour,
            ground=ground,
            part=part,
            quarter=(0.25 / width, 0.25 / height),
            **(shading if taps else {}),
        )
        program.draw(gl.GL_TRIANGLE_STRIP, 0, 4, corner=self._corners)

    def _program(self, taps: int, scale: int, perspective: bool) -> Program:
        """Made when first needed: a processor that draws takes a while for each. (It also runs through both
        branches of a condition, so that there is a program for each case instead.)"""
        if (taps, scale, perspective) not in self._programs:
            fragment = _PICTURE.replace("PICTURE", _PICTURES[scale])
            if taps:
                before = "1.0 - here / there" if perspective else "here - there"
                shade = _SHADE.replace("BEFORE", before).replace("MOST", f"{_MOST}")
                fragment = shade.replace("TAPS", _taps(taps)) + fragment
            fragment = fragment.replace("SHADE", "shade(at)" if taps else "1.0")
            self._programs[taps, scale, perspective] = Program(_VERTEX, fragment)
        return self._programs[taps, scale, perspective]


def depth_line(clip: tuple[float, float], distance: float | None) -> tuple[float, float]:
    """(a, b): a + b·d is 1/z in perspective, z/distance in orthographic view, d being the depth buffer's."""
    near, far = clip
    if distance is None:
        return 1 / near, 1 / far - 1 / near
    return near / distance, (far - near) / distance
