"""Head maps of short texts, and rollout over a large picture."""

from __future__ import annotations

from script.timing import medians, seconds

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
