"""PLY as Blender, CloudCompare, MeshLab, Metashape, Open3D, PCL, RealityCapture and others write it."""

from __future__ import annotations

import numpy as np

from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns, ply, records
from tests.viewer.inputs.variants.variant import BRIGHT, Variant

X = columns("x y z", XYZ)
C = columns("red green blue", RGB)
V = columns("nx ny nz", NORMALS)
ALPHA = {"alpha": np.full(N, 255, np.uint8)}


def header(*lines: str, kind: str = "ascii", end: str = "\n") -> bytes:
    return end.join(["ply", f"format {kind} 1.0", *lines, "end_header", ""]).encode()


def rows(*parts: np.ndarray) -> bytes:
    return "".join(" ".join(f"{v:.9g}" for v in row) + "\n" for row in np.column_stack(parts)).encode()


PLACE = tuple(f"property float {axis}" for axis in "xyz")
VERTEX = (f"element vertex {N}", *PLACE)
RANGE_GRID = ("element range_grid 4", "property list uchar int vertex_indices")
CAMERA = ("element camera 1", "property float view_px", "property float view_py", "property int viewportx")

PLYS = (
    Variant(
        "cc.ply",
        "CloudCompare, binary with scalar fields",
        ply(**X, **C, **V, scalar_Intensity=BRIGHT, scalar_Label=LABELS.astype(np.float32)),
        "points colours normals numbers intensity",
    ),
    Variant(
        "cc_double.ply",
        "CloudCompare, doubles beside floats",
        ply(**columns("x y z", XYZ.astype(np.float64)), **C, scalar_Classification=LABELS.astype(np.float32)),
        "points colours numbers",
    ),
    Variant(
        "meshlab.ply",
        "MeshLab, alpha and quality",
        ply(**X, **V, **C, **ALPHA, quality=BRIGHT),
        "points colours normals",
    ),
    Variant(
        "meshlab_flags.ply",
        "MeshLab, flags before the colours",
        ply(**X, flags=np.zeros(N, np.int32), **C, **ALPHA),
        "points colours",
    ),
    Variant(
        "open3d.ply",
        "Open3D, doubles and bytes",
        ply(**columns("x y z", XYZ.astype(float)), **C, comments=["Created by Open3D"]),
        "points colours",
    ),
    Variant(
        "open3d_tensor.ply",
        "Open3D's tensors: colours that are floats to 255",
        ply(**X, **columns("red green blue", RGB.astype(np.float32))),
        "points colours",
    ),
    Variant("pcl.ply", "PCL, with its camera", header(*VERTEX, *CAMERA) + rows(XYZ) + b"0 0 640\n"),
    Variant(
        "pcl_rgba.ply",
        "PCL, a packed rgba",
        ply(**X, rgba=(RGB.astype(np.uint32) * [65536, 256, 1]).sum(1).astype(np.uint32)),
        "points colours",
    ),
    Variant(
        "pcl_curvature.ply",
        "PCL, normals with a curvature",
        ply(**X, **columns("normal_x normal_y normal_z", NORMALS), curvature=BRIGHT),
        "points normals",
    ),
    Variant(
        "stanford.ply",
        "Stanford's scans: a grid before which the vertices stand, obj_info",
        header("obj_info num_cols 4", *VERTEX, *RANGE_GRID) + rows(XYZ) + b"1 0\n0\n1 5\n0\n",
    ),
    Variant(
        "stanford_confidence.ply",
        "Stanford's models: confidence and intensity",
        ply("text", **X, confidence=BRIGHT / 300, intensity=BRIGHT),
        "points intensity",
    ),
    Variant(
        "metashape.ply",
        "Metashape: normals before colours, classes",
        ply(**X, **V, **C, **{"class": LABELS.astype(np.uint8)}),
        "points colours normals numbers",
    ),
    Variant(
        "reality.ply",
        "RealityCapture: camera numbers behind the colours",
        ply(**columns("x y z", XYZ.astype(float)), **C, vis=np.ones(N, np.uint8)),
        "points colours",
    ),
    Variant(
        "blender.ply",
        "Blender: s and t, colours behind them",
        ply(**X, **V, s=BRIGHT, t=BRIGHT, **C, **ALPHA),
        "points colours normals",
    ),
    Variant(
        "blender_axes.ply",
        "Blender's attributes: r g b a in floats",
        ply(**X, **columns("r g b", (RGB / 255).astype(np.float32)), a=np.ones(N, np.float32)),
        "points colours",
    ),
    Variant(
        "diffuse.ply",
        "older VCG: diffuse_red",
        ply(**X, **columns("diffuse_red diffuse_green diffuse_blue", RGB)),
        "points colours",
    ),
    Variant(
        "deep.ply",
        "16 bits a channel",
        ply(**X, **columns("red green blue", RGB.astype(np.uint16) * 257)),
        "points colours",
    ),
    Variant(
        "big.ply",
        "most significant byte first",
        ply(">", **X, **C, label=LABELS.astype(np.int32)),
        "points colours numbers",
    ),
    Variant(
        "sized.ply",
        "types called float32 and uint8",
        header(
            f"element vertex {N}",
            *(f"property float32 {a}" for a in "xyz"),
            *(f"property uint8 {c}" for c in ("red", "green", "blue")),
        )
        + rows(XYZ, RGB),
        "points colours",
    ),
    Variant(
        "capitals.ply",
        "properties X Y Z",
        ply(**columns("X Y Z", XYZ), **columns("R G B", RGB)),
        "points colours",
    ),
    Variant("backwards.ply", "colours before places", ply(**C, **X), "points colours"),
    Variant(
        "toronto.ply",
        "Toronto-3D",
        ply(
            **X,
            **C,
            scalar_Intensity=BRIGHT,
            scalar_GPSTime=np.arange(N) + 4e5,
            scalar_ScanAngleRank=BRIGHT,
            scalar_Label=LABELS.astype(np.float32),
        ),
        "points colours numbers intensity",
    ),
    Variant(
        "paris.ply",
        "Paris-Lille-3D and Semantic3D's later releases",
        ply(**X, reflectance=BRIGHT, label=LABELS.astype(np.uint32), **{"class": np.zeros(N, np.uint32)}),
        "points numbers intensity",
    ),
    Variant("behind.ply", "bytes behind the last point", ply(**X, **C) + bytes(17), "points colours"),
    Variant("behind_text.ply", "blank lines behind the last point", ply("text", **X) + b"\n\n"),
    Variant("comments.ply", "comments of other alphabets", header("comment Größe 尺寸", *VERTEX) + rows(XYZ)),
    Variant(
        "windows.ply",
        "ends of lines as Windows has them, in a text",
        ply("text", **X, **C).replace(b"\n", b"\r\n"),
        "points colours",
    ),
    Variant("tabs.ply", "tabs between the numbers", ply("text", **X).replace(b" ", b"\t")),
    Variant(
        "first_faces.ply",
        "faces before the vertices, none of them",
        header("element face 0", "property list uchar int vertex_indices", *VERTEX) + rows(XYZ),
    ),
    Variant(
        "edges.ply",
        "edges of wires",
        header(*VERTEX, "element edge 1", "property int vertex1", "property int vertex2")
        + rows(XYZ)
        + b"0 1\n",
    ),
    Variant(
        "whole.ply",
        "whole numbers for places",
        ply(**columns("x y z", np.rint(XYZ * 9).astype(np.int32))),
        "",
        {"points": np.rint(XYZ * 9).astype(np.float32)},
    ),
    Variant(
        "signed.ply",
        "colours that are char",
        ply(**X, **columns("red green blue", RGB.view(np.int8))),
        "points colours",
    ),
    Variant("no_zeros.ply", "normals that are all zero", ply(**X, **columns("nx ny nz", NORMALS * 0))),
    Variant(
        "lists.ply",
        "a list between the properties of points",
        header(f"element vertex {N}", *PLACE, "property list uchar float tags", "property uchar label")
        + b"".join(
            b"%.9g %.9g %.9g 2 5 6 %d\n" % (*p, label) for p, label in zip(XYZ.tolist(), LABELS, strict=True)
        ),
        "points numbers",
        says="Lists of the points of lists.ply are passed over: tags.",
    ),
    Variant(
        "wrapped.ply",
        "several points a line",
        header(*VERTEX) + rows(XYZ.reshape(-1, 6)),
        refused="Line 8 of wrapped.ply has 6 numbers where 3 should be.",
    ),
)


def packed_splats() -> bytes:
    """PlayCanvas' compressed splats: a chunk of 256 with its box, places in 11, 10 and 11 bits."""
    low, high = XYZ.min(0), XYZ.max(0)
    unit = (XYZ - low) / (high - low)
    steps = np.rint(unit * [2047, 1023, 2047]).astype(np.uint32)
    place = steps[:, 0] << 21 | steps[:, 1] << 11 | steps[:, 2]
    shade = RGB.astype(np.uint32)
    colour = shade[:, 0] << 24 | shade[:, 1] << 16 | shade[:, 2] << 8 | 255
    names = [f"{end}_{axis}" for end in ("min", "max") for axis in "xyz"]
    names += [f"{end}_scale_{axis}" for end in ("min", "max") for axis in "xyz"]
    lines = ["element chunk 1", *(f"property float {name}" for name in names), f"element vertex {N}"]
    lines += [f"property uint packed_{what}" for what in ("position", "rotation", "scale", "color")]
    chunk = np.concatenate([low, high, np.zeros(6)]).astype("<f4").tobytes()
    vertex = records(p=place, r=place * 0, s=place * 0, c=colour).tobytes()
    return header(*lines, kind="binary_little_endian") + chunk + vertex


HARMONIC = 0.28209479177387814
DC = columns("f_dc_0 f_dc_1 f_dc_2", ((RGB / 255 - 0.5) / HARMONIC).astype(np.float32))
SPLAT = (
    DC
    | {"opacity": BRIGHT}
    | {f"scale_{i}": BRIGHT for i in range(3)}
    | {f"rot_{i}": BRIGHT for i in range(4)}
)
MEAN = "holds Gaussian splats: their centres are read as the points, with their mean colours."
PLYS += (
    Variant(
        "splat.ply",
        "3D Gaussian splats of the paper's code",
        ply(**X, **columns("nx ny nz", NORMALS * 0), **SPLAT),
        "points colours",
        says=MEAN,
    ),
    Variant(
        "packed_splat.ply", "PlayCanvas' compressed splats", packed_splats(), "points colours", says=MEAN
    ),
)
