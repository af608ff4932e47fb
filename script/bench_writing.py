"""Going on with a text and keeping all of its attention, against transformers' `generate` alone."""

from __future__ import annotations

from script.timing import ratio, seconds

NEW, PROMPT = 256, 32


def gpt2():
    """A model of GPT-2's size with random weights that never ends, behind the tokenizer of a bundled one."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from headlight.models.catalogue.entries import find
    from headlight.models.catalogue.heads import body_of
    from headlight.models.catalogue.loading import load_tokenizer
    from headlight.models.engines.heads import Head
    from headlight.models.engines.language import LanguageEngine
    from headlight.models.engines.texts.going_on import plain

    torch.manual_seed(0)
    entry = find("induction")
    model = GPT2LMHeadModel(GPT2Config(bos_token_id=None, eos_token_id=None)).eval()
    engine = LanguageEngine(model, load_tokenizer(entry.folder), entry, "cpu")
    engine.head = Head(model, body_of(model))
    plain(model)
    return engine


def generation() -> list[tuple[str, str, str]]:
    import torch

    from headlight.models.core.answers import Writing

    engine = gpt2()
    letters = iter("abcdefghijklmnopqrstuvwxyz")  # what was written once is known

    def kept():
        text = " ".join([next(letters)] * (PROMPT - 1))
        trace = engine.run(text, writing=Writing(new=NEW))
        if len(trace.tokens) != PROMPT + NEW:
            raise RuntimeError(f"{len(trace.tokens)} tokens")

    ids = torch.arange(PROMPT)[None]

    def alone():
        engine.head.whole.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=NEW, do_sample=False
        )

    with_, without = seconds(kept, alone, rounds=3)
    what = f"{NEW} tokens of a model of GPT-2's size, all attention kept / plain generate with cache"
    return [(what, f"{ratio(with_, without):.2f}", "≤ 1.15")]
