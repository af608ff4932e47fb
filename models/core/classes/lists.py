"""Numberings of classes that data sets of point clouds are labelled in. For all rooms."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassList:
    """title: for people. names: its classes; numbers: of each in files. none: numbers of no class.

    packed: numbers of single things may stand above the lowest 16 bits.
    """

    title: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    none: frozenset[int] = frozenset()
    packed: bool = False


S3DIS_CLASSES = (
    *("ceiling", "floor", "wall", "beam", "column", "window", "door"),
    *("table", "chair", "sofa", "bookcase", "board", "clutter"),
)
"""Armeni et al. 2016, in the order of Headlight, PointNet, Open3D-ML and Pointcept."""
S3DIS_ORDER = (*S3DIS_CLASSES[:7], "chair", "table", "bookcase", "sofa", "board", "clutter")
"""In the order of the data set's own file of names."""
_NYU40 = (
    *("wall", "floor", "cabinet", "bed", "chair", "sofa", "table", "door", "window", "bookshelf", "picture"),
    *("counter", "blinds", "desk", "shelves", "curtain", "dresser", "pillow", "mirror", "floor mat"),
    *("clothes", "ceiling", "books", "refrigerator", "television", "paper", "towel", "shower curtain", "box"),
    *("whiteboard", "person", "night stand", "toilet", "sink", "lamp", "bathtub", "bag", "other structure"),
    *("other furniture", "other prop"),
)
"""Silberman et al. 2012, Gupta et al. 2013: from 1; the labels in ScanNet's meshes."""
_SCANNET20 = tuple(_NYU40[n - 1] for n in (*range(1, 13), 14, 16, 24, 28, 33, 34, 36, 39))
"""Dai et al. 2017, the benchmark: from 0."""
_MATTERPORT = (
    *("wall", "floor", "chair", "door", "table", "picture", "cabinet", "cushion", "window", "sofa", "bed"),
    *("curtain", "chest of drawers", "plant", "sink", "stairs", "ceiling", "toilet", "stool", "towel"),
    *("mirror", "tv monitor", "shower", "column", "bathtub", "counter", "fireplace", "lighting", "beam"),
    *("railing", "shelving", "blinds", "gym equipment", "seating", "board panel", "furniture"),
    *("appliances", "clothes", "objects", "misc"),
)
"""Chang et al. 2017, mpcat40: from 1"""
_SEMANTIC3D = (
    *("man-made terrain", "natural terrain", "high vegetation", "low vegetation", "buildings"),
    *("hard scape", "scanning artefacts", "cars"),
)
"""Hackel et al. 2017: from 1"""
_TORONTO = ("road", "road marking", "natural", "building", "utility line", "pole", "car", "fence")
"""Tan et al. 2020, Toronto-3D: from 1"""
_KITTI = {
    1: "outlier", 10: "car", 11: "bicycle", 13: "bus", 15: "motorcycle", 16: "on rails", 18: "truck",
    20: "other vehicle", 30: "person", 31: "bicyclist", 32: "motorcyclist", 40: "road", 44: "parking",
    48: "sidewalk", 49: "other ground", 50: "building", 51: "fence", 52: "other structure",
    60: "lane marking", 70: "vegetation", 71: "trunk", 72: "terrain", 80: "pole", 81: "traffic sign",
    99: "other object", 252: "moving car", 253: "moving bicyclist", 254: "moving person",
    255: "moving motorcyclist", 256: "moving on rails", 257: "moving bus", 258: "moving truck",
    259: "moving other vehicle",
}  # fmt: skip
"""Behley et al. 2019"""
_LAS = {
    2: "ground", 3: "low vegetation", 4: "medium vegetation", 5: "high vegetation", 6: "building",
    7: "low noise", 8: "key point", 9: "water", 10: "rail", 11: "road", 12: "overlap", 13: "wire guard",
    14: "wire conductor", 15: "transmission tower", 16: "wire connector", 17: "bridge", 18: "high noise",
}  # fmt: skip
"""ASPRS LAS 1.4 R15, table 17"""

_NUSCENES = (
    *("noise", "animal", "adult", "child", "construction worker", "personal mobility", "police officer"),
    *("stroller", "wheelchair", "barrier", "debris", "pushable or pullable", "traffic cone", "bicycle rack"),
    *("bicycle", "bendy bus", "rigid bus", "car", "construction vehicle", "ambulance", "police car"),
    *("motorcycle", "trailer", "truck", "driveable surface", "other flat", "sidewalk", "terrain", "manmade"),
    *("other static", "vegetation", "ego vehicle"),
)
"""Fong et al. 2022, nuScenes-lidarseg: from 0, which is no class."""
_NUSCENES16 = (
    *("barrier", "bicycle", "bus", "car", "construction vehicle", "motorcycle", "pedestrian", "traffic cone"),
    *("trailer", "truck", "driveable surface", "other flat", "sidewalk", "terrain", "manmade", "vegetation"),
)
"""Fong et al. 2022, the benchmark: from 1"""

LISTS: dict[str, ClassList] = {
    "s3dis": ClassList("S3DIS", S3DIS_CLASSES, tuple(range(13))),
    "s3dis-files": ClassList("S3DIS, its files' order", S3DIS_ORDER, tuple(range(13))),
    "scannet20": ClassList("ScanNet, 20 classes", _SCANNET20, tuple(range(20))),
    "nyu40": ClassList("ScanNet, NYU 40 classes", _NYU40, tuple(range(1, 41)), frozenset({0})),
    "matterport40": ClassList(
        "Matterport3D, 40 classes", _MATTERPORT, tuple(range(1, 41)), frozenset({0, 41})
    ),
    "semantickitti": ClassList(
        "SemanticKITTI", tuple(_KITTI.values()), tuple(_KITTI), frozenset({0}), packed=True
    ),
    "semantic3d": ClassList("Semantic3D", _SEMANTIC3D, tuple(range(1, 9)), frozenset({0})),
    "toronto3d": ClassList("Toronto-3D", _TORONTO, tuple(range(1, 9)), frozenset({0})),
    "nuscenes": ClassList("nuScenes, 31 classes", _NUSCENES[1:], tuple(range(1, 32)), frozenset({0})),
    "nuscenes16": ClassList("nuScenes, 16 classes", _NUSCENES16, tuple(range(1, 17)), frozenset({0})),
    "las": ClassList("LAS", tuple(_LAS.values()), tuple(_LAS), frozenset({0, 1})),
}
"""Every list by the word that chooses it."""
