"""A text of 4,096 tokens through a model of GPT-2's size with random weights."""

from __future__ import annotations

import json
import time

from script.bench_memory import apart, watched
from script.timing import ratio, seconds

TOKENS, LAYERS, FEW, TIMED = 4096, 12, (2, 4), 2
"""FEW: layers of which eager attention still fits into memory; it takes as much more for each other one.
TIMED: layers of which the time is compared, all of which do the same.
"""


def model_of(layers: int):
    """GPT-2's smallest, but for its number of layers, and ids for it."""
    import torch
    from transformers import GPT2Config, GPT2Model

    from headlight.viewer import builtin  # noqa: F401  what can be read

    torch.manual_seed(0)
    model = GPT2Model(GPT2Config(n_positions=TOKENS, n_layer=layers)).eval()
    return model, torch.randint(0, model.config.vocab_size, (1, TOKENS))


def long() -> list[tuple[str, str, str]]:
    ours = apart("script.bench_long", "recorded_here")["peak"]
    few = [apart("script.bench_long", f"eager_here_{layers}")["peak"] for layers in FEW]
    eager = few[1] + (LAYERS - FEW[1]) * (few[1] - few[0]) / (FEW[1] - FEW[0])
    taken = apart("script.bench_long", "time_here")["ratio"]
    first, window = (apart("script.bench_long", "matrix_here")[name] for name in ("first", "window"))
    what = f"GPT-2's size, {TOKENS:,} tokens: peak of the recorded pass"
    return [
        (
            f"{what} / eager with A ({FEW[0]} and {FEW[1]} layers)",
            f"{ours / 1e9:.2f} GB, {ours / eager:.3f}",
            "≤ 0.12",
        ),
        (f"   time recorded / plain forward, {TIMED} layers", f"{taken:.3f}", "≤ 1.05"),
        ("   one head's matrix, computed and painted, of its thread", f"{first:.2f} s", "≤ 0.6 s"),
        ("   the same: zoomed to exact cells, painted", f"{1000 * window:.0f} ms", "≤ 50 ms"),
    ]


def recorded_here() -> None:
    import torch

    from headlight.models.attention.capture import recording

    model, ids = model_of(LAYERS)
    model.set_attn_implementation("sdpa")
    with watched() as found, torch.no_grad(), recording(model) as calls:
        model(input_ids=ids, use_cache=False)
    print(json.dumps({**found, "calls": len(calls)}))


def eager_here_2() -> None:
    _eager_here(2)


def eager_here_4() -> None:
    _eager_here(4)


def _eager_here(layers: int) -> None:
    import torch

    model, ids = model_of(layers)
    model.set_attn_implementation("eager")
    with watched() as found, torch.no_grad():
        model(input_ids=ids, use_cache=False, output_attentions=True)
    print(json.dumps(found))


def time_here() -> None:
    import torch

    from headlight.models.attention.capture import recording

    model, ids = model_of(TIMED)
    model.set_attn_implementation("sdpa")

    def plain() -> None:
        with torch.no_grad():
            model(input_ids=ids, use_cache=False)

    def recorded() -> None:
        with torch.no_grad(), recording(model):
            model(input_ids=ids, use_cache=False)

    with_, without = seconds(recorded, plain, rounds=3)
    print(json.dumps({"ratio": ratio(with_, without)}))


def matrix_here() -> None:
    import numpy as np
    import torch
    from PySide6.QtCore import QPointF
    from PySide6.QtWidgets import QApplication

    from headlight.models.attention.capture import recording
    from headlight.models.attention.recorded import RecordedLayer
    from headlight.models.core.tokens import TextTokens
    from headlight.models.core.trace import INPUT, ModelCard, Trace
    from headlight.viewer.session.view import Selection, View
    from headlight.viewer.slices.maps import matrix_map
    from headlight.widgets.base import theme
    from headlight.widgets.plane.matrix_view import MatrixView

    model, ids = model_of(1)
    with torch.no_grad(), recording(model) as calls:
        model(input_ids=ids, use_cache=False)
    numbers = np.arange(TOKENS)
    labels = tuple(f"t{number}" for number in numbers)
    spans = np.stack([numbers, numbers + 1], 1)
    tokens = TextTokens(labels, np.zeros(TOKENS, bool), spans, numbers, np.zeros(TOKENS, int))
    card = ModelCard("gpt2", "GPT-2", "text", "random", "none", untrained=True)
    layers = (RecordedLayer(calls[0], tokens, tokens),)
    trace = Trace(card, layers, {INPUT: tokens}, {}, readout=TOKENS - 1, seconds=0.0, device="cpu")
    app = QApplication.instance() or QApplication([])
    theme.apply(app, "dark")
    view = MatrixView()
    view.resize(700, 700)
    view.set_tokens(labels, labels)
    view.show()
    while not view.windowHandle().isExposed():
        app.processEvents()
    first, window = [], []
    for head in range(5):
        began = time.thread_time()
        found = matrix_map(trace, View(Selection(0, head)))
        view.set_matrix(found.levels, found.values)
        view.repaint()
        first.append(time.thread_time() - began)
        began = time.thread_time()
        view.zoom(60, QPointF(300 + 20 * head, 400))
        view.repaint()
        window.append(time.thread_time() - began)
        view.fit()
    print(json.dumps({"first": sorted(first)[2], "window": sorted(window)[2]}))
