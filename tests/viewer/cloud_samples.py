"""One small room and the files that independent writers make of it."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

import laspy
import numpy as np
import pye57
import pypcd4
import trimesh
from plyfile import PlyData, PlyElement

N = 60
_random = np.random.default_rng(3)
XYZ = (_random.random((N, 3)) * [5, 4, 2.6]).astype(np.float32)
RGB = _random.integers(0, 256, (N, 3)).astype(np.uint8)
NORMALS = np.array([[0, 0, 1], [0, -1, 0], [0.6, 0, -0.8]], np.float32)[np.arange(N) % 3]
LABELS = np.arange(N) % 13


def records(**fields: np.ndarray) -> np.ndarray:
    """A structured array of columns, in the order given."""
    dtype = [(name, values.dtype) for name, values in fields.items()]
    made = np.empty(len(next(iter(fields.values()))), dtype)
    for name, values in fields.items():
        made[name] = values
    return made


def columns(names: str, values: np.ndarray) -> dict[str, np.ndarray]:
    return dict(zip(names.split(), values.T, strict=True))


def ply(order: str = "<", faces: list[list[int]] | None = None, comments=(), **fields: np.ndarray) -> bytes:
    """order: "<", ">" or "text"."""
    elements = [PlyElement.describe(records(**(fields or columns("x y z", XYZ))), "vertex")]
    if faces is not None:
        made = np.empty(len(faces), [("vertex_indices", "O")])
        made["vertex_indices"] = [np.array(face, np.int32) for face in faces]
        elements.append(PlyElement.describe(made, "face"))
    out = io.BytesIO()
    kind = {"text": True} if order == "text" else {"byte_order": order}
    PlyData(elements, comments=list(comments), **kind).write(out)
    return out.getvalue()


def pcd(encoding: str, **fields: np.ndarray) -> bytes:
    cloud = pypcd4.PointCloud.from_points(
        tuple(fields.values()), tuple(fields), tuple(values.dtype.type for values in fields.values())
    )
    out = io.BytesIO()
    cloud.save(out, encoding=pypcd4.Encoding(encoding))
    assert f"DATA {encoding}\n".encode() in out.getvalue()  # what does not shrink is written plainly
    return out.getvalue()


def table(*parts: np.ndarray, form: str = "%.4f", separator: str = " ", header: str = "") -> bytes:
    out = io.BytesIO()
    np.savetxt(out, np.column_stack(parts), fmt=form, delimiter=separator, header=header, comments="")
    return out.getvalue()


def npz(compressed: bool = True, **arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(out, **arrays)
    return out.getvalue()


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=array.dtype.hasobject)
    return out.getvalue()


def las(compressed: bool, xyz: np.ndarray, colours=None, labels=None, classes=None) -> bytes:
    header = laspy.LasHeader(point_format=7, version="1.4")
    header.scales, header.offsets = [0.001] * 3, np.floor(xyz.min(axis=0))
    if labels is not None:
        header.add_extra_dim(laspy.ExtraBytesParams("label", np.uint8))
    file = laspy.LasData(header)
    file.x, file.y, file.z = xyz.T
    if colours is not None:
        file.red, file.green, file.blue = colours.T
    if labels is not None:
        file.label = labels
    if classes is not None:
        file.classification = classes
    out = io.BytesIO()
    file.write(out, do_compress=compressed)
    return out.getvalue()


def e57(*scans: dict) -> bytes:
    """Scans with xyz, and colours, invalid, rotation (w x y z) and translation where given."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.e57"
        file = pye57.E57(str(path), "w")
        for scan in scans:
            data = columns("cartesianX cartesianY cartesianZ", scan["xyz"].astype(np.float64))
            if "colours" in scan:
                data |= columns("colorRed colorGreen colorBlue", scan["colours"])
            if "invalid" in scan:
                data["cartesianInvalidState"] = scan["invalid"].astype(np.int8)
            file.write_scan_raw(
                data,
                rotation=np.array(scan.get("rotation", [1.0, 0, 0, 0])),
                translation=np.array(scan.get("translation", [0.0, 0, 0])),
            )
        file.close()
        return path.read_bytes()


def box(kind: str, extents=(2.0, 1.0, 0.5), **options) -> bytes:
    made = trimesh.creation.box(extents).export(file_type=kind, **options)
    return made.encode() if isinstance(made, str) else made
