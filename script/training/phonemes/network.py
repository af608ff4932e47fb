"""The network: the Transformer of Vaswani et al. 2017, small, in the library's encoder–decoder class."""

from __future__ import annotations

from transformers import MarianConfig, MarianMTModel

from script.training.phonemes.words import END, LETTERS, PAD, PHONEMES

LONGEST = 32
"""Symbols of a word or a pronunciation, the end among them; the dictionary's longest word has 28."""


def make() -> MarianMTModel:
    """Sinusoidal positions, norms behind each sum, ReLU (sections 3.1 to 3.5), 4 + 4 layers of width 192."""
    return MarianMTModel(
        MarianConfig(
            vocab_size=len(LETTERS),
            decoder_vocab_size=len(PHONEMES),
            share_encoder_decoder_embeddings=False,
            tie_word_embeddings=True,
            d_model=192,
            encoder_layers=4,
            decoder_layers=4,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=768,
            decoder_ffn_dim=768,
            activation_function="relu",
            dropout=0.1,
            attention_dropout=0.1,
            activation_dropout=0.0,
            init_std=0.07,  # 1/√width: the embeddings are scaled by √width (section 3.4)
            max_position_embeddings=LONGEST,
            scale_embedding=True,
            pad_token_id=PHONEMES.index(PAD),
            eos_token_id=PHONEMES.index(END),
            bos_token_id=None,
            decoder_start_token_id=PHONEMES.index(PAD),
            forced_eos_token_id=None,
        )
    )
