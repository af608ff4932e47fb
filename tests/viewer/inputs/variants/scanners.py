"""PTX, KITTI's and nuScenes' scans, COLMAP, splats and folders of rooms, as their programs write them."""

from __future__ import annotations

import gzip
import struct

import numpy as np

from tests.viewer.cloud_samples import RGB, XYZ, N
from tests.viewer.inputs.variants.plys import MEAN
from tests.viewer.inputs.variants.variant import BRIGHT, Variant

HEAD = "{}\n1\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n"


def ptx(*parts: np.ndarray, form: str = "%.4f", end: str = "\n") -> bytes:
    rows = (" ".join(form % v for v in row) for row in np.column_stack(parts))
    return end.join([*HEAD.format(N).splitlines(), *rows, ""]).encode()


def floats(*parts: np.ndarray) -> bytes:
    return np.column_stack(parts).astype("<f4").tobytes()


def splat() -> bytes:
    rows = zip(XYZ.tolist(), RGB.tolist(), strict=True)
    return b"".join(struct.pack("<6f8B", *p, 0.01, 0.01, 0.01, *c, 255, 128, 128, 128, 255) for p, c in rows)


def spz(version: int = 2, bits: int = 12) -> bytes:
    """Niantic's: columns of places in 24 bits, opacities and colours."""
    whole = np.rint((XYZ - [2, 2, 1]) * (1 << bits)).astype("<i4")
    places = whole.view(np.uint8).reshape(N, 3, 4)[:, :, :3].tobytes()
    shades = np.rint((((RGB / 255 - 0.5) / 0.28209479177387814) * 0.15 + 0.5).clip(0, 1) * 255).astype(
        np.uint8
    )
    head = struct.pack("<4sIIBBBB", b"NGSP", version, N, 0, bits, 0, 0)
    return gzip.compress(head + places + bytes(N) + shades.tobytes() + bytes(N * 6), mtime=0)


SCANNERS = (
    Variant("leica.ptx", "Leica's PTX", ptx(XYZ, BRIGHT / 256), "points", {"intensity": BRIGHT / 256}),
    Variant(
        "colours.ptx",
        "PTX with colours",
        ptx(XYZ, BRIGHT / 256, RGB, form="%.4g"),
        "colours",
        {"intensity": BRIGHT / 256, "points": XYZ},
    ),
    Variant(
        "windows.ptx",
        "PTX with Windows' ends of lines",
        ptx(XYZ, BRIGHT / 256, end="\r\n"),
        "points",
        {"intensity": BRIGHT / 256},
    ),
    Variant(
        "missed.ptx",
        "rays that met nothing",
        ptx(np.where(np.arange(N)[:, None] == 5, 0, XYZ), BRIGHT / 256),
        "",
        {"points": np.delete(XYZ, 5, 0), "intensity": np.delete(BRIGHT, 5) / 256},
        says="1 of 60 points",
    ),
    Variant(
        "cut.ptx", "a PTX that was cut off", ptx(XYZ, BRIGHT)[:-60], refused="promises 60 points and holds"
    ),
    Variant(
        "000001.bin",
        "KITTI",
        floats(XYZ, BRIGHT / 256),
        "points",
        {"intensity": BRIGHT / 256},
        says="as KITTI writes scans",
    ),
    Variant(
        "sweep.pcd.bin",
        "nuScenes, with its lasers",
        floats(XYZ, BRIGHT, np.arange(N) % 32),
        "points intensity",
        says="as nuScenes writes scans",
    ),
    Variant("000002.bin", "floats that are no scan", floats(XYZ * 1e6, BRIGHT), refused="neither"),
    Variant("antimatter.splat", "antimatter15's splats", splat(), "points colours", says=MEAN),
    Variant(
        "niantic.spz",
        "Niantic's splats",
        spz(),
        "colours",
        {"points": XYZ - [2, 2, 1]},
        says=MEAN,
        within={"colours": 1.01},
    ),
    Variant("newer.spz", "splats of a version to come", spz(9), refused="of version 9"),
    Variant("cut.spz", "splats that were cut off", spz()[:-80], refused="damaged or cut-off"),
)
