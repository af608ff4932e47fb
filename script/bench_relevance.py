"""Relevance of a target, a sweep of all heads, attention flow."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

PICTURE = Path(__file__).resolve().parent.parent / "assets" / "samples" / "astronaut.jpg"
SENTENCE = "the cat sat on the mat and it was warm so that we all stayed there "


def relevance() -> list[tuple[str, str, str]]:
    """Against passes of the same model in the same process."""
    import numpy as np
    import torch

    from headlight.models.explain.flow import flow
    from headlight.models.explain.of_target.carried import generic
    from headlight.models.explain.targets import placed, targets_at
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine
    from headlight.viewer.inputs.inputs import from_path
    from script.timing import ratio, seconds

    engine, pixels = open_engine(None, "image"), from_path(str(PICTURE)).pixels
    large = engine.run(pixels)
    target = placed(large, targets_at(large)[0])
    both = lambda: large.run.gradients(target)  # noqa: E731
    carried, backward = seconds(lambda: generic(large, target), both, rounds=2)
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform != "darwin" else 1024)
    small = engine.run(pixels, 224)
    target, passes = placed(small, targets_at(small)[0]), sum(small.layers[0].heads for _ in small.layers)
    values = torch.from_numpy(small.inputs["pixel_values"])[None]

    def forward() -> None:
        with torch.no_grad():
            engine.model(pixel_values=values)

    nothing = np.zeros((1, len(small.tokens)), bool)
    score = lambda: small.run.scores(nothing, target)  # noqa: E731
    swept, plain, scored = seconds(lambda: small.run.effects(target), forward, score, rounds=2)
    depth = len(small.layers)
    share = sum(depth - layer.depth for layer in small.layers) / depth**2  # of a pass, on average
    # Each pass is read by the head over the body too: here a decoder, a fifth of the work.
    reading = max(min(scored) - min(plain), 0.0)
    needed = passes * (share * min(plain) + reading)
    text = open_engine(None, "text").run(" ".join((SENTENCE * 8).split()[:62]))
    began = time.perf_counter()
    flow(text, np.array([0]))
    flowing = time.perf_counter() - began
    said = f"{len(small.tokens)} tokens: all {passes} heads, in passes from their layer on and their reading"
    return [
        (
            f"generic relevance, {len(large.tokens):,} tokens: in forwards and backwards",
            f"{ratio(carried, backward):.2f}",
            "≤ 3",
        ),
        ("   peak of the process", f"{kilobytes / 1e6:.2f} GB", "≤ 3 GB"),
        (said, f"{min(swept) / needed:.2f}", "≤ 1.3"),
        ("   in passes of the body alone", f"{ratio(swept, plain) / (passes * share):.2f}", ""),
        (f"attention flow, {len(text.tokens)} tokens, 6 layers", f"{flowing:.2f} s", "≤ 5 s"),
    ]
