"""LAS and LAZ by laspy; runs in a process of its own, see guard.py."""

from __future__ import annotations

import struct

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.parts import Parts, Source, check_count, damaged, promises_more, roles

_CHUNK = 500_000
"""Points"""
_RECORD, _FURTHER_RECORD = 54, 60
"""Bytes of the heads of variable length records, before and behind the points."""


def _check_header(source: Source) -> None:
    """Refuse counts of further records that no file of this size holds: laspy would read on and on."""
    head = source.file.read(375)
    source.file.seek(0)
    if len(head) < 227:
        raise damaged(source.name, "LAS file")
    header_size, points_at, records = struct.unpack_from("<HII", head, 94)
    further_at, further = (
        struct.unpack_from("<QI", head, 235) if head[25] >= 4 and len(head) == 375 else (0, 0)
    )
    if records * _RECORD > min(points_at, source.size) - header_size + 2:
        raise damaged(source.name, "LAS file")
    if further and further * _FURTHER_RECORD > source.size - further_at:
        raise damaged(source.name, "LAS file")


def read(source: Source) -> Parts:
    import laspy

    name = source.name
    _check_header(source)
    with laspy.open(source.file, closefd=False) as reader:
        header = reader.header
        count = header.point_count
        check_count(name, count)
        size = header.point_format.size
        if not header.are_points_compressed:
            held = max(0, source.size - header.offset_to_point_data) // max(1, size)
            if held < count:
                raise promises_more(name, count, held)
        dimensions = set(header.point_format.dimension_names)
        coloured = {"red", "green", "blue"} <= dimensions
        extra = list(header.point_format.extra_dimension_names)
        label = roles(extra).get("label")
        points, colours, labels = [], [], []
        called = extra[label] if label is not None else "classification"
        for chunk in reader.chunk_iterator(_CHUNK):
            points.append(np.stack([chunk.x, chunk.y, chunk.z], axis=1).astype(np.float64))
            if coloured:
                colours.append(np.stack([chunk.red, chunk.green, chunk.blue], axis=1))
            labels.append(np.asarray(chunk[called]))
            source.report(sum(map(len, points)) / count)
    held = sum(map(len, points))
    if held < count:
        raise promises_more(name, count, held)
    if not held:
        raise HeadlightError(f"{name} holds no points.", "Choose a file with something in it.")
    truth = np.concatenate(labels)
    if label is None and not (truth > 1).any():  # nobody classified anything
        truth = None
    return Parts(
        np.concatenate(points),
        np.concatenate(colours) if coloured else None,
        None,
        truth,
        unit=1.0,
        sure=True,
        label_name=called,
    )
