"""Which methods are faithful to what draws the eye, on the sample pictures."""

from __future__ import annotations

from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "assets" / "samples"
SIZE = 224
METHODS = ("rollout", "gradient-rollout", "chefer", "gradient-input", "grad-cam", "occlusion")


def faithful() -> list[tuple[str, str, str]]:
    """Of each picture how many methods beat every random order in deletion, and the mean areas."""
    from headlight.models.core.answers import SALIENCY
    from headlight.models.core.task import Task
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine
    from headlight.viewer.registry import REGISTRY, Method
    from headlight.viewer.session.view import TargetSettings, View
    from headlight.viewer.slices.explain.faithful import over
    from headlight.viewer.slices.many.pictures import read_pictures

    pictures, view = read_pictures(str(SAMPLES), SIZE), View(TargetSettings(SALIENCY))
    found = over(open_engine(None, "image"), pictures, view, METHODS, task=Task())
    tally = found.tally
    beats = tally.deletion < tally.random_deletion.min(1, keepdims=True)
    rows = [
        (f"methods that beat every random order in deletion, {name}", f"{int(row.sum())}", "≥ 2")
        for name, row in zip(found.names, beats, strict=True)
    ]
    means, errors = tally.means()[0], tally.errors()[0]
    titles = [*(REGISTRY.all(Method)[name].title for name in METHODS), "random orders"]
    figures = zip(titles, means, errors, strict=True)
    areas = ", ".join(f"{title} {mean:.3f} ± {error:.3f}" for title, mean, error in figures)
    return [*rows, ("   mean area of deletion", areas, "")]
