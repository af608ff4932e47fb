"""Which panes there are, and the default layout of each page of each kind of input: what stands where."""

from __future__ import annotations

from headlight.viewer.app.shares import Leaf, Split, across, down

PANES = {
    "picture": "Image",
    "sentence": "Sentence",
    "cloud": "First view of the cloud",
    "cloud-second": "Second view of the cloud",
    "neighbourhood": "Neighbourhood",
    "maps": "Maps",
    "confusion": "Confusion",
    "classes": "Classes",
    "heads": "Heads",
    "matrix": "Matrix",
    "rollout": "Rollout",
    "settings": "Map",
    "numbers": "Numbers",
    "field": "Receptive field",
    "field-second": "Receptive field of the second network",
    "layers": "Layers and their fields",
    "growth": "Growth of the field",
    "distance": "Attention distance",
    "field-settings": "Field",
    "cost": "Cost of layers",
    "cost-settings": "Measuring of costs, and of which layers",
    "stack": "Stack of convolutions",
    "stack-steps": "Step by step",
    "stack-field": "Field of a unit of the stack",
    "stack-layers": "Layers of the stack and their fields",
    "stack-growth": "Growth of the stack's field",
    "log": "Log",
}
"""What each pane is called in menus."""

LOG = Leaf("log", shown=False)

_COST = across(
    down(Leaf("cost", 0.8), LOG),
    down(Leaf("cost-settings", 0.58), Leaf("numbers", 0.42)),
)

LAYOUTS: dict[tuple[str, str], Split] = {
    ("image", "attention"): across(
        Leaf("picture", 0.47),
        down(
            Leaf("heads", 0.46),
            across(down(Leaf("matrix"), LOG, share=0.53), Leaf("rollout", 0.47), share=0.54),
            share=0.53,
        ),
        down(Leaf("settings", 0.58), Leaf("numbers", 0.42)),
    ),
    ("text", "attention"): across(
        down(
            Leaf("sentence", 0.225),
            across(
                Leaf("heads", 0.31),
                Leaf("matrix", 0.42),
                down(Leaf("rollout"), LOG, share=0.27),
                share=0.775,
            ),
        ),
        down(Leaf("settings", 0.58), Leaf("numbers", 0.42)),
    ),
    ("points", "attention"): across(
        down(
            across(Leaf("cloud"), Leaf("cloud-second"), share=0.7),
            # A stack over voxels takes the place of what shows attention.
            across(
                down(Leaf("neighbourhood"), LOG, share=0.32),
                Leaf("maps", 0.38),
                Leaf("stack", 0.70),
                Leaf("confusion", 0.30),
                share=0.3,
            ),
        ),
        down(Leaf("classes", 0.66), Leaf("numbers", 0.34)),
    ),
    ("image", "fields"): across(
        down(
            across(Leaf("field"), Leaf("field-second"), share=0.6),
            across(
                down(Leaf("layers"), LOG, share=0.36),
                Leaf("growth", 0.36),
                Leaf("distance", 0.28),
                share=0.4,
            ),
        ),
        down(Leaf("field-settings", 0.58), Leaf("numbers", 0.42)),
    ),
    ("image", "cost"): _COST,
    ("text", "cost"): _COST,
    ("stack", "fields"): across(
        down(Leaf("stack", 0.64), down(Leaf("stack-layers"), LOG, share=0.36), share=0.34),
        down(
            across(Leaf("stack-steps"), Leaf("stack-field"), share=0.64),
            across(Leaf("stack-growth"), Leaf("numbers"), share=0.36),
            share=0.66,
        ),
    ),
}
