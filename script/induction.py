"""Makes assets/weights/induction: two layers of attention, set by hand, of one head each.

Elhage et al. 2021, “A Mathematical Framework for Transformer Circuits”, has the circuit. The first, a
previous-token head, writes into each token which one stands before it. The second, an induction head, looks
from a token to wherever the token before is the same one, and says what stands there. Where that is nowhere
it looks at the first token of all, which says that the text ends. No number was trained.

    python -m script.induction [FOLDER]
"""

from __future__ import annotations

import json
import math
import string
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.decoders import WordPiece as Joined
from tokenizers.models import WordPiece
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "weights"
BEGIN, UNKNOWN = "<s>", "[UNK]"
WORDS = 1000
"""Of the text model's vocabulary, which begins with the most frequent; each small and with a capital."""
OWN = (
    "mr",
    "mrs",
    "miss",
    "abernathy",
    "keeper",
    "lighthouse",
    "lamp",
    "cat",
    "mat",
    "sat",
    "fox",
    "dog",
    "tea",
)
"""Words of the samples."""
POSITIONS = 1024
CODE = 48
"""Numbers that a token is told by: each 1 or −1, as many of the one as of the other."""
LIKE = 20
"""Largest product of two codes; of one with itself it is CODE."""
STEPS = 30
"""Numbers that a position is told by: of a sequence of ±1 those from there on, then their opposites."""
TOKEN, BEFORE, NEXT = (slice(CODE * part, CODE * (part + 1)) for part in range(3))
PLACE = slice(3 * CODE, 3 * CODE + 2 * STEPS)
FIRST = slice(PLACE.stop, PLACE.stop + 2)
"""The parts of the residual stream: which token this is, which one stands before it, which one is to come,
where it is, whether it is the first of all. All hold 1, −1 or 0, as many of the one as of the other and in
every token as many, so that layer norms multiply all tokens by the very same number.
"""
WIDTH = 208
SHARP = 18.0
"""By how much a score is above all others, at least: they get e^−18 of its weight."""
SURE = 14.0
"""The same of the token that is to come, where one alone is expected."""


def vocabulary() -> list[str]:
    """The first is the first of every text, then words, then characters, alone and within a word."""
    known = (ASSETS / "minilm-l6" / "vocab.txt").read_text("utf-8").split("\n")
    plain = (word for word in known[known.index("the") :] if word.isascii() and word.isalpha() and word[1:])
    words = dict.fromkeys((*OWN, *islice(plain, WORDS)))
    letters = [
        *string.ascii_letters,
        *string.digits,
        *(chr(c) for c in range(0xC0, 0x100) if chr(c).isalpha()),
    ]
    signs = [*string.punctuation, *"…–—‘’“”«»¡¿£€§°·"]
    cased = [*words, *(word.capitalize() for word in words)]
    return list(dict.fromkeys((BEGIN, UNKNOWN, *cased, *letters, *signs, *(f"##{c}" for c in letters))))


def codes(count: int, draw: np.random.Generator) -> np.ndarray:
    """float32 (count, CODE) of ±1: each sums to 0, and no two have a product above LIKE; with the first one
    all others have the product 0.
    """
    half = np.repeat(np.float32([1, -1]), CODE // 4)
    found = np.repeat(np.float32([[1, -1]]), CODE // 2, axis=1)
    while len(found) < count:
        code = np.concatenate([draw.permutation(half), draw.permutation(half)])
        if (found @ code).max() <= LIKE:
            found = np.vstack([found, code])
    return found


def positions(draw: np.random.Generator) -> tuple[np.ndarray, int]:
    """(float32 (POSITIONS, STEPS) of ±1: each position's begins with the second number of the one before it,
    by how much less two have in common than one has with the one before it), the best of some.
    """
    found, best = np.empty((0, STEPS), np.float32), 0
    for _ in range(100):
        sequence = draw.choice(np.float32([1, -1]), POSITIONS + STEPS - 1)
        steps = np.lib.stride_tricks.sliding_window_view(sequence, STEPS)
        like = steps[:, :-1] @ steps[:, 1:].T  # [query, key]
        query, key = np.indices(like.shape)
        gap = STEPS - 1 - int(like[(key <= query) & (key != query - 1) & (query > 0)].max())
        if gap > best:
            found, best = steps, gap
    return found, best


def model() -> GPT2LMHeadModel:
    """The network. Layer norms do nothing but multiply by one number: all tokens have a mean of 0 and the
    same length, before each layer.
    """
    draw, count = np.random.default_rng(0), len(vocabulary())
    token, (place, gap) = codes(count, draw), positions(draw)
    network = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=count,
            n_positions=POSITIONS,
            n_embd=WIDTH,
            n_layer=2,
            n_head=1,
            n_inner=1,
            attn_pdrop=0.0,
            embd_pdrop=0.0,
            resid_pdrop=0.0,
            tie_word_embeddings=False,
            bos_token_id=0,
            eos_token_id=0,
            pad_token_id=0,
        )
    )
    for name, weight in network.named_parameters():
        weight.data.fill_(1.0 if ".ln_" in name and name.endswith("weight") else 0.0)
    body = network.transformer
    body.wte.weight.data[:, TOKEN] = torch.from_numpy(token)
    body.wte.weight.data[:, FIRST] = torch.tensor([-1.0, 1.0])
    body.wte.weight.data[0, FIRST] = torch.tensor([1.0, -1.0])
    body.wpe.weight.data[:, PLACE] = torch.from_numpy(np.hstack([place, -place]))
    _previous(body.h[0].attn, gap)
    _induction(body.h[1].attn)
    # What the last norm makes of a stream that holds one token to come.
    length = _norm(2)
    network.lm_head.weight.data[:, NEXT] = torch.from_numpy(token) * SURE * length / (CODE - LIKE)
    return network.eval()


def _previous(attention: torch.nn.Module, gap: int) -> None:
    """Looks one position back, the first at itself, and carries which token is there to BEFORE."""
    norm = _norm(0)
    scale = math.sqrt(SHARP * math.sqrt(WIDTH) / (2 * gap)) * norm
    query, key, value = _parts(attention)
    query[PLACE, PLACE] = scale * torch.block_diag(*[torch.eye(STEPS).roll(1, 1).triu()] * 2)
    key[PLACE, PLACE] = scale * torch.eye(2 * STEPS)
    value[TOKEN, TOKEN] = norm * torch.eye(CODE)
    attention.c_proj.weight.data[TOKEN, BEFORE] = torch.eye(CODE)


def _induction(attention: torch.nn.Module) -> None:
    """Looks at tokens that follow the same token as this one, at the first of all where there are none, and
    carries which token is there to NEXT."""
    norm = _norm(1)
    scale = math.sqrt(SHARP * math.sqrt(WIDTH) / ((CODE - LIKE) / 2)) * norm
    query, key, value = _parts(attention)
    query[TOKEN, TOKEN] = key[BEFORE, TOKEN] = scale * torch.eye(CODE)
    # Half-way between what the same token scores and what the most alike does; of all but the first it is 0.
    queries, keys, _ = attention.c_attn.bias.data.split(WIDTH)
    queries[FIRST] = torch.tensor([1.0, -1.0]) * scale * (CODE + LIKE) / 8 / norm
    keys[FIRST] = torch.tensor([1.0, -1.0]) * scale / norm
    key[FIRST, FIRST] = scale * torch.eye(2)
    value[TOKEN, TOKEN] = norm * torch.eye(CODE)
    attention.c_proj.weight.data[TOKEN, NEXT] = torch.eye(CODE)


def _norm(before: int) -> float:
    """What a layer norm divides by. before: layers that have written a code."""
    return math.sqrt(((1 + before) * CODE + 2 * STEPS + 2) / WIDTH)


def _parts(attention: torch.nn.Module) -> tuple[torch.Tensor, ...]:
    """W_Q, W_K, W_V, each [from, to]."""
    return attention.c_attn.weight.data.split(WIDTH, 1)


def tokenizer() -> PreTrainedTokenizerFast:
    """Words of the vocabulary whole, others in characters."""
    numbers = {word: number for number, word in enumerate(vocabulary())}
    made = Tokenizer(WordPiece(numbers, unk_token=UNKNOWN))
    made.pre_tokenizer, made.decoder = BertPreTokenizer(), Joined()
    made.post_processor = TemplateProcessing(
        single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, 0)]
    )
    names = {"bos_token": BEGIN, "eos_token": BEGIN, "pad_token": BEGIN, "unk_token": UNKNOWN}
    return PreTrainedTokenizerFast(tokenizer_object=made, model_max_length=POSITIONS, **names)


def main(folder: Path) -> None:
    network = model()
    for table in (network.transformer.wte, network.lm_head):  # numbers that 16 bits hold
        table.weight.data = table.weight.data.half()
    network.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config.pop("dtype", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ASSETS / "induction")
