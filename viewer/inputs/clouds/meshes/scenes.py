"""glTF scenes, GLB or JSON with files beside it, by trimesh; in a process of their own, see guard.py.

A scene lays its unit and its up axis down: metres, y. Colours of corners and of materials are linear (glTF
2.0, sections 3.7.2 and 3.9.2), pictures are sRGB as they stand.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.meshes.materials import beside
from headlight.viewer.inputs.clouds.meshes.sampling import Mesh, Paint, check_faces, sampled
from headlight.viewer.inputs.clouds.parts import Parts, check_count, damaged, no_points
from headlight.viewer.inputs.guard import guarded
from headlight.viewer.inputs.source import Source

NATIVE = f"{__name__}:read"
"""What the process of its own calls."""
_PACKED = {"KHR_draco_mesh_compression": "Draco", "EXT_meshopt_compression": "meshoptimizer"}
_MOST_BESIDE = 2_000_000_000
"""Bytes of one file beside the scene."""
_PIXELS = 100_000_000


def is_glb(source: Source) -> bool:
    return source.head.startswith(b"glTF")


def is_gltf(source: Source) -> bool:
    return source.ending == "gltf" and source.head.lstrip()[:1] == b"{" and b'"asset"' in source.head


def read_glb(source: Source) -> Parts:
    return guarded(source, NATIVE, "GLB file", Parts)


def read_gltf(source: Source) -> Parts:
    return guarded(source, NATIVE, "glTF file", Parts)


def read(source: Source) -> Parts:
    """Points of all surfaces of the scene, where its nodes put them; of a scene of points these."""
    import trimesh

    binary = source.file.read(4) == b"glTF"
    described = _described(source, binary)
    needed = [name for key, name in _PACKED.items() if key in described.get("extensionsRequired", ())]
    if needed:
        raise HeadlightError(
            f"{source.name} is packed by {needed[0]}, which is not read.", "Save it without compression."
        )
    accessors = described.get("accessors", ())
    check_count(source.name, max((int(one.get("count", 0)) for one in accessors), default=0))
    source.report(0.1)
    source.file.seek(0)
    format_ = "glb" if binary else "gltf"
    scene = trimesh.load_scene(source.file, file_type=format_, resolver=_resolver(source), process=False)
    source.report(0.5)
    return _points(scene.dump(), source)


def _check_chunks(source: Source) -> None:
    """Refuse lengths of chunks that no file of this size holds: each is read at once."""
    source.file.seek(12)
    while len(head := source.file.read(8)) == 8:
        if (length := int.from_bytes(head[:4], "little")) > source.left():
            raise damaged(source.name, "GLB file")
        source.file.seek(length, 1)
    source.file.seek(0)


def _described(source: Source, binary: bool) -> dict[str, Any]:
    """The JSON of a scene."""
    source.file.seek(0)
    if binary:
        _check_chunks(source)
        head = source.file.read(20)
        length = int.from_bytes(head[12:16], "little")
        if len(head) < 20 or length > source.left():
            raise damaged(source.name, "GLB file")
        text = source.file.read(length)
    else:
        text = source.file.read()
    found = json.loads(text)
    if not isinstance(found, dict):
        raise damaged(source.name, "glTF file")
    return found


def _resolver(source: Source):
    """What hands trimesh the files that a scene names: those beside it, and no others."""
    from trimesh.resolvers import Resolver

    class Beside(Resolver):
        def __init__(self, *_: object) -> None:
            """It has nothing of its own."""

        def write(self, name: str, data: bytes) -> None:
            raise PermissionError(name)  # nothing is written where a scene is read

        def get(self, name: str) -> bytes:
            data = beside(source, name, _MOST_BESIDE)
            if data is None:
                raise HeadlightError(
                    f"{source.name} needs {name}, which is not beside it.", "Put both into one folder."
                )
            return data

        def keys(self) -> list[str]:
            return []

        def namespaced(self, namespace: str) -> Resolver:
            return self

    return Beside()


def _points(things: list[Any], source: Source) -> Parts:
    """The things of a scene together."""
    import trimesh

    meshes = [thing for thing in things if isinstance(thing, trimesh.Trimesh) and len(thing.faces)]
    clouds = [thing for thing in things if isinstance(thing, trimesh.PointCloud) and len(thing.vertices)]
    if not meshes and not clouds:
        raise no_points(source.name)
    chosen = meshes or clouds
    corners = np.concatenate([np.asarray(thing.vertices, np.float64) for thing in chosen])
    check_count(source.name, len(corners))
    shades = [_shades(thing) for thing in chosen]
    colours = None
    if any(shade is not None for shade in shades):
        plain = (np.full((len(thing.vertices), 3), 255, np.uint8) for thing in chosen)
        colours = np.concatenate([p if s is None else s for s, p in zip(shades, plain, strict=True)])
    parts = Parts(corners, colours, unit=1.0, up="y", sure=True)
    if not meshes:
        return parts
    starts = np.cumsum([0, *(len(thing.vertices) for thing in meshes)])
    faces = np.concatenate([thing.faces + start for thing, start in zip(meshes, starts, strict=False)])
    check_faces(source.name, len(faces))
    mesh = Mesh(parts, faces)
    mesh.paint = _paint(meshes)
    if mesh.paint is not None and colours is None:
        parts.colours = np.full((len(corners), 3), 255, np.uint8)
    if clouds:
        parts.notices.append(f"{source.name} has points beside its surfaces: they are passed over.")
    return sampled(mesh, source)


def _shades(thing: Any) -> np.ndarray | None:
    """uint8 (n, 3): the colours of corners, or the one of their material."""
    visual = thing.visual if hasattr(thing, "visual") else None
    own = thing.colors if visual is None else getattr(visual, "vertex_colors", None)
    if visual is not None and visual.kind == "texture":
        attributes = getattr(visual, "vertex_attributes", {})
        own = attributes.get("color") if "color" in attributes else None
        if own is None:
            factor = getattr(visual.material, "baseColorFactor", None)
            return None if factor is None else np.tile(_seen(np.asarray(factor)), (len(thing.vertices), 1))
    elif visual is not None and visual.kind != "vertex":
        return None
    if own is None or len(own) != len(thing.vertices):
        return None
    return _seen(np.asarray(own))


def _seen(linear: np.ndarray) -> np.ndarray:
    """uint8 (..., 3), sRGB, of linear shares or bytes (IEC 61966-2-1)."""
    shares = linear[..., :3].astype(np.float64)
    if linear.dtype.kind in "ui":
        shares = shares / np.iinfo(linear.dtype).max
    shares = np.nan_to_num(shares).clip(0, 1)
    bent = np.where(shares <= 0.0031308, 12.92 * shares, 1.055 * shares ** (1 / 2.4) - 0.055)
    return np.rint(bent * 255).astype(np.uint8)


def _paint(meshes: list[Any]) -> Paint | None:
    """The pictures of materials, and where the corners of each face lie in them."""
    pictures: list[np.ndarray] = []
    which, places = [], []
    for thing in meshes:
        picture = getattr(getattr(thing.visual, "material", None), "baseColorTexture", None)
        uv = getattr(thing.visual, "uv", None)
        painted = picture is not None and uv is not None and len(uv) == len(thing.vertices)
        if painted and picture.width * picture.height <= _PIXELS:
            which.append(np.full(len(thing.faces), len(pictures)))
            places.append(np.asarray(uv, np.float64)[thing.faces])
            pictures.append(np.array(picture.convert("RGB")))
        else:
            which.append(np.full(len(thing.faces), -1))
            places.append(np.zeros((len(thing.faces), 3, 2)))
    return Paint(pictures, np.concatenate(which), np.concatenate(places)) if pictures else None
