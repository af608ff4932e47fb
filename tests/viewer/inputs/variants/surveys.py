"""LAS, LAZ and E57 as LAStools, PDAL, FARO SCENE, CloudCompare and drones' makers write them."""

from __future__ import annotations

import io
import struct
import tempfile
import uuid
from pathlib import Path

import laspy
import numpy as np
import pye57
from pye57 import libe57

from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, columns
from tests.viewer.inputs.variants.variant import BRIGHT, Variant

DEEP = RGB.astype(np.uint16) * 257


def las(
    form: int = 3,
    version: str = "1.2",
    packed: bool = False,
    xyz=XYZ,
    scale: float = 0.001,
    extra=None,
    vlrs=(),
    **fields,
):
    header = laspy.LasHeader(point_format=form, version=version)
    header.scales, header.offsets = [scale] * 3, np.floor(np.min(xyz, axis=0))
    header.vlrs.extend(vlrs)
    for name, values in (extra or {}).items():
        header.add_extra_dim(laspy.ExtraBytesParams(name, values.dtype))
    file = laspy.LasData(header)
    file.x, file.y, file.z = np.asarray(xyz, float).T
    for name, values in (fields | (extra or {})).items():
        file[name] = values
    out = io.BytesIO()
    file.write(out, do_compress=packed)
    return out.getvalue()


SHADES = columns("red green blue", DEEP)
BYTES = columns("red green blue", RGB.astype(np.uint16))


def patched(data: bytes, at: int, form: str, value: int) -> bytes:
    made = bytearray(data)
    struct.pack_into(form, made, at, value)
    return bytes(made)


def longer_records() -> bytes:
    """Records with bytes that no record describes, as some writers leave them."""
    data = las(0, intensity=BRIGHT)
    at, size = struct.unpack_from("<I", data, 96)[0], struct.unpack_from("<H", data, 105)[0]
    body = b"".join(data[at + i * size : at + (i + 1) * size] + b"\1\2\3" for i in range(N))
    return patched(data[:at], 105, "<H", size + 3) + body


def gap() -> bytes:
    """The two bytes before the points that LAS 1.0 asked for."""
    data = las(1, intensity=BRIGHT)
    at = struct.unpack_from("<I", data, 96)[0]
    return patched(data[:at], 96, "<I", at + 2) + b"\xdd\xcc" + data[at:]


FORMATS = tuple(
    Variant(
        f"format_{form}.{'laz' if packed else 'las'}",
        f"point format {form} of LAS {version}{', packed' * packed}",
        las(form, version, packed, intensity=BRIGHT, **(SHADES if form in (2, 3, 5, 7, 8, 10) else {})),
        "points intensity" + " colours" * (form in (2, 3, 5, 7, 8, 10)),
    )
    for form, version in (
        (0, "1.0"),
        (1, "1.1"),
        (2, "1.2"),
        (3, "1.3"),
        (5, "1.3"),
        (6, "1.4"),
        (7, "1.4"),
        (8, "1.4"),
        (10, "1.4"),
    )
    for packed in (False, True)
    if not (packed and form in (0, 5, 10)) and version != "1.0"
)
SURVEYS = (
    *FORMATS,
    Variant("bytes.las", "colours of 8 bits in 16", las(2, **BYTES), "points colours"),
    Variant(
        "millionths.las",
        "a scale of 1e-7, beside map coordinates",
        las(0, xyz=XYZ + np.array([4e5, 5e6, 100]), scale=1e-5),
        "",
        {"points": XYZ + np.array([4e5, 5e6, 100])},
    ),
    Variant(
        "labels.las",
        "labels in an extra dimension",
        las(2, **SHADES, extra={"label": LABELS.astype(np.uint8)}),
        "points colours numbers",
    ),
    Variant(
        "surveyed.las",
        "classes of surveys",
        las(0, classification=np.where(LABELS < 6, 2, 6).astype(np.uint8)),
        "points",
        {"numbers": np.where(LABELS < 6, 2, 6)},
        says="are those of land surveys (ground, building)",
    ),
    Variant("unclassified.las", "nobody classified anything", las(0, classification=np.ones(N, np.uint8))),
    Variant("longer.las", "records with bytes that nothing describes", longer_records(), "points intensity"),
    Variant("gap.las", "bytes between the header and the points", gap(), "points intensity"),
    Variant("behind.las", "bytes behind the last point", las(0) + bytes(40)),
    Variant("box.las", "a box that is not that of the points", patched(las(0), 179, "<Q", 0)),
    Variant("unknown_record.las", "records of a program", las(0, vlrs=[laspy.VLR("LASER", 17, "a", b"abc")])),
    Variant("doubled.las", "1.4 with both counts", las(0, "1.4")),
)


def e57(
    form: str = "double",
    axes: str = "cartesian",
    *,
    limits: int = 255,
    invalid=None,
    normals: bool = False,
    bright: bool = False,
    colours: bool = False,
    pictures: int = 0,
    points: bool = True,
) -> bytes:
    """Written by libE57 itself. form: of the coordinates."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.e57"
        file = pye57.E57(str(path), mode="w")
        image = file.image_file
        if normals:
            image.extensionsAdd("nor", "http://www.libe57.org/E57_EXT_surface_normals.txt")
        fields: dict[str, tuple[np.ndarray, object]] = {}

        def number(name: str, values: np.ndarray, low: float, high: float, kind: str = form) -> None:
            if kind == "scaled":
                node = libe57.ScaledIntegerNode(image, 0, -(10**7), 10**7, 0.0001, 0.0)
            elif kind == "whole":
                node = libe57.IntegerNode(image, 0, int(low), int(high))
            else:
                node = libe57.FloatNode(
                    image, 0.0, libe57.E57_SINGLE if kind == "single" else libe57.E57_DOUBLE, low, high
                )
            fields[name] = (np.ascontiguousarray(values, np.float64), node)

        x, y, z = XYZ.astype(float).T
        if axes == "cartesian":
            for name, values in zip("XYZ", (x, y, z), strict=True):
                number(f"cartesian{name}", values, -1e6, 1e6)
        else:
            flat = np.hypot(x, y)
            for name, values in (
                ("Range", np.hypot(flat, z)),
                ("Azimuth", np.arctan2(y, x)),
                ("Elevation", np.arctan2(z, flat)),
            ):
                number(f"spherical{name}", values, -1e6, 1e6)
        if colours:
            for name, values in zip(("Red", "Green", "Blue"), RGB.T, strict=True):
                number(f"color{name}", values * (limits / 255), 0, limits, "whole")
        if normals:
            for name, values in zip("XYZ", NORMALS.T, strict=True):
                number(f"nor:normal{name}", values, -1, 1, "single")
        if bright:
            number("intensity", BRIGHT / 256, 0, 1, "single")
        if invalid is not None:
            number(f"{axes}InvalidState", invalid, 0, 2, "whole")
        prototype, buffers = libe57.StructureNode(image), libe57.VectorSourceDestBuffer()
        for name, (values, node) in fields.items():
            prototype.set(name, node)
            buffers.append(libe57.SourceDestBuffer(image, name, values, N, True, True))
        scan = libe57.StructureNode(image)
        scan.set("guid", libe57.StringNode(image, f"{{{uuid.UUID(int=1)}}}"))
        if colours:
            box = libe57.StructureNode(image)
            for name in ("Red", "Green", "Blue"):
                box.set(f"color{name}Minimum", libe57.IntegerNode(image, 0))
                box.set(f"color{name}Maximum", libe57.IntegerNode(image, limits))
            scan.set("colorLimits", box)
        if points:
            table = libe57.CompressedVectorNode(image, prototype, libe57.VectorNode(image, True))
            scan.set("points", table)
            file.data3d.append(scan)
            writer = table.writer(buffers)
            writer.write(N)
            writer.close()
        for _ in range(pictures):
            file.root["images2D"].append(libe57.StructureNode(image))
        file.close()
        return path.read_bytes()


SURVEYS += (
    Variant("double.e57", "doubles, and nothing else", e57()),
    Variant("single.e57", "floats of 32 bits", e57("single")),
    Variant("scaled.e57", "whole numbers with a scale, as FARO and Leica", e57("scaled")),
    Variant("spherical.e57", "ranges and angles", e57(axes="spherical")),
    Variant("bright.e57", "an intensity", e57(bright=True), "points", {"intensity": BRIGHT / 256}),
    Variant("colours.e57", "colours of 8 bits", e57(colours=True), "points colours"),
    Variant("deep.e57", "colours of 16 bits", e57(colours=True, limits=65535), "points colours"),
    Variant("normals.e57", "CloudCompare's normals, an extension", e57(normals=True), "points normals"),
    Variant(
        "invalid.e57",
        "points that the scanner calls invalid",
        e57(invalid=np.arange(N) == 0),
        "",
        {"points": XYZ[1:]},
        says="1 of 60 points of invalid.e57 have no finite coordinates",
    ),
    Variant(
        "pictures.e57",
        "pictures and no scan",
        e57(points=False, pictures=2),
        refused="holds 2 pictures and no points",
    ),
    Variant("empty.e57", "neither", e57(points=False), refused="holds no points"),
)
