"""The tables of variants as VARIANTS.md has them; run as a module it writes that file."""

from __future__ import annotations

from pathlib import Path

from tests.viewer.inputs.variants.arrays import ARRAYS
from tests.viewer.inputs.variants.foreign import FOREIGN
from tests.viewer.inputs.variants.meshes import MESHES
from tests.viewer.inputs.variants.pcds import PCDS
from tests.viewer.inputs.variants.pictures import PICTURES
from tests.viewer.inputs.variants.plys import PLYS
from tests.viewer.inputs.variants.programs import PROGRAMS
from tests.viewer.inputs.variants.scanners import SCANNERS
from tests.viewer.inputs.variants.surfaces import SURFACES
from tests.viewer.inputs.variants.surveys import SURVEYS
from tests.viewer.inputs.variants.tables import TABLES

CLOUDS = (*PLYS, *PCDS, *TABLES, *ARRAYS, *SURVEYS, *SCANNERS, *PROGRAMS)
SQUARES = (*SURFACES, *MESHES)
FILE = Path(__file__).with_name("VARIANTS.md")


def table() -> str:
    """Markdown: a row a file, what is done with it, and what of it is kept or said."""
    rows = []
    for one in (*CLOUDS, *SQUARES, *FOREIGN):
        kept = one.refused or ", ".join(part for part in one.expected() if part != "colour")
        if one in SQUARES and not one.refused:
            kept = "surface" + ", colours" * ("colour" in one.others)
        rows.append(f"| {one.file} | {one.what} | {one.outcome} | {kept} |")
    for one in PICTURES:
        kept = one.refused or one.says or "its pixels"
        rows.append(f"| {one.file} | {one.what} | {one.outcome} | {kept} |")
    counts = {word: sum(f"| {word} |" in row for row in rows) for word in ("read", "told", "refused")}
    title = "# What is done with clouds, meshes and pictures as programs write them"
    legend = (
        "Read: all of it opens. Told: it opens, and a notice says what was done or left out. Refused: one "
        "sentence says what it is and what to do. In all: "
        + ", ".join(f"{count} {word}" for word, count in counts.items())
        + "."
    )
    return "\n".join(
        (
            title,
            "",
            legend,
            "",
            "| file | what | outcome | kept, or said |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        )
    )


if __name__ == "__main__":
    FILE.write_text(table(), encoding="utf-8")
