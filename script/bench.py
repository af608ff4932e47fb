"""Speed and memory of Headlight, as ratios in one process wherever there is something to compare with.

    script/bench [NAME ...]        all figures, or those whose name holds one of NAME

Each line: the figure, what was measured, what is to be reached. Rounds are interleaved; medians, but for the
capture figures, which compare the quickest of 21 rounds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from script.timing import medians, ratio, seconds  # noqa: E402

PICTURE = ROOT / "assets" / "samples" / "astronaut.jpg"


def engine_and_pixels():
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine
    from headlight.viewer.inputs.inputs import from_path

    return open_engine(None, "image"), from_path(str(PICTURE)).pixels


def capture() -> list[tuple[str, str, str]]:
    """Forward with capture against the same forward without, and against eager with all weights."""
    import torch

    from headlight.models.attention.capture import recording

    engine, pixels = engine_and_pixels()
    trace = engine.run(pixels)
    values = torch.from_numpy(trace.inputs["pixel_values"])[None]
    model = engine.model

    def plain():
        with torch.no_grad():
            model(pixel_values=values)

    def captured():
        with torch.no_grad(), recording(model):
            model(pixel_values=values)

    def eager():
        model.set_attn_implementation("eager")
        try:
            with torch.no_grad():
                model(pixel_values=values, output_attentions=True)
        finally:
            model.set_attn_implementation("sdpa")

    without, with_, all_weights = seconds(plain, captured, eager, rounds=21)
    held, counted = held_by(model, values)
    return [
        (f"capture / plain, {len(trace.tokens)} tokens", f"{ratio(with_, without):.3f}", "≤ 1.08"),
        ("capture / eager with output_attentions", f"{ratio(with_, all_weights):.3f}", "≤ 0.6"),
        ("memory held / q+k+v", f"{held / counted:.3f}", "≤ 1.1"),
    ]


def held_by(model, values) -> tuple[int, int]:
    """(bytes of all storages that the recorded calls keep alive, bytes of q, k and v)."""
    import gc

    import torch

    from headlight.models.attention.capture import recording

    def storages() -> dict[int, int]:
        found = {}
        for thing in gc.get_objects():
            if issubclass(type(thing), torch.Tensor):
                storage = thing.untyped_storage()
                found[storage.data_ptr()] = storage.nbytes()
        return found

    gc.collect()
    before = storages()
    with torch.no_grad(), recording(model) as calls:
        model(pixel_values=values)
    gc.collect()
    new = {address: size for address, size in storages().items() if address not in before}
    counted = sum(t.numel() * t.element_size() for call in calls for t in (call.q, call.k, call.v))
    return sum(new.values()), counted


def peak() -> list[tuple[str, str, str]]:
    """Peak memory of a pass over 1022 × 1022 pixels, in a process of its own."""
    from script.bench_memory import apart

    found = apart("script.bench", "peak_here")
    what = f"{found['tokens']:,} tokens: peak above the loaded model"
    return [(what, f"{found['peak'] / 1e9:.2f} GB, {found['seconds']:.1f} s", "≤ 2 GB")]


def peak_here() -> None:
    from script.bench_memory import watched

    engine, pixels = engine_and_pixels()
    engine.run(pixels, size=224)
    with watched() as found:
        trace = engine.run(pixels, size=1022)
        trace.layers[-1].check()
    print(json.dumps({"tokens": len(trace.tokens), **found}))


def gestures() -> list[tuple[str, str, str]]:
    """What a hover, a click on a head and a rollout cost at 1370 tokens."""
    import numpy as np
    from PySide6.QtWidgets import QApplication

    from headlight.models.core.settings import RolloutSettings
    from headlight.models.core.trace import Trace
    from headlight.models.explain.rollout import rollout_rows
    from headlight.viewer.panes.shared.words import short_labels
    from headlight.viewer.session.view import Selection, View
    from headlight.viewer.slices.maps import matrix_map
    from headlight.widgets.base import theme
    from headlight.widgets.plane.matrix_view import MatrixView

    engine, pixels = engine_and_pixels()
    trace: Trace = engine.run(pixels)
    queries = iter(np.random.default_rng(0).integers(0, len(trace.tokens), 1000).tolist())

    def hover():
        query = next(queries)
        for layer in trace.layers:
            layer.rows(query)

    app = QApplication.instance() or QApplication([])
    theme.apply(app, "dark")
    view = MatrixView()
    view.resize(700, 700)
    labels, special = short_labels(trace.tokens), trace.tokens.special
    view.set_tokens(labels, labels, special, special, *(trace.tokens.grid[1],) * 2)
    view.show()
    app.processEvents()
    heads = iter([(layer, head) for layer in range(12) for head in range(6)] * 2)

    def select():
        layer, head = next(heads)
        result = matrix_map(trace, View(Selection(layer, head)))
        view.set_matrix(result.levels, result.values)
        view.repaint()
        app.processEvents()

    def rollout():
        rollout_rows(trace.layers, np.array([trace.readout]), RolloutSettings())

    hovering, selecting = medians(hover, select, rounds=31)
    (rolling,) = medians(rollout, rounds=5)
    view.close()
    return [
        ("hover: one query's row in all heads of all layers", f"{hovering * 1000:.1f} ms", "≤ 15 ms"),
        ("select a head: matrix computed and painted", f"{selecting * 1000:.1f} ms", "≤ 60 ms"),
        ("CLS rollout over 12 layers", f"{rolling:.2f} s", "≤ 1.2 s"),
    ]


def one_weight() -> list[tuple[str, str, str]]:
    """A click that takes a weight apart."""
    from script.bench_maps import one_weight as measured

    return measured()


def arcs() -> list[tuple[str, str, str]]:
    """512 tokens, 12 heads: what a frame takes while arcs are panned and tokens pointed at."""
    from script.bench_arcs import arcs as measured

    return measured()


def long() -> list[tuple[str, str, str]]:
    """4,096 tokens through a model of GPT-2's size: memory, time, and one head's matrix."""
    from script.bench_long import long as measured

    return measured()


def text_maps() -> list[tuple[str, str, str]]:
    """Texts of 16 and 64 tokens, from the text to all heads' maps."""
    from script.bench_maps import text_maps as measured

    return measured()


def heads_corpus() -> list[tuple[str, str, str]]:
    """Many short texts: what all heads do in them, against the passes alone."""
    from script.bench_heads import corpus as measured

    return measured()


def generation() -> list[tuple[str, str, str]]:
    """256 tokens that are written with all attention kept, against `generate` alone."""
    from script.bench_writing import generation as measured

    return measured()


def rollout() -> list[tuple[str, str, str]]:
    """A large picture: pass and rollout."""
    from script.bench_maps import rollout as measured

    return measured(*engine_and_pixels())


def start() -> list[tuple[str, str, str]]:
    """From process start until the window is painted and saved, against importing what it stands on."""
    with tempfile.TemporaryDirectory() as folder:
        picture = str(Path(folder) / "welcome.png")

        def window():
            subprocess.run([sys.executable, str(ROOT / "main.py"), "--screenshot", picture], check=True)

        def imports():
            subprocess.run([sys.executable, "-c", "import PySide6.QtWidgets, vispy.scene"], check=True)

        painted, imported = medians(window, imports, rounds=7)
    what = f"window painted and saved ({painted:.2f} s) / import PySide6.QtWidgets, vispy.scene"
    return [(what, f"{painted / imported:.2f}", "≤ 1.6")]


def window() -> list[tuple[str, str, str]]:
    """The window's process: how long it answers nothing, and what it holds."""
    from script.bench_window import window as measured

    return measured()


def cloud() -> list[tuple[str, str, str]]:
    """The 3D view at a million points."""
    from script.bench_cloud import cloud as measured

    return measured()


def cloud_first() -> list[tuple[str, str, str]]:
    """A large file, from the drop to its first picture."""
    from script.bench_window import large

    return large()


def net() -> list[tuple[str, str, str]]:
    """The Point Transformer: folded against plain, and how its time grows."""
    from script.bench_net import folded

    return folded()


def net_memory() -> list[tuple[str, str, str]]:
    """The Point Transformer's peak memory at 320,000 points."""
    from script.bench_net import peak as measured

    return measured()


def detector() -> list[tuple[str, str, str]]:
    """The detector that comes with Headlight on 100,000 points."""
    from script.bench_detection import detector as measured

    return measured()


def shapes() -> list[tuple[str, str, str]]:
    """What one object of 100,000 points is, by each network of shapes."""
    from script.bench_shapes import shapes as measured

    return measured()


def representations() -> list[tuple[str, str, str]]:
    """One cloud in all of its representations."""
    from script.bench_represented import representations as measured

    return measured()


def centerpoint() -> list[tuple[str, str, str]]:
    """CenterPoint as published, voxels of 0.1 m, on 100,000 points."""
    from script.bench_detection import centerpoint as measured

    return measured()


def representations_hover() -> list[tuple[str, str, str]]:
    """What is pointed at in one of them, found and painted in all."""
    from script.bench_represented import representations_hover as measured

    return measured()


def fields_walk() -> list[tuple[str, str, str]]:
    """Theoretical receptive fields of whole networks."""
    from script.bench_fields import fields_walk as measured

    return measured()


def fields_effective() -> list[tuple[str, str, str]]:
    """An effective receptive field against a forward and backward pass."""
    from script.bench_fields import fields_effective as measured

    return measured()


def faithful() -> list[tuple[str, str, str]]:
    """Methods of relevance beside random orders, on the sample pictures."""
    from script.bench_faithful import faithful as measured

    return measured()


def relevance() -> list[tuple[str, str, str]]:
    """What an answer rests on, what each head is worth, and attention flow."""
    from script.bench_relevance import relevance as measured

    return measured()


def gguf() -> list[tuple[str, str, str]]:
    """A language model of an optional package, from its GGUF file and once it is unpacked."""
    from script.bench_gguf import opened

    return opened()


def grids() -> list[tuple[str, str, str]]:
    from script.bench_grids import grids as measured

    return measured()


def from_python() -> list[tuple[str, str, str]]:
    """A pass of one's own that is recorded, against the same pass; and a picture that a script shows."""
    from script.bench_python import record, show

    return [*record(), *show()]


FIGURES = {
    "capture": capture,
    "peak": peak,
    "gestures": gestures,
    "arcs": arcs,
    "long": long,
    "text-maps": text_maps,
    "one-weight": one_weight,
    "heads-corpus": heads_corpus,
    "generation": generation,
    "rollout": rollout,
    "relevance": relevance,
    "faithful": faithful,
    "start": start,
    "window": window,
    "cloud": cloud,
    "cloud-first": cloud_first,
    "representations": representations,
    "representations-hover": representations_hover,
    "net": net,
    "net-memory": net_memory,
    "gguf": gguf,
    "detector": detector,
    "shapes": shapes,
    "centerpoint": centerpoint,
    "fields-walk": fields_walk,
    "fields-effective": fields_effective,
    "grids": grids,
    "python": from_python,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(FIGURES))
    wanted = parser.parse_args().names
    print(f"{'figure':<78}{'measured':>18}  to reach")
    for name, measure in FIGURES.items():
        if not wanted or any(part in name for part in wanted):
            for figure, measured, reach in measure():
                print(f"{figure:<78}{measured:>18}  {reach}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
