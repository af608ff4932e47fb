"""What is no format of Headlight's, and told by name: scans, recordings, scenes, tables, archives."""

from __future__ import annotations

from tests.viewer.inputs.variants.variant import Variant

NOISE = bytes(range(256)) * 4


def foreign(file: str, what: str, data: bytes, step: str) -> Variant:
    return Variant(file, what, data, "", refused=f"{file} is {what}. {step}")


FOREIGN = (
    foreign("hall.bin", "a project of CloudCompare", b"CCB2" + NOISE, "Save its clouds as PLY, LAS or E57."),
    foreign("hall.fls", "a scan of FARO’s", NOISE, "Export it as E57 with SCENE."),
    foreign("hall.rcs", "a scan of Autodesk ReCap", NOISE, "Export it as E57 with ReCap."),
    foreign("hall.ptg", "a scan of Leica’s", b"PTG" + NOISE, "Export it as E57 with Cyclone."),
    foreign("hall.zfs", "a scan of Zoller + Fröhlich’s", NOISE, "Export it as E57 with LaserControl."),
    foreign("hall.rxp", "a scan of RIEGL’s", NOISE, "Export it as LAS or E57 with RiSCAN."),
    foreign("drive.lvx2", "a recording of Livox", b"livox_tech" + NOISE, "Save one frame"),
    foreign("drive.pcap", "a recording of network packets", b"\xd4\xc3\xb2\xa1" + NOISE, "Save one frame"),
    foreign("drive.bag", "a recording of ROS", b"#ROSBAG V2.0\n" + NOISE, "Save one of its messages as PCD."),
    foreign("tile.pnts", "a tile of 3D Tiles", b"pnts\1" + NOISE, "Convert it to LAS, PLY or OBJ."),
    foreign("hall.drc", "a file packed by Draco", b"DRACO\2\2" + NOISE, "Unpack it to PLY or OBJ."),
    foreign("hall.ksplat", "a file of packed splats", NOISE, "Save it as PLY with SuperSplat."),
    foreign("hall.vtk", "a file of VTK", b"# vtk DataFile Version 3.0\nhall\nASCII\n", "Save its points"),
    foreign("hall.vtp", "a file of VTK", b'<VTKFile type="PolyData">', "Save its points"),
    foreign("hall.fbx", "an FBX scene", b"Kaydara FBX Binary  \0" + NOISE, "Save it as PLY, OBJ or STL"),
    foreign("hall.blend", "a scene of Blender", b"BLENDER-v404" + NOISE, "Save it as PLY, OBJ or STL"),
    foreign("hall.usdz", "a USD scene", b"PK\3\4" + NOISE, "Save it as PLY, OBJ or STL"),
    foreign("hall.dae", "a COLLADA scene", b'<?xml version="1.0"?><COLLADA/>', "Save it as PLY, OBJ or STL"),
    foreign(
        "hall.ifc", "a CAD model (STEP or IFC)", b"ISO-10303-21;\nHEADER;\n", "Save it as PLY, OBJ or STL"
    ),
    foreign("hall.dxf", "a DXF drawing", b"0\nSECTION\n2\nHEADER\n", "Save it as PLY, OBJ or STL"),
    foreign("memo.m4a", "a sound packed as AAC, WMA or AMR", b"\0\0\0 ftypM4A " + NOISE, "Save it as WAV"),
    foreign("rooms.mat", "a MATLAB file", b"MATLAB 5.0 MAT-file" + NOISE, "Save its arrays"),
    foreign("rooms.parquet", "a Parquet table", b"PAR1" + NOISE, "Save its arrays"),
    foreign(
        "room.pth", "a pickle of Python’s, which would have to be run", b"\x80\x02}q\0." + NOISE, "Save its"
    ),
    foreign("room.ply.xz", "an XZ archive", b"\xfd7zXZ\0" + NOISE, "Unpack it and open what is in it."),
    foreign("unnamed", "a file packed by Draco", b"DRACO\2\2" + NOISE, "Unpack it"),
)
