"""NPY and NPZ as scripts, data sets and networks write them."""

from __future__ import annotations

import numpy as np

from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns, npy, npz, records
from tests.viewer.inputs.variants.variant import BRIGHT, Variant

ROOM = np.column_stack([XYZ, RGB, LABELS])
ARRAYS = (
    Variant("plain.npy", "N × 3", npy(XYZ)),
    Variant("double.npy", "doubles", npy(XYZ.astype(float))),
    Variant(
        "half.npy",
        "16-bit floats",
        npy((XYZ * 0 + np.arange(N)[:, None] / 8).astype(np.float16)),
        "",
        {"points": (XYZ * 0 + np.arange(N)[:, None] / 8)},
    ),
    Variant("big.npy", "most significant byte first", npy(XYZ.astype(">f4"))),
    Variant("columns.npy", "columns that lie together", npy(np.asfortranarray(XYZ))),
    Variant("batch.npy", "a batch of one", npy(XYZ[None])),
    Variant("batches.npy", "a batch of several", npy(np.stack([XYZ, XYZ])), refused="2 × 60 × 3"),
    Variant("s3dis.npy", "S3DIS' rooms: x y z r g b label", npy(ROOM), "points colours numbers"),
    Variant(
        "named.npy",
        "named columns",
        npy(
            records(
                **columns("x y z", XYZ),
                **columns("r g b", RGB),
                label=LABELS.astype(np.int32),
                intensity=BRIGHT,
            )
        ),
        "points colours numbers intensity",
    ),
    Variant(
        "object.npy",
        "a dictionary, which would have to be run",
        npy(np.array({"a": 1}, object)),
        refused="Python objects",
    ),
    Variant("text.npy", "words", npy(np.array(["a", "b"])), refused="numbers"),
    Variant("complex.npy", "complex numbers", npy(XYZ.astype(np.complex64)), refused="numbers"),
    Variant(
        "points.npz",
        "points, colors, labels",
        npz(points=XYZ, colors=RGB, labels=LABELS),
        "points colours numbers",
    ),
    Variant(
        "scannet.npz",
        "coord, color, normal, segment",
        npz(coord=XYZ, color=RGB, normal=NORMALS, segment=LABELS),
        "points colours normals numbers",
    ),
    Variant(
        "shares.npz",
        "colours that are shares of 1",
        npz(xyz=XYZ, rgb=(RGB / 255).astype(np.float32)),
        "points colours",
    ),
    Variant("bright.npz", "an intensity", npz(points=XYZ, intensity=BRIGHT), "points intensity"),
    Variant(
        "bright_column.npz",
        "an intensity that is a column",
        npz(points=XYZ, intensity=BRIGHT[:, None]),
        "points intensity",
    ),
    Variant(
        "rgba.npz",
        "colours with an opacity",
        npz(points=XYZ, colors=np.column_stack([RGB, RGB[:, 0] * 0 + 255])),
        "points colours",
    ),
    Variant("arr_0.npz", "numpy's own name", npz(arr_0=XYZ)),
    Variant("axes.npz", "x, y and z apart", npz(x=XYZ[:, 0], y=XYZ[:, 1], z=XYZ[:, 2])),
    Variant("one.npz", "one array of all", npz(data=ROOM), "points colours numbers"),
    Variant("fewer.npz", "labels of other points", npz(points=XYZ, labels=LABELS[:-1]), says="are left out"),
)
