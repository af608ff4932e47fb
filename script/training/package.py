"""Debian's package sweethome3d-furniture: fetched and unpacked where it is missing.

The folder is ~/.cache/headlight-training, or what the environment variable HEADLIGHT_TRAINING names.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

CACHE = Path(os.environ.get("HEADLIGHT_TRAINING", Path.home() / ".cache" / "headlight-training"))
PACKAGE = "sweethome3d-furniture"
INSIDE = Path("usr", "share", "sweethome3d", "furniture")


def furniture_folder() -> Path:
    """Where the .sh3f files are."""
    folder = CACHE / "sh3d" / INSIDE
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    if not list(CACHE.glob(f"{PACKAGE}_*.deb")):
        if not shutil.which("apt-get"):
            raise SystemExit(
                f"The furniture is missing. Put Debian's package {PACKAGE} (a .deb of 120 MB) into {CACHE}\n"
                f"or its .sh3f files into {folder}."
            )
        subprocess.run(["apt-get", "download", PACKAGE], cwd=CACHE, check=True)
    partial = CACHE / f"sh3d.{os.getpid()}.partial"
    unpack(sorted(CACHE.glob(f"{PACKAGE}_*.deb"))[-1], partial)
    partial.replace(CACHE / "sh3d")
    return folder


def unpack(package: Path, folder: Path) -> None:
    """The files of a .deb, which is an `ar` archive with a compressed tar file in it."""
    content = package.read_bytes()
    if not content.startswith(b"!<arch>\n"):
        raise SystemExit(f"{package} is no Debian package.")
    at = 8
    while at + 60 <= len(content):
        name, size = content[at : at + 16].decode().strip(" /"), int(content[at + 48 : at + 58])
        if name.startswith("data.tar"):
            with tarfile.open(fileobj=io.BytesIO(content[at + 60 : at + 60 + size])) as archive:
                archive.extractall(folder, filter="data")
            return
        at += 60 + size + size % 2  # members begin at even places
    raise SystemExit(f"{package} holds no files.")
