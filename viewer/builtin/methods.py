"""The methods: what each says of the input."""

from headlight.viewer.registry import REGISTRY, Method, Needs

_NEIGHBOURS = Needs(("positions",), ("attention",), layers=True)
_CELLS = Needs(("cells",), ("attention",), trace=True)

METHODS = (
    Method("attention", "Attention", "attention", ".slices.relevance:weights", "head", _CELLS, key="A"),
    Method(
        id="rollout",
        title="Rollout",
        noun="rollout",
        compute="headlight.models.explain.rollout:rollout",
        of="layers",
        needs=_CELLS,
        settings="headlight.models.core.settings:RolloutSettings",
        key="R",
    ),
    Method(
        id="saliency",
        title="Saliency",
        noun="the saliency prediction",
        compute=".slices.relevance:saliency",
        of="picture",
        needs=Needs(("cells",), ("attention",), trace=True, holds=".session.able:no_saliency"),
        says="A small decoder over the patch tokens that was trained to predict what draws the eye. It is "
        "no attention.",
        key="S",
    ),
    Method(
        id="norms",
        title="Norms",
        noun="norms of what attention carries",
        compute="headlight.models.explain.norms:normed",
        of="head",
        needs=Needs(("cells",), ("attention",), layers=True, holds=".session.able:no_norms"),
        says="The weight times the length of what it carries, α·‖(x W_V + b_V) W_O‖: a token that much "
        "attention goes to adds little where its value is short. Lengths of vectors, which sum to no 1.",
        paper="Kobayashi et al. 2020, “Attention is Not Only a Weight”, section 3",
        key="N",
    ),
)
OF_POINTS = (
    Method(
        id="composed",
        title="Composed",
        named="Composed attention",
        noun="attention composed through all layers",
        compute="headlight.models.points.fields:composed",
        of="layers",
        needs=_NEIGHBOURS,
        key="R",
        unit="share",
    ),
    Method(
        id="hops",
        title="Hops",
        noun="hops from neighbour to neighbour",
        compute="headlight.models.points.fields:hop_field",
        of="layers",
        needs=_NEIGHBOURS,
        key="N",
        unit="hops",
    ),
    Method(
        id="gradient",
        title="Gradient",
        noun="gradient",
        compute=".slices.cloud_colours:gradient",
        of="layers",
        needs=_NEIGHBOURS,
        key="G",
        unit="share of the gradient",
    ),
)
REGISTRY.add(*METHODS, *OF_POINTS)
