"""Clouds as more programs write them: grouped numbers, odd types, several scans, newer formats."""

from __future__ import annotations

import numpy as np

from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns, e57, npy, ply
from tests.viewer.inputs.variants.plys import header
from tests.viewer.inputs.variants.surveys import las
from tests.viewer.inputs.variants.variant import BRIGHT, Variant

X, C = columns("x y z", XYZ), columns("red green blue", RGB)
GRID = np.array([[1_200_000.25 + i, 2_600_000.5 + i % 7, 450.5 + i % 3] for i in range(30)])
"""Map coordinates."""
TWICE = np.concatenate([XYZ, XYZ])
QUARTER = np.column_stack([5 - XYZ[:, 1], XYZ[:, 0], XYZ[:, 2]])
SPLATS = {
    **columns("nx ny nz", XYZ * 0),
    **columns("f_dc_0 f_dc_1 f_dc_2", ((RGB / 255 - 0.5) / 0.28209479).astype(np.float32)),
    **{f"f_rest_{i}": np.zeros(N, np.float32) for i in range(45)},
    "opacity": np.zeros(N, np.float32),
    **columns("scale_0 scale_1 scale_2", XYZ * 0 - 4),
    **columns("rot_0 rot_1 rot_2 rot_3", np.tile(np.float32([1, 0, 0, 0]), (N, 1))),
}


def rows(form: str, *parts: np.ndarray) -> bytes:
    return "".join(form.format(*row) for row in np.column_stack(parts).tolist()).encode()


def pcd(fields: str, sizes: str, types: str, body: bytes, data: str = "binary", points: int = N) -> bytes:
    ones = " ".join("1" for _ in fields.split())
    head = f"VERSION 0.7\nFIELDS {fields}\nSIZE {sizes}\nTYPE {types}\nCOUNT {ones}\nWIDTH {N}\nHEIGHT 1\n"
    return f"{head}VIEWPOINT 0 0 0 1 0 0 0\nPOINTS {points}\nDATA {data}\n".encode() + body


def packed(*parts: tuple[np.ndarray, str]) -> bytes:
    """Records of columns, each of its own type."""
    return np.rec.fromarrays([values.astype(kind) for values, kind in parts]).tobytes()


PLACES = [(XYZ[:, axis], "<f4") for axis in range(3)]
TEXT = rows("{:.4f} {:.4f} {:.4f}\n", XYZ)
STAMPS = np.full(N, 1_700_000_000_000_000_000)
PTS = b"%d\n" % N + rows("{:.4f} {:.4f} {:.4f} {:.0f} {:.0f} {:.0f} {:.0f}\n", XYZ, BRIGHT, RGB)


def swiss(number: float) -> str:
    return f"{number:,.2f}".replace(",", "'")


def german(number: float) -> str:
    return f"{number:,.2f}".translate({ord(","): ".", ord("."): ","})


def named(written, between: str) -> bytes:
    lines = (between.join(written(number) for number in row) for row in GRID.tolist())
    return "\n".join(["X;Y;Z".replace(";", between), *lines, ""]).encode()


PROGRAMS = (
    Variant("open3d_double.ply", "Open3D, doubles alone", ply(**columns("x y z", XYZ.astype(float)))),
    Variant(
        "spaces.ply",
        "CloudCompare, a scalar field with spaces in its name",
        header(f"element vertex {N}", *(f"property float {a}" for a in "xyz"), "property float Cloud index 2")
        + rows("{:.4f} {:.4f} {:.4f} 1\n", XYZ),
    ),
    Variant(
        "harmonics.ply",
        "3D Gaussian splats with all 45 harmonics",
        ply(**X, **SPLATS),
        "points colours",
        says="holds Gaussian splats",
    ),
    Variant(
        "none.ply",
        "a header without points",
        header("element vertex 0", *(f"property float {a}" for a in "xyz")),
        refused="none.ply holds no points",
    ),
    Variant(
        "stamps.pcd",
        "times of 64 bits",
        pcd("x y z t", "4 4 4 8", "F F F U", packed(*PLACES, (STAMPS, "<u8"))),
    ),
    Variant(
        "short.pcd",
        "an intensity of 16 bits",
        pcd("x y z intensity", "4 4 4 2", "F F F U", packed(*PLACES, (BRIGHT, "<u2"))),
        "points intensity",
    ),
    Variant(
        "capitals.pcd", "PCL's words in capitals", pcd("X Y Z", "4 4 4", "F F F", packed(*PLACES), "BINARY")
    ),
    Variant(
        "windows_text.pcd",
        "a text of Windows",
        pcd("x y z", "4 4 4", "F F F", TEXT, "ascii").replace(b"\n", b"\r\n"),
    ),
    Variant(
        "minus_nan.pcd",
        "C's -nan in place of a number",
        pcd("x y z", "4 4 4", "F F F", b"-nan NaN nan\n" + TEXT.split(b"\n", 1)[1], "ascii"),
        "",
        {"points": XYZ[1:]},
        "have no finite coordinates",
    ),
    Variant(
        "fewer.pcd",
        "more points in the header than in the file",
        pcd("x y z", "4 4 4", "F F F", TEXT, "ascii", N + 5),
        refused="fewer.pcd promises 65 points and holds 60",
    ),
    Variant("swiss.csv", "Excel in Switzerland: 2'600'000.50", named(swiss, ";"), "", {"points": GRID}),
    Variant("german.csv", "Excel in Germany: 2.600.000,50", named(german, ";"), "", {"points": GRID}),
    Variant("tabs.xyz", "a tab before and behind the numbers", rows("\t{:.4f}\t{:.4f}\t{:.4f}\t\n", XYZ)),
    Variant(
        "modelnet.txt",
        "ModelNet40 with normals, commas",
        rows("{:.4f},{:.4f},{:.4f},{:.5f},{:.5f},{:.5f}\n", XYZ, NORMALS),
        "points normals",
    ),
    Variant(
        "shapenet.txt",
        "ShapeNet's parts: normals and a number",
        rows("{:.4f} {:.4f} {:.4f} {:.5f} {:.5f} {:.5f} {:.6f}\n", XYZ, NORMALS, LABELS),
        "points normals numbers",
    ),
    Variant(
        "web.xyz",
        "colours as pages of the web write them",
        rows("{:.4f} {:.4f} {:.4f} #ff8800\n", XYZ),
        says="are read as x y z _",
    ),
    Variant(
        "kitti.npy",
        "a scan of four columns, of which none has a name",
        npy(np.column_stack([XYZ, BRIGHT / 255]).astype(np.float32)),
        says="the 4 columns of kitti.npy are: they are read as x y z _.",
    ),
    Variant(
        "modelnet.npy",
        "places and normals in one array",
        npy(np.column_stack([XYZ, NORMALS]).astype(np.float32)),
        "points normals",
    ),
    Variant(
        "two.pts",
        "two scans, each behind its count",
        PTS + PTS,
        "",
        {
            "points": TWICE,
            "colours": np.concatenate([RGB, RGB]),
            "intensity": np.concatenate([BRIGHT, BRIGHT]),
        },
    ),
    Variant("format_4.las", "point format 4 of LAS 1.3, with waves", las(4, "1.3")),
    Variant("format_9.laz", "point format 9 of LAS 1.4, with waves, packed", las(9, "1.4", True)),
    Variant(
        "format_10.laz",
        "point format 10 of LAS 1.4, packed",
        las(10, "1.4", True),
        says="All colours of format_10.laz are black",
    ),
    Variant(
        "height.laz",
        "PDAL's height above the ground beside the points",
        las(6, "1.4", True, extra={"HeightAboveGround": XYZ[:, 2].astype(np.float32)}),
    ),
    Variant(
        "posed.e57",
        "two scans, of which one stands elsewhere and is turned",
        e57({"xyz": XYZ}, {"xyz": XYZ, "rotation": [0.70710678, 0, 0, 0.70710678], "translation": [5, 0, 0]}),
        "",
        {"points": np.concatenate([XYZ, QUARTER])},
        "holds 2 scans",
    ),
)
