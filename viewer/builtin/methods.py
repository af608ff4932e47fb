"""The methods: what each says of the input."""

from headlight.viewer.registry import REGISTRY, Method, Needs

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
        paper="Abnar & Zuidema 2020",
        key="R",
    ),
    Method(
        id="saliency",
        title="Saliency",
        noun="the saliency prediction",
        compute=".slices.relevance:saliency",
        of="picture",
        needs=Needs(("cells",), ("attention",), trace=True, holds=".session.able:no_saliency"),
        key="S",
    ),
    Method(
        id="norms",
        title="Norms",
        noun="norms of what attention carries",
        compute="headlight.models.explain.norms:normed",
        of="head",
        needs=Needs(("cells",), ("attention",), layers=True, holds=".session.able:no_norms"),
        paper="Kobayashi et al. 2020",
        key="N",
    ),
)
REGISTRY.add(*METHODS)
