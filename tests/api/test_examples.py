"""The example scripts do what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from script.examples import live_training, own_vit, tiny_gpt

PICTURE = Path(__file__).parents[2] / "assets" / "samples" / "coffee.jpg"


def test_a_vision_transformer_of_one_s_own_lies_on_its_picture():
    trace = own_vit.recorded(str(PICTURE)).trace()
    assert (trace.tokens.grid, trace.tokens.prefix, len(trace.layers)) == ((14, 14), 1, 6)
    assert max(layer.check() for layer in trace.layers) < 1e-5
    assert trace.layers[3].name == "blocks.3.attn"
    assert trace.layers[0].has_norms


def test_a_gpt_by_hand_looks_back_alone():
    found = tiny_gpt.recorded(steps=3)
    assert found.names == ("layers.0", "layers.1")
    assert np.abs(np.triu(found.attention(1), 1)).max() == 0
    assert max(found.check().values()) < 1e-6


def test_a_training_loop_shows_a_step_now_and_then_and_learns():
    shown = []

    def show(trace, **more):
        shown.append((more["step"], trace.described(tokens=more["tokens"]).attention(0)))

    loss = live_training.train(steps=40, every=20, show=show)
    assert [step for step, _ in shown] == [0, 20, 40]
    assert np.abs(shown[0][1] - shown[2][1]).max() > 0.01
    assert loss < 2.5
