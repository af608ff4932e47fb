"""Words about receptive fields and stacks of convolutions."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import ARITHMETIC, EFFECTIVE, FIELDS, OWN, of

UNITS = (
    of("Show", says="What is drawn over the picture."),
    of(
        *("Theoretical: the box", "Theoretical size", "size", "field"),
        says="All that can reach the unit at all, from kernels, strides and paddings alone. A unit of "
        "self-attention sees everything.",
        paper=FIELDS,
    ),
    of(
        *("Effective: the heat", "Effective field, mean over inputs", "Number of inputs"),
        says="How much each pixel moves the unit: the size of the gradient, averaged over this many "
        "inputs. Mostly a bell much smaller than the box.",
        paper=f"{EFFECTIVE}, section 3",
    ),
    of(
        *("Contours of 50 % and 95 %", "50 %, 95 % lie within", "Holds 50 %, 95 %"),
        says="The smallest squares (cubes) around the unit that hold 50 % and 95 % of its effective field.",
    ),
    of(
        "Area of 95 % / theoretical",
        says="How much of what the unit could see holds 95 % of what it does see.",
        paper="after Ding et al. 2022, “Scaling Up Your Kernels to 31×31”, table 10",
    ),
    of(
        "Mass inside the box",
        says="The share of the gradient inside the theoretical field: 100 %, or the box is wrong.",
    ),
    of(
        "Row of the attention head",
        says="The row of the selected attention head for this unit, beside what its gradient says.",
    ),
    of(
        "Edges of attention windows",
        says="Attention within windows sees no further than these edges in one layer; the next layer "
        "shifts them.",
        paper="Liu et al. 2021, “Swin Transformer”, section 3.2",
    ),
    of(
        *("field-settings/Layer", "Its layer", "Layer of the second network"),
        says="The layer whose unit is looked at, by its name in the network.",
    ),
    of(
        *("Kind of inputs", "Picture", "Noise"),
        says="Picture: this one, and beyond the first moved on by random ways, so that something else lies"
        " under the field. Noise: noise alone.",
        paper=f"{EFFECTIVE}, section 3",
    ),
    of("Second network", says="Another network’s field on the same picture, side by side."),
    of(
        *("Unit", "units", "Unit of the output"),
        says="One output of the layer as (row, column), and how many there are. All channels count together.",
    ),
    of(
        *("Stride", "Stride, start", "stride", "start"),
        says="Stride: how far apart the fields of neighbouring units lie in the input. Start: where the "
        "first one begins; negative in the padding.",
        paper=FIELDS,
    ),
    of(
        "Weight on padding",
        says="The share of the field that lies outside the input, on the zeros around it.",
    ),
    of(
        *("Rows", "Blocks", "All operations"),
        says="One row a block of the network, or one for every operation, with sums and norms.",
    ),
    of(
        *("layers/layer", "stack-layers/layer", "kind"),
        says="The layer’s name in the network, and what it does.",
    ),
    of(
        *("The query's own patch", "With its own patch", "Without"),
        says="Whether the weight that a patch gives itself, at distance 0, counts in the mean.",
    ),
    of(
        "Equivalent width",
        says="The side of an even field with the same mass and peak, on one axis.",
        paper=OWN,
    ),
    of(
        "Standard deviation",
        says="Of the effective field about its middle, in units of the input. It grows with √depth, the "
        "theoretical field with depth.",
        paper=f"{EFFECTIVE}, section 2",
    ),
    of("Inside the input", says="The part of the theoretical field that lies in the input."),
)

STACKS = (
    of(*("Axes", "2D", "3D"), says="Convolutions over pictures or over voxels."),
    of(
        *("Order", "One after another", "Parallel, added"),
        says="One after another, or all over the same input with their outputs added, as in ASPP.",
        paper="Chen et al. 2018, “DeepLab”, section 3.2",
    ),
    of("Input, units a side", says="How large the input is that the field is shown in."),
    of(
        *("/(Kernel|Kind) of layer .*/", "kernel"),
        says="How many units of its input a unit takes in on each axis, and whether it weights them or "
        "takes their largest.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    of(
        "/Stride of layer .*/",
        says="How far apart in the input neighbouring units look.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    of(
        *("/Padding of layer .*/", "padding"),
        says="Zeros that are put around the input.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    of(
        *("/Dilation of layer .*/", "dilation"),
        says="How far apart the units lie that one unit takes in: 1 for neighbours.",
        paper="Yu & Koltun 2016, “Multi-Scale Context Aggregation by Dilated Convolutions”",
    ),
    of("Add a layer", says="Another convolution after the last."),
    of("Presets", says="Stacks of published networks to start from."),
)
