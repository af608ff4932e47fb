"""Norms of tokens, outliers among them, and maps without these."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import OWN, REGISTERS, of

_SINKS = "Xiao et al. 2024, “Efficient Streaming Language Models with Attention Sinks”, section 3.1"

_PROTOTYPES = "Snell et al. 2017, “Prototypical Networks for Few-shot Learning”, section 2.3"

ARTIFACTS = (
    of(
        *("Norms, layer by layer", "Norms"),
        says="The lengths of all tokens’ vectors before the first layer and behind each one: a column a "
        "layer, counts on a logarithmic scale. Below, one layer. Click a column to see that layer.",
        paper=REGISTERS,
    ),
    of(
        "Norms on the input",
        says="How long each token’s vector is behind one layer, where it stands; outliers are framed. Class "
        "token and registers stand below.",
        paper=REGISTERS,
    ),
    of(
        "With and without",
        says="At the left the map as it is, up to its highest value; at the right where no token looks at "
        "the marked ones.",
        paper=OWN,
    ),
    of(
        "Outliers",
        says="Tokens with a norm far above the median of a layer, where it is the most medians, and tokens "
        "that draw far more attention than others. “Gets” is their part of all attention.",
        paper=REGISTERS,
    ),
    of(
        "Share of attention",
        says="What all marked tokens together get of what each head gives: layers across, heads down.",
        paper=_SINKS,
    ),
    of(
        *("Outlier above", "Rule"),
        says="A token is an outlier if its norm is above so many medians of its layer. Class token and "
        "registers of pictures are not judged.",
        paper=REGISTERS,
    ),
    of("Behind", says="The layer behind which the vectors are measured; embedding: before the first one."),
    of("Median", says="The norm that half of a layer’s tokens are above."),
    of("Marked", says="Tokens that are outliers behind any layer, or draw far more attention than others."),
    of("Map of", says="Which map is shown both ways: the rollout, or the attention of the selected head."),
    of("Norm", says="The length of the token’s vector behind the chosen layer, before any last norm."),
    of("In medians", says="The token’s norm as a multiple of the median of its layer."),
    of("Of all attention", says="What the token gets of each token’s attention, in the mean of all heads."),
    of(
        "Classes by example",
        says="Classes that you make of a few pictures each. A picture belongs to the one whose mean vector "
        "its own is most like.",
        paper=_PROTOTYPES,
    ),
    of(
        "Vote of the classes",
        says="The cosine of the picture’s mean vector with that of each class, and the softmax of these. The "
        "open picture itself counts for none. Click a class to see where the picture is like it.",
        paper=_PROTOTYPES,
    ),
    of(
        "Where it is like a class",
        says="The cosine of each patch’s vector with the mean of a class, the winner’s unless another is "
        "chosen.",
        paper=OWN,
    ),
    of("Most like", says="The class whose mean has the highest cosine with the picture’s vector."),
    of("Its cosine", says="Of the picture’s mean vector and that of the class that wins."),
    of(
        *("Its probability", "Cosines divided by"),
        says="The softmax of the cosines with all classes, each divided by this number first: the smaller, "
        "the surer.",
    ),
    of("Pictures", says="Of how many pictures the classes are made; what could not be read counts for none."),
    of(
        *("Cosine of it", "Patch"), says="How alike the vector of the patch under the cursor is to the class."
    ),
    of("With", says="The class whose likeness lies on the picture."),
    of("Marked by", says="Why the token is marked: its norm, or the attention that it draws."),
)
