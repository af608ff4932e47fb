"""Head maps of short texts, and rollout over a large picture."""

from __future__ import annotations

from dataclasses import replace

from script.timing import medians, ratio, seconds

SENTENCE = "the cat sat on the mat and it was warm so that we all stayed there "


def text_maps() -> list[tuple[str, str, str]]:
    """From a text to the maps of all heads of all layers, against the same model's pass alone; one thread."""
    import torch

    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine

    engine, threads = open_engine(None, "text"), torch.get_num_threads()
    torch.set_num_threads(1)
    figures = []
    for count, reach in ((16, "≤ 20 ms"), (64, "≤ 35 ms")):
        text = " ".join((SENTENCE * 5).split()[: count - 2])  # and [CLS] and [SEP]
        ids = torch.from_numpy(engine.run(text).inputs["input_ids"])[None]

        def maps(text=text):
            return [layer.matrix(head) for layer in engine.run(text).layers for head in range(layer.heads)]

        def plain(ids=ids):
            with torch.no_grad():
                engine.model(input_ids=ids)

        mapped, alone = seconds(maps, plain, rounds=41)
        said = f"{min(mapped) * 1000:.1f} ms, {min(mapped) / min(alone):.2f}"
        figures.append((f"{ids.shape[1]} tokens: maps of all heads, / the pass alone", said, reach))
    torch.set_num_threads(threads)
    return figures


def one_weight() -> list[tuple[str, str, str]]:
    """A click on a cell of 4096 × 4096, 12 heads of 64 dimensions through W_O: its arithmetic, as it crosses
    to the window; against all heads' rows of the query. One thread."""
    import pickle

    import torch

    from headlight.models.attention.calls import AttentionCall, Projection
    from headlight.models.attention.recorded import RecordedLayer
    from headlight.viewer.session.view import ByHand, Selection
    from headlight.viewer.slices.weight import arithmetic
    from tests.viewer.given import text_tokens, trace_of

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    tokens = text_tokens(*(f"t{index}" for index in range(4094)))
    q, k, v = (torch.randn(1, 12, len(tokens), 64) for _ in range(3))
    mask = torch.ones(1, 1, len(tokens), len(tokens), dtype=torch.bool).tril()
    call = AttentionCall("a", "self", q, k, v, 0.125, mask=mask, projection=Projection(torch.randn(768, 768)))
    layer = RecordedLayer(call, tokens, tokens)
    made = trace_of(text_tokens("a"), layers=1)
    trace = replace(made, streams={"input": tokens}, layers=(layer,))
    selection = Selection(0, 3, (tokens.place(4000),), (tokens.place(17),))
    clicked, rows = seconds(
        lambda: pickle.dumps(arithmetic(trace, selection, ByHand())), lambda: layer.rows(4000), rounds=41
    )
    torch.set_num_threads(threads)
    said = f"{min(clicked) * 1000:.1f} ms, {ratio(clicked, rows):.2f}"
    return [("one weight of 4,096 tokens taken apart, / the row of all heads", said, "≤ 33 ms")]


def rollout(engine, pixels) -> list[tuple[str, str, str]]:
    """A pass over 1022 × 1022 pixels and the rollout of its class token, one thread."""
    import torch

    from headlight.models.explain.rollout import rollout_row

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    traces = [engine.run(pixels, size=1022)]

    def passed():
        traces[0] = engine.run(pixels, size=1022)

    def rolled():
        rollout_row(traces[0].layers, traces[0].readout)

    one, other = medians(passed, rolled, rounds=3)
    torch.set_num_threads(threads)
    what = f"{len(traces[0].tokens):,} tokens: pass and CLS rollout, rollout / pass"
    return [(what, f"{one + other:.1f} s, {other / one:.2f}", "≤ 9 s")]
