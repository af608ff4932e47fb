"""The titles of panes, and the bars around them."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import (
    ARITHMETIC,
    ATTENTION,
    BERT,
    EFFECTIVE,
    FIELDS,
    POINTS,
    SCORES,
    SHAPES,
    VIEWS,
    VIT,
    of,
)

PANES = (
    of("Sentence", says="The text as the model reads it: one chip a token, tinted by the shown weights."),
    of(
        "Edit text",
        says="Change the text; it runs again as you type (F2).",
    ),
    of(
        "Image",
        says="The picture as the model reads it, cut into patches, with the shown weights laid over it.",
        paper=f"{VIT}, section 3.1",
    ),
    of(
        "Heads",
        says="All heads at once: a column a layer, a row a head. Point to preview, click to select.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    of(
        *("Three attentions", "Stack of attention"),
        says="An encoder–decoder looks from input to input (encoder), from what was written to that "
        "(decoder) and from what was written to the input (cross): here all three, of the token that was "
        "selected last.",
        paper=f"{ATTENTION}, section 3.2.3",
    ),
    of(
        "Target",
        says="What the decoder is given, whatever the model would write: all its positions then run at once.",
        paper=f"{ATTENTION}, section 3.1",
    ),
    of(
        "Matrix",
        says="The attention of one head: row i is where token i looks, and sums to 1.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    of(
        "Answer",
        says="What the model says: classes with their probabilities, the tokens that it expects at the place "
        "that is pointed at, or the class of every part of the picture.",
    ),
    of(
        *("Heads ranked", "Previous token", "Rank heads by"),
        says="All heads by what they look for: how much of their weight lies on the previous token, on what "
        "followed an earlier equal one, on cells painted here. Click one to select it.",
        paper=f"{BERT}, section 3; Olsson et al. 2022, “In-context Learning and Induction Heads”",
    ),
    of(
        *("Heads compared", "scatter/Up", "scatter/Across", "scatter/Colour"),
        says="One dot a head: both axes and the colour are any of its measures over this input.",
    ),
    of(
        *("Principal components", "projection/Vectors", "projection/Queries", "projection/Keys"),
        *("projection/Values", "projection/Written"),
        says="The chosen head’s vectors, along the two directions in which they differ most, exact over all "
        "that ran; a sample is drawn. Queries and keys are as they are multiplied, positions included.",
        paper="Pearson 1901, “On Lines and Planes of Closest Fit to Systems of Points in Space”",
    ),
    of(
        *("Many pictures", "Patches by"),
        says="A folder of pictures that run through the model: figures of heads are then of all of them, and "
        "here stand the patches at which the chosen head does most of what is chosen.",
    ),
    of(
        *("Many texts", "Texts by"),
        says="A file or folder of texts that runs through the model: figures of heads are then of all of "
        "them, and here stands where the chosen head does most of what is chosen.",
    ),
    of(
        *("Arcs", "Mass of each token", "Heads whose arcs are drawn"),
        says="A line from each token to those that it looks at, as few as hold this share of its weight in a "
        "head. Colours are heads: click one for it alone, Shift adds. Point at a token for its lines.",
        paper="Vig 2019, “A Multiscale Visualization of Attention in the Transformer Model”, section 3.1",
    ),
    of(
        *(
            "Texts",
            "Another text to compare with",
            "The same text in another model",
            "In another model…",
            "Compare",
        ),
        says="All texts that are open, and those that are typed here, beside this one. The word that "
        "is chosen is marked in each: its vectors are compared.",
    ),
    of(
        *("Same word, different company", "Cosine of the word’s vectors"),
        says="How alike the vectors of one word are in two texts, as it enters the first layer and leaves "
        "each one: the cosine of the angle between them, 1 for one direction.",
        paper="Ethayarajh 2019, “How Contextual are Contextualized Word Representations?”, section 3.1",
    ),
    of(
        *("Difference of attention", "Less the attention of", "Layer there", "Head there"),
        says="The weights of a head in this text less those in another, over the words that both have in "
        "this order, or of one text in two models over the shortest stretches that no token of either cuts. "
        "Zero is dark.",
    ),
    of(
        *(
            "What each layer would say",
            "lens/Colour",
            "Its probability",
            "Of the last word",
            "Rank of the last word",
        ),
        says="What each layer would say, had it the last word: the model’s last norm and head over the state "
        "behind it. Bold is what is said in the end.",
        paper="nostalgebraist 2020, “interpreting GPT: the logit lens”",
    ),
    of(
        "Layer by layer",
        says="What each layer would say at one place, with the probability and the rank that it gives to "
        "what is said in the end.",
        paper="nostalgebraist 2020, “interpreting GPT: the logit lens”",
    ),
    of(
        *("What each head adds", "What adds most", "Adds to"),
        says="What each head adds to the logit of a token, or takes from it: what it writes, through the "
        "last norm with its scale as it is, times the token’s row of the head. With MLPs and embedding that "
        "is all of it.",
        paper="Elhage et al. 2021, “A Mathematical Framework for Transformer Circuits”",
    ),
    of(
        *("What the logit is made of", "numbers/To", "numbers/Logit", "numbers/MLPs"),
        *("numbers/Embedding", "numbers/All else"),
        says="The logit of a token and what it is the sum of. All else: biases of attention, of the last "
        "norm and of the head.",
        paper="Elhage et al. 2021, “A Mathematical Framework for Transformer Circuits”",
    ),
    of(
        *("One weight", "Page: One weight"),
        says="How one weight of one head came about, step by step: q · k, what is added to it, the softmax "
        "over the row, and what the head writes. Point at a symbol of the formula to light its steps.",
        paper=f"{ATTENTION}, section 3.2.1, equation 1",
    ),
    of(
        *("By hand", "Score", "Bias", "Score of the sink", "As the model has it"),
        says="Another score, or bias, of this weight, and what would follow for its row, the head’s output "
        "and the layer’s. The model itself stays as it is.",
    ),
    of(
        "Generation",
        says="What the model wrote: each token as dark as it was likely, and for one of them what else could "
        "have followed. Click another one to go on from there.",
        paper="Holtzman et al. 2020, “The Curious Case of Neural Text Degeneration”",
    ),
    of(
        "Written tokens seen",
        says="All panes show what the model had before it when so many tokens were written.",
    ),
    of(
        *("going-on/Continue", "going-on/Tokens"),
        says="How the model goes on with the text: with the likeliest token each time (greedy), with the "
        "likeliest text that a search finds (beams), or with tokens that are drawn.",
        paper="Holtzman et al. 2020, section 3",
    ),
    of("Write anew", says="Write behind the text alone, in place of what is written."),
    of("New tokens", says="How many tokens are written at most; a text may end before."),
    of(
        "Beams",
        says="Hypotheses that a beam search keeps at each step.",
        paper=f"{ATTENTION}, section 6.1",
    ),
    of(
        "Temperature",
        says="What logits are divided by: below 1 the likeliest tokens gain, above 1 the others.",
    ),
    of("Top k", says="Only the k likeliest tokens are drawn.", paper="Fan et al. 2018, section 5.4"),
    of(
        "Top p",
        says="Only the fewest tokens that together hold this probability are drawn (nucleus sampling).",
        paper="Holtzman et al. 2020, section 3.1",
    ),
    of("Seed", says="The same seed draws the same tokens again."),
    of("Written token", says="What was written at the step that is looked at, and how likely it was."),
    of("Step", says="Which of the written tokens is looked at."),
    of("numbers/Token", says="What was written at this step."),
    of("Probability", says="The model's own, before any temperature or cut."),
    of("Surprise", says="How many bits the token tells: −log₂ of its probability."),
    of("Drawn with", says="The probability that the token is drawn with, by temperature and cuts."),
    of("Map", says="What the maps of all panes show, and how weights become colours."),
    of(
        "Numbers",
        says="What is under the cursor and what is selected, in numbers.",
    ),
    of("log/Log", says="What the program and its libraries said, newest last."),
    of(
        "Receptive field",
        says="What one unit of a layer can see of the picture (the box) and what it does see (the heat).",
        paper=EFFECTIVE,
    ),
    of(
        *("layers/Layers", "stack-layers/Layers"),
        says="Every layer with the size, stride and start of what its units see.",
        paper=FIELDS,
    ),
    of(
        "Growth",
        says="How the side of the theoretical field grows from layer to layer, network beside network.",
        paper=FIELDS,
    ),
    of(
        "Attention distance",
        says="One dot a head: how far it looks on average, in pixels. Early layers mix near and far, late "
        "ones look far.",
        paper=f"{VIT}, figure 7",
    ),
    of("field-settings/Field", says="What is drawn of receptive fields, and of which layer."),
    of(
        "Cost of one layer",
        says="What one layer of each kind takes for n tokens: in closed form, and measured on this machine.",
        paper=f"{ATTENTION}, table 1",
    ),
    of(
        "Stack",
        says="A stack of convolutions to build: what a unit of its last layer sees follows from the "
        "numbers alone.",
        paper=FIELDS,
    ),
    of(
        "Step by step",
        says="Which units of its input each unit of the layer takes in.",
        paper=f"{ARITHMETIC}, chapter 2",
    ),
    of(
        "stack-field/Field",
        says="What one unit of the layer sees of the input, and with which weight, if all weights are alike.",
        paper=f"{EFFECTIVE}, section 2",
    ),
    of(
        "Neighbourhood",
        says="The points that one point attends to, with the weight of each. Point Transformer has a "
        "weight a channel; here is their mean or one channel.",
        paper=POINTS,
    ),
    of(
        *("Maps", "/Maps .*/"),
        says="The weights of every layer for the selected point, stage by stage.",
        paper=POINTS,
    ),
    of(
        "Confusion",
        says="Points by true class (rows) and predicted class (columns). Click a cell to see its points.",
        paper=SCORES,
    ),
    of(
        "shape-answers/Answers",
        says="What three kinds of network say that the object is: attention between points, a maximum over "
        "points, a maximum over views.",
        paper=SHAPES,
    ),
    of(
        "shape-views/Views",
        says="The object from all around; the bar below a view is how many features have their largest value "
        "there, the word what that view alone would say. Click a pixel to select its point.",
        paper=VIEWS,
    ),
    of("classes/Classes", says="The classes, how many points each has, and how the cloud is drawn."),
)

BARS = (
    of(
        "Page: Attention",
        says="Where tokens look: maps, matrices and rollout of every head.",
        paper=f"{ATTENTION}, section 3.2.1",
    ),
    of(
        "Receptive fields",
        says="What units of the network can and do see of the picture.",
        paper=EFFECTIVE,
    ),
    of(
        "Page: Shape",
        says="What one object is, by several networks, and which points and views told them.",
        paper=SHAPES,
    ),
    of(
        "Page: Find heads",
        says="What all heads look for, and how: ranked by a pattern, and compared by any two measures.",
        paper=f"{BERT}, section 3",
    ),
    of("Page: Arcs", says="Who looks at whom, as lines between two columns of tokens."),
    of("Page: Compare", says="One word in several texts, and one text in several models, side by side."),
    of(
        "Page: Next token",
        says="What the model expects: what each layer would say, and what each head adds to it.",
        paper="nostalgebraist 2020, “interpreting GPT: the logit lens”",
    ),
    of("Page: Cost", says="What layers cost as sequences grow.", paper=f"{ATTENTION}, table 1"),
    of(
        *("/✓ weights rebuild.*/", "/✗ .*/"),
        says="The shown weights times the layer’s values were compared with what the layer really "
        "returned; this is the largest difference. A layer beyond the limit is not drawn.",
    ),
    of(
        r"/.*· \d.* GB/",
        says="The device on which the model ran, and the memory that its engine holds there.",
    ),
    of(r"/.*forward \d.*/", says="What the model read, and how long the pass took."),
)
