"""Good clouds of every format, as other programs write them."""

from __future__ import annotations

import gzip
import json
import re
import struct

import numpy as np

from headlight.viewer.inputs.readers import reader_of
from headlight.viewer.inputs.source import Source
from script.fuzzing.pictures import encoded
from script.fuzzing.sample import Sample, Samples
from script.fuzzing.wrapped import paged, unpaged
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns
from tests.viewer.inputs.variants.arrays import ARRAYS
from tests.viewer.inputs.variants.pcds import PCDS
from tests.viewer.inputs.variants.plys import PLYS
from tests.viewer.inputs.variants.scanners import SCANNERS
from tests.viewer.inputs.variants.surfaces import SURFACES
from tests.viewer.inputs.variants.surveys import SURVEYS
from tests.viewer.inputs.variants.tables import TABLES

_XYZ = columns("x y z", XYZ)
_SHADES = columns("red green blue", RGB)
_LASERS = np.column_stack([XYZ, XYZ[:, 0] * 20, LABELS]).astype(np.float32)
_LARGE = 12_000
"""Bytes of a sample that is no longer small."""
_BOX = (0.3, 0.2, 0.1)


def clouds() -> Samples:
    made = _own()
    for one in (*PLYS, *PCDS, *TABLES, *ARRAYS, *SURVEYS, *SCANNERS, *SURFACES):
        if not one.refused and len(one.data) < _LARGE:
            packed = one.file.endswith(".spz")  # it is told by what is packed in it
            reader = "spz" if packed else reader_of(Source.of(one.data, one.file)).id
            made.setdefault(reader, []).append(Sample.of(one.file, _settled(one.data), False))
    return made


def _settled(data: bytes) -> bytes:
    """Without the day on which it was made, or no two days would damage the same file."""
    if data.startswith(b"LASF"):
        return data[:90] + struct.pack("<HH", 1, 2026) + data[94:]
    if data.startswith(b"ASTM-E57"):
        return paged(re.sub(rb"(?<=\{)[0-9A-Fa-f-]{36}(?=\})", b"0" * 36, unpaged(data)))
    return data


def _own() -> Samples:
    return {
        "ply": _ply(),
        "pcd": _pcd(),
        "table": _tables(),
        "npy": [
            Sample.of("room.npy", make.npy(np.column_stack([XYZ, RGB, LABELS]))),
            Sample.of("fields.npy", make.npy(make.records(**_XYZ, label=LABELS))),
        ],
        "npz": [
            Sample.of("plain.npz", make.npz(False, points=XYZ, labels=LABELS, classes=np.array(["a"] * 13))),
            Sample.of("deflated.npz", make.npz(points=XYZ, colors=RGB, normals=NORMALS)),
            Sample.of("axes.npz", make.npz(x=XYZ[:, 0], y=XYZ[:, 1], z=XYZ[:, 2])),
        ],
        "las": [Sample.of("scan.las", _las(False))],
        "laz": [Sample.of("scan.laz", _las(True))],
        "e57": _e57(),
        "obj": _obj(),
        "stl": [
            Sample.of("box.stl", make.box("stl", _BOX)),
            Sample.of("text.stl", make.box("stl_ascii", _BOX), counted=False),
        ],
        "gltf": [Sample.of("box.glb", make.box("glb", _BOX))],
        "off": [Sample.of("box.off", make.box("off", _BOX))],
        "ptx": [Sample.of("scan.ptx", _ptx())],
        "colmap": _colmap(),
        "scan": _scans(),
        "gzip": [
            Sample.of("room.ply.gz", gzip.compress(make.ply(**_XYZ), mtime=0)),
            Sample.of("room.xyz.gz", gzip.compress(make.table(XYZ), mtime=0)),
            Sample.of("room.pcd.gz", gzip.compress(make.pcd("binary", **_XYZ), mtime=0)),
        ],
        "room": _rooms(),
    }


def _ply() -> list[Sample]:
    corners = [[0, 1, 2], [0, 1, 2, 3]]
    strips = make.ply("text", [[0, 1, 2, 3, -1, 4, 5, 6]], **_XYZ).replace(
        b"element face", b"element tristrips"
    )
    lists = f"ply\nformat ascii 1.0\nelement vertex {N}\n" + "".join(f"property float {a}\n" for a in "xyz")
    rows = "".join(f"{x:.3f} {y:.3f} {z:.3f} 2 5 6\n" for x, y, z in XYZ)
    lists += f"property list uchar float tag\nend_header\n{rows}"
    splats = {f"f_dc_{at}": XYZ[:, at] for at in range(3)} | {f"scale_{at}": XYZ[:, at] for at in range(3)}
    splats |= {"opacity": XYZ[:, 0]} | {f"rot_{at}": XYZ[:, at % 3] for at in range(4)}
    return [
        Sample.of("little.ply", make.ply(**_XYZ, **_SHADES, label=LABELS.astype(np.int32))),
        Sample.of("big.ply", make.ply(">", corners, **_XYZ)),
        Sample.of("text.ply", make.ply("text", corners, **_XYZ, **_SHADES)),
        Sample.of("strips.ply", strips),
        Sample.of("lists.ply", lists.encode()),
        Sample.of("splats.ply", make.ply(**_XYZ, **splats)),
    ]


def _pcd() -> list[Sample]:
    packed = make.pcd("binary_compressed", **_XYZ, label=LABELS.astype(np.uint32), more=np.zeros(N))
    turned = make.pcd("ascii", **_XYZ).replace(b"0.0 0.0 0.0 1.0 0.0 0.0 0.0", b"1 2 3 0 0 0 1")
    return [
        Sample.of("text.pcd", make.pcd("ascii", **_XYZ)),
        Sample.of("binary.pcd", make.pcd("binary", **_XYZ, rgb=make.pypcd4.PointCloud.encode_rgb(RGB))),
        Sample.of("packed.pcd", packed),
        Sample.of("turned.pcd", turned),
    ]


def _tables() -> list[Sample]:
    wide = make.table(XYZ, separator=",", header="X [mm],Y [mm],Z [mm]").decode().encode("utf-16")
    boxes = b"x,y,z,length,width,height,yaw,class\n1,1,1,2,1,1,0.5,car\n2,2,1,1,1,1,0,truck\n"
    return [
        Sample.of("room.txt", make.table(XYZ, RGB, LABELS, form=["%.3f"] * 3 + ["%d"] * 4), False),
        Sample.of("named.csv", make.table(XYZ, RGB, form="%.3f", separator=",", header="x,y,z,r,g,b"), False),
        Sample.of("scan.pts", make.table(XYZ, form="%.3f", header=str(N))),
        Sample.of("wide.csv", wide, False),
        Sample({"a.xyz": make.table(XYZ), "a.csv": boxes}, "a.xyz", False),
    ]


def _las(compressed: bool) -> bytes:
    return _settled(make.las(compressed, XYZ.astype(np.float64), RGB.astype(np.uint16) * 257, LABELS))


def _e57() -> list[Sample]:
    scan = {"xyz": XYZ, "colours": RGB, "invalid": LABELS == 3}
    turned = {"xyz": XYZ, "rotation": [0.0, 0, 0, 1], "translation": [1.0, 2, 3]}
    return [
        Sample.of("one.e57", _settled(make.e57(scan))),
        Sample.of("two.e57", _settled(make.e57(scan, turned))),
    ]


def _obj() -> list[Sample]:
    painted = b"mtllib box.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
    painted += b"usemtl wood\nf 1/1 2/2 3/3\nf 1/1 3/3 4/4\n"
    library = b"newmtl wood\nKd 0.5 0.4 0.3\nmap_Kd wood.png\n"
    shaded = "".join(f"v {x:.3f} {y:.3f} {z:.3f} 0.5 0.2 0.1\n" for x, y, z in XYZ) + "f 1 2 3\nf 3 4 5 6\n"
    return [
        Sample.of("box.obj", make.box("obj", _BOX), False),
        Sample.of("shaded.obj", shaded.encode(), False),
        Sample(
            {"box.obj": painted, "box.mtl": library, "wood.png": encoded("PNG")},
            "box.obj",
            False,
        ),
    ]


def _ptx() -> bytes:
    head = f"{N}\n1\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n5 5 5 1\n"
    return head.encode() + make.table(XYZ, np.full(N, 0.5), form="%.3f")


def _colmap() -> list[Sample]:
    records, lines = (
        struct.pack("<Q", N),
        "# 3D point list\n#   POINT3D_ID, X, Y, Z, R, G, B, ERROR, TRACK[]\n",
    )
    for number, (place, shade) in enumerate(zip(XYZ.tolist(), RGB.tolist(), strict=True)):
        records += struct.pack("<Q3d3BdQ4i", number, *place, *shade, 0.5, 2, 1, 2, 3, 4)
        lines += " ".join(map(str, [number, *place, *shade, 0.5, 1, 5])) + "\n"
    return [Sample.of("points3D.bin", records), Sample.of("points3D.txt", lines.encode(), False)]


def _scans() -> list[Sample]:
    """With the labels, boxes and calibration that KITTI, SemanticKITTI and nuScenes lay beside them."""
    kitti = np.column_stack([XYZ, XYZ[:, 0] / 9]).astype("<f4").tobytes()
    car = b"Car 0.00 0 -1.58 587.01 173.33 614.12 200.12 1.65 1.67 3.64 -0.65 1.71 4.0 -1.59\n"
    calib = b"P2: 721 0 609 44 0 721 172 0.2 0 0 1 0.002\nR0_rect: 1 0 0 0 1 0 0 0 1\n"
    calib += b"Tr_velo_to_cam: 0 -1 0 0 0 0 -1 -0.08 1 0 0 -0.27\n"
    row = {
        "translation": [2, 2, 1],
        "size": [1, 2, 1],
        "rotation": [1, 0, 0, 0],
        "category_name": "vehicle.car",
    }
    pose = {"translation": [0, 0, 0], "rotation": [1, 0, 0, 0]}
    rows = {"boxes": [row | {"name": "car"}], "ego_pose": pose, "calibrated_sensor": pose}
    return [
        Sample.of("sweep.pcd.bin", _LASERS.tobytes(), False),
        Sample(
            {"velodyne/7.bin": kitti, "labels/7.label": LABELS.astype("<u4").tobytes()},
            "velodyne/7.bin",
            False,
        ),
        Sample(
            {"velodyne/7.bin": kitti, "label_2/7.txt": car * 2, "calib/7.txt": calib}, "velodyne/7.bin", False
        ),
        Sample({"a.bin": kitti, "a.json": json.dumps(rows).encode()}, "a.bin", False),
    ]


def _rooms() -> list[Sample]:
    def thing(part: slice) -> bytes:
        return make.table(XYZ[part], RGB[part], form=["%.3f"] * 3 + ["%d"] * 3)

    things = {"chair_1": slice(20), "table_1": slice(20, 40), "wall_2": slice(40, None)}
    scene = {"coord": XYZ, "color": RGB, "normal": NORMALS, "segment": LABELS[:, None]}
    return [
        Sample({f"Annotations/{name}.txt": thing(part) for name, part in things.items()}, "", False),
        Sample({f"{name}.npy": make.npy(array) for name, array in scene.items()}, ""),
    ]
