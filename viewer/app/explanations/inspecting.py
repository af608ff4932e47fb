"""Artifact tokens, classes by example, and things in other surroundings."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import OWN, REGISTERS, of

_SINKS = "Xiao et al. 2024, “Efficient Streaming Language Models with Attention Sinks”, section 3.1"

_PROTOTYPES = "Snell et al. 2017, “Prototypical Networks for Few-shot Learning”, section 2.3"

_SHORTCUTS = "Geirhos et al. 2020, “Shortcut Learning in Deep Neural Networks”, section 3"

INSPECTED = (
    of(
        *("Norms, layer by layer", "numbers/Norms"),
        says="The lengths of all tokens’ vectors before the first layer and behind each one: a column a "
        "layer, counts on a logarithmic scale. Below, one layer. Click a column to see that layer.",
        paper=REGISTERS,
    ),
    of(
        *("Norms on the input", r"/.+ [\d.,]+, special/"),
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
        *("Add this picture", "Add files…", "Add a folder…"),
        says="Gives pictures to the class that is named above; a new name makes a new class.",
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
        *("With probability", "Cosines divided by"),
        says="The softmax of the cosines with all classes, each divided by this number first: the smaller, "
        "the surer.",
    ),
    of("Pictures", says="Of how many pictures the classes are made; what could not be read counts for none."),
    of(
        *("Cosine of it", "Patch"), says="How alike the vector of the patch under the cursor is to the class."
    ),
    of("With", says="The class whose likeness lies on the picture."),
    of(
        "Part of the picture",
        says="Draw a part, and see beside it what the model says of the picture when all around it (or the "
        "part itself) is cut away, covered or blurred. “Keep it so” makes it part of the document.",
        paper=_SHORTCUTS,
    ),
    of("A drag draws", says="A rectangle, or a line around the part of any shape."),
    of("Side of the outline", says="All outside of what was drawn, or what lies inside of it."),
    of(
        "What becomes of it",
        says="Cut: white. Cover: the mean colour of the picture. Blur: a Gaussian of a twentieth of the "
        "short side.",
    ),
    of("Keep it so", says="Makes this change part of the document: all pages show it, until you undo it."),
    of("Clear the outline", says="Nothing is drawn and nothing changed."),
    of(
        "In other surroundings",
        says="What the model says of the picture as it was and as changed, the largest change first; both "
        "maps on one scale. “There” is within the drawn part; its vector is the mean of its patches.",
        paper=_SHORTCUTS,
    ),
    of(
        *("What changed", "Changed most", "By"),
        says="The row with the largest change, and what it changed by.",
    ),
    of("Part", says="How much of the picture lies in what was drawn."),
    of(
        *("Alone and in the scene", "Alone"),
        says="The classes of the selected points as the model gave them in the whole cloud, and when it "
        "reads these points without all others.",
    ),
    of(
        "Leave all others out", says="Makes it part of the document: the cloud is read so, until you undo it."
    ),
    of("Points read", says="Points of the file whose answer is that of a selected point."),
    of("Changed", says="Points whose class is another one when they are read alone."),
    of(
        *("Right in the scene", "Right alone"),
        says="The share of these points that has the class of the file's labels, of those that have one.",
    ),
    of("Marked by", says="Why the token is marked: its norm, or the attention that it draws."),
)
