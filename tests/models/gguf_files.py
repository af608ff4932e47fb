"""Small models of random weights as GGUF files, as llama.cpp's converters write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
import transformers as hf
from transformers.convert_slow_tokenizer import bytes_to_unicode

from tests.models.tiny import DECODER, _made

TOKENS = [*bytes_to_unicode().values(), "<|end|>", "th", "the", "Ġthe"]
PIECES = ["<pad>", "</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz", "▁the"]
PLAIN = {"rope_type": "default", "rope_theta": 10000.0}
MERGES = ["t h", "th e", "Ġ the"]


def model_of(
    architecture: str, positions: dict[str, Any] | None = None, gated: bool = True
) -> hf.PreTrainedModel:
    """Two layers of four heads; Llama, Qwen and Gemma share keys. T5 has a decoder too; gated: of one layer,
    with a gate and a head of its own, as its later versions."""
    if architecture == "t5":
        config = {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4}
        config |= {"vocab_size": len(PIECES), "decoder_start_token_id": 0}
        if gated:
            config |= {
                "feed_forward_proj": "gated-gelu",
                "tie_word_embeddings": False,
                "num_decoder_layers": 1,
            }
        return _made(hf.T5ForConditionalGeneration, hf.T5Config(**config), spread=1.5)
    sizes = {**DECODER, "vocab_size": len(TOKENS), "max_position_embeddings": 64}
    if architecture == "llama":
        return _made(hf.LlamaForCausalLM, hf.LlamaConfig(**sizes, rope_parameters=positions or PLAIN))
    if architecture == "gemma2":
        return _made(hf.Gemma2ForCausalLM, hf.Gemma2Config(**sizes, sliding_window=4))
    if architecture == "qwen2":
        sizes.pop("head_dim")
        return _made(hf.Qwen2ForCausalLM, hf.Qwen2Config(**sizes))
    config = hf.GPT2Config(vocab_size=len(TOKENS), n_embd=32, n_layer=2, n_head=4, n_positions=64)
    return _made(hf.GPT2LMHeadModel, config)


def write(
    file: Path,
    architecture: str = "llama",
    type: str = "F32",
    values: dict[str, Any] | None = None,
    without: tuple[str, ...] = (),
    positions: dict[str, Any] | None = None,
    gated: bool = True,
) -> hf.PreTrainedModel:
    """Write a model, and give it. values: in place of its own, by key; without: keys that are left out;
    positions: of a Llama, how their frequencies are stretched."""
    model = model_of(architecture, positions, gated)
    writer = gguf.GGUFWriter(file, architecture)
    for key, value in {**_values(architecture, model.config), **(values or {})}.items():
        if key not in without:
            _add(writer, key, value)
    names = gguf.get_tensor_name_map(_architecture(architecture), 2)
    kind = gguf.GGMLQuantizationType[type]
    for name, tensor in model.state_dict().items():
        tied = model.config.tie_word_embeddings and not (architecture == "t5" and gated)
        if (tied and name == "lm_head.weight") or "coder.embed_tokens" in name:
            continue
        base, _, suffix = name.rpartition(".")
        found, of = names.get_name(base), _as_written(architecture, name, tensor.numpy(), model.config)
        rounded = of.ndim == 2 and of.shape[1] % gguf.GGML_QUANT_SIZES[kind][0] == 0
        if rounded and type != "F32":
            writer.add_tensor(f"{found}.{suffix}", gguf.quantize(of, kind), raw_dtype=kind)
        else:
            writer.add_tensor(f"{found}.{suffix}", np.ascontiguousarray(of))
    if positions:
        plain, own = (one.model.rotary_emb.inv_freq for one in (model_of(architecture), model))
        writer.add_tensor("rope_freqs.weight", (plain / own).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return model


def _architecture(name: str) -> gguf.MODEL_ARCH:
    return next(one for one, called in gguf.MODEL_ARCH_NAMES.items() if called == name)


def _values(architecture: str, config: hf.PretrainedConfig) -> dict[str, Any]:
    shared = getattr(config, "num_key_value_heads", config.num_attention_heads)
    own = {
        "context_length": 64,
        "block_count": 2,
        "embedding_length": 32,
        "feed_forward_length": 48,
        "attention.head_count": 4,
        "attention.head_count_kv": shared,
    }
    if architecture == "gpt2":
        own["attention.layer_norm_epsilon"] = config.layer_norm_epsilon
    elif architecture == "t5":
        own |= {"attention.key_length": 8, "attention.relative_buckets_count": 32}
        own |= {"attention.layer_norm_epsilon": config.layer_norm_epsilon, "decoder_start_token_id": 0}
    else:
        own |= {"attention.layer_norm_rms_epsilon": config.rms_norm_eps, "rope.freq_base": 10000.0}
    if architecture == "llama":
        own |= {"rope.dimension_count": 8}
    if architecture == "gemma2":
        own |= {"attention.key_length": 8, "attention.sliding_window": 4}
    said = {f"{architecture}.{key}": value for key, value in own.items()}
    if architecture == "t5":
        pieces = {"model": "t5", "tokens": PIECES, "scores": [-float(rank) for rank in range(len(PIECES))]}
        pieces |= {"eos_token_id": 1, "unknown_token_id": 2, "padding_token_id": 0}
        return said | {f"tokenizer.ggml.{key}": value for key, value in pieces.items()}
    return {
        **said,
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": TOKENS,
        "tokenizer.ggml.token_type": [3 if token == "<|end|>" else 1 for token in TOKENS],
        "tokenizer.ggml.merges": MERGES,
        "tokenizer.ggml.eos_token_id": TOKENS.index("<|end|>"),
    }


def _add(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    if isinstance(value, list):
        writer.add_array(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif value < 1 << 32:
        writer.add_uint32(key, value)
    else:
        writer.add_uint64(key, value)


def _as_written(architecture: str, name: str, of: np.ndarray, config: hf.PretrainedConfig) -> np.ndarray:
    """llama.cpp turns the halves of a Llama's rotary pairs into neighbours, GPT-2's matrices over, and adds
    the one to Gemma's norms that it is multiplied with."""
    if architecture == "gemma2" and "norm" in name:
        return of + 1
    if architecture == "gpt2" and name.endswith(("attn.weight", "proj.weight", "fc.weight")):
        return of.T
    if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
        heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
        return of.reshape(heads, 2, -1, of.shape[1]).swapaxes(1, 2).reshape(of.shape)
    return of
