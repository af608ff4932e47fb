"""How weights become colours: perceptually uniform maps, by cmap's names but for the spelling of grey."""

from headlight.viewer.registry import REGISTRY, ColourMap

REGISTRY.add(
    *(ColourMap(name) for name in ("inferno", "viridis", "magma", "cividis")),
    ColourMap("grey", "gray"),
)
