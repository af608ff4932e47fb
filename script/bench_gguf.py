"""SmolLM2 out of its package, where that is installed: from its GGUF file, and once it is unpacked."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from script.bench_memory import apart
from script.timing import ratio, seconds

OURS = "SmolLM2’s GGUF file opened / by transformers alone"


def opened() -> list[tuple[str, str, str]]:
    from headlight.models.catalogue.packages import SMOLLM2

    file = SMOLLM2.file()
    if file is None:
        return [(OURS, "not installed", "≤ 0.3")]
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    from headlight.models.catalogue.loading import load_model, load_tokenizer

    logging.set_verbosity_error()

    def ours(where: Path = file) -> None:
        load_tokenizer(where)
        load_model(where, "cpu")

    def alone() -> None:
        AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype="float32")

    with tempfile.TemporaryDirectory() as folder:
        from headlight.models.catalogue.entries import find
        from headlight.models.catalogue.unpacking import write

        write(find("smollm2"), file, Path(folder))
        with_, again, without = seconds(ours, lambda: ours(Path(folder)), alone, rounds=2)
    held = apart("script.bench_gguf", "held_here")
    return [
        (f"{OURS} ({min(with_):.1f} s)", f"{ratio(with_, without):.2f}", "≤ 0.3"),
        (f"the same, unpacked before ({min(again):.1f} s)", f"{ratio(again, without):.2f}", "≤ 0.1"),
        ("peak memory while it is opened / that of its weights", f"{held['share']:.2f}", "≤ 1.5"),
        ("its 270 heads over a sentence, from eager at most", f"{_difference(file):.0e}", "≤ 1e-05"),
    ]


def _difference(file: Path) -> float:
    import numpy as np
    import torch

    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine

    engine = open_engine(str(file), "text", "cpu")
    trace = engine.run("The quick brown fox jumps over the lazy dog, and the dog asks for 12 more jumps.")
    engine.model.set_attn_implementation("eager")
    ids = torch.from_numpy(trace.inputs["input_ids"])[None]
    with torch.no_grad():
        wanted = engine.model(ids, output_attentions=True).attentions
    found = ([layer.matrix(head) for head in range(layer.heads)] for layer in trace.layers)
    return max(
        float(np.abs(np.stack(own) - eager[0].numpy()).max())
        for own, eager in zip(found, wanted, strict=True)
    )


def held_here() -> None:
    import torch  # noqa: F401  what is there before

    from headlight.models.catalogue.formats.gguf_header import read_header
    from headlight.models.catalogue.loading import load_model
    from headlight.models.catalogue.packages import SMOLLM2
    from script.bench_memory import watched

    file = SMOLLM2.file()
    with watched() as found:
        load_model(file, "cpu")
    print(json.dumps({"share": found["peak"] / (4 * read_header(file).numbers)}))
