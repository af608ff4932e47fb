"""Headlight from Python: what recording costs of a pass, and how soon something is seen."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from script.timing import ratio, seconds

WIDTH, HEADS, DEPTH, TOKENS, BATCH = 384, 6, 12, 197, 4
"""ViT-S/16 at 224 pixels, four pictures at once."""


def record() -> list[tuple[str, str, str]]:
    """A pass that is recorded against the same pass, of models of the size of ViT-S."""
    import torch
    from torch import nn

    import headlight
    from script.examples.own_vit import OwnViT
    from script.examples.tiny_gpt import Layer

    torch.manual_seed(0)
    x, pixels = torch.randn(BATCH, TOKENS, WIDTH), torch.randn(BATCH, 3, 224, 224)
    layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, 0.0, batch_first=True)
    models = {
        "ViT by nn.MultiheadAttention": (OwnViT(width=WIDTH).eval(), pixels),
        "GPT by hand": (nn.Sequential(*(Layer(WIDTH, HEADS) for _ in range(DEPTH))).eval(), x),
        "nn.TransformerEncoder, trained": (nn.TransformerEncoder(layer, DEPTH).train(), x),
    }
    found = []
    for name, (model, given) in models.items():
        trains = model.training

        def plain(model=model, given=given, trains=trains):
            with torch.set_grad_enabled(trains):
                model(given)

        def recorded(plain=plain, model=model):
            with headlight.record(model):
                plain()

        without, with_ = seconds(plain, recorded, rounds=15)
        what = f"record / without, {name}, {BATCH} × {TOKENS} tokens"
        found.append((what, f"{ratio(with_, without):.3f}", "≤ 1.05"))
    return found


_SHOWS = """
import sys, time
import numpy as np
import torch
import headlight
import headlight.api.showing
weights = np.random.default_rng(0).dirichlet(np.ones(197), (6, 6, 197)).astype(np.float32)
more = {"grid": (14, 14), "prefix": 1, "image": sys.argv[1]}
began = time.time()
headlight.show(weights, **more)
print(began, time.time(), flush=True)
sys.stdin.readline()
for _ in range(3):
    began = time.time()
    headlight.show(weights, **more)
    print(time.time() - began, flush=True)
"""


def show() -> list[tuple[str, str, str]]:
    """From the call in a script to the picture in the window, and the second call; on this screen."""
    import psutil

    root = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as folder:
        own = {f"XDG_{name}": folder for name in ("RUNTIME_DIR", "CACHE_HOME", "CONFIG_HOME")}
        script = subprocess.Popen(
            [sys.executable, "-c", _SHOWS, str(root / "assets" / "samples" / "coffee.jpg")],
            env={**os.environ, **own, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        began, returned = map(float, script.stdout.readline().split())
        (marker,) = (Path(folder) / "headlight" / "windows").glob("starting")
        window = psutil.Process(int(marker.read_text()))
        painted, drawn = _painted(began)
        script.stdin.write("\n")
        script.stdin.flush()
        again = [float(script.stdout.readline()) for _ in range(3)]
        script.wait()
        window.terminate()
        window.wait(10)
    return [
        ("show from a script: until it returns", f"{returned - began:.2f} s", ""),
        ("show from a script: window with its first picture", f"{painted:.2f} s", "≤ 3 s"),
        ("   until all of it is drawn", f"{drawn:.1f} s", ""),
        ("second show", f"{min(again):.2f} s", "≤ 0.3 s"),
    ]


def _painted(began: float) -> tuple[float, float]:
    """Seconds until the last change of more than a twentieth of the screen, which is the picture's, and until
    the last of all, after which nothing moves for ten."""
    import numpy as np
    from Xlib import X, display

    root = display.Display().screen().root
    size = root.get_geometry()
    last, large, changed = np.empty(0), began, began
    while time.time() - changed < 10 or changed == began:
        data = root.get_image(0, 0, size.width, size.height, X.ZPixmap, 0xFFFFFFFF).data
        shot = np.frombuffer(data, np.uint32)
        moved = (shot != last).mean() if shot.shape == last.shape else 0.0
        if moved or not len(last):
            changed = time.time()
            large = changed if moved > 0.05 else large
        last = shot
        time.sleep(0.1)
    return large - began, changed - began
