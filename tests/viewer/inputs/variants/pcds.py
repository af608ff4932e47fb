"""PCD as PCL, Open3D, CloudCompare, ROS, labelling tools and sensors' makers write it."""

from __future__ import annotations

import struct

import numpy as np

from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns, pcd, records
from tests.viewer.inputs.variants.variant import BRIGHT, Variant

X = columns("x y z", XYZ)
PACKED = (RGB.astype(np.uint32) * [65536, 256, 1]).sum(1).astype(np.uint32)
KINDS = {"f": "F", "u": "U", "i": "I"}


def head(
    fields: str,
    sizes: str,
    types: str,
    counts: str = "",
    *,
    points: int = N,
    data: str = "binary",
    version: str = "0.7",
    end: str = "\n",
    more: tuple[str, ...] = (),
) -> bytes:
    lines = [
        "# .PCD v.7 - Point Cloud Data file format",
        f"VERSION {version}",
        f"FIELDS {fields}",
        f"SIZE {sizes}",
        f"TYPE {types}",
        *([f"COUNT {counts}"] if counts else []),
        f"WIDTH {points}",
        "HEIGHT 1",
        *more,
        "VIEWPOINT 0 0 0 1 0 0 0",
        f"POINTS {points}",
        f"DATA {data}",
        "",
    ]
    return end.join(lines).encode()


def binary(**fields: np.ndarray) -> bytes:
    made = [(k, v.dtype.itemsize, KINDS[v.dtype.kind]) for k, v in fields.items()]
    names, sizes, types = (" ".join(str(one[i]) for one in made) for i in range(3))
    return head(names, sizes, types) + records(**fields).tobytes()


ROWS = "".join(f"{x:.5f} {y:.5f} {z:.5f}\n" for x, y, z in XYZ).encode()
PLAIN = ("x y z", "4 4 4", "F F F", "1 1 1")
GRID = np.where((np.arange(N + 4) < N)[:, None], np.vstack([XYZ, XYZ[:4]]), np.nan).astype(np.float32)
FULL = records(
    **X,
    normal_x=NORMALS[:, 0],
    normal_y=NORMALS[:, 1],
    normal_z=NORMALS[:, 2],
    curvature=BRIGHT,
    rgb=PACKED.view(np.float32),
    label=LABELS.astype(np.uint32),
)
OUSTER = records(
    **X,
    pad=np.zeros(N, np.float32),
    intensity=BRIGHT,
    t=np.arange(N).astype(np.uint32),
    reflectivity=np.zeros(N, np.uint16),
    ring=(np.arange(N) % 64).astype(np.uint16),
    ambient=np.zeros(N, np.uint16),
)
VELODYNE = records(**X, intensity=BRIGHT, ring=(np.arange(N) % 16).astype(np.uint16), time=np.arange(N) / 1e3)


def lzf(data: bytes) -> bytes:
    """LZF without references: runs of up to 32 bytes as they are."""
    return b"".join(bytes([len(data[i : i + 32]) - 1]) + data[i : i + 32] for i in range(0, len(data), 32))


def squeezed(data: bytes) -> bytes:
    body = lzf(data)
    return struct.pack("<II", len(body), len(data)) + body


PCDS = (
    Variant("ascii.pcd", "PCL, text", head(*PLAIN, data="ascii") + ROWS),
    Variant(
        "full.pcd",
        "PCL, PointXYZRGBNormal with labels",
        head("x y z normal_x normal_y normal_z curvature rgb label", "4 4 4 4 4 4 4 4 4", "F F F F F F F F U")
        + FULL.tobytes(),
        "points normals colours numbers",
    ),
    Variant(
        "padded.pcd",
        "PCL, padding between the fields",
        head("x y z _ rgb _", "4 4 4 1 4 1", "F F F U F U", "1 1 1 4 1 12")
        + records(**X, p=np.zeros(N, "V4"), rgb=PACKED, q=np.zeros(N, "V12")).tobytes(),
        "points colours",
    ),
    Variant(
        "compressed.pcd",
        "PCL, compressed, column by column",
        head(*PLAIN, data="binary_compressed") + squeezed(XYZ.T.tobytes()),
    ),
    Variant(
        "v6.pcd",
        "version 0.6, whose header is shorter",
        head(*PLAIN, version=".6", data="ascii").replace(b"VIEWPOINT 0 0 0 1 0 0 0\n", b"") + ROWS,
    ),
    Variant(
        "v5.pcd",
        "version 0.5: COLUMNS and no number of points",
        head(*PLAIN, version=".5", data="ascii")
        .replace(b"FIELDS", b"COLUMNS")
        .replace(b"POINTS %d\n" % N, b"")
        + ROWS,
    ),
    Variant(
        "windows.pcd", "ends of lines as Windows has them, binary", head(*PLAIN, end="\r\n") + XYZ.tobytes()
    ),
    Variant("double.pcd", "doubles", binary(**columns("x y z", XYZ.astype(float)))),
    Variant(
        "open3d.pcd", "Open3D: rgb as a float", binary(**X, rgb=PACKED.view(np.float32)), "points colours"
    ),
    Variant(
        "rgba.pcd",
        "rgba as a whole number, opaque",
        binary(**X, rgba=PACKED | np.uint32(255 << 24)),
        "points colours",
    ),
    Variant("rgb_zero.pcd", "rgb that is black everywhere", binary(**X, rgb=PACKED * 0), says="All colours"),
    Variant("channels.pcd", "r, g and b in bytes", binary(**X, **columns("r g b", RGB)), "points colours"),
    Variant(
        "velodyne.pcd",
        "ROS' Velodyne driver: rings and times",
        head("x y z intensity ring time", "4 4 4 4 2 8", "F F F F U F") + VELODYNE.tobytes(),
        "points intensity",
    ),
    Variant(
        "ouster.pcd",
        "Ouster's driver",
        head("x y z _ intensity t reflectivity ring ambient", "4 4 4 4 4 4 2 2 2", "F F F F F U U U U")
        + OUSTER.tobytes(),
        "points intensity",
    ),
    Variant(
        "livox.pcd",
        "Livox: tags and lines",
        binary(
            **X,
            intensity=BRIGHT,
            tag=np.zeros(N, np.uint8),
            line=np.zeros(N, np.uint8),
            timestamp=np.arange(N) * 1e6,
        ),
        "points intensity",
    ),
    Variant(
        "labels.pcd",
        "labels with numbers of things",
        binary(**X, label=LABELS.astype(np.int32), object=np.full(N, -1, np.int32)),
        "points numbers",
    ),
    Variant(
        "grid.pcd",
        "a depth camera's rows, with holes",
        head(*PLAIN, points=N + 4).replace(b"WIDTH 64\nHEIGHT 1", b"WIDTH 8\nHEIGHT 8") + GRID.tobytes(),
        says="have no finite coordinates",
    ),
    Variant(
        "fpfh.pcd",
        "a field of 33 numbers",
        head("x y z fpfh", "4 4 4 4", "F F F F", "1 1 1 33")
        + np.hstack([XYZ, np.ones((N, 33), np.float32)]).tobytes(),
    ),
    Variant("behind.pcd", "bytes behind the last point", head(*PLAIN) + XYZ.tobytes() + bytes(9)),
    Variant("lower.pcd", "types in small letters", head("x y z", "4 4 4", "f f f", data="ascii") + ROWS),
    Variant("no_count.pcd", "no COUNT", head("x y z", "4 4 4", "F F F") + XYZ.tobytes()),
    Variant(
        "comments.pcd",
        "comments between the lines of the header",
        head(*PLAIN, data="ascii", more=("# a camera", "")) + ROWS,
    ),
    Variant(
        "metadata.pcd",
        "lines that the format does not know",
        head(*PLAIN, more=("METADATA a b",)) + XYZ.tobytes(),
    ),
    Variant(
        "nan.pcd",
        "points that are nan in words",
        head(*PLAIN, points=N + 1, data="ascii") + b"nan nan nan\n" + ROWS,
        says="have no finite coordinates",
    ),
    Variant(
        "commas.pcd",
        "decimal commas of a German program",
        head(*PLAIN, data="ascii") + ROWS.replace(b".", b","),
    ),
    Variant("no_z.pcd", "points of a plane", binary(**columns("x y", XYZ[:, :2])), refused="no z"),
)
_ = pcd
