"""Traces of layers whose weights are given outright, for tests without a model."""

from __future__ import annotations

import numpy as np

import headlight.viewer.builtin  # noqa: F401  (the methods there are)
from headlight.models.attention.recorded import numbered
from headlight.models.core.tokens import Box, PatchTokens, TextTokens, Tokens
from headlight.models.core.trace import INPUT, ModelCard, Trace
from headlight.viewer.registry import REGISTRY, Method
from tests.dense import Dense


def random_weights(heads: int, n: int, seed: int = 0) -> np.ndarray:
    """float32 (heads, n, n), rows summing to 1."""
    raw = np.random.default_rng(seed).random((heads, n, n)) ** 4
    return (raw / raw.sum(-1, keepdims=True)).astype(np.float32)


def patch_tokens(rows: int = 2, columns: int = 3, size: float = 10.0) -> PatchTokens:
    """[CLS] and rows × columns patches of `size` pixels."""
    labels = ("[CLS]", *(f"patch ({r}, {c})" for r in range(rows) for c in range(columns)))
    special = np.arange(len(labels)) < 1
    return PatchTokens(labels, special, (rows, columns), Box(0, 0, columns * size, rows * size))


def text_tokens(*labels: str) -> TextTokens:
    """[CLS], a word of one token for each label, [SEP]; the text is the labels joined by blanks."""
    special = np.array([True, *[False] * len(labels), True])
    starts = np.cumsum([0, *(len(label) + 1 for label in labels)])[:-1]
    spans = [(0, 0), *((s, s + len(label)) for s, label in zip(starts, labels, strict=True)), (0, 0)]
    words = np.array([-1, *range(len(labels)), -1])
    names = ("[CLS]", *labels, "[SEP]")
    return TextTokens(names, special, np.array(spans), words, np.zeros(len(names), int))


def trace_of(tokens: Tokens, layers: int = 2, heads: int = 2, error: float = 0.0, **more) -> Trace:
    """A trace of random layers; layer 0 has seed 0, and so on."""
    modality = "image" if isinstance(tokens, PatchTokens) else "text"
    made = tuple(
        Dense(random_weights(heads, len(tokens), i), tokens, name=f"layer.{i}", error=error)
        for i in range(layers)
    )
    card = ModelCard("given", "Given", modality, "a test", "none", untrained=True)
    inputs = {"pixel_values": np.zeros((3, 20, 30), np.float32)} if modality == "image" else {}
    return Trace(card, numbered(made), {INPUT: tokens}, inputs, readout=0, seconds=0.1, device="cpu", **more)


def method(id_: str) -> Method:
    """Of the registry's."""
    return REGISTRY.all(Method)[id_]
