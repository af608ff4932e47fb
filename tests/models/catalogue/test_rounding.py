"""Weights of few bits become the numbers that their formats say, written here as those who round do."""

import json

import numpy as np
import pytest
import torch

from headlight.models.catalogue.formats.rounded import restored
from headlight.models.catalogue.formats.rounding import Rounding, rounding_of
from headlight.models.core.errors import HeadlightError

OUTPUTS, INPUTS, GROUP = 16, 32, 8
COLUMNS = (0, 2, 4, 6, 1, 3, 5, 7)
"""AWQ's order of eight columns in a word."""


def said(method: str, **more) -> Rounding:
    return rounding_of({"quantization_config": {"quant_method": method, **more}})


def packed(numbers: np.ndarray, bits: int) -> torch.Tensor:
    """uint [..., 32/bits] → int32 [...], the first in the lowest bits."""
    words = np.zeros(numbers.shape[:-1], np.uint32)
    for place in range(32 // bits):
        words |= numbers[..., place].astype(np.uint32) << np.uint32(bits * place)
    return torch.from_numpy(words.view(np.int32))


@pytest.fixture
def rounded():
    """(q uint [i, o], zeros uint [groups, o], scales [groups, o], the weights [o, i]) of four bits."""
    noise = np.random.default_rng(0)
    q = noise.integers(0, 16, (INPUTS, OUTPUTS))
    zeros = noise.integers(1, 16, (INPUTS // GROUP, OUTPUTS))
    scales = noise.random((INPUTS // GROUP, OUTPUTS)).astype(np.float32)
    each = np.arange(INPUTS) // GROUP
    return q, zeros, scales, torch.from_numpy(((q - zeros[each]) * scales[each]).T.astype(np.float32))


def test_gptq(rounded):
    q, zeros, scales, wanted = rounded
    order = np.random.default_rng(1).permutation(INPUTS)  # of inputs that were rounded by their importance
    state = {
        "a.qweight": packed(q[order].reshape(-1, 8, OUTPUTS).swapaxes(1, 2), 4),
        "a.qzeros": packed((zeros - 1).reshape(-1, OUTPUTS // 8, 8), 4),
        "a.scales": torch.from_numpy(scales),
        "a.g_idx": torch.from_numpy((np.arange(INPUTS) // GROUP)[order].astype(np.int32)),
        "a.bias": torch.ones(OUTPUTS),
    }
    found = restored(state, said("gptq", bits=4), torch.float32)
    assert sorted(found) == ["a.bias", "a.weight"]
    assert torch.equal(found["a.weight"], wanted[:, order])
    state["a.qzeros"] = packed(zeros.reshape(-1, OUTPUTS // 8, 8), 4)
    second = said("gptq", bits=4, checkpoint_format="gptq_v2")
    assert torch.equal(restored(state, second, torch.float32)["a.weight"], wanted[:, order])
    assert said("gptq", bits=4).count("a.qweight", "I32", INPUTS * OUTPUTS // 8) == INPUTS * OUTPUTS
    state["a.scales"] = state["a.scales"][:, :3]
    with pytest.raises(HeadlightError, match="its parts do not fit each other"):
        restored(state, second, torch.float32)


def test_awq(rounded):
    q, zeros, scales, wanted = rounded
    state = {
        "a.qweight": packed(q.reshape(INPUTS, -1, 8)[..., COLUMNS], 4),
        "a.qzeros": packed(zeros.reshape(len(zeros), -1, 8)[..., COLUMNS], 4),
        "a.scales": torch.from_numpy(scales),
    }
    assert torch.equal(restored(state, said("awq", bits=4), torch.float32)["a.weight"], wanted)


def test_four_bits_of_bitsandbytes_with_scales_of_eight():
    noise = torch.Generator().manual_seed(0)
    codes = torch.randint(0, 16, (6 * 64,), generator=noise)
    table, tables = torch.linspace(-1, 1, 16), torch.linspace(0, 1, 256)
    scales = torch.randint(0, 256, (6,), generator=noise)
    about = {"shape": [12, 32], "blocksize": 64, "nested_blocksize": 4, "nested_offset": 0.25}
    state = {
        "a.weight": (codes[::2] << 4 | codes[1::2]).to(torch.uint8)[:, None],
        "a.weight.quant_map": table,
        "a.weight.absmax": scales.to(torch.uint8),
        "a.weight.nested_quant_map": tables,
        "a.weight.nested_absmax": torch.tensor([2.0, 3.0]),
        "a.weight.quant_state.bitsandbytes__nf4": torch.tensor(list(json.dumps(about).encode())),
    }
    found = restored(state, said("bitsandbytes", load_in_4bit=True), torch.float32)
    scale = tables[scales] * torch.tensor([2.0, 2, 2, 2, 3, 3]) + 0.25
    assert list(found) == ["a.weight"]
    assert torch.equal(found["a.weight"], (table[codes].reshape(6, 64) * scale[:, None]).reshape(12, 32))


def test_eight_bits_as_whole_numbers_and_as_floats():
    whole = {
        "a.weight": torch.tensor([[127, -127], [64, 0]], dtype=torch.int8),
        "a.SCB": torch.tensor([2.0, 127.0]),
    }
    found = restored(whole, said("bitsandbytes", load_in_8bit=True), torch.float32)
    assert torch.equal(found["a.weight"], torch.tensor([[2.0, -2.0], [64.0, 0.0]]))
    floats = {
        "a.weight": torch.ones(3, 4).to(torch.float8_e4m3fn),
        "a.weight_scale_inv": torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
    }
    found = restored(floats, said("fp8", weight_block_size=[2, 2]), torch.float32)
    wanted = torch.tensor([[1.0, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4]])
    assert torch.equal(found["a.weight"], wanted)


def test_what_cannot_be_read_names_what_it_takes():
    assert rounding_of({}) is None
    for method, step in (
        ("hqq", "Run “pip install hqq”, or choose the model as it was trained."),
        ("magic", "Choose the model as it was trained, or as GGUF, GPTQ, AWQ or bitsandbytes."),
    ):
        with pytest.raises(HeadlightError) as caught:
            said(method)
        assert caught.value.next_step == step
    with pytest.raises(HeadlightError, match="rounded to 3 bits by GPTQ"):
        said("gptq", bits=3)
    with pytest.raises(HeadlightError, match="packed by AWQ for “gemv”"):
        said("awq", bits=4, version="GEMV")
