"""Small random models of sounds, as folders that transformers saved."""

from __future__ import annotations

import json
from pathlib import Path

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers import models as tokenizers

SPECIAL = (
    *("<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|de|>"),
    *("<|translate|>", "<|transcribe|>", "<|notimestamps|>"),
)
END, START, EN, DE, TRANSLATE, TRANSCRIBE, NO_TIMES = range(len(SPECIAL))
SECONDS = 2
"""What it hears at once."""


def tokenizer() -> Tokenizer:
    """A token a byte, and Whisper's marks."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(
        tokenizers.BPE(vocab={one: at for at, one in enumerate([*SPECIAL, *letters])}, merges=[])
    )
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([*SPECIAL])
    return made


def whisper(root: Path) -> Path:
    """The folder of a Whisper of two layers, of two languages."""
    torch.manual_seed(0)
    layers = {"encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 96, "decoder_ffn_dim": 96}
    heads = {"encoder_attention_heads": 4, "decoder_attention_heads": 4, "d_model": 64}
    ids = {"bos_token_id": END, "eos_token_id": END, "pad_token_id": END, "decoder_start_token_id": START}
    config = hf.WhisperConfig(
        **layers, **heads, **ids, vocab_size=300, max_source_positions=50 * SECONDS, max_target_positions=48
    )
    model = hf.WhisperForConditionalGeneration(config)
    with torch.no_grad():  # or all tokens are alike
        model.model.decoder.embed_tokens.weight.mul_(20)
    model.generation_config.is_multilingual = True
    model.save_pretrained(root)
    said = {"feature_extractor_type": "WhisperFeatureExtractor", "feature_size": 80, "chunk_length": SECONDS}
    (root / "preprocessor_config.json").write_text(json.dumps(said))
    hf.PreTrainedTokenizerFast(tokenizer_object=tokenizer(), eos_token="<|endoftext|>").save_pretrained(root)
    return root


LETTERS = ("<pad>", "<s>", "</s>", "<unk>", "|", *"ABCDEFG")


def waves(root: Path, kind: str = "Wav2Vec2ForCTC") -> Path:
    """The folder of a model of waves of two layers, with 12 letters."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    convolves = {"conv_dim": (16,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}
    made = getattr(hf, kind)
    config = made.config_class(**sizes, **convolves, vocab_size=12, pad_token_id=0, classifier_proj_size=16)
    made(config).save_pretrained(root)
    (root / "vocab.json").write_text(json.dumps({name: number for number, name in enumerate(LETTERS)}))
    return root
