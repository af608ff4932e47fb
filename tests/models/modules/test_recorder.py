"""Whatever module runs, its weights are those that are computed by hand of what it multiplied."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention

from headlight.models.core.errors import HeadlightError
from headlight.models.modules.recorder import recording
from headlight.models.modules.seen import together
from tests.models.modules.own import (
    HEADS,
    WIDTH,
    Attention,
    ByEinsum,
    Classifier,
    ManyHeads,
    Odd,
    OwnScale,
    by_hand,
)

EXACT = 1e-6


@pytest.fixture
def x():
    return torch.randn(2, 6, WIDTH, generator=torch.Generator().manual_seed(1))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def below(n: int) -> torch.Tensor:
    return torch.ones(n, n, dtype=torch.bool).tril()


def same(call, weights, batch: int = 1) -> None:
    """Weights [B, H, Nq, Nk] of one item, and A·V what the layer gave."""
    np.testing.assert_allclose(call.weights(batch=batch), weights[batch], atol=EXACT)
    assert call.error(batch) <= EXACT


def of_packed(layer: nn.MultiheadAttention, x: torch.Tensor, y: torch.Tensor | None = None) -> torch.Tensor:
    """The weights of nn.MultiheadAttention from its own parameters, [B, H, Nq, Nk]."""
    y = x if y is None else y
    wq, wk, _ = layer.in_proj_weight.detach().double().chunk(3)
    bq, bk, _ = layer.in_proj_bias.detach().double().chunk(3)
    q, k = x.double() @ wq.T + bq, y.double() @ wk.T + bk
    return by_hand(*(one.unflatten(-1, (HEADS, -1)).transpose(1, 2) for one in (q, k)))


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_multihead_attention_is_seen_on_either_of_its_ways(x, asks, first):
    layer = nn.MultiheadAttention(WIDTH, HEADS, batch_first=first)
    given = x if first else x.transpose(0, 1)
    plain = layer(given, given, given, need_weights=asks)[0]
    with recording(layer) as seen:
        out = layer(given, given, given, need_weights=asks)[0]
    (call,) = seen.calls
    same(call, of_packed(layer, x))
    assert torch.equal(out, plain)
    assert call.projection.weight.data_ptr() == layer.out_proj.weight.data_ptr()
    assert not layer._forward_hooks


def test_a_transformer_of_torch_is_seen_with_its_fused_path_off(x):
    model = nn.Transformer(WIDTH, HEADS, 2, 2, 64, batch_first=True).eval()
    y = torch.randn(2, 4, WIDTH)
    with torch.no_grad():
        plain = model(x, y)
        with recording(model) as seen:
            out = model(x, y)
    np.testing.assert_allclose(out, plain, atol=1e-5)
    assert [(call.name, call.kind) for call in seen.calls[1:4]] == [
        ("encoder.layers.1.self_attn", "self"),
        ("decoder.layers.0.self_attn", "self"),
        ("decoder.layers.0.multihead_attn", "cross"),
    ]
    same(seen.calls[0], of_packed(model.encoder.layers[0].self_attn, x))
    assert max(call.error(1) for call in seen.calls) <= EXACT


def test_attention_by_hand_follows_from_queries_and_keys(x):
    layer = Attention()
    with recording(layer) as seen:
        layer(x)
    (call,) = seen.calls
    same(call, by_hand(layer.q, layer.k, below(6)))
    assert not seen.kept
    assert call.projection.weight.data_ptr() == layer.proj.weight.data_ptr()


def test_attention_by_einsum_with_a_cap_and_a_mask_of_floats(x):
    layer = ByEinsum()
    with recording(layer) as seen:
        layer(x)
    scores = layer.q.double() @ layer.k.double().transpose(-1, -2) / 2
    capped = (torch.tanh(scores / 3) * 3).masked_fill(~below(6), -torch.inf)
    same(seen.calls[0], capped.softmax(-1))
    assert (seen.kept, seen.calls[0].softcap) == ([], 3)


def test_learned_scales_are_part_of_what_is_multiplied():
    q, k, v = torch.randn(3, 2, HEADS, 5, 8)
    with recording(model := OwnScale()) as seen:
        model(q, k, v)
    assert not seen.kept
    same(seen.calls[0], by_hand(q * model.each.detach() / model.all.detach(), k, scale=1))


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_in_training_the_weights_are_those_before_dropout(x, dropout):
    layer, packed = Attention(dropout), nn.MultiheadAttention(WIDTH, HEADS, dropout, batch_first=True)
    with recording(layer) as seen:
        layer(x)
    same(seen.calls[0], by_hand(layer.q, layer.k, below(6)))
    assert bool(seen.dropped) == (dropout > 0)
    with recording(packed) as seen:
        packed(x, x, x, need_weights=False)
    same(seen.calls[0], of_packed(packed, x))


def test_layers_share_one_triangle(x):
    with recording(model := nn.Sequential(Attention(), Attention())) as seen:
        model(x)
    assert seen.calls[0].mask is seen.calls[1].mask


def test_heads_in_a_list_are_one_layer(x):
    model = ManyHeads()
    with recording(model) as seen:
        model(x)
    assert len(seen.calls) == HEADS
    (call,) = together(seen.calls)
    assert (call.name, call.shape) == ("heads", (2, HEADS, 6, 6))
    head = model.heads[2]
    np.testing.assert_allclose(
        call.weights(batch=1)[2], by_hand(head.query(x[1]), head.key(x[1]), below(6)).detach(), atol=EXACT
    )
    assert call.error(1) <= EXACT


def test_weights_that_nobody_foresaw_are_kept_as_they_were(x):
    with recording(Odd()) as seen:
        Odd()(x)  # another one: nothing of it is known, and no pass was made
        odd = Odd()
    assert not seen.passes
    with recording(odd) as seen:
        odd(x)
    same(seen.calls[0], torch.softmax((x @ x.mT).sigmoid() ** 2, -1)[:, None])
    assert seen.kept == ["attention"]


def test_flex_attention_is_what_its_functions_make_of_scores():
    from torch.nn.attention import flex_attention as flex

    class Own(nn.Module):
        def forward(self, q, k, v):
            mask = flex.create_block_mask(lambda b, h, i, j: i >= j, None, None, 5, 5, device="cpu")
            return flex.flex_attention(q, k, v, lambda s, b, h, i, j: s + (h + 1) * (i - j), mask)

    q, k, v = torch.randn(3, 2, HEADS, 5, 8)
    with pytest.warns(UserWarning, match=r"without torch\.compile"), recording(model := Own()) as seen:
        model(q, k, v)
    i, j = torch.arange(5)[:, None], torch.arange(5)
    scores = q.double() @ k.double().mT * 8**-0.5 + (torch.arange(HEADS)[:, None, None] + 1) * (i - j)
    same(seen.calls[0], scores.masked_fill(i < j, -torch.inf).softmax(-1))


def test_fused_attention_with_shared_keys_a_mask_and_a_scale():
    class Own(nn.Module):
        def forward(self, q, k, v, mask):
            return scaled_dot_product_attention(q, k, v, mask, scale=0.3, enable_gqa=True)

    q, (k, v) = torch.randn(2, 4, 5, 8), torch.randn(2, 2, 2, 7, 8)
    mask = torch.rand(2, 1, 5, 7) > 0.3
    mask[..., 0] = True
    with recording(model := Own()) as seen:
        model(q, k, v, mask)
    same(seen.calls[0], by_hand(q, k.repeat_interleave(2, 1), mask, 0.3))
    assert seen.calls[0].kind == "self"


def test_gradients_of_weights_are_those_of_autograd(x):
    layer = Attention()
    with recording(layer, gradients=True) as seen:
        layer(x).square().sum().backward()
    qkv = layer.qkv(x).view(2, 6, 3, HEADS, -1).permute(2, 0, 3, 1, 4).detach()
    weights = by_hand(qkv[0], qkv[1], below(6)).float().requires_grad_()
    layer.proj((weights @ qkv[2]).transpose(1, 2).flatten(2)).square().sum().backward()
    (flow,) = seen.grown()
    np.testing.assert_allclose(flow.weights(batch=1), weights.grad[1], rtol=1e-4, atol=1e-5)


def test_of_several_passes_the_last_is_kept_and_the_module_is_left_as_it_was(x):
    layer = Attention()
    with recording(layer) as seen:
        layer(x[:, :3])
        layer(x)
    assert (seen.passes, len(seen.calls), seen.calls[0].shape[2]) == (2, 1, 6)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in layer.modules())


def test_what_shows_no_attention_is_told(x):
    model = Classifier()
    with pytest.raises(HeadlightError, match="Classifier ran, but none of its"), recording(model):
        model(x)
    with pytest.raises(HeadlightError, match=r"int is no torch\.nn\.Module"), recording(3):
        pass


def test_nothing_of_length_squared_is_kept_where_it_follows_from_queries_and_keys(x):
    layer = Attention()
    with torch.no_grad(), recording(layer) as seen:
        layer(torch.randn(1, 200, WIDTH))
    held = [value for value in vars(seen.calls[0]).values() if isinstance(value, torch.Tensor)]
    assert sum(tensor.numel() for tensor in held if tensor.dtype.is_floating_point) < 200 * WIDTH * 4


def test_functions_of_other_packages_are_seen_where_a_model_calls_them(monkeypatch):
    """Stand-ins with the signatures of xformers and flash-attn, which take a GPU."""

    def memory_efficient_attention(query, key, value, attn_bias=None, p=0.0, scale=None):
        given = (one.transpose(1, 2) for one in (query, key, value))
        return scaled_dot_product_attention(*given, attn_bias, scale=scale).transpose(1, 2)

    def flash_attn_func(q, k, v, dropout_p=0.0, softmax_scale=None, causal=False, window_size=(-1, -1)):
        given = (one.transpose(1, 2) for one in (q, k, v))
        return scaled_dot_product_attention(*given, is_causal=causal).transpose(1, 2)

    for name, function in (("xformers.ops", memory_efficient_attention), ("flash_attn", flash_attn_func)):
        package = ModuleType(name)
        setattr(package, function.__name__, function)
        monkeypatch.setitem(sys.modules, name, package)
        monkeypatch.setattr(sys.modules[__name__], function.__name__, function, raising=False)

    q, k, v = torch.randn(3, 2, 5, HEADS, 8)
    bias = torch.randn(1, HEADS, 5, 5)
    with recording(model := Packaged()) as seen:
        model(q, k, v, bias)
    assert [call.error(1) <= EXACT for call in seen.calls] == [True, True]
    q, k = q.transpose(1, 2), k.transpose(1, 2)
    same(seen.calls[1], by_hand(q, k, below(5)))
    scores = q.double() @ k.double().mT * 8**-0.5 + bias
    same(seen.calls[0], scores.softmax(-1))
    assert sys.modules[__name__].flash_attn_func is flash_attn_func


class Packaged(nn.Module):
    def forward(self, q, k, v, bias):
        file = sys.modules[__name__]
        file.memory_efficient_attention(q, k, v, attn_bias=bias)
        return file.flash_attn_func(q, k, v, causal=True)


class Afterwards(nn.Module):
    """Products by einsum with dots; some weights of some rows are taken away behind the softmax."""

    def forward(self, x):
        weights = torch.einsum("...id,...jd->...ij", x, x).softmax(-1)
        self.weights = weights.masked_fill(torch.eye(x.shape[1]).bool() & (torch.arange(x.shape[1]) < 1), 0.0)
        return torch.einsum("...ij,...jd->...id", self.weights, x)


def test_weights_that_were_changed_behind_the_softmax_are_kept_as_they_were_multiplied(x):
    model = Afterwards()
    with recording(model) as seen:
        model(x)
    same(seen.calls[0], model.weights[:, None])
    assert seen.kept == ["attention"]
