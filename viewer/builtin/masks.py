"""The page of what is cut out of pictures: its panes, and where they stand."""

from headlight.viewer.registry import REGISTRY, Begin, Layout, Leaf, Needs, Pane, across, down

_MASKS = Needs(("pixels",), ("masks",), holds=".session.able:cuts_nothing_out")
_CUTS = Needs(trace=True, holds=".session.able:cuts_nothing_out")

LAYOUT = Layout(
    "masks",
    across(
        down(Leaf("cut-out"), Leaf("log", shown=False), share=0.43),
        down(Leaf("picture", 0.56), Leaf("heads", 0.44), share=0.35),
        down(Leaf("masks", 0.48), Leaf("numbers", 0.52), share=0.22),
    ),
    numbers=".panes.pictures.masks.base:SECTIONS",
    table="masks",
    needs=_CUTS,
    foremost=_CUTS,
)

REGISTRY.add(
    Pane(
        "cut-out",
        "Cut out",
        ".panes.pictures.masks.picture:CutOutPane",
        _MASKS,
        named="What is cut out of the picture",
        export=Begin("masks", "png"),
    ),
    Pane(
        "masks",
        "Masks",
        ".panes.pictures.masks.listed:MasksPane",
        _MASKS,
        named="Masks that were cut out",
        export=Begin("masks", "csv"),
    ),
)
