"""`headlight.record` and what it gives: arrays, a trace, a file that opens like any other."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

import headlight
from headlight.api import recording
from headlight.models.attention.mapped import mapped
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import CharSpan, PatchTokens
from headlight.models.explain.rollout import rollout
from headlight.viewer.app import cli
from headlight.viewer.host.forward import forward_pass
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import from_path
from tests.models.modules.own import HEADS, WIDTH, Attention


@pytest.fixture(scope="module")
def vit():
    """An encoder over a class token and 3 × 4 patches, recorded: two items."""
    torch.manual_seed(0)
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(WIDTH, HEADS, 64, batch_first=True), 2).eval()
    with torch.no_grad(), headlight.record(model, grid=(3, 4), prefix=1) as trace:
        model(torch.randn(2, 13, WIDTH))
    return trace


def test_importing_headlight_imports_nothing_heavy():
    code = "import sys, headlight; print({'torch', 'numpy', 'PySide6'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_public_functions_do_what_their_examples_show():
    found = doctest.testmod(recording, extraglobs={"headlight": headlight})
    assert (found.failed, found.attempted) == (0, 6)


def test_a_recording_gives_arrays_by_layer_and_head(vit):
    assert vit.names == ("layers.0.self_attn", "layers.1.self_attn")
    whole = vit.attention("layers.1.self_attn")
    assert (whole.shape, whole.dtype) == ((HEADS, 13, 13), np.float32)
    np.testing.assert_allclose(vit.attention(head="mean"), whole.mean(0), atol=1e-7)
    np.testing.assert_array_equal(vit.attention(-1, 2), whole[2])
    assert max(vit.check().values()) < 1e-6
    other = vit.described(item=1).attention(-1)
    assert np.abs(other - whole).max() > 1e-3


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda t: t.attention(7), "There is no layer 7. Choose from 0 to 1."),
        (lambda t: t.attention(0, 9), "layers.0.self_attn has no head 9. Choose from 0 to 3, or"),
        (lambda t: t.described(item=2).layers, "There is no item 2: the batch has 2. Choose from 0 to 1."),
        (lambda t: t.described(grid=(5, 5)).layers, "The layers attend from 13 tokens, and a grid of 5 × 5"),
        (lambda t: t.save("x.npz"), "x.npz does not end in .headlight.npz."),
        (lambda t: t.gradients, "No gradient came to any layer."),
    ],
)
def test_what_cannot_be_is_said(vit, ask, said):
    with pytest.raises(headlight.HeadlightError) as caught:
        ask(vit)
    assert str(caught.value).startswith(said)


def test_a_saved_recording_reads_as_the_one_that_was_saved(vit, tmp_path):
    path = tmp_path / "own.headlight.npz"
    vit.save(path)
    read = from_path(path)
    result = forward_pass(read, RunOptions(), path=str(path))
    trace = result.trace
    assert isinstance(trace.tokens, PatchTokens)
    assert (trace.tokens.grid, trace.tokens.prefix, trace.readout) == ((3, 4), 1, 0)
    assert (read.pixels.shape, trace.model.title) == ((48, 64, 3), "TransformerEncoder")
    assert max(result.checks) < 1e-6
    for layer, before in zip(trace.layers, vit.layers, strict=True):
        for head in range(HEADS):
            np.testing.assert_array_equal(layer.matrix(head), before.matrix(head))
    assert trace.layers[0].value_norms().shape == (HEADS, 13)
    assert trace.notices == ("This is item 0 of a batch of 2; item=… shows another.",)
    np.testing.assert_allclose(rollout(trace, np.array([0])).values.sum(), 1, atol=1e-5)


def test_the_command_line_exports_a_saved_recording(vit, tmp_path, capsys):
    path, out = tmp_path / "own.headlight.npz", tmp_path / "out.npz"
    vit.save(path)
    assert cli.run(["export", str(path), "attention", "--layer", "1", "--out", str(out)]) == 0
    with np.load(out) as arrays:
        np.testing.assert_array_equal(arrays["attention"], vit.attention(1))
    capsys.readouterr()
    assert cli.run(["export", str(path), "relevance", "--out", str(out)]) == 2
    assert "Relevance asks the model anew, and what was recorded from Python is without it" in (
        capsys.readouterr().err
    )


def test_tokens_stand_in_their_text_and_their_words(vit):
    text = "A great serve, played."
    names = [
        "[CLS]",
        "a",
        "great",
        "ser",
        "##ve",
        ",",
        "Ġplay",
        "ed",
        ".",
        "[SEP]",
        "<pad>",
        "<pad>",
        "<pad>",
    ]
    trace = vit.described(tokens=names, text=text).trace()
    spans = [text[slice(*span)] for span in trace.tokens.spans.tolist()]
    assert spans == ["", "A", "great", "ser", "ve", ",", "play", "ed", ".", "", "", "", ""]
    assert trace.tokens.special.tolist() == [not span for span in spans]
    assert mapped(trace, whole_words=True).tokens.labels[3] == "serve,"
    assert trace.tokens.find(CharSpan(9, 10)).tolist() == [3]


def test_padding_is_cropped_and_the_rows_stay_those_of_the_model():
    model, x = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True), torch.randn(2, 6, WIDTH)
    mask = torch.tensor([[1] * 6, [0, 0, 1, 1, 1, 1]])
    with headlight.record(model, mask=mask, item=1) as trace:
        _, weights = model(x, x, x, key_padding_mask=mask == 0, average_attn_weights=False)
    np.testing.assert_allclose(trace.attention(), weights[1, :, 2:, 2:].detach(), atol=1e-6)
    assert trace.check()["attention"] < 1e-6


def test_padding_of_the_input_leaves_what_is_written_as_it_is():
    """The sides of a translation that have as many tokens each: only those that are read are padded."""
    model = nn.Transformer(WIDTH, HEADS, 1, 1, 8, batch_first=True).eval()
    hidden = torch.tensor([[False] * 3 + [True] * 2])
    told = {"src_key_padding_mask": hidden, "memory_key_padding_mask": hidden}
    with headlight.record(model, lengths=[3]) as trace:
        model(torch.randn(1, 5, WIDTH), torch.randn(1, 5, WIDTH), **told)
    assert [trace.attention(layer).shape[1:] for layer in range(3)] == [(3, 3), (5, 5), (5, 3)]
    assert max(trace.check().values()) < 1e-6


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"lengths": [9]}, "Padding is said of 9 tokens"),
        ({"mask": [[1, 1, 1]]}, "Padding is said of 3 tokens"),
        ({"mask": "abc"}, "mask says nothing"),
        ({"grid": (2.5, 2)}, "is no grid"),
        ({"grid": (2, 2), "prefix": 10**9}, "1,000,000,004"),
        ({"tokens": 4}, "tokens is int"),
        ({"text": 4}, "text is no text"),
        ({"item": "first"}, "item='first'"),
        ({"image": np.array([["a"]])}, "is no picture"),
    ],
)
def test_what_is_said_of_other_tokens_is_refused_and_not_passed_over(told, said):
    with pytest.raises(HeadlightError, match=said):
        recording.recording_of(np.full((1, 2, 4, 4), 0.25)).described(**told).stored()


def test_a_text_that_the_tokens_do_not_stand_in_is_told():
    arrays = recording.recording_of(np.full((1, 2, 4, 4), 0.25))
    assert "2 words, the layers 4 tokens" in arrays.described(text="two words").trace().notices[0]
    assert (
        "4 of 4 tokens" in arrays.described(text="two", tokens=["\ud800", "b", "c", "d"]).trace().notices[0]
    )


def test_gradients_are_a_recording_of_their_own(tmp_path):
    layer = Attention()
    with headlight.record(layer, gradients=True) as trace:
        layer(torch.randn(1, 5, WIDTH)).sum().backward()
    grown = trace.gradients
    grown.save(tmp_path / "g.headlight.npz")
    read = forward_pass(from_path(tmp_path / "g.headlight.npz"), RunOptions()).trace
    np.testing.assert_array_equal(read.layers[0].matrix(1), grown.attention(0, 1))
    assert grown.attention().min() < 0


@pytest.mark.parametrize("spoil", ["cut", "later", "object", "short", "empty", "bomb"])
def test_a_damaged_file_is_told_in_a_sentence(vit, tmp_path, spoil):
    path = tmp_path / "own.headlight.npz"
    vit.save(path)
    if spoil == "cut":
        path.write_bytes(path.read_bytes()[:-400])
    else:
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        header = json.loads(parts["headlight.json"])
        if spoil == "later":
            header["version"] = 99
        elif spoil == "empty":
            header["layers"] = []
        elif spoil == "short":
            parts["0.q.npy"] = parts["0.q.npy"][:200]
        elif spoil == "object":
            parts["0.q.npy"] = parts["0.q.npy"].replace(b"<f4", b"|O ")
        else:
            header["layers"][0]["shape"] = [4, 10**9, 10**9]
        parts["headlight.json"] = json.dumps(header).encode()
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    with pytest.raises(headlight.HeadlightError) as caught:
        forward_pass(from_path(path), RunOptions())
    words = ("was saved by a later Headlight", "damaged or cut off", "do not go together")
    assert any(word in str(caught.value) for word in words)


def test_a_step_behind_a_cache_looks_from_the_last_tokens():
    class Cached(nn.Module):
        def forward(self, q, k, v):
            return scaled_dot_product_attention(q, k, v)

    k, v = torch.randn(2, 1, 2, 6, 8)
    with headlight.record(model := Cached(), tokens=list("abcdef")) as found:
        model(k[:, :, -2:], k, v)
    (layer,) = found.layers
    assert (layer.queries.labels, layer.keys.labels) == (("e", "f"), tuple("abcdef"))
    assert layer.check() < 1e-6
