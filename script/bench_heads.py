"""Measures of all heads over many texts, against the forward passes alone."""

from __future__ import annotations

import json

from script.bench_memory import apart
from script.timing import ratio, seconds

SENTENCES, LENGTH = 2000, 32


def texts(count: int) -> list[str]:
    """Of LENGTH tokens each, [CLS] and [SEP] among them; words that are one token."""
    import random

    words = list("abcdefghijklmnopqrstuvwxyz.,")
    draw = random.Random(0)
    return [" ".join(draw.choice(words) for _ in range(LENGTH - 2)) for _ in range(count)]


def corpus() -> list[tuple[str, str, str]]:
    """A tenth of the sentences for the ratio, interleaved; all of them for the memory, in a process apart."""
    import torch

    from headlight.models.corpus.texts import BATCH, gathered
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine

    engine, threads = open_engine(None, "text"), torch.get_num_threads()
    torch.set_num_threads(1)
    some = texts(SENTENCES // 10)
    ids = torch.tensor([one.ids for one in engine.cut(some)])
    step = BATCH // LENGTH

    def measured():
        gathered(engine, some)

    def plain():
        with torch.no_grad():
            for part in ids.split(step):
                engine.model(input_ids=part)

    with_, without = seconds(measured, plain, rounds=7)
    torch.set_num_threads(threads)
    found = apart("script.bench_heads", "corpus_here")
    what = f"all measures of 72 heads over sentences of {LENGTH} tokens / the passes alone"
    return [
        (what, f"{ratio(with_, without):.2f}", "≤ 1.2"),
        (
            f"peak memory over {2 * SENTENCES:,} sentences above that over {SENTENCES:,}",
            f"{found['more'] / 1e6:.0f} MB",
            "flat",
        ),
    ]


def corpus_here() -> None:
    from headlight.models.corpus.texts import gathered
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine
    from script.bench_memory import watched

    engine = open_engine(None, "text")
    gathered(engine, texts(SENTENCES))
    peaks = []
    for count in (SENTENCES, 2 * SENTENCES):
        with watched() as found:
            gathered(engine, texts(count))
        peaks.append(found["peak"])
    print(json.dumps({"more": peaks[1] - peaks[0]}))
