"""How long point clouds take from a file to a CloudInput, and what they take of memory.

    python script/bench_files.py [POINTS]

Each line: the figure, what was measured, what is to be reached. The best of three rounds: other programs only
ever add time. Memory is the highest that numpy and Python held at once, above the file. Tables are compared
with pandas where it is installed (`uv run --with pandas python script/bench_files.py`).
"""

from __future__ import annotations

import importlib.util
import io
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


class Longest:
    """A task that remembers the longest time in which nothing was told and no cancel was seen."""

    def __init__(self) -> None:
        self.longest, self.last = 0.0, time.perf_counter()

    def check(self) -> None:
        now = time.perf_counter()
        self.longest, self.last = max(self.longest, now - self.last), now

    def progress(self, share: float, sentence: str) -> None:
        self.check()


def room(count: int) -> np.ndarray:
    """Records of x y z (float32) and red green blue (uint8), 15 bytes a point."""
    random = np.random.default_rng(0)
    made = np.empty(
        count, [*((axis, "<f4") for axis in "xyz"), *((c, "u1") for c in ("red", "green", "blue"))]
    )
    for axis, extent in zip("xyz", (12, 9, 3), strict=True):
        made[axis] = random.random(count, np.float32) * extent
    for channel in ("red", "green", "blue"):
        made[channel] = random.integers(0, 256, count, np.uint8)
    return made


def write_ply(path: Path, points: np.ndarray) -> None:
    """The records of `room`, as a binary PLY."""
    kinds = {"f4": "float", "u1": "uchar"}
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(points)}"]
    header += [f"property {kinds[points.dtype[name].str[1:]]} {name}" for name in points.dtype.names]
    path.write_bytes("\n".join([*header, "end_header\n"]).encode() + points.tobytes())


def write(folder: Path, points: np.ndarray) -> dict[str, Path]:
    endings = {
        "binary PLY": "ply",
        "NPZ": "npz",
        "LAS": "las",
        "LAZ": "laz",
        "E57": "e57",
        "TXT": "txt",
        "CSV": "csv",
    }
    files = {kind: folder / f"room.{ending}" for kind, ending in endings.items()}
    write_ply(files["binary PLY"], points)
    xyz = np.stack([points[axis] for axis in "xyz"], axis=1)
    rgb = np.stack([points[channel] for channel in ("red", "green", "blue")], axis=1)
    np.savez(files["NPZ"], points=xyz, colors=rgb)
    import laspy

    las = laspy.LasData(laspy.LasHeader(point_format=7, version="1.4"))
    las.header.scales = [0.001] * 3
    las.x, las.y, las.z = xyz.T.astype(np.float64)
    las.red, las.green, las.blue = rgb.T.astype(np.uint16) * 257
    for kind in ("LAS", "LAZ"):
        out = io.BytesIO()
        las.write(out, do_compress=kind == "LAZ")
        files[kind].write_bytes(out.getvalue())
    write_e57(files["E57"], xyz, rgb)
    write_table(files["TXT"], "", "%.4f %.4f %.4f %d %d %d\n", [*xyz.T, *rgb.T])
    labels = np.random.default_rng(1).integers(0, 13, len(points))
    write_table(
        files["CSV"], "x,y,z,intensity,label\n", "%.4f,%.4f,%.4f,%d,%d\n", [*xyz.T, rgb[:, 0], labels]
    )
    return files


def write_e57(path: Path, xyz: np.ndarray, rgb: np.ndarray) -> None:
    import pye57

    axes, channels = ("cartesianX", "cartesianY", "cartesianZ"), ("colorRed", "colorGreen", "colorBlue")
    data = {name: np.ascontiguousarray(xyz[:, i], np.float64) for i, name in enumerate(axes)}
    data |= {name: np.ascontiguousarray(rgb[:, i]) for i, name in enumerate(channels)}
    file = pye57.E57(str(path), mode="w")
    file.write_scan_raw(data)
    file.close()


def write_table(path: Path, header: str, form: str, columns: list[np.ndarray]) -> None:
    with open(path, "w") as file:
        file.write(header)
        for at in range(0, len(columns[0]), 1 << 17):
            rows = zip(*(column[at : at + (1 << 17)].tolist() for column in columns), strict=True)
            file.write("".join(form % row for row in rows))


def against(files: dict[str, Path]) -> list[tuple[str, str, str]]:
    """Reading beside the libraries that do nothing else, as ratios; one thread each."""
    from headlight.viewer.inputs.clouds.las import read_las
    from headlight.viewer.inputs.inputs import from_path
    from headlight.viewer.inputs.source import Source
    from script.timing import ratio, seconds

    def guarded(path: Path) -> None:
        with open(path, "rb") as file:
            read_las(Source(path.name, file, path.stat().st_size, path))

    def bare(path: Path) -> None:
        import laspy

        las = laspy.read(path)
        for names in ("xyz", ("red", "green", "blue")):
            np.stack([np.asarray(las[name]) for name in names], axis=1)
        np.asarray(las.classification)

    rows = []
    for kind in ("LAS", "LAZ"):
        ours, theirs = seconds(lambda: guarded(files[kind]), lambda: bare(files[kind]), rounds=3)  # noqa: B023
        rows.append(
            (f"{kind}: read in a process of its own / by laspy alone", f"{ratio(ours, theirs):.2f}", "≤ 1.7")
        )
    if importlib.util.find_spec("pandas"):
        import pandas

        if "max_threads" in dir(pandas.options.mode):
            pandas.options.mode.max_threads = 1
        for kind, options in (("TXT", {"sep": " ", "header": None}), ("CSV", {})):
            ours, theirs = seconds(
                lambda: from_path(files[kind]),  # noqa: B023
                lambda: pandas.read_csv(files[kind], **options),  # noqa: B023
                rounds=3,
            )
            what = f"{kind}: file to cloud / pandas {pandas.__version__} alone"
            rows.append((what, f"{ratio(ours, theirs):.2f}", "≤ 1.5"))
    return rows


def main() -> int:
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.inputs.inputs import from_path

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    print(f"{'figure':<60}{'measured':>28}  to reach")
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), room(count))
        for kind, path in files.items():
            taken, quiet = [], 0.0
            for _ in range(3):
                task, began = Longest(), time.perf_counter()
                cloud = from_path(path, task)
                taken.append(time.perf_counter() - began)
                quiet = max(quiet, task.longest)
            tracemalloc.start()
            from_path(path)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            what = f"{len(cloud.points) / 1e6:g}M-point {kind}: file to cloud"
            figure = f"{min(taken):.2f} s, {peak / 1e9:.2f} GB"
            print(f"{what:<60}{figure:>28}  {'≤ 3 s' if kind == 'binary PLY' else ''}")
            print(
                f"{'   longest time between two looks at a cancel':<60}{f'{quiet:.2f} s':>28}  ≤ 0.5 s",
                flush=True,
            )
        for figure, measured, reach in against(files):
            print(f"{figure:<60}{measured:>28}  {reach}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
