"""Lines of numbers as CloudCompare, ParaView, Cyclone, surveyors, sensors and scripts write them."""

from __future__ import annotations

import numpy as np

from tests.viewer.cloud_samples import LABELS, NORMALS, RGB, XYZ, N, table
from tests.viewer.inputs.variants.variant import BRIGHT, Variant

WHOLE = ["%.4f"] * 3 + ["%d"] * 3
SEQUENCE = np.arange(1, N + 1)


def lines(*parts, form="%.4f", separator=" ", header=""):
    return table(*parts, form=form, separator=separator, header=header)


def empty_cells() -> bytes:
    rows = ["x,y,z,intensity,note"]
    rows += [
        f"{x:.4f},{y:.4f},{z:.4f},{int(b)},{'' if i % 2 else 'ok'}"
        for i, ((x, y, z), b) in enumerate(zip(XYZ, BRIGHT, strict=True))
    ]
    return "\n".join(rows).encode()


def quoted() -> bytes:
    rows = ['"X","Y","Z","Class"']
    rows += [f'"{x:.4f}","{y:.4f}","{z:.4f}","{label}"' for (x, y, z), label in zip(XYZ, LABELS, strict=True)]
    return "\r\n".join(rows).encode()


PLAIN = lines(XYZ)
ESRI = """NCOLS 4
NROWS 3
xllcorner 10
yllcorner -2.5
cellsize 2
NODATA_value -9999
1 2 3 4
2 3 -9999 5
3 4 5 6
"""
CELLS = np.array(
    [
        [11 + 2 * column, 2.5 - 2 * row, 1 + row + column]
        for row in range(3)
        for column in range(4)
        if (row, column) != (1, 2)
    ]
)
SOUTH = np.lexsort((CELLS[:, 0], CELLS[:, 1]))
SURFER = b"DSAA\n4 3\n11 17\n-1.5 2.5\n1 6\n3 4 5 6\n2 3 1.70141e+38 5\n1 2 3\n4\n"
TABLES = (
    Variant("plain.xyz", "x y z", PLAIN),
    Variant("colours.xyz", "x y z r g b", lines(XYZ, RGB, form=WHOLE), "points colours"),
    Variant("normals.xyzn", "Open3D's xyzn", lines(XYZ, NORMALS), "points normals"),
    Variant(
        "shares.xyzrgb", "Open3D's xyzrgb: shares of 1", lines(XYZ, RGB / 255, form="%.6f"), "points colours"
    ),
    Variant(
        "cc.asc",
        "CloudCompare's header",
        lines(XYZ, RGB, BRIGHT, form=[*WHOLE, "%.6f"], header="//X Y Z R G B Scalar_field_Intensity"),
        "points colours",
    ),
    Variant(
        "cc_named.txt",
        "CloudCompare's header and its count of points",
        lines(XYZ, RGB, LABELS, form=[*WHOLE, "%.6f"], header=f"//X Y Z R G B Label\n{N}"),
        "points colours numbers",
    ),
    Variant(
        "cc_semicolon.csv",
        "CloudCompare, semicolons",
        lines(XYZ, RGB, form=WHOLE, separator=";", header="//X;Y;Z;R;G;B"),
        "points colours",
    ),
    Variant(
        "paraview.csv",
        "ParaView",
        lines(
            RGB,
            XYZ,
            form=["%d"] * 3 + ["%.4f"] * 3,
            separator=",",
            header='"RGB:0","RGB:1","RGB:2","Points:0","Points:1","Points:2"',
        ),
        "points colours",
    ),
    Variant(
        "paraview_names.csv",
        "ParaView 5.9 and later",
        lines(XYZ, BRIGHT, separator=",", header='"Points_0","Points_1","Points_2","intensity"'),
        "points intensity",
    ),
    Variant(
        "veloview.csv",
        "VeloView",
        lines(
            BRIGHT,
            XYZ,
            np.arange(N) % 16,
            separator=",",
            header='"intensity","Points_m_XYZ:0","Points_m_XYZ:1","Points_m_XYZ:2","laser_id"',
        ),
        "points intensity",
    ),
    Variant(
        "pandas.csv",
        "pandas, with its numbers of lines",
        lines(
            np.arange(N), XYZ, LABELS, form=["%d", *["%.6f"] * 3, "%d"], separator=",", header=",x,y,z,label"
        ),
        "points numbers",
    ),
    Variant("quoted.csv", "every cell in quotes", quoted(), "points numbers"),
    Variant("empty_cells.csv", "cells with nothing in them", empty_cells(), "points intensity"),
    Variant(
        "trailing.csv",
        "a separator behind the last number",
        b"\n".join(line + b"," for line in lines(XYZ, separator=",").splitlines()),
    ),
    Variant("spaces.csv", "commas and spaces", lines(XYZ, separator=", ")),
    Variant("tabs.txt", "tabs", lines(XYZ, separator="\t")),
    Variant("semicolons.csv", "semicolons and decimal commas", lines(XYZ, separator=";").replace(b".", b",")),
    Variant("decimal.txt", "tabs and decimal commas", lines(XYZ, separator="\t").replace(b".", b",")),
    Variant("aligned.txt", "columns made even by spaces", lines(XYZ, form="%12.4f")),
    Variant("exponents.xyz", "exponents", lines(XYZ, form="%.6e")),
    Variant("fortran.xyz", "exponents as Fortran has them", lines(XYZ, form="%.6E").replace(b"E", b"D")),
    Variant("bom.csv", "a byte order mark", b"\xef\xbb\xbf" + lines(XYZ, separator=",", header="x,y,z")),
    Variant("macs.txt", "ends of lines of old Macs", PLAIN.replace(b"\n", b"\r")),
    Variant("no_end.xyz", "no end behind the last line", PLAIN[:-1]),
    Variant(
        "comments.xyz",
        "comments between the lines",
        b"# scan 1\n" + PLAIN[: PLAIN.index(b"\n") + 1] + b"# scan 2\n" + PLAIN[PLAIN.index(b"\n") + 1 :],
    ),
    Variant("title.xyz", "a line of words first", b"Scan of the hall, 12 May\n" + PLAIN),
    Variant("count.xyz", "a count first", str(N).encode() + b"\n" + PLAIN),
    Variant(
        "plain.pts",
        "Leica's PTS without colours",
        lines(XYZ, BRIGHT, form="%.4f", header=str(N)),
        "points intensity",
    ),
    Variant(
        "full.pts",
        "Leica's PTS: intensity before the colour",
        lines(XYZ, BRIGHT * 10 - 2048, RGB, form=["%.4f"] * 4 + ["%d"] * 3, header=str(N)),
        "points colours",
        {"intensity": BRIGHT * 10 - 2048},
    ),
    Variant(
        "no_count.pts",
        "PTS without its count",
        lines(XYZ, BRIGHT - 300, RGB, form=["%.4f"] * 3 + ["%d"] * 4),
        "points colours",
        {"intensity": BRIGHT - 300},
    ),
    Variant(
        "semantic3d.txt",
        "Semantic3D: intensity before the colour",
        lines(XYZ, BRIGHT * 8 - 1800, RGB, form=["%.4f"] * 3 + ["%d"] * 4),
        "points colours",
        {"intensity": BRIGHT * 8 - 1800},
    ),
    Variant("s3dis.txt", "S3DIS' things", lines(XYZ, RGB, form=WHOLE), "points colours"),
    Variant(
        "livox.csv",
        "Livox Viewer",
        lines(
            np.zeros(N),
            SEQUENCE,
            XYZ,
            BRIGHT,
            form=["%d", "%d", *["%.4f"] * 3, "%d"],
            separator=",",
            header="Version,Timestamp,X,Y,Z,Reflectivity",
        ),
        "points intensity",
    ),
    Variant(
        "ouster.csv",
        "Ouster Studio: millimetres in its header",
        lines(
            np.arange(N),
            XYZ * 1000,
            form=["%d"] * 4,
            separator=",",
            header="TIMESTAMP (ns),X1 (mm),Y1 (mm),Z1 (mm)",
        ),
        "",
        {"points": np.trunc(XYZ * 1000)},
        says="in millimetres, as the file says",
    ),
    Variant(
        "survey.csv",
        "surveyors: a name, east, north and height",
        b"Point,Easting,Northing,Elevation,Code\n"
        + b"".join(f"P{i},{x:.4f},{y:.4f},{z:.4f},TREE\n".encode() for i, (x, y, z) in enumerate(XYZ)),
    ),
    Variant(
        "excel.csv",
        "Excel's empty rows",
        lines(XYZ, separator=",", header="x,y,z").replace(b"\n", b"\r\n") + b",,\r\n" * 2,
    ),
    Variant(
        "sep.csv", "Excel's word for its separator", b"sep=;\n" + lines(XYZ, separator=";", header="x;y;z")
    ),
    Variant(
        "units.csv",
        "a row of units below the names",
        b"x,y,z\nmm,mm,mm\n" + lines(np.rint(XYZ * 1000), form="%d", separator=","),
        "",
        {"points": np.rint(XYZ * 1000)},
        says="in millimetres, as the file says",
    ),
    Variant("enu.csv", "east, north, up", lines(XYZ, separator=",", header="east,north,up")),
    Variant(
        "koordinaten.csv",
        "X Koordinate",
        lines(XYZ, separator=";", header="X Koordinate;Y Koordinate;Z Koordinate"),
    ),
    Variant(
        "pdal.csv",
        "PDAL's writer of texts",
        lines(
            XYZ,
            BRIGHT,
            LABELS,
            form=["%.4f"] * 3 + ["%d"] * 2,
            separator=",",
            header='"X","Y","Z","Intensity","Classification"',
        ),
        "points intensity numbers",
    ),
    Variant(
        "faro.xyz",
        "FARO's rows and columns before the points",
        lines(SEQUENCE // 8, SEQUENCE % 8, XYZ, RGB, form=["%d"] * 2 + ["%.4f"] * 3 + ["%d"] * 3),
        "points colours",
        says="The first two columns of faro.xyz are a grid's",
    ),
    Variant(
        "las2txt.txt",
        "LAStools' x y z intensity class echo",
        lines(XYZ, BRIGHT, LABELS % 7, SEQUENCE % 3 + 1, form=["%.4f"] * 3 + ["%d"] * 3),
        "points",
        {"numbers": SEQUENCE % 3 + 1},
        says="they are read as x y z _ _ label",
    ),
    Variant(
        "grid.asc",
        "an ASCII grid of ESRI",
        ESRI.encode(),
        "",
        {"points": CELLS},
        says="a grid of heights, 3 × 4",
    ),
    Variant(
        "middle.asc",
        "the same by the middle of its corner, commas, another width, wrapped",
        ESRI.replace("corner", "center")
        .replace("cellsize 2", "dx 2\ndy 2")
        .replace("-2.5", "-1,5")
        .replace("10", "11")
        .replace("2 3 ", "2 3\n")
        .encode(),
        "",
        {"points": CELLS},
        says="a grid of heights",
    ),
    Variant("surfer.grd", "Surfer's DSAA", SURFER, "", {"points": CELLS[SOUTH]}, says="a grid of heights"),
    Variant(
        "infinite.xyz",
        "points at infinity",
        PLAIN + b"inf inf inf\n1.#INF 1.#QNAN -1.#IND\n",
        says="2 of 62 points of infinite.xyz have no finite coordinates: left out.",
    ),
    Variant(
        "null.csv",
        "NULL for points that are not there",
        lines(XYZ, separator=",", header="x,y,z") + b"NULL,NULL,NULL\n",
        says="have no finite coordinates",
    ),
)
