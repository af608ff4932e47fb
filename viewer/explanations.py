"""What the words of the window mean, each once, with where it comes from. A pointer's rest says it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

ATTENTION = "Vaswani et al. 2017, “Attention Is All You Need”"
BERT = "Clark et al. 2019, “What Does BERT Look At?”"
ROLLOUT = "Abnar & Zuidema 2020, “Quantifying Attention Flow in Transformers”, section 3"
VIT = "Dosovitskiy et al. 2021, “An Image Is Worth 16×16 Words”"
REGISTERS = "Darcet et al. 2024, “Vision Transformers Need Registers”, section 2"
FIELDS = "Araujo et al. 2019, “Computing Receptive Fields of Convolutional Neural Networks”"
EFFECTIVE = "Luo et al. 2016, “Understanding the Effective Receptive Field in Deep CNNs”"
ARITHMETIC = "Dumoulin & Visin 2016, “A Guide to Convolution Arithmetic for Deep Learning”"
POINTS = "Zhao et al. 2021, “Point Transformer”, section 3"
POINTNET = "Qi et al. 2017, “PointNet”, section 5.3"
SCORES = "Long et al. 2015, “Fully Convolutional Networks for Semantic Segmentation”, section 5"
SPARSE = "Graham et al. 2018, “3D Semantic Segmentation with Submanifold Sparse Convolutional Networks”"
ROOMS = "Armeni et al. 2016, “3D Semantic Parsing of Large-Scale Indoor Spaces”"
OWN = "Headlight’s own; no paper has it."


@dataclass(frozen=True)
class Explanation:
    """words: as they stand on the screen; “pane/word” for a word that means something else in that pane, and
    a regular expression between slashes for one with figures in it. paper: with its section, or "".
    """

    words: tuple[str, ...]
    says: str
    paper: str = ""


def _of(*words: str, says: str, paper: str = "") -> Explanation:
    return Explanation(words, says, paper)


_MAP = (
    _of(
        *("Attention", "Heads of all layers"),
        says="The weights softmax(q·k/√d) with which a token takes up the values of others.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    _of(
        "Method",
        says="What is laid over the input: one layer’s attention, the rollout through several layers, or a"
        " prediction of what draws the eye.",
    ),
    _of(
        "Rollout",
        says="The attention of all layers multiplied, the residual connection included: every input "
        "token’s share in a token at the end.",
        paper=ROLLOUT,
    ),
    _of(
        "Saliency",
        says="A small decoder over the patch tokens that was trained to predict what draws the eye. It is "
        "no attention.",
    ),
    _of(
        *("settings/Heads", "Head"),
        says="Each layer has several heads, which look at different things. One: the selected head. Mean, "
        "Max: all heads of the layer, cell by cell.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    _of("settings/One", says="The selected head alone."),
    _of("Mean", says="The mean of the heads of a layer, cell by cell. Its rows still sum to 1."),
    _of(
        "Max",
        says="The largest weight that any head of the layer has, cell by cell. Rows no longer sum to 1.",
    ),
    _of(
        "Min",
        says="The smallest weight that any head of the layer has: what all heads agree on.",
        paper="Gildenblat 2020, “Exploring Explainability for Vision Transformers”",
    ),
    _of(
        *("Direction", "Looks at", "Is looked at by"),
        says="Looks at: the row of the token, what it takes from others. Is looked at by: its column, who "
        "takes from it. Rows sum to 1, columns do not.",
    ),
    _of(
        *("Scale", "Linear", "Log"),
        says="How weights become colours: in proportion, or by their logarithm, which shows small weights "
        "beside large ones.",
    ),
    _of(
        *("One scale for", "Each map", "All maps"),
        says="Each map: the brightest colour is that map’s own top, so that all have contrast. All maps: "
        "one top for all, so that colours can be compared.",
    ),
    _of(
        "Clip above percentile",
        says="Weights above this percentile all get the last colour, so that a few large ones do not leave"
        " the rest black. The colour bar says how many were clipped.",
    ),
    _of(
        "Clip below percentile",
        says="Where the colours start: at zero, or at this percentile of the weights.",
    ),
    _of(
        *("Overlay opacity", "Opacity"),
        says="How much of the picture the colours cover where they are strongest.",
    ),
    _of(
        "Colour scale",
        says="Which weight has which colour, and which share of the weights lies beyond the ends.",
    ),
    _of(
        "Colour map",
        says="All maps run from dark to bright in even steps, so that twice as bright means nearly twice "
        "as much.",
        paper="Smith & van der Walt 2015, matplotlib’s colour maps",
    ),
    _of(
        "Mass mask",
        says="Shows only the smallest set of patches that holds this share of the weight on patches.",
        paper="Caron et al. 2021, “Emerging Properties in Self-Supervised Vision Transformers”, figure 3",
    ),
    _of(
        "Short side",
        says="The picture’s short side as the network sees it: more pixels, more patches, slower.",
    ),
    _of(
        *("Leave artifacts out of the scale", "Artifact tokens", "left out of the scale"),
        says="Large vision transformers use a few background patches as scratch memory, and many heads "
        "look there. Their weights would set the scale for all others.",
        paper=REGISTERS,
    ),
    _of(
        "Hide special tokens",
        says="Leaves out tokens that are no part of the input ([CLS], [SEP], registers), where heads rest "
        "that find nothing to do.",
        paper=f"{BERT}, section 3.2",
    ),
    _of(
        "Whole words",
        says="Joins the pieces of a word: weights to it are summed, weights from it averaged.",
        paper=f"{BERT}, section 4.1",
    ),
    _of(
        *(r"/Head \S+/", r"/Layer \d+, mean of its heads/", r"/(Mean|Maximum) of layer .*/"),
        says="The selected head as layer.head, both counted from 0, in numbers: means over all queries.",
    ),
    _of(
        *("Entropy, mean", "Entropy", "/Entropy.*/"),
        says="How widely weight is spread, −Σ w ln w: 0 nats for one token alone, ln n for all n alike. "
        "Means something only where the weights sum to 1.",
        paper=f"{BERT}, section 3.3",
    ),
    _of(
        *("Distance, mean", "Mean distance", "/(Mean )?[Dd]istance.*/"),
        says="The mean distance in the picture between a patch and what it looks at, weighted by attention.",
        paper=f"{VIT}, section 4.5",
    ),
    _of(
        *("On special tokens", r"/On special.*/", r"/Weight on \[.*/"),
        says="The share of the weight that lies on tokens that are no part of the input, as [CLS] or [SEP].",
        paper=f"{BERT}, section 3.2",
    ),
    _of("Weight on patches", says="The share of the row that lies on patches of the picture."),
    _of(
        *("Query", "/Query.*/"),
        says="The token whose row is shown: where it looks. Point at another one or click it.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    _of(
        "Tokens shown",
        says="The text is longer than the model reads at once: which stretch of it is run.",
    ),
)

_PANES = (
    _of("Sentence", says="The text as the model reads it: one chip a token, tinted by the shown weights."),
    _of(
        "Edit text",
        says="Change the text; it runs again as you type (F2).",
    ),
    _of(
        "Image",
        says="The picture as the model reads it, cut into patches, with the shown weights laid over it.",
        paper=f"{VIT}, section 3.1",
    ),
    _of(
        "Heads",
        says="All heads at once: a column a layer, a row a head. Point to preview, click to select.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    _of(
        "Matrix",
        says="The attention of one head: row i is where token i looks, and sums to 1.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    _of("Map", says="What the maps of all panes show, and how weights become colours."),
    _of(
        "Numbers",
        says="What is under the cursor and what is selected, in numbers.",
    ),
    _of("log/Log", says="What the program and its libraries said, newest last."),
    _of(
        "Receptive field",
        says="What one unit of a layer can see of the picture (the box) and what it does see (the heat).",
        paper=EFFECTIVE,
    ),
    _of(
        *("layers/Layers", "stack-layers/Layers"),
        says="Every layer with the size, stride and start of what its units see.",
        paper=FIELDS,
    ),
    _of(
        "Growth",
        says="How the side of the theoretical field grows from layer to layer, network beside network.",
        paper=FIELDS,
    ),
    _of(
        "Attention distance",
        says="One dot a head: how far it looks on average, in pixels. Early layers mix near and far, late "
        "ones look far.",
        paper=f"{VIT}, figure 7",
    ),
    _of("field-settings/Field", says="What is drawn of receptive fields, and of which layer."),
    _of(
        "Cost of one layer",
        says="What one layer of each kind takes for n tokens: in closed form, and measured on this machine.",
        paper=f"{ATTENTION}, table 1",
    ),
    _of(
        "Stack",
        says="A stack of convolutions to build: what a unit of its last layer sees follows from the "
        "numbers alone.",
        paper=FIELDS,
    ),
    _of(
        "Step by step",
        says="Which units of its input each unit of the layer takes in.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    _of(
        "stack-field/Field",
        says="What one unit of the layer sees of the input, and with which weight, if all weights are alike.",
        paper=f"{EFFECTIVE}, section 2",
    ),
    _of(
        "Neighbourhood",
        says="The points that one point attends to, with the weight of each. Point Transformer has a "
        "weight a channel; here is their mean or one channel.",
        paper=POINTS,
    ),
    _of(
        *("Maps", "/Maps .*/"),
        says="The weights of every layer for the selected point, stage by stage.",
        paper=POINTS,
    ),
    _of(
        "Confusion",
        says="Points by true class (rows) and predicted class (columns). Click a cell to see its points.",
        paper=SCORES,
    ),
    _of("classes/Classes", says="The classes, how many points each has, and how the cloud is drawn."),
)

_ROLLOUT = (
    _of(
        *("rollout/Query", "Readout", "Selected", "Mean of all", "[CLS]"),
        says="Whose row is rolled out: the token that the model’s answer is read from, or the selected one.",
    ),
    _of(
        "rollout/Heads",
        says="How the heads of a layer become one matrix before layers are multiplied.",
        paper="Gildenblat 2020, “Exploring Explainability for Vision Transformers”",
    ),
    _of(
        *("Residual", "A + I", "½A + ½I", "None"),
        says="A layer hands its input on beside what attention brings. A + I: added before rows are made "
        "to sum to 1. ½A + ½I: half and half after that. None: left out.",
        paper=ROLLOUT,
    ),
    _of(
        "Discard lowest",
        says="The share of the lowest weights of each row that is put to zero before layers are multiplied.",
        paper="Gildenblat 2020, “Exploring Explainability for Vision Transformers”",
    ),
    _of(
        "rollout/Layers",
        says="The first and the last layer of the product. Fewer layers show where the flow comes from.",
    ),
    _of(
        "Headlight's own, through windows and stages",
        says="Nobody has published a rollout through windows and stages. Here each window is laid out over"
        " its stage, and a token of a coarser stage counts as the mean of those in its place.",
    ),
)

_FIELDS = (
    _of("Show", says="What is drawn over the picture."),
    _of(
        *("Theoretical: the box", "Theoretical size", "size", "field"),
        says="All that can reach the unit at all, from kernels, strides and paddings alone. A unit of "
        "self-attention sees everything.",
        paper=FIELDS,
    ),
    _of(
        *("Effective: the heat", "Effective field, mean over inputs", "Number of inputs"),
        says="How much each pixel moves the unit: the size of the gradient, averaged over this many "
        "inputs. Mostly a bell much smaller than the box.",
        paper=f"{EFFECTIVE}, section 3",
    ),
    _of(
        *("Contours of 50 % and 95 %", "50 %, 95 % lie within", "Holds 50 %, 95 %"),
        says="The smallest squares (cubes) around the unit that hold 50 % and 95 % of its effective field.",
    ),
    _of(
        "Area of 95 % / theoretical",
        says="How much of what the unit could see holds 95 % of what it does see.",
        paper="after Ding et al. 2022, “Scaling Up Your Kernels to 31×31”, table 10",
    ),
    _of(
        "Mass inside the box",
        says="The share of the gradient inside the theoretical field: 100 %, or the box is wrong.",
    ),
    _of(
        "Row of the attention head",
        says="The row of the selected attention head for this unit, beside what its gradient says.",
    ),
    _of(
        "Edges of attention windows",
        says="Attention within windows sees no further than these edges in one layer; the next layer "
        "shifts them.",
        paper="Liu et al. 2021, “Swin Transformer”, section 3.2",
    ),
    _of(
        *("field-settings/Layer", "Its layer", "Layer of the second network"),
        says="The layer whose unit is looked at, by its name in the network.",
    ),
    _of(
        *("Kind of inputs", "Picture", "Noise"),
        says="Picture: this one, and beyond the first moved on by random ways, so that something else lies"
        " under the field. Noise: noise alone.",
        paper=f"{EFFECTIVE}, section 3",
    ),
    _of("Second network", says="Another network’s field on the same picture, side by side."),
    _of(
        *("Unit", "units", "Unit of the output"),
        says="One output of the layer as (row, column), and how many there are. All channels count together.",
    ),
    _of(
        *("Stride", "Stride, start", "stride", "start"),
        says="Stride: how far apart the fields of neighbouring units lie in the input. Start: where the "
        "first one begins; negative in the padding.",
        paper=FIELDS,
    ),
    _of(
        "Weight on padding",
        says="The share of the field that lies outside the input, on the zeros around it.",
    ),
    _of(
        *("Rows", "Blocks", "All operations"),
        says="One row a block of the network, or one for every operation, with sums and norms.",
    ),
    _of(
        *("layers/layer", "stack-layers/layer", "kind"),
        says="The layer’s name in the network, and what it does.",
    ),
    _of(
        *("The query's own patch", "With its own patch", "Without"),
        says="Whether the weight that a patch gives itself, at distance 0, counts in the mean.",
    ),
    _of(
        "Equivalent width",
        says="The side of an even field with the same mass and peak, on one axis.",
        paper=OWN,
    ),
    _of(
        "Standard deviation",
        says="Of the effective field about its middle, in units of the input. It grows with √depth, the "
        "theoretical field with depth.",
        paper=f"{EFFECTIVE}, section 2",
    ),
    _of("Inside the input", says="The part of the theoretical field that lies in the input."),
)

_COST = (
    _of(
        "Self-attention",
        says="Every token looks at every other: n²·d operations, and one step from any token to any other.",
        paper=f"{ATTENTION}, section 4",
    ),
    _of(
        *("Self-attention, restricted", "Restricted", "Neighbourhood r"),
        says="Self-attention that sees only the r tokens around each: r·n·d operations, n/r steps between "
        "the ends. In closed form alone.",
        paper=f"{ATTENTION}, section 4",
    ),
    _of(
        *("Recurrent", "LSTM"),
        says="One token after the other. Measured is an LSTM, which has eight products of d × d where the "
        "formula counts one.",
        paper="Hochreiter & Schmidhuber 1997, “Long Short-Term Memory”",
    ),
    _of(
        *("Convolution", "Kernel k"),
        says="Each token takes in the k around it: k·n·d² operations; n/k layers to reach all, logₖ n if "
        "they are dilated.",
        paper=f"{ATTENTION}, section 4",
    ),
    _of(
        *("Time", "Operations a layer", "Operations"),
        says="Multiplications and additions of one layer as n grows, or seconds once they are measured.",
        paper=f"{ATTENTION}, table 1",
    ),
    _of("Memory", says="The tensors that one layer holds at once, parameters not counted."),
    _of(
        "One after the other",
        says="Steps that must wait for each other, however many processors there are.",
        paper=f"{ATTENTION}, table 1",
    ),
    _of(
        "Longest path",
        says="The most layers that a signal takes between two tokens: long ones are hard to learn.",
        paper=f"{ATTENTION}, table 1",
    ),
    _of(
        *("cost/Layer", "Width d", "cost/Heads"),
        says="The layer that is counted and measured: d numbers a token, shared among the heads.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    _of(
        "Projections of q, k, v and output",
        says="Attention with the four d × d products around it, as in a transformer.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    _of("Tokens n", says="The lengths of the sequence that are plotted and measured."),
    _of(
        *("Closed forms count", "Operations counted", "Table", "Every term"),
        says="Table: the leading terms of table 1. Every term: all multiplications of the layers that are "
        "measured.",
        paper=f"{ATTENTION}, table 1",
    ),
    _of(
        *("Measure", "Device", "Time limit"),
        says="Runs the layers on this device at growing lengths, until the limit; the median of several "
        "runs.",
    ),
    _of(
        *("Attention costs more from n =", "than", "formula"),
        says="The length from which self-attention costs more than the other layer, where the closed forms"
        " cross.",
    ),
    _of(
        "fused",
        says="Measured: attention in one fused operation that never holds the n × n weights.",
        paper="Dao et al. 2022, “FlashAttention”",
    ),
    _of(
        "cost/weights",
        says="Measured: attention that makes its n × n weights, as is needed to show them.",
    ),
)

_CLOUDS = (
    _of("Prediction", says="The class that the network finds likeliest for each point."),
    _of("Ground truth", says="The class that the file gives each point."),
    _of("Error", says="Where prediction and ground truth differ."),
    _of("Confidence", says="The probability of the predicted class, after softmax."),
    _of("RGB", says="The colours of the file."),
    _of("Height", says="Height above the lowest points, in metres."),
    _of(
        "Stage",
        says="Which points are left in each coarser stage of the network, chosen far from each other.",
        paper=f"{POINTS}.3",
    ),
    _of(
        "Critical points",
        says="The points that give the largest value of some channel. Without all others, PointNet would "
        "say the same of the block.",
        paper=POINTNET,
    ),
    _of(
        "Upper bound",
        says="All places where a point could be added without changing the block’s feature.",
        paper=POINTNET,
    ),
    _of(
        "Reach of the point",
        says="What is shown of the selected point: which other points its answer draws on, by which measure.",
    ),
    _of(
        *("Composed", "Composed attention"),
        says="The attention of all layers multiplied, ½A + ½I each, down to the input: each point’s share "
        "in the selected one.",
        paper=f"{OWN} After {ROLLOUT}",
    ),
    _of(
        "Hops",
        says="Over how many neighbourhoods a point is from the selected one: what is never reached cannot "
        "matter.",
        paper=OWN,
    ),
    _of(
        "Gradient",
        says="How much each input point moves the answer at the selected one.",
        paper=f"after {EFFECTIVE}, section 3",
    ),
    _of(
        *("Voxels", "Voxel field", "Edge"),
        says="The field of a stack of 3D convolutions over the voxels of the cloud: cubes of this edge, or"
        " the voxels of published detectors.",
        paper="Zhou & Tuzel 2018, “VoxelNet”, section 2.1",
    ),
    _of(
        *("classes/Convolution", "Dense", "Sparse"),
        says="Dense: units everywhere, paths through empty voxels too. Sparse: units only where something "
        "is.",
        paper=SPARSE,
    ),
    _of(
        *("mIoU", "IoU"),
        says="Intersection over union: of all points that truth or prediction give a class, the share that"
        " both do. mIoU: its mean over the classes.",
        paper=SCORES,
    ),
    _of("Overall accuracy", says="The share of points whose class is right.", paper=SCORES),
    _of("points", says="How many points have the class."),
    _of(
        *("Recall", "Precision"),
        says="Recall: the share of a true class that was found. Precision: the share of a predicted class "
        "that is right.",
    ),
    _of(
        "On itself",
        says="The weight that the point gives itself; it is one of its own neighbours.",
        paper=POINTS,
    ),
    _of(
        *("Projection", "Perspective", "Orthographic"),
        says="Perspective: what is far is small. Orthographic: lengths can be compared.",
    ),
    _of("Point size", says="The side of a point on the screen."),
    _of(
        "Eye-dome lighting",
        says="Darkens what lies behind its neighbours on the screen, so that shapes stand out without light.",
        paper="Boucheny 2009, “Interactive Scientific Visualization of Large Datasets”",
    ),
    _of(
        "Cut away walls in between",
        says="Leaves out the walls and the ceiling that one would look at from outside.",
    ),
    _of(
        *("Palette", "Soft", "S3DIS"),
        says="Colours of the classes: soft ones that can be told apart, or those usual for S3DIS.",
        paper=ROOMS,
    ),
    _of(
        *("/Coordinates.*/", "classes/Unit", "Up axis"),
        says="In which unit the file’s numbers are read and which axis points up. A wrong one makes the "
        "network see a room of another size.",
    ),
)

_STACK = (
    _of(*("Axes", "2D", "3D"), says="Convolutions over pictures or over voxels."),
    _of(
        *("Order", "One after another", "Parallel, added"),
        says="One after another, or all over the same input with their outputs added, as in ASPP.",
        paper="Chen et al. 2018, “DeepLab”, section 3.2",
    ),
    _of("Input, units a side", says="How large the input is that the field is shown in."),
    _of(
        *("/(Kernel|Kind) of layer .*/", "kernel"),
        says="How many units of its input a unit takes in on each axis, and whether it weights them or "
        "takes their largest.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    _of(
        "/Stride of layer .*/",
        says="How far apart in the input neighbouring units look.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    _of(
        *("/Padding of layer .*/", "padding"),
        says="Zeros that are put around the input.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    _of(
        *("/Dilation of layer .*/", "dilation"),
        says="How far apart the units lie that one unit takes in: 1 for neighbours.",
        paper="Yu & Koltun 2016, “Multi-Scale Context Aggregation by Dilated Convolutions”",
    ),
    _of("Add a layer", says="Another convolution after the last."),
    _of("Presets", says="Stacks of published networks to start from."),
)

_BARS = (
    _of(
        "Page: Attention",
        says="Where tokens look: maps, matrices and rollout of every head.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    _of(
        "Receptive fields",
        says="What units of the network can and do see of the picture.",
        paper=EFFECTIVE,
    ),
    _of("Page: Cost", says="What layers cost as sequences grow.", paper=f"{ATTENTION}, table 1"),
    _of(
        *("/✓ weights rebuild.*/", "/✗ weights miss.*/"),
        says="The shown weights times the layer’s values were compared with what the layer really "
        "returned; this is the largest difference. A layer beyond the limit is not drawn.",
    ),
    _of(
        r"/.*· \d.* GB/",
        says="The device on which the model ran, and the memory that the program holds there.",
    ),
    _of(r"/.*forward \d.*/", says="What the model read, and how long the pass took."),
)

EXPLANATIONS = (*_MAP, *_PANES, *_ROLLOUT, *_FIELDS, *_COST, *_CLOUDS, *_STACK, *_BARS)
_WORDS = {word: entry for entry in EXPLANATIONS for word in entry.words if word[0] != "/"}
_PATTERNS = [
    (re.compile(word[1:-1]), entry) for entry in EXPLANATIONS for word in entry.words if word[0] == "/"
]


def find(pane: str, words: Iterable[str]) -> Explanation | None:
    """The explanation of the first of these words that has one. pane: the name of the pane that has them."""
    for word in words:
        said = _WORDS.get(f"{pane}/{word}") or _WORDS.get(word)
        if said is None:
            said = next((entry for pattern, entry in _PATTERNS if pattern.fullmatch(word)), None)
        if said is not None:
            return said
    return None


def explain(pane: str, words: Iterable[str]) -> str:
    """What these words mean, and in a line of its own where it comes from; "" for words that need none."""
    said = find(pane, words)
    if said is None:
        return ""
    return f"{said.says}\n{said.paper}" if said.paper else said.says
