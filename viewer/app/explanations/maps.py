"""Words about attention maps, rollout and the panes and bars in which they stand."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import (
    ATTENTION,
    BERT,
    OWN,
    POINTS,
    REGISTERS,
    ROLLOUT,
    VIT,
    of,
)

MAPS = (
    of(
        *("Attention", "Heads of all layers"),
        says="The weights softmax(q·k/√d) with which a token takes up the values of others.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    of(
        "settings/Method",
        says="What is laid over the input, head by head: the weights of attention, or what they carry.",
    ),
    of(
        *("Relevance", "relevance/Method"),
        says="What matters to the query, or to what the model makes of the whole: the rollout through "
        "several layers, a prediction of what draws the eye.",
    ),
    of(
        "Rollout",
        says="The attention of all layers multiplied, the residual connection included: every input "
        "token’s share in a token at the end.",
        paper=ROLLOUT,
    ),
    of(
        *("settings/Heads", "Head"),
        says="Each layer has several heads, which look at different things. One: the selected head. Mean, "
        "Max: all heads of the layer, cell by cell.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    of("settings/One", says="The selected head alone."),
    of("Mean", says="The mean of the heads of a layer, cell by cell. Its rows still sum to 1."),
    of(
        "Max",
        says="The largest weight that any head of the layer has, cell by cell. Rows no longer sum to 1.",
    ),
    of(
        "Min",
        says="The smallest weight that any head of the layer has: what all heads agree on.",
        paper="Gildenblat 2020, “Exploring Explainability for Vision Transformers”",
    ),
    of(
        *("Direction", "Looks at", "Is looked at by"),
        says="Looks at: the row of the token, what it takes from others. Is looked at by: its column, who "
        "takes from it. Rows sum to 1, columns do not.",
    ),
    of(
        *("Several tokens", "settings/Sum"),
        says="Where several tokens are selected: the mean of their rows, or columns, or the sum, which says "
        "of columns what a token gives to all of them together.",
    ),
    of(
        *("Scale", "Linear", "Log"),
        says="How weights become colours: in proportion, or by their logarithm, which shows small weights "
        "beside large ones.",
    ),
    of(
        *("One scale for", "Each map", "All maps"),
        says="Each map: the brightest colour is that map’s own top, so that all have contrast. All maps: "
        "one top for all, so that colours can be compared.",
    ),
    of(
        "Clip above percentile",
        says="Weights above this percentile all get the last colour, so that a few large ones do not leave"
        " the rest black. The colour bar says how many were clipped.",
    ),
    of(
        "Clip below percentile",
        says="Where the colours start: at zero, or at this percentile of the weights.",
    ),
    of(
        *("Overlay opacity", "Opacity"),
        says="How much of the picture the colours cover where they are strongest.",
    ),
    of(
        "Colour scale",
        says="Which weight has which colour, and which share of the weights lies beyond the ends.",
    ),
    of(
        "Colour map",
        says="All maps run from dark to bright in even steps, so that twice as bright means nearly twice "
        "as much.",
        paper="Smith & van der Walt 2015, matplotlib’s colour maps",
    ),
    of(
        "Mass mask",
        says="Shows only the smallest set of patches that holds this share of the weight on patches.",
        paper="Caron et al. 2021, “Emerging Properties in Self-Supervised Vision Transformers”, figure 3",
    ),
    of(
        "Short side",
        says="The picture’s short side as the network sees it: more pixels, more patches, slower.",
    ),
    of(
        *("Leave artifacts out of the scale", "Artifact tokens", "left out of the scale"),
        says="Large vision transformers use a few background patches as scratch memory, and many heads "
        "look there. Their weights would set the scale for all others.",
        paper=REGISTERS,
    ),
    of(
        "Leave sinks out of the scale",
        says="Where one token takes nearly all the weight, all others would be black. The bar says what "
        "was left out.",
        paper="Xiao et al. 2024, “Efficient Streaming Language Models with Attention Sinks”, section 3.1",
    ),
    of(
        "Hide special tokens",
        says="Leaves out tokens that are no part of the input ([CLS], [SEP], registers), where heads rest "
        "that find nothing to do.",
        paper=f"{BERT}, section 3.2",
    ),
    of(
        "Whole words",
        says="Joins the pieces of a word: weights to it are summed, weights from it averaged.",
        paper=f"{BERT}, section 4.1",
    ),
    of(
        *(r"/Head \S+/", r"/Layer \d+, mean of its heads/", r"/(Mean|Maximum) of layer .*/"),
        says="The selected head as layer.head, both counted from 0, in numbers: means over all queries.",
    ),
    of(
        *("Entropy, mean", "Entropy", "/Entropy.*/"),
        says="How widely weight is spread, −Σ w ln w: 0 nats for one token alone, ln n for all n alike. "
        "Means something only where the weights sum to 1.",
        paper=f"{BERT}, section 3.3",
    ),
    of(
        *("Distance, mean", "Mean distance", "/(Mean )?[Dd]istance.*/"),
        says="The mean distance in the picture between a patch and what it looks at, weighted by attention.",
        paper=f"{VIT}, section 4.5",
    ),
    of(
        *("On special tokens", r"/On special.*/", r"/Weight on \[.*/"),
        says="The share of the weight that lies on tokens that are no part of the input, as [CLS] or [SEP].",
        paper=f"{BERT}, section 3.2",
    ),
    of("Weight on patches", says="The share of the row that lies on patches of the picture."),
    of(
        *("Query", "/Query.*/"),
        says="The token whose row is shown: where it looks. Point at another one or click it.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    of(
        "Tokens shown",
        says="The text is longer than the model reads at once: which stretch of it is run.",
    ),
)

ROLLOUTS = (
    of(
        *("relevance/Query", "Readout", "Selected", "Mean of all", "[CLS]"),
        says="Whose relevance is shown: that of the token that the model’s answer is read from, or of the "
        "selected one.",
    ),
    of(
        "relevance/Heads",
        says="How the heads of a layer become one matrix before layers are multiplied.",
        paper="Gildenblat 2020, “Exploring Explainability for Vision Transformers”",
    ),
    of(
        *("Residual", "A + I", "½A + ½I", "None"),
        says="A layer hands its input on beside what attention brings. A + I: added before rows are made "
        "to sum to 1. ½A + ½I: half and half after that. None: left out.",
        paper=ROLLOUT,
    ),
    of(
        "Through",
        says="Of an encoder–decoder: all of it, from what was written to the input; the encoder or the "
        "decoder alone; or the last cross attention and the encoder.",
        paper="Ferrando et al. 2022, “Towards Opening the Black Box of Neural Machine Translation”",
    ),
    of(
        "Discard",
        says="The share of the lowest weights of each row that is put to zero before layers are multiplied.",
        paper="Gildenblat 2020, “Exploring Explainability for Vision Transformers”",
    ),
    of(
        "relevance/Layers",
        "methods-settings/Layers",
        says="The first and the last layer of the product. Fewer layers show where the flow comes from.",
    ),
    of(
        "Headlight's own, through windows and stages",
        says="Nobody has published a rollout through windows and stages. Here each window is laid out over"
        " its stage, and a token of a coarser stage counts as the mean of those in its place.",
    ),
)

NUMBERS = (
    of("Under the cursor", says="What the cursor points at, in whichever pane."),
    of(
        *("Shown map", "Of", "numbers/Map"),
        says="What is laid over the input now, and whose row or column it is.",
    ),
    of(
        *("numbers/In", "numbers/From"),
        says="The layer and head, or the point, that the weight belongs to.",
    ),
    of(
        *("Key", "numbers/Weight"),
        says="The key is the token that is looked at; the weight is the share of its value that the query "
        "takes up.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    of(
        "Scaled q·k",
        says="The product of query and key, by how much the layer scales it: what the score begins with.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    of(
        "numbers/Score",
        says="What the softmax is taken of: the scaled product with position bias, soft cap and mask.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    of(
        "Carries",
        says="The length of what passes from the key to the query: its value times the weight, through W_O.",
        paper="Kobayashi et al. 2020, “Attention is Not Only a Weight”, section 3",
    ),
    of(
        "Head’s part",
        says="How much of the layer’s output at the query is this head’s: ⟨o W, y⟩ / ‖y‖². All parts, and "
        "the bias’s, sum to 1; one that works against the others is below zero.",
        paper=OWN,
    ),
    of("Rank", says="The place of this weight among all of its row, the largest first."),
    of(
        *("Highest", "Second", "Third"),
        says="The tokens with the largest weights of the shown row.",
    ),
    of(
        "/Clipped.*/",
        says="The share of the weights beyond the ends of the colours; all of them get the last colour.",
    ),
    of("On padding", says="The share of the weight that lies on nothing of the input."),
    of(
        "Answered away",
        says="How far from this point the point lies that the network answered for: it sees a sample of "
        "the cloud.",
    ),
    of(
        *("Point", "x", "y", "z"),
        says="The point as it is counted in the file, and where it lies, in metres.",
    ),
    of(*("numbers/Class", "Truth"), says="The predicted class, and the one that the file gives."),
    of(
        *("Neighbours", "Farthest"),
        says="How many points the selected one attends to, and how far the farthest of them is.",
        paper=POINTS,
    ),
    of(
        *("Here", "There", "Difference"),
        says="The weight in this text, in the other one, and the first less the second.",
    ),
    of(
        *("numbers/Word", "numbers/Text", "Chosen word"),
        says="The word that is chosen, and the text it is compared with.",
    ),
    of("numbers/After", says="The layer whose output is compared."),
    of("numbers/Cosine", says="Of the angle between the word’s vectors in the two texts."),
    of("numbers/Layer", says="The layer whose unit is looked at, by its name in the network."),
    of("numbers/Field", says="What one unit of the layer can and does see."),
)
