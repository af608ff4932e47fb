"""Good samples for every reader there is."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from script.fuzzing.clouds import clouds
from script.fuzzing.pictures import pictures
from script.fuzzing.sample import Sample, Samples
from script.fuzzing.sounds import sounds


@cache
def samples() -> Samples:
    """By the id of their reader."""
    return {**_texts(), **pictures(), **clouds(), **sounds(), "recorded": _recorded()}


def _texts() -> Samples:
    words = "A great serve. Ein großer Aufschlag — 大きなサーブ 🎾\r\nשלום, the second line\n"
    return {
        "text": [
            Sample.of("plain.txt", words.encode(), False),
            Sample.of("wide.md", words.encode("utf-16"), False),
            Sample.of("old.txt", "Fünf große Bäume über dem Fluß. Café naïve.\n".encode("cp1252"), False),
            Sample.of("data.json", b'{"a": [1, 2, {"b": "text"}]}\n', False),
        ]
    }


def _recorded() -> list[Sample]:
    """Traces of a text, of a picture and of a cloud: two layers of two heads over six tokens."""
    from headlight.viewer.inputs.recorded.format import write

    random = np.random.default_rng(5)
    tokens, heads = 6, 2
    names = [f"w{at}" for at in range(tokens)]
    spans = [[3 * at, 3 * at + 2] for at in range(tokens)]
    text = {"labels": names, "text": " ".join(names), "spans": spans, "special": [False] * tokens}
    shape = [heads, tokens, tokens]
    layer = {"kind": "self", "stack": "encoder", "shape": shape}
    product = layer | {"name": "one", "sort": "product", "scaling": 0.5, "softcap": None}
    shown = layer | {"name": "two", "sort": "shown"}
    arrays = {f"0.{name}": random.random((heads, tokens, 4), np.float32) for name in "qkv"}
    scores = np.einsum("hqd,hkd->hqk", arrays["0.q"], arrays["0.k"]) * 0.5
    attention = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    arrays |= {"0.rows": np.arange(tokens), "0.outputs": (attention @ arrays["0.v"]).transpose(1, 0, 2)}
    weights = random.random((heads, tokens, tokens), np.float32)
    arrays["1.weights"] = weights / weights.sum(-1, keepdims=True)
    kinds = {
        "text": (text, {}),
        "picture": ({"grid": [2, 3], "prefix": []}, {"picture": np.full((32, 48, 3), 90, np.uint8)}),
        "grid": ({"grid": [2, 3], "prefix": []}, {}),
        "cloud": ({"points": tokens}, {"points": random.random((tokens, 3), np.float32)}),
    }
    made = []
    with tempfile.TemporaryDirectory() as folder:
        for name, (stream, beside) in kinds.items():
            path = Path(folder, f"{name}.headlight.npz")
            header = {"title": name, "layers": [product, shown], "streams": {"input": stream}, "step": 3}
            write(path, header, [*arrays.items(), *beside.items()])
            made.append(Sample.of(path.name, path.read_bytes()))
    return made
