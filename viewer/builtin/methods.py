"""The methods: what each says of the input."""

from headlight.viewer.registry import REGISTRY, Method, Needs

_CELLS = Needs(("cells",), ("attention",), trace=True)
_LAYERS = Needs(pages=("attention", "weight", "heads", "compare", "arcs"), layers=True)
_NEIGHBOURS = Needs(("positions",), ("attention",), layers=True)
_BOXES = Needs(("positions",), ("attention",), trace=True, holds=".slices.clouds.boxes.standing:no_box")

OF_HEADS = (
    Method(
        id="attention",
        title="Attention",
        noun="attention",
        compute=".slices.relevance:weights",
        of="head",
        needs=_LAYERS,
        key="A",
        unit="weight",
    ),
    Method(
        id="norms",
        title="Norms",
        noun="norms of what attention carries",
        compute="headlight.models.explain.norms:normed",
        of="head",
        needs=Needs(
            ("cells",), ("attention", "weight", "heads"), layers=True, holds=".session.able:no_norms"
        ),
        says="The weight times the length of what it carries, α·‖(x W_V + b_V) W_O‖: a token that much "
        "attention goes to adds little where its value is short. Lengths of vectors, which sum to no 1.",
        paper="Kobayashi et al. 2020, “Attention is Not Only a Weight”, section 3",
        key="N",
        unit="length",
        shares=False,
        fused="of their norms",
    ),
)
THROUGH_LAYERS = (
    Method(
        id="rollout",
        title="Rollout",
        noun="rollout",
        compute="headlight.models.explain.rollout:rollout",
        of="layers",
        needs=_CELLS,
        settings=("headlight.models.core.settings:RolloutSettings",),
        key="R",
        unit="share",
    ),
    Method(
        id="saliency",
        title="Saliency",
        noun="the saliency prediction",
        compute=".slices.relevance:saliency",
        of="picture",
        needs=Needs(("pixels",), ("attention",), trace=True, holds=".session.able:no_saliency"),
        says="A small decoder over the patch tokens that was trained to predict what draws the eye. It is "
        "no attention.",
        key="S",
        shares=False,
    ),
)
OF_POINTS = (
    Method(
        id="composed",
        title="Composed",
        named="Composed attention",
        noun="attention composed through all layers",
        compute=".slices.clouds.relevance:composed",
        of="layers",
        needs=_NEIGHBOURS,
        key="R",
        unit="share",
    ),
    Method(
        id="hops",
        title="Hops",
        noun="hops from neighbour to neighbour",
        compute=".slices.clouds.relevance:hops",
        of="layers",
        needs=_NEIGHBOURS,
        key="N",
        unit="hops",
        shares=False,
    ),
    Method(
        id="gradient",
        title="Gradient",
        noun="gradient",
        compute=".slices.clouds.relevance:gradient",
        of="layers",
        needs=_NEIGHBOURS,
        key="G",
        unit="share of the gradient",
    ),
    Method(
        id="box-gradient",
        title="Box gradient",
        noun="gradient of the score of a box",
        compute=".slices.clouds.boxes.standing:gradient",
        of="layers",
        needs=_BOXES,
        says="How the logit of the box in which the selected points lie changes with the numbers of each.",
        paper="Simonyan et al. 2014, “Deep Inside Convolutional Networks”, section 3",
        key="Shift+G",
        unit="share of the gradient",
    ),
    Method(
        id="box-occlusion",
        title="Box occlusion",
        noun="what the score of a box loses without a pillar",
        compute=".slices.clouds.boxes.standing:occlusion",
        of="layers",
        needs=_BOXES,
        says="By how much the score of the box in which the selected points lie changes when all points of "
        "one pillar or voxel are left out: a pass for each that is near.",
        paper="Zeiler and Fergus 2014, “Visualizing and Understanding Convolutional Networks”, section 3",
        key="Shift+O",
        unit="score",
        shares=False,
    ),
    Method(
        id="voxels",
        title="Voxels",
        named="Voxel field",
        noun="a stack of convolutions over voxels",
        compute=".slices.clouds.relevance:over_voxels",
        of="layers",
        needs=Needs(("positions",), ("attention",), trace=True),
        settings=(
            "headlight.models.fields.voxels:VoxelSettings",
            "headlight.models.core.stack:ConvStack",
            ".session.view:FieldSettings",
        ),
        key="V",
        unit="share of the weight",
    ),
)
REGISTRY.add(*OF_HEADS, *THROUGH_LAYERS, *OF_POINTS)
