"""What small maps lie on: which token each pixel shows, of a picture in patches or of points in space."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from headlight.widgets.base.outline import Rect
from headlight.widgets.cloud.camera import Camera

BEHIND = (24, 26, 31)
"""Red, green and blue behind points, in both themes: what lies on it is light."""
COVERED = 2.0
"""Times that points cover the view together, did none lie before another."""
LARGEST = 6
"""Pixels of a point's side, at most."""
PLAIN = (118, 122, 130)
"""Of points that no map lies on."""


@dataclass(frozen=True, eq=False)
class Laid:
    """pixels: uint8 (h, w, 3), what is seen below the maps. tokens: int32 (h, w), the token that each shows,
    −1 for none."""

    pixels: np.ndarray
    tokens: np.ndarray

    def bounds(self, token: int) -> tuple[int, int, int, int] | None:
        """(left, top, right, bottom) of the pixels that show a token; None of one that is hidden."""
        rows, columns = np.nonzero(self.tokens == token)
        if not len(rows):
            return None
        return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


class Ground(ABC):
    """Lies alike under every map."""

    aspect = 1.0
    """Width over height."""
    turns = False
    """Whether a drag turns it."""

    @abstractmethod
    def laid(self, width: int, height: int) -> Laid:
        """In so many pixels."""

    @abstractmethod
    def turn(self, dx: float, dy: float) -> None:
        """By a drag of so many pixels, of one that turns."""


class PictureGround(Ground):
    """A picture, uint8 (H, W, 3), whose patches are tokens from `prefix` on: rows × columns of `grid` over
    the corners (x0, y0, x1, y1), in pixels of the picture."""

    def __init__(self, rgb: np.ndarray, grid: tuple[int, int], prefix: int, corners: Rect) -> None:
        self._rgb, self._grid, self._prefix, self._corners = rgb, grid, prefix, corners
        self.aspect = rgb.shape[1] / rgb.shape[0]

    def laid(self, width: int, height: int) -> Laid:
        down, across = self._rgb.shape[:2]
        ys, xs = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
        x0, y0, x1, y1 = self._corners
        rows = np.floor((ys * down - y0) / (y1 - y0) * self._grid[0]).astype(int)
        columns = np.floor((xs * across - x0) / (x1 - x0) * self._grid[1]).astype(int)
        seen = ((rows >= 0) & (rows < self._grid[0]))[:, None] & (columns >= 0) & (columns < self._grid[1])
        tokens = rows[:, None] * self._grid[1] + columns + self._prefix
        return Laid(_shrunk(self._rgb, width, height), np.where(seen, tokens, -1).astype(np.int32))

    def turn(self, dx: float, dy: float) -> None:
        """It lies flat."""


class BoxesGround(Ground):
    """A picture, uint8 (H, W, 3), with tokens in boxes, float (n, 4): x0, y0, x1, y1 in pixels of it, numbers
    that are none of tokens elsewhere. Of boxes that lie upon each other the smallest is seen."""

    def __init__(self, rgb: np.ndarray, boxes: np.ndarray) -> None:
        self._rgb, self._boxes = rgb, boxes
        self.aspect = rgb.shape[1] / rgb.shape[0]

    def laid(self, width: int, height: int) -> Laid:
        down, across = self._rgb.shape[:2]
        tokens = np.full((height, width), -1, np.int32)
        # A pixel shows the box that its centre lies in.
        edges = np.ceil(self._boxes * np.tile((width / across, height / down), 2) - 0.5)
        x0, y0, x1, y1 = self._boxes.T
        for token in np.argsort((x0 - x1) * (y1 - y0), kind="stable"):
            if not np.isnan(x0[token]):
                left, top, right, bottom = edges[token].clip(0).astype(int)
                tokens[top:bottom, left:right] = token
        return Laid(_shrunk(self._rgb, width, height), tokens)

    def turn(self, dx: float, dy: float) -> None:
        """It lies flat."""


class PointsGround(Ground):
    """Points float (n, 3), each a token, as a camera of their own sees them; the nearest hides the others."""

    aspect, turns = 1.35, True

    def __init__(self, points: np.ndarray) -> None:
        self._points, self._camera = np.asarray(points, np.float32), Camera()
        if len(points):
            self._camera.set_scene(points.min(0), points.max(0))

    def laid(self, width: int, height: int) -> Laid:
        tokens = np.full((height, width), -1, np.int32)
        pixels = np.empty((height, width, 3), np.uint8)
        pixels[:] = BEHIND
        if not len(self._points):
            return Laid(pixels, tokens)
        self._camera.fit(self._points, (width, height), 0.02)
        seen = self._camera.project(self._points, (width, height))
        order = np.argsort(-seen[:, 2], kind="stable")  # the nearest is drawn last, over the others
        side = round(float(np.sqrt(COVERED * width * height / len(order)).clip(1, LARGEST)))
        corner = np.floor(seen[order, :2] - (side - 1) / 2).astype(int)
        offsets = np.stack(np.meshgrid(np.arange(side), np.arange(side)), -1).reshape(-1, 2)
        places = (corner[:, None] + offsets).reshape(-1, 2)
        owners = np.repeat(order, len(offsets))
        inside = ((places >= 0) & (places < (width, height))).all(1)
        places, owners = places[inside], owners[inside]
        tokens[places[:, 1], places[:, 0]] = owners
        pixels[tokens >= 0] = PLAIN
        return Laid(pixels, tokens)

    def turn(self, dx: float, dy: float) -> None:
        self._camera.orbit(dx, dy)


def _shrunk(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    """uint8 (height, width, 3): a picture in so many pixels."""
    # Of several pixels one, so that fine patterns become no others.
    step = max(1, min(rgb.shape[0] // height, rgb.shape[1] // width))
    small = rgb[::step, ::step]
    ys, xs = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    return small[(ys * len(small)).astype(int)][:, (xs * small.shape[1]).astype(int)]


def over(laid: Laid, levels: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """uint8 (h, w, 3): a map's levels, uint8 (n,), on their ground in these colours, uint8 (256, 4)."""
    shown = laid.tokens >= 0
    table = colours.astype(np.uint16)
    found = table[levels[np.where(shown, laid.tokens, 0)]]
    alpha = np.where(shown, found[..., 3], 0)[..., None].astype(np.uint16)
    mixed = laid.pixels.astype(np.uint16) * (255 - alpha) + found[..., :3] * alpha
    return ((mixed + 127) // 255).astype(np.uint8)
