"""The default layout of each page of each kind of input: which pane stands where, with what share."""

from __future__ import annotations

from viewer.shares import Leaf, Split, across, down

LOG = Leaf("log", shown=False)

_COST = down(Leaf("cost"), LOG)

LAYOUTS: dict[tuple[str, str], Split] = {
    ("image", "attention"): across(
        Leaf("picture", 0.47),
        down(
            Leaf("heads", 0.46),
            across(down(Leaf("matrix"), LOG), Leaf("rollout"), share=0.54),
            share=0.53,
        ),
        Leaf("settings"),
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
        Leaf("settings"),
    ),
    ("points", "attention"): across(
        down(
            across(Leaf("cloud"), down(Leaf("cloud-second", 0.58), Leaf("stack", 0.42)), share=0.7),
            across(
                down(Leaf("neighbourhood"), LOG, share=0.32),
                Leaf("maps", 0.38),
                Leaf("confusion", 0.30),
                share=0.3,
            ),
        ),
        Leaf("classes"),
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
        Leaf("field-settings"),
    ),
    ("image", "cost"): _COST,
    ("text", "cost"): _COST,
    ("stack", "fields"): across(
        down(Leaf("stack", 0.64), down(Leaf("stack-layers"), LOG, share=0.36), share=0.34),
        down(
            across(Leaf("stack-steps"), Leaf("stack-field"), share=0.64),
            Leaf("stack-growth", 0.36),
            share=0.66,
        ),
    ),
}
