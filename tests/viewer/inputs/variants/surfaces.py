"""OBJ, OFF and STL as modellers and libraries write them: one square of 2 × 2 m, whatever the format."""

from __future__ import annotations

import base64
import json
import struct

import numpy as np

from tests.viewer.inputs.variants.variant import Variant

SQUARE = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]], float)
RED = (200, 20, 30)


def obj(*faces: str, corner: str = "v {} {} {}\n", front: str = "") -> bytes:
    return (front + "".join(corner.format(*p) for p in SQUARE) + "".join(f"f {f}\n" for f in faces)).encode()


def off(word: str, corner: str = "", face: str = "", count: str = "4 1 0") -> bytes:
    rows = "".join(f"{x} {y} {z}{corner}\n" for x, y, z in SQUARE)
    return f"{word}\n{count}\n{rows}4 0 1 2 3{face}\n".encode()


def stl_text(word=str, name: str = "square") -> bytes:
    made = [word("solid") + f" {name}"]
    for three in ((0, 1, 2), (0, 2, 3)):
        made += ["  " + word("facet normal") + " 0 0 1", "    " + word("outer loop")]
        made += ["      " + word("vertex") + " {:.6e} {:.6e} {:.6e}".format(*SQUARE[i]) for i in three]
        made += ["    " + word("endloop"), "  " + word("endfacet")]
    return "\n".join([*made, word("endsolid") + f" {name}", ""]).encode()


def stl(head: bytes = b"", attribute: int = 0, count: int = 2, behind: bytes = b"") -> bytes:
    body = b"".join(
        struct.pack("<12fH", 0, 0, 1, *SQUARE[list(three)].ravel(), attribute)
        for three in ((0, 1, 2), (0, 2, 3))
    )
    return head.ljust(80, b"\0") + struct.pack("<I", count) + body + behind


def mesh(
    file: str, what: str, data: bytes, colour=None, says: str = "is a mesh of 2 triangles", **more
) -> Variant:
    return Variant(file, what, data, "", {} if colour is None else {"colour": np.array(colour)}, says, **more)


FLOAT, WORD = 5126, 5123


def scene(
    *parts: tuple[str, int, str, np.ndarray], node=None, material=None, mode: int = 4, alone=False, **more
) -> bytes:
    """A GLB of one square. parts: (attribute, type of component, type, values); "" is faces' corners.
    alone: a .gltf that holds its numbers itself."""
    body, views, accessors, attributes, index = b"", [], [], {}, None
    for number, (name, component, type_, values) in enumerate(parts):
        data = values.tobytes()
        views.append({"buffer": 0, "byteOffset": len(body), "byteLength": len(data)})
        accessors.append(
            {"bufferView": number, "componentType": component, "count": len(values), "type": type_}
        )
        body += data + bytes(-len(data) % 4)
        if name:
            attributes[name] = number
        else:
            index = number
    primitive = {"attributes": attributes, "mode": mode} | ({} if index is None else {"indices": index})
    primitive |= {} if material is None else {"material": 0}
    held = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"children": [1], "translation": [0, 0, 5]}, {"mesh": 0} | (node or {})],
        "meshes": [{"primitives": [primitive]}],
        "buffers": [{"byteLength": len(body)}],
        "bufferViews": views,
        "accessors": accessors,
    }
    held |= ({} if material is None else {"materials": [material]}) | more
    if alone:
        held["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(body).decode()
        return json.dumps(held).encode()
    text = json.dumps(held).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


PLACES = ("POSITION", FLOAT, "VEC3", SQUARE.astype("<f4"))
CORNERS = ("", WORD, "SCALAR", np.array([0, 1, 2, 0, 2, 3], "<u2"))
STRIP = ("", WORD, "SCALAR", np.array([0, 1, 3, 2], "<u2"))
LINEAR = tuple(((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in RED)
"""As glTF has it: shares of light, not of sRGB."""

SURFACES = (
    mesh("plain.obj", "corners and a polygon", obj("1 2 3 4")),
    mesh("triangles.obj", "triangles", obj("1 2 3", "1 3 4")),
    mesh("normals.obj", "normals and no places in a texture", obj("1//1 2//1 3//1 4//1", front="vn 0 0 1\n")),
    mesh(
        "uv.obj",
        "places in a texture and normals",
        obj("1/1/1 2/1/1 3/1/1 4/1/1", front="vt 0 0\nvn 0 0 1\n"),
    ),
    mesh("backwards.obj", "corners counted from the last", obj("-4 -3 -2 -1")),
    mesh("weights.obj", "a fourth coordinate", obj("1 2 3 4", corner="v {} {} {} 1.0\n")),
    mesh(
        "colours.obj",
        "MeshLab: colours behind the corners",
        obj("1 2 3 4", corner="v {} {} {} " + " ".join(f"{c / 255:.6f}" for c in RED) + "\n"),
        RED,
    ),
    mesh("bytes.obj", "colours of corners as bytes", obj("1 2 3 4", corner="v {} {} {} 200 20 30\n"), RED),
    mesh("zbrush.obj", "ZBrush's #MRGB", obj("1 2 3 4", front="") + b"#MRGB " + b"ffc8141e" * 4 + b"\n", RED),
    mesh(
        "groups.obj",
        "groups, smoothing, lines, points and free forms",
        b"o hall\ng wall\ns off\n" + obj("1 2 3 4") + b"l 1 2\np 1\ncstype bezier\n",
    ),
    mesh(
        "missing.obj",
        "a library of materials that is not there",
        b"mtllib a.mtl\n" + obj().replace(b"f ", b"") + b"usemtl b\nf 1 2 3 4\n",
        says="are not beside it",
    ),
    mesh(
        "tabs.obj",
        "tabs and Windows' ends of lines",
        obj("1 2 3 4").replace(b" ", b"\t").replace(b"\n", b"\r\n"),
    ),
    mesh("continued.obj", "a line that goes on", obj("1 2 \\\n3 4")),
    mesh("late.obj", "all other lines before the first corner", obj("1 2 3 4", front="vn 0 0 1\n" * 9000)),
    mesh("plain.off", "a polygon", off("OFF")),
    mesh("short.off", "no number of edges", off("OFF", count="4 1")),
    mesh("joined.off", "ModelNet: counts on the first line", off("OFF").replace(b"OFF\n", b"OFF")),
    mesh("beside.off", "counts behind the word", off("OFF").replace(b"OFF\n", b"OFF ")),
    mesh("comments.off", "comments", b"# a\n" + off("OFF # b").replace(b"4 0 1", b"# c\n4 0 1")),
    mesh("corners.off", "COFF", off("COFF", corner=" 200 20 30 255"), RED),
    mesh("shares.off", "COFF in shares of 1", off("COFF", corner=" 0.78431 0.07843 0.11765 1"), RED),
    mesh("normals.off", "NOFF", off("NOFF", corner=" 0 0 1")),
    mesh("textures.off", "STOFF", off("STOFF", corner=" 0.5 0.5")),
    mesh("faces.off", "colours of faces", off("OFF", face=" 200 20 30"), RED),
    mesh("four.off", "4OFF: coordinates with a weight", off("4OFF", corner=" 1")),
    mesh(
        "dimensions.off",
        "nOFF: any number of dimensions",
        b"nOFF\n3\n" + off("OFF")[4:],
        says="",
        refused="kind nOFF",
    ),
    mesh(
        "binary.off",
        "OFF BINARY",
        b"OFF BINARY\n"
        + struct.pack(">3i", 4, 1, 0)
        + SQUARE.astype(">f4").tobytes()
        + struct.pack(">6i", 4, 0, 1, 2, 3, 0),
        says="",
        refused="OFF BINARY",
    ),
    mesh("plain.glb", "glTF: a square that a node moves", scene(PLACES, CORNERS)),
    mesh("alone.gltf", "glTF: a text that holds its numbers itself", scene(PLACES, CORNERS, alone=True)),
    mesh("strip.glb", "glTF: a strip of triangles", scene(PLACES, STRIP, mode=5)),
    mesh(
        "factor.glb",
        "glTF: the colour of a material",
        scene(PLACES, CORNERS, material={"pbrMetallicRoughness": {"baseColorFactor": [*LINEAR, 1]}}),
        RED,
        within={"colour": 2},
    ),
    mesh(
        "corners.glb",
        "glTF: colours of corners",
        scene(PLACES, CORNERS, ("COLOR_0", FLOAT, "VEC3", np.tile(LINEAR, (4, 1)).astype("<f4"))),
        RED,
        within={"colour": 2},
    ),
    mesh(
        "draco.glb",
        "glTF that is packed",
        scene(PLACES, CORNERS, extensionsRequired=["KHR_draco_mesh_compression"]),
        says="",
        refused="is packed by Draco",
    ),
    mesh(
        "cut.glb",
        "glTF that was cut off",
        scene(PLACES, CORNERS)[:-30],
        says="",
        refused="damaged or cut-off GLB",
    ),
    mesh(
        "beside.gltf",
        "glTF whose file is not beside it",
        b'{"asset": {"version": "2.0"}, "accessors": [{"count": 3}], '
        b'"buffers": [{"uri": "../a.bin", "byteLength": 9}]}',
        says="",
        refused="needs ../a.bin, which is not beside it",
    ),
    mesh("text.stl", "text", stl_text()),
    mesh("capitals.stl", "text in capitals", stl_text(str.upper)),
    mesh("nameless.stl", "text without a name", stl_text(name="")),
    mesh(
        "several.stl", "several solids", stl_text() + stl_text(name="other"), says="is a mesh of 4 triangles"
    ),
    mesh("binary.stl", "binary", stl()),
    mesh("solid.stl", "binary that begins like a text", stl(b"solid made by a program")),
    mesh("behind.stl", "bytes behind the triangles", stl(b"x", behind=b"more")),
    mesh(
        "viscam.stl",
        "VisCAM's and MeshLab's colours",
        stl(attribute=0x8000 | 25 << 10 | 2 << 5 | 4),
        np.rint(np.array([25, 2, 4]) * 255 / 31),
    ),
    mesh(
        "magics.stl",
        "Magics' colours",
        stl(b"COLOR=\x0a\x0a\x0a\xff", attribute=25 | 2 << 5 | 4 << 10),
        np.rint(np.array([25, 2, 4]) * 255 / 31),
    ),
)
