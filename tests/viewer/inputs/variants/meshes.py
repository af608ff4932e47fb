"""Meshes as more programs write them, each a square of 2 × 2 m: PLY with lists of all kinds, odd OBJ."""

from __future__ import annotations

import struct

from tests.viewer.inputs.variants.plys import header
from tests.viewer.inputs.variants.surfaces import RED, SQUARE, obj
from tests.viewer.inputs.variants.variant import Variant

CORNERS = ("element vertex 4", *(f"property float {axis}" for axis in "xyz"))
TEXT = "".join("{:g} {:g} {:g}\n".format(*corner) for corner in SQUARE).encode()
LITTLE, BIG = SQUARE.astype("<f4").tobytes(), SQUARE.astype(">f4").tobytes()
LIST = "property list uchar int vertex_indices"


def square(file: str, what: str, data: bytes, says: str = "is a mesh of 2 triangles", colour=None) -> Variant:
    return Variant(file, what, data, "", {} if colour is None else {"colour": colour}, says)


def little(*lines: str) -> bytes:
    return header(*CORNERS, *lines, kind="binary_little_endian") + LITTLE


MESHES = (
    square(
        "wedges.ply",
        "MeshLab: places in a texture for each face",
        header(
            *CORNERS, "element face 2", LIST, "property list uchar float texcoord", "property int texnumber"
        )
        + TEXT
        + b"3 0 1 2 6 0 0 1 0 1 1 0\n3 0 2 3 6 0 0 1 1 0 1 0\n",
    ),
    square(
        "lost_texture.ply",
        "Blender: places in a texture that is not there",
        header(
            "comment TextureFile wall.png",
            *CORNERS,
            "property float s",
            "property float t",
            "element face 1",
            LIST,
        )
        + b"0 0 0 0 0\n2 0 0 1 0\n2 2 0 1 1\n0 2 0 0 1\n4 0 1 2 3\n",
        "Pictures that lost_texture.ply is painted with are not used: wall.png.",
    ),
    square(
        "quad.ply", "a face of four corners", header(*CORNERS, "element face 1", LIST) + TEXT + b"4 0 1 2 3\n"
    ),
    square(
        "strip.ply",
        "Stanford: a strip of triangles",
        header(*CORNERS, "element tristrips 1", "property list int int vertex_indices")
        + TEXT
        + b"5 0 1 3 2 -1\n",
    ),
    square(
        "strip_binary.ply",
        "the same, binary",
        little("element tristrips 1", "property list int int vertex_indices")
        + struct.pack("<6i", 5, 0, 1, 3, 2, -1),
    ),
    square(
        "painted_faces.ply",
        "trimesh: a colour for each face",
        header(*CORNERS, "element face 2", LIST, *(f"property uchar {c}" for c in ("red", "green", "blue")))
        + TEXT
        + b"3 0 1 2 200 20 30\n3 0 2 3 200 20 30\n",
        colour=RED,
    ),
    square(
        "big_faces.ply",
        "faces with the most significant byte first",
        header(*CORNERS, "element face 2", LIST, kind="binary_big_endian")
        + BIG
        + struct.pack(">B3iB3i", 3, 0, 1, 2, 3, 0, 2, 3),
    ),
    square(
        "mixed.ply",
        "faces of three corners and of four, unsigned",
        little("element face 2", "property list uchar uint vertex_index")
        + struct.pack("<B4IB3I", 4, 0, 1, 2, 3, 3, 0, 2, 3),
        "is a mesh of 3 triangles",
    ),
    square("marked.obj", "a byte order mark", b"\xef\xbb\xbf" + obj("1 2 3 4")),
    square("exponents.obj", "exponents", b"v 0 0 0\nv 2.0E0 0 0\nv 2e+00 2 0\nv 0 2 0\nf 1 2 3 4\n"),
    square(
        "backwards_uv.obj",
        "Blender: corners, textures and normals counted from the last",
        obj("-4/-4/-1 -3/-3/-1 -2/-2/-1 -1/-1/-1", front="vt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nvn 0 0 1\n"),
    ),
    square(
        "opaque.obj",
        "colours with an opacity",
        obj("1 2 3 4", corner="v {} {} {} 1 0 0 1\n"),
        colour=(255, 0, 0),
    ),
    Variant(
        "beyond.obj",
        "a face with a corner that is not there",
        obj("1 2 9"),
        "",
        refused="A face of beyond.obj has corner 8, and the corners are 0 to 3",
    ),
)
