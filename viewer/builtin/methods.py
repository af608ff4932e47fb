"""The methods: what each says of the input."""

from headlight.viewer.registry import REGISTRY, Method, Needs

_CELLS = Needs(("cells",), ("attention",), trace=True)
_LAYERS = Needs(pages=("attention", "weight", "heads", "compare", "arcs"), layers=True)
_NEIGHBOURS, _GRADIENT = (
    Needs(("positions",), ("attention",), layers=True, holds=f".slices.clouds.objects:{lacking}")
    for lacking in ("no_neighbours", "no_gradient")
)
_BOXES = Needs(("positions",), ("attention",), trace=True, holds=".slices.clouds.boxes.standing:no_box")

OF_HEADS = (
    Method(
        id="attention",
        title="Attention",
        noun="attention",
        compute=".slices.explain.relevance:weights",
        of="head",
        needs=_LAYERS,
        key="A",
        unit="weight",
        compared=True,
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
        compared=True,
    ),
    Method(
        id="saliency",
        title="Saliency",
        noun="the saliency prediction",
        compute=".slices.explain.relevance:saliency",
        of="picture",
        needs=Needs(("pixels",), ("attention",), trace=True, holds=".session.able:no_saliency"),
        says="A small decoder over the patch tokens that was trained to predict what draws the eye. It is "
        "no attention.",
        key="S",
        shares=False,
    ),
    Method(
        id="flow",
        title="Attention flow",
        noun="attention flow",
        compute="headlight.models.explain.flow:flow",
        of="layers",
        needs=Needs(("cells",), ("attention",), layers=True, holds=".session.able:no_flow"),
        says="The most that can flow down from the query to each token where ½ A + ½ I of every layer are "
        "the widths of pipes.",
        paper="Abnar & Zuidema 2020, “Quantifying Attention Flow in Transformers”, section 4",
        unit="flow",
        shares=False,
    ),
    Method(
        id="value-zeroing",
        title="Value zeroing",
        noun="value zeroing",
        compute="headlight.models.explain.value_zeroing:zeroing",
        of="layers",
        needs=Needs(("cells",), ("attention",), layers=True, holds=".session.able:no_zeroing"),
        says="How far a layer’s vectors turn where one token’s value is 0, through all layers: the skip "
        "connection and the MLP take part.",
        paper="Mohebbi et al. 2023, “Quantifying Context Mixing in Transformers”, section 3",
        unit="share",
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
        compared=True,
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
        needs=_GRADIENT,
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
_OF_TARGET = ("attention", "zero-shot")
_ASKED = Needs(pages=_OF_TARGET, trace=True, holds=".session.able:no_slopes")
_GROWN = Needs(("cells",), _OF_TARGET, layers=True, holds=".session.able:no_grown_weights")
_OF = "headlight.models.explain.of_target"
OF_TARGETS = (
    Method(
        id="gradient-rollout",
        title="Gradient rollout",
        noun="rollout of weights that the target grows with",
        compute=f"{_OF}.carried:gradient_rollout",
        of="target",
        needs=_GROWN._replace(holds=".session.able:no_grown_rollout"),
        says="Rollout with the mean over heads of (A ⊙ ∂y/∂A)⁺ in place of A: attention counts as far as the "
        "target grows with it.",
        paper="Abnar & Zuidema 2020, section 3, with the weights of Chefer et al. 2021",
        unit="share",
        compared=True,
    ),
    Method(
        id="chefer",
        title="Chefer",
        named="Generic relevance",
        noun="generic relevance",
        compute=f"{_OF}.carried:generic",
        of="target",
        needs=_GROWN,
        says="R ← R + Ā R from layer to layer, with Ā the mean over heads of (A ⊙ ∂y/∂A)⁺; of what is "
        "written by the rules for two streams.",
        paper="Chefer et al. 2021, “Generic Attention-model Explainability”, section 3.1",
        unit="relevance",
        shares=False,
        compared=True,
    ),
    Method(
        id="gradient-input",
        title="Gradient × input",
        noun="gradient × input",
        compute=f"{_OF}.gradients:times_input",
        of="target",
        needs=_ASKED,
        says="Σ x · ∂y/∂x over the numbers of each token, patch or point: what the target would lose without "
        "it, were the model linear.",
        paper="Shrikumar et al. 2016, “Not Just a Black Box”, section 3.2",
        unit="of the logit",
        shares=False,
        signed=True,
        compared=True,
    ),
    Method(
        id="integrated-gradients",
        title="Integrated gradients",
        noun="integrated gradients",
        compute=f"{_OF}.integrated:integrated",
        of="target",
        needs=_ASKED,
        says="The gradient along the way from an input of zero, times the input: what all tokens add sums to "
        "the change of the logit.",
        paper="Sundararajan et al. 2017, “Axiomatic Attribution for Deep Networks”, section 3",
        unit="of the logit",
        shares=False,
        signed=True,
    ),
    Method(
        id="smoothgrad",
        title="SmoothGrad",
        noun="SmoothGrad",
        compute=f"{_OF}.gradients:smooth",
        of="target",
        needs=_ASKED,
        settings=("headlight.models.core.settings:NoiseSettings",),
        says="The length of the mean gradient over inputs with noise: what moves the target, up or down.",
        paper="Smilkov et al. 2017, “SmoothGrad: removing noise by adding noise”, section 3",
        unit="of the gradient",
        shares=False,
    ),
    Method(
        id="grad-cam",
        title="Grad-CAM",
        noun="Grad-CAM",
        compute=f"{_OF}.cam:cam",
        of="target",
        needs=Needs(("cells",), (*_OF_TARGET, "fields"), trace=True, holds=".session.able:no_maps"),
        says="The last maps of features, or the last layer’s heads, each weighted by the mean of the "
        "target’s gradient with it; nothing below 0.",
        paper="Selvaraju et al. 2017, “Grad-CAM”, section 3",
        unit="of the map",
        shares=False,
        compared=True,
    ),
    Method(
        id="occlusion",
        title="Occlusion",
        noun="occlusion",
        compute=f"{_OF}.occlusion:occlusion",
        of="target",
        needs=Needs(pages=_OF_TARGET, trace=True, holds=".session.able:no_scores"),
        settings=("headlight.models.core.settings:OcclusionSettings",),
        says="What the score of the target loses where a word, a square of the picture or a cube of the "
        "cloud is hidden.",
        paper="Zeiler & Fergus 2014, “Visualizing and Understanding Convolutional Networks”, section 4.2",
        unit="of the score",
        shares=False,
        signed=True,
    ),
)
REGISTRY.add(*OF_HEADS, *THROUGH_LAYERS, *OF_POINTS, *OF_TARGETS)
