"""Points as discs: pages of positions and of colours, in a shuffled order.

Any prefix of that order is a fair sample of the cloud, so that a few of the points show it while the camera
moves, and the rest can be drawn in pieces over what is there.
"""

from __future__ import annotations

import numpy as np
from vispy.gloo import gl

from headlight.widgets.cloud.cutaway import NOTHING
from headlight.widgets.cloud.gl_objects import Buffer, Program
from headlight.widgets.cloud.picking import LARGEST, SMALLEST

_VERTEX = """
uniform mat4 matrix;
uniform vec3 size;  // pixels, and the least and most that depth makes of them
uniform float reference;  // depth at which a point has its size; 0: at every depth
uniform vec4 cut0, cut1, cut2;  // planes: what lies before one is left out
uniform vec4 ground;  // what points are dimmed towards, and the alpha of those that are not; 0: none is
attribute vec3 position;
attribute vec4 colour;
varying vec3 tint;
void main() {
    gl_Position = matrix * vec4(position, 1.0);
    gl_PointSize = reference > 0.0 ? clamp(size.x * reference / gl_Position.w, size.y, size.z) : size.x;
    bool dimmed = ground.a > 0.0 && abs(colour.a - ground.a) > 0.002;
    tint = dimmed ? mix(ground.rgb, colour.rgb, 0.25) : colour.rgb;
    vec3 before = vec3(dot(cut0.xyz, position), dot(cut1.xyz, position), dot(cut2.xyz, position));
    if (colour.a < 0.002 || any(greaterThan(before, vec3(cut0.w, cut1.w, cut2.w))))
        gl_Position = vec4(2.0, 2.0, 2.0, 1.0);  // outside of all that is seen: goes no further
}
"""
_FRAGMENT = """
varying vec3 tint;
void main() {
    vec2 off = gl_PointCoord - 0.5;
    if (dot(off, off) > 0.25)
        discard;
    gl_FragColor = vec4(tint, 1.0);
}
"""
_SQUARE = "varying vec3 tint; void main() { gl_FragColor = vec4(tint, 1.0); }"

PAGE = 1 << 18
"""Points in one buffer, which are sent at a time: 4 MB, for which nobody waits."""


class CloudVisual:
    """Lives in one context, which has to be current."""

    def __init__(self) -> None:
        self._round, self._square = Program(_VERTEX, _FRAGMENT), Program(_VERTEX, _SQUARE)
        self._points, self._colours = np.zeros((0, 3), np.float32), np.zeros((0, 4), np.uint8)
        # By the page of the points, and how many of them are up to date.
        self._places: list[Buffer] = []
        self._tints: list[Buffer] = []
        self._placed = self._tinted = 0

    def set_points(self, points: np.ndarray) -> None:
        """float32 (n, 3), shuffled; to be sent."""
        self._points, self._placed = points, 0
        pages = -(-len(points) // PAGE)
        for buffers in (self._places, self._tints):
            while len(buffers) > pages:
                buffers.pop().delete()

    def set_colours(self, colours: np.ndarray) -> None:
        """uint8 (n, 4), in the order of the points, see `Coloured`; to be sent."""
        self._colours, self._tinted = colours, 0

    def send(self) -> None:
        """Send the next page of what is not sent."""
        self._placed = _send(self._places, self._points, self._placed, changing=False)
        self._tinted = _send(self._tints, self._colours, self._tinted, changing=True)

    @property
    def sent(self) -> int:
        """So many points can be drawn."""
        return min(min(self._placed, self._tinted) * PAGE, len(self._points))

    def draw(
        self,
        first: int,
        count: int,
        matrix: np.ndarray,
        size: float,
        reference: float = 0.0,
        planes: np.ndarray = NOTHING,
        ground: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
    ) -> None:
        """Draw `count` points from the shuffled point `first` on.

        size, reference: as for `PointSize`, in pixels of the screen. planes: see `cutaway.cuts`.
        ground: red, green and blue that all are dimmed towards but those of this alpha; alpha 0 dims none.
        """
        program = self._round if size > 2.5 else self._square
        program.use(
            matrix=matrix,
            size=(size, size * SMALLEST, size * LARGEST),
            reference=reference,
            ground=ground,
            **{f"cut{i}": tuple(map(float, plane)) for i, plane in enumerate(planes)},
        )
        while count:
            page, start = divmod(first, PAGE)
            some = min(count, PAGE - start)
            program.draw(gl.GL_POINTS, start, some, position=self._places[page], colour=self._tints[page])
            first, count = first + some, count - some


def _send(buffers: list[Buffer], rows: np.ndarray, page: int, changing: bool) -> int:
    """Send a page of rows, unless all are sent. Returns the next page."""
    if page * PAGE >= len(rows):
        return page
    if page == len(buffers):
        buffers.append(Buffer())
    buffers[page].set(rows[page * PAGE : (page + 1) * PAGE], changing)
    return page + 1
