"""How long point clouds take from a file to a CloudInput, and what they take of memory.

    python script/bench_files.py [POINTS]

Each line: the figure, what was measured, what is to be reached. The best of three rounds: other programs only
ever add time. Memory is the highest that numpy and Python held at once, above the file.
"""

from __future__ import annotations

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
    files = {"binary PLY": folder / "room.ply", "NPZ": folder / "room.npz", "LAZ": folder / "room.laz"}
    write_ply(files["binary PLY"], points)
    xyz = np.stack([points[axis] for axis in "xyz"], axis=1)
    rgb = np.stack([points[channel] for channel in ("red", "green", "blue")], axis=1)
    np.savez(files["NPZ"], points=xyz, colors=rgb)
    import laspy

    las = laspy.LasData(laspy.LasHeader(point_format=7, version="1.4"))
    las.header.scales = [0.001] * 3
    las.x, las.y, las.z = xyz.T.astype(np.float64)
    las.red, las.green, las.blue = rgb.T.astype(np.uint16) * 257
    out = io.BytesIO()
    las.write(out, do_compress=True)
    files["LAZ"].write_bytes(out.getvalue())
    some = len(points) // 10
    files[f"text of {some / 1e6:g}M points"] = folder / "room.txt"
    np.savetxt(folder / "room.txt", np.column_stack([xyz[:some], rgb[:some]]), "%.4f %.4f %.4f %d %d %d")
    return files


def main() -> int:
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.inputs.inputs import from_path

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000_000
    print(f"{'figure':<60}{'measured':>28}  to reach")
    with tempfile.TemporaryDirectory() as folder:
        for kind, path in write(Path(folder), room(count)).items():
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
            named = kind if "text" in kind else f"{len(cloud.points) / 1e6:g}M-point {kind}"
            what = f"{named}: file to cloud"
            figure = f"{min(taken):.2f} s, {peak / 1e9:.2f} GB"
            print(f"{what:<60}{figure:>28}  {'≤ 3 s' if kind == 'binary PLY' else ''}")
            print(
                f"{'   longest time between two looks at a cancel':<60}{f'{quiet:.2f} s':>28}  ≤ 0.5 s",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
