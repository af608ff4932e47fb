"""Models that take no attention function from outside: their weights, or what their layers amount to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from transformers.models.longformer.modeling_longformer import LongformerSelfAttention

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.asking.amounts import AmountCall, amount
from headlight.models.attention.asking.bands import BandCall, without_padding
from headlight.models.attention.asking.implementations import unchanged
from headlight.models.attention.calls import AttentionCall, GivenCall
from headlight.models.attention.capture import recording
from headlight.models.attention.same_answer import agree, floats
from headlight.models.core.layers import is_faithful
from tests.models import tiny


def recorded(make: Callable[[], tiny.Tiny]) -> tuple[nn.Module, list, dict[str, Tensor], dict[str, Tensor]]:
    """(the model, its calls, its answer while they were recorded, its answer alone)"""
    model, inputs = make()
    with torch.no_grad(), unchanged(model), recording(model) as calls:
        torch.manual_seed(0)
        answer = dict(floats(model(**inputs)))
    with torch.no_grad(), unchanged(model):
        torch.manual_seed(0)
        plain = dict(floats(model(**inputs)))
    return model, calls, answer, plain


@pytest.mark.parametrize(
    "make",
    [tiny.nystromformer, tiny.yoso, tiny.reformer, tiny.big_bird_blocks],
    ids=lambda make: make.__name__,
)
def test_what_a_layer_amounts_to_gives_what_the_layer_gave(make) -> None:
    _, calls, answer, plain = recorded(make)
    assert [type(call) for call in calls] == [AmountCall] * 2
    for call in calls:
        every = torch.arange(call.shape[2])
        # The true values times the matrix, over all rows that were kept, and no row of it is nothing.
        assert call.error() < 1e-5
        assert call.weights(every)[..., : len(every)].abs().amax(-1).min() > 0
    assert agree(answer, plain)


def test_a_linear_layer_amounts_to_its_own_matrix() -> None:
    class Mixing(nn.Module):
        num_attention_heads, attention_head_size = 2, 3

        def __init__(self) -> None:
            super().__init__()
            self.value = nn.Linear(6, 6)

        def forward(self, x: Tensor) -> tuple[Tensor]:
            values = self.value(x).unflatten(2, (2, 3)).transpose(1, 2)  # [1, 2, 7, 3]
            return ((matrix @ values).transpose(1, 2).flatten(2),)

    torch.manual_seed(0)
    matrix, layer, x = torch.randn(2, 7, 7), Mixing(), torch.randn(1, 7, 6)
    with torch.no_grad():
        gave, values = layer(x), layer.value(x)
        found = amount(layer, lambda: layer(x), values, gave, lambda n, device: torch.arange(n))
        torch.testing.assert_close(found.weights(), matrix)
        assert found.error() < 1e-6
        squared = amount(
            layer, lambda: (layer(x)[0] ** 2,), values, (gave[0] ** 2,), lambda n, _: torch.arange(n)
        )
    assert squared.error() > 0.1  # what is not linear in its values shows


def test_a_band_is_the_softmax_over_the_keys_near_a_query() -> None:
    model, inputs = tiny.longformer()
    seen: list[tuple[Tensor, Tensor]] = []
    for layer in model.modules():
        if isinstance(layer, LongformerSelfAttention):

            def look(layer: nn.Module, args: tuple, kwargs: dict) -> None:
                hidden = kwargs.get("hidden_states", args[0] if args else None)
                q, k = (
                    part(hidden).unflatten(2, (4, 8)).transpose(1, 2) for part in (layer.query, layer.key)
                )
                seen.append((q, k))

            layer.register_forward_pre_hook(look, with_kwargs=True)
    with torch.no_grad(), recording(model) as calls:
        model(**inputs)
    assert [type(call) for call in calls] == [BandCall] * 2
    apart = (torch.arange(12)[:, None] - torch.arange(12)).abs()
    for call, (q, k) in zip(calls, seen, strict=True):
        scores = (q @ k.transpose(2, 3) * 8**-0.5).masked_fill(apart > 2, -torch.inf)
        torch.testing.assert_close(call.weights(), scores.softmax(-1)[0])
        torch.testing.assert_close(call.weights([3], 1), scores.softmax(-1)[0, 1:2, 3:4])
        assert is_faithful(call.error())


@pytest.mark.parametrize("make", [tiny.data2vec, tiny.vitdet], ids=lambda make: make.__name__)
def test_weights_that_nobody_hands_out_are_those_that_are_multiplied(make) -> None:
    model, calls, answer, plain = recorded(make)
    kind = AttentionCall if make is tiny.data2vec else GivenCall
    assert [type(call) for call in calls] == [kind] * 2
    assert all(call.error(batch) < 1e-5 for call in calls for batch in range(call.shape[0]))
    assert agree(answer, plain)
    assert way_to_record(model, "Tiny", lambda: model(**make()[1])) == (False, "")


def test_tokens_that_a_model_adds_are_left_out_where_none_looks_at_them() -> None:
    weights = torch.zeros(1, 1, 4, 4)
    weights[..., :3] = 1 / 3
    call = GivenCall(
        "layer",
        "self",
        weights,
        v=torch.ones(1, 1, 4, 2),
        rows=torch.tensor([0, 3]),
        outputs=torch.ones(1, 2, 1, 2),
    )
    short = without_padding(call, 3)
    assert (short.shape, short.rows.tolist(), short.error() < 1e-6) == ((1, 1, 3, 3), [0], True)
    weights[0, 0, 0] = torch.tensor([0, 0, 0, 1.0])
    assert without_padding(call, 3) is call
