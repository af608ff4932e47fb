"""Small randomly initialised models, one for every way in which attention is computed."""

from __future__ import annotations

from collections.abc import Callable

import torch
import transformers as hf
from torch import Tensor

TEXT = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 4}
DECODER = {
    **TEXT,
    "num_hidden_layers": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": None,
}
IMAGE = {
    "image_size": 24,
    "patch_size": 8,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}

Tiny = tuple[hf.PreTrainedModel, dict[str, Tensor]]


def _made(
    kind: type[hf.PreTrainedModel], config: hf.PretrainedConfig, spread: float = 6.0
) -> hf.PreTrainedModel:
    """The model in eval mode, its matrices enlarged so that attention is far from uniform."""
    torch.manual_seed(0)
    model = kind(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(spread)
    return model


def ids(count: int, batch: int = 2) -> Tensor:
    return torch.randint(5, 50, (batch, count), generator=torch.Generator().manual_seed(1))


def padded(count: int = 9, kept: int = 5, side: str = "right") -> dict[str, Tensor]:
    """Two sequences, the second with `kept` tokens of `count`."""
    mask = torch.ones(2, count, dtype=torch.long)
    mask[1, slice(kept, None) if side == "right" else slice(0, count - kept)] = 0
    return {"input_ids": ids(count) * mask, "attention_mask": mask}


def pixels(size: int = 24) -> dict[str, Tensor]:
    return {"pixel_values": torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(2))}


def bert() -> Tiny:
    return _made(hf.BertModel, hf.BertConfig(**TEXT, num_hidden_layers=2)), padded()


def distilbert() -> Tiny:
    config = hf.DistilBertConfig(vocab_size=50, dim=32, hidden_dim=48, n_layers=2, n_heads=4)
    return _made(hf.DistilBertModel, config), padded()


def albert() -> Tiny:
    """One layer that runs three times."""
    return _made(hf.AlbertModel, hf.AlbertConfig(**TEXT, embedding_size=16, num_hidden_layers=3)), padded()


def gpt2() -> Tiny:
    config = hf.GPT2Config(
        vocab_size=50, n_embd=32, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=None, pad_token_id=0
    )
    return _made(hf.GPT2LMHeadModel, config), {"input_ids": ids(9)}


def gpt2_left_padded() -> Tiny:
    """Its padding queries may look at nothing at all."""
    return gpt2()[0], padded(side="left")


def llama() -> Tiny:
    """Grouped queries and rotary positions."""
    return _made(hf.LlamaForCausalLM, hf.LlamaConfig(**DECODER)), {"input_ids": ids(9)}


def mistral() -> Tiny:
    """A sliding window of 4 tokens."""
    config = hf.MistralConfig(**DECODER, sliding_window=4)
    return _made(hf.MistralForCausalLM, config), {"input_ids": ids(9)}


def gemma2() -> Tiny:
    """Soft-capped scores, and a sliding window in every other layer."""
    config = hf.Gemma2Config(**DECODER, attn_logit_softcapping=1.5, query_pre_attn_scalar=8, sliding_window=4)
    return _made(hf.Gemma2ForCausalLM, config), padded()


def gemma2_wide() -> Tiny:
    """The same with a window that holds everything."""
    config = hf.Gemma2Config(**DECODER, attn_logit_softcapping=1.5, sliding_window=32)
    return _made(hf.Gemma2ForCausalLM, config), {"input_ids": ids(9)}


def gpt_oss() -> Tiny:
    """Sinks."""
    config = hf.GptOssConfig(
        **DECODER, num_local_experts=2, num_experts_per_tok=1, sliding_window=4, max_position_embeddings=64
    )
    model = _made(hf.GptOssForCausalLM, config)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.sinks.copy_(torch.tensor([1.0, 0.0, -1.0, 2.0]))
    return model, padded()


def t5() -> Tiny:
    """Relative position bias, no 1/√d, and three kinds of layer."""
    config = hf.T5Config(
        vocab_size=50, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, decoder_start_token_id=0
    )
    model = _made(hf.T5ForConditionalGeneration, config, spread=1.5)
    return model, {**padded(), "decoder_input_ids": ids(6)}


def bart() -> Tiny:
    config = hf.BartConfig(
        vocab_size=50,
        d_model=32,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_position_embeddings=64,
    )
    # As many target as source tokens: the shapes alone would not tell cross from self attention.
    return _made(hf.BartModel, config), {**padded(), "decoder_input_ids": ids(9)}


def vit() -> Tiny:
    return _made(hf.ViTModel, hf.ViTConfig(**IMAGE, intermediate_size=48)), pixels()


def dinov2() -> Tiny:
    return _made(hf.Dinov2Model, hf.Dinov2Config(**IMAGE, mlp_ratio=2)), pixels()


def swin() -> Tiny:
    """Windows of 4×4 tokens, shifted in every second block, with a bias of their own."""
    config = hf.SwinConfig(
        image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4
    )
    model = _made(hf.SwinModel, config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "relative_position_bias_table" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(3))
    return model, pixels(32)


def swin2() -> Tiny:
    """Windows too; takes no attention function, and returns the weights of each stage's last block alone."""
    config = hf.Swinv2Config(
        image_size=32, patch_size=4, embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=4
    )
    return _made(hf.Swinv2Model, config, spread=2.0), pixels(32)


def pvt2() -> Tiny:
    """Fewer keys than queries; takes no attention function, and projects before it returns."""
    config = hf.PvtV2Config(
        hidden_sizes=[8, 16],
        num_attention_heads=[1, 2],
        mlp_ratios=[2, 2],
        sr_ratios=[2, 1],
        patch_sizes=[7, 3],
        strides=[4, 2],
        depths=[1, 2],
        num_encoder_blocks=2,
    )
    return _made(hf.PvtV2Model, config, spread=8.0), pixels(32)


def deberta() -> Tiny:
    """Takes no attention function from outside."""
    config = hf.DebertaV2Config(
        **TEXT,
        num_hidden_layers=2,
        relative_attention=True,
        pos_att_type=["c2p", "p2c"],
        pooler_hidden_size=32,
    )
    return _made(hf.DebertaV2Model, config), padded()


def falcon(**changed: object) -> Tiny:
    """A decoder that takes no attention function, and lays out its mask by the implementation that is set."""
    config = hf.FalconConfig(
        vocab_size=50,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        **({"multi_query": False, "bos_token_id": 1, "eos_token_id": None, "pad_token_id": 0} | changed),
    )
    return _made(hf.FalconModel, config), {"input_ids": ids(9)}


def falcon_shared() -> Tiny:
    """All its heads share one head of keys and values."""
    return falcon(multi_query=True)


def splinter() -> Tiny:
    """An encoder whose attention modules do not say that they are not causal."""
    return _made(hf.SplinterModel, hf.SplinterConfig(**TEXT, num_hidden_layers=2)), {"input_ids": ids(9)}


def squeezebert() -> Tiny:
    """Takes no attention function, and returns scores as its weights."""
    config = hf.SqueezeBertConfig(**TEXT, embedding_size=32, num_hidden_layers=2)
    return _made(hf.SqueezeBertModel, config), padded()


def big_bird() -> Tiny:
    """Sparse attention, which the model gives up for good at the first short text."""
    config = hf.BigBirdConfig(**TEXT, num_hidden_layers=2, block_size=4, max_position_embeddings=64)
    return _made(hf.BigBirdModel, config), {"input_ids": ids(9)}


def bloom() -> Tiny:
    """A decoder that takes no attention function from outside."""
    config = hf.BloomConfig(
        vocab_size=50, hidden_size=32, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=None, pad_token_id=0
    )
    return _made(hf.BloomForCausalLM, config), {"input_ids": ids(9)}


def longformer() -> Tiny:
    """Takes no attention function, and returns weights over a band about the diagonal."""
    config = hf.LongformerConfig(**TEXT, num_hidden_layers=2, attention_window=4, max_position_embeddings=64)
    return _made(hf.LongformerModel, config), {"input_ids": ids(12, 1)}


def fnet() -> Tiny:
    """Has no weights: a Fourier transform mixes its tokens."""
    config = hf.FNetConfig(vocab_size=50, hidden_size=32, intermediate_size=48, num_hidden_layers=2)
    return _made(hf.FNetModel, config), {"input_ids": ids(9)}


def big_bird_blocks() -> Tiny:
    """A text that is long enough for sparse attention; what it returns counts some keys once that count
    several times."""
    model, _ = big_bird()
    return model, {"input_ids": ids(52, 1)}


def nystromformer() -> Tiny:
    """Three softmaxes by way of landmarks, an inverse between them, and a convolution over the values."""
    config = hf.NystromformerConfig(
        **TEXT, num_hidden_layers=2, num_landmarks=4, segment_means_seq_len=16, conv_kernel_size=5
    )
    return _made(hf.NystromformerModel, config, spread=3.0), {"input_ids": ids(16, 1)}


def yoso() -> Tiny:
    """Collisions of hashes, as often as they are expected, in rows that are made as long as 1."""
    return _made(hf.YosoModel, hf.YosoConfig(**TEXT, num_hidden_layers=2)), {"input_ids": ids(11, 1)}


def reformer() -> Tiny:
    """Chunks, and buckets of hashes that are drawn for each pass; it fills up its texts to whole chunks."""
    config = hf.ReformerConfig(
        vocab_size=50,
        hidden_size=32,
        attention_head_size=8,
        feed_forward_size=48,
        num_attention_heads=4,
        attn_layers=["local", "lsh"],
        axial_pos_embds=False,
        max_position_embeddings=64,
        num_buckets=2,
        num_hashes=2,
        **{f"{kind}_attn_chunk_length": 8 for kind in ("local", "lsh")},
    )
    return _made(hf.ReformerModel, config), {"input_ids": ids(22, 1)}


def data2vec() -> Tiny:
    """Calls the fused kernel of torch by itself, whatever attention is asked for."""
    model, inputs = _made(hf.Data2VecVisionModel, hf.Data2VecVisionConfig(**IMAGE)), pixels()
    return model, inputs


def vitdet() -> Tiny:
    """Windows in three axes, of all heads in one; what it returns is laid out anew."""
    config = hf.VitDetConfig(**IMAGE, window_size=2, window_block_indices=[0], pretrain_image_size=24)
    return _made(hf.VitDetModel, config), pixels()


RECORDED: list[Callable[[], Tiny]] = [
    *(bert, distilbert, albert, splinter, t5, bart),
    *(gpt2, gpt2_left_padded, llama, mistral, gemma2, gpt_oss),
    *(vit, dinov2, swin),
]
