"""Files of other programs with clouds, surfaces or recordings that are not read: what each is, what to do.

Told by how they begin, or by their ending where nothing else tells.
"""

from __future__ import annotations

from typing import NamedTuple

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.encodings import is_binary
from headlight.viewer.inputs.source import Source


class Foreign(NamedTuple):
    """what: it is. step: what to do. endings: without dots. magic: how it begins; without one its ending
    tells."""

    what: str
    step: str
    endings: tuple[str, ...]
    magic: tuple[bytes, ...] = ()


_E57 = "Export it as E57 with {}."
_PLY = "Save it as PLY, OBJ or STL with the program that made it."
_FRAME = "Save one frame as PCD, PLY or CSV, with the viewer of the sensor's maker."
_ARRAYS = "Save its arrays in an NPZ file, or its columns as CSV."
_MESSAGE = "Save one of its messages as PCD."
_PARAVIEW = "Save its points as PLY or CSV with ParaView."
_PACKETS = (b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a")
_WAV = "Save it as WAV, FLAC or MP3."
_UNPACK = "Unpack it and open what is in it."

FOREIGN = (
    Foreign("a project of CloudCompare", "Save its clouds as PLY, LAS or E57.", ("bin",), (b"CCB",)),
    Foreign("a scan of FARO’s", _E57.format("SCENE"), ("fls", "fws", "lsproj")),
    Foreign("a scan of Autodesk ReCap", _E57.format("ReCap"), ("rcp", "rcs")),
    Foreign("a scan of Leica’s", _E57.format("Cyclone"), ("ptg", "imp", "lgs", "lgsx")),
    Foreign("a scan of Zoller + Fröhlich’s", _E57.format("LaserControl"), ("zfs", "zfprj")),
    Foreign("a scan of RIEGL’s", "Export it as LAS or E57 with RiSCAN.", ("rxp", "rdbx", "rsp")),
    Foreign("a scan of Trimble’s", _E57.format("RealWorks"), ("tzf", "tdx", "rwp")),
    Foreign("a scan of Topcon’s", _E57.format("Magnet Collage"), ("cl3", "clr")),
    Foreign("a recording of Livox", _FRAME, ("lvx", "lvx2"), (b"livox_tech",)),
    Foreign("a recording of network packets", _FRAME, ("pcap", "pcapng"), _PACKETS),
    Foreign("a recording of ROS", _MESSAGE, ("bag", "mcap"), (b"#ROSBAG V", b"\x89MCAP0\r\n")),
    Foreign("a recording of ROS", _MESSAGE, ("db3",)),
    Foreign("a tile of 3D Tiles", "Convert it to LAS, PLY or OBJ.", ("pnts", "b3dm"), (b"pnts", b"b3dm")),
    Foreign("a file packed by Draco", "Unpack it to PLY or OBJ.", ("drc",), (b"DRACO",)),
    Foreign("a file of packed splats", "Save it as PLY with SuperSplat.", ("ksplat", "sog")),
    Foreign("a file of VTK", _PARAVIEW, ("vtk",), (b"# vtk DataFile",)),
    Foreign("a file of VTK", _PARAVIEW, ("vtp", "vtu", "vti", "vts"), (b"<?xml", b"<VTKFile")),
    Foreign("an FBX scene", _PLY, ("fbx",), (b"Kaydara FBX", b"; FBX ")),
    Foreign("a scene of Blender", _PLY, ("blend",), (b"BLENDER",)),
    Foreign("a scene of Rhino", _PLY, ("3dm",), (b"3D Geometry File Format",)),
    Foreign("a drawing of AutoCAD", _PLY, ("dwg",), (b"AC10",)),
    Foreign("a USD scene", _PLY, ("usdc", "usd"), (b"PXR-USDC",)),
    Foreign("a USD scene", _PLY, ("usdz", "usda")),
    Foreign("a 3MF model", _PLY, ("3mf",)),
    Foreign("a COLLADA scene", _PLY, ("dae",)),
    Foreign("a VRML or X3D scene", _PLY, ("wrl", "x3d", "x3dv"), (b"#VRML V", b"#X3D V", b"<?xml")),
    Foreign("a scene of 3ds Max", _PLY, ("3ds", "max")),
    Foreign("a model of SketchUp", _PLY, ("skp",)),
    Foreign("a scene of Maya or Cinema 4D", _PLY, ("mb", "c4d")),
    Foreign("a CAD model (STEP or IFC)", _PLY, ("step", "stp", "ifc"), (b"ISO-10303-21",)),
    Foreign("a CAD model (IGES)", _PLY, ("iges", "igs")),
    Foreign("a DXF drawing", _PLY, ("dxf",)),
    Foreign("a shapefile of maps", "Convert it to CSV or LAS.", ("shp",), (b"\0\0\x27\x0a",)),
    Foreign("a sound packed as AAC, WMA or AMR", _WAV, ("m4a", "m4b", "aac", "wma", "amr")),
    Foreign("a MATLAB file", _ARRAYS, ("mat",), (b"MATLAB ",)),
    Foreign("a Parquet table", _ARRAYS, ("parquet",), (b"PAR1",)),
    Foreign("an Arrow table", _ARRAYS, ("feather", "arrow"), (b"ARROW1", b"FEA1")),
    Foreign("a pickle of Python’s, which would have to be run", _ARRAYS, ("pkl", "pickle", "pth", "pt")),
    Foreign("a 7-Zip archive", _UNPACK, ("7z",), (b"7z\xbc\xaf\x27\x1c",)),
    Foreign("a RAR archive", _UNPACK, ("rar",), (b"Rar!\x1a\x07",)),
    Foreign("an XZ archive", _UNPACK, ("xz",), (b"\xfd7zXZ\0",)),
    Foreign("a bzip2 archive", _UNPACK, ("bz2",), (b"BZh",)),
    Foreign("a Zstandard archive", _UNPACK, ("zst",), (b"\x28\xb5\x2f\xfd",)),
    Foreign("a tar archive", _UNPACK, ("tar",)),
)
"""In the order in which they are asked."""


def refused(source: Source) -> HeadlightError | None:
    """What is to be said of such a file; None of any other."""
    binary = is_binary(source.head)
    for one in FOREIGN:
        named = source.ending in one.endings
        if one.magic and not source.head.startswith(one.magic):
            continue
        if named or (
            one.magic and binary and source.head.startswith(tuple(m for m in one.magic if len(m) > 3))
        ):
            return HeadlightError(f"{source.name} is {one.what}.", one.step)
    return None
