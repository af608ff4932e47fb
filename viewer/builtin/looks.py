"""How weights become colours: perceptually uniform maps."""

from headlight.viewer.registry import REGISTRY, ColourMap

REGISTRY.add(*(ColourMap(name) for name in ("inferno", "viridis", "magma", "cividis", "grey")))
