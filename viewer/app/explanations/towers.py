"""Words about texts beside pictures."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import of

CLIP = "Radford et al. 2021, “Learning Transferable Visual Models From Natural Language Supervision”"
TYPED = "Goh et al. 2021, “Multimodal Neurons in Artificial Neural Networks”"

TOWERS = (
    of(
        "Class texts",
        says="How well each text that you type fits the picture, by a model with a tower that sees and one "
        "that reads. A click on a bar shows what that text rests on.",
        paper=f"{CLIP}, section 3.1",
    ),
    of(*("Class text", "Looked at"), says="What is looked at: the chosen text, or the likeliest."),
    of("numbers/Patch", says="The part of the picture under the cursor, by its row and column."),
    of("/Read with .*|Compare with .*/", says="Compare the picture with six texts, which you can edit then."),
    of("/Remove “.*”/", says="Take this text away."),
    of("Without labels", says="The same text’s probability for the picture as its file has it."),
    of(
        "Cosine",
        says="Of the vectors of picture and text: 1 for the same direction, 0 at right angles.",
    ),
    of(
        "Probability is",
        says="The softmax over all texts (CLIP), or each text’s own sigmoid (SigLIP), of the scaled cosine.",
        paper=f"{CLIP}, section 3.1; Zhai et al. 2023, “Sigmoid Loss for Language Image Pre-Training”",
    ),
    of(
        *("Words", "As read"),
        says="The chosen text through the tower that reads: how much each word draws its vector to that of "
        "the picture, by the same method.",
        paper="Chefer et al. 2021, “Generic Attention-model Explainability”, section 3.1",
    ),
    of("Word", says="The word of the class text under the cursor."),
    of("words/Prompt", says="Of several prompts the one whose words are shown."),
    of(
        *("Label", "label/Paper", "label/Pen", "Label on"),
        says="Words written on the picture, as a note of paper or with a pen. A model that learnt to read "
        "may take a thing for what a note on it says.",
        paper=f"{TYPED}, section “Typographic attacks in the wild”",
    ),
    of("/Label it “.*”/", says="Stick a note on the picture that says the second-likeliest text."),
    of("Answer it with a note", says="Another note beside the last one, which says that it is none."),
    of(
        *("Letters of the label", "label/Plain", "label/Hand", "label/Serif"),
        says="The label’s font: Inter, Comic Neue as one writes by hand, or DejaVu Serif.",
    ),
    of("label/Turned", says="Degrees by which the label is turned against the clock."),
    of("Write the text on it instead", says="The chosen label says what is typed above."),
    of("Letters", says="Height of the label’s letters, of the picture’s short side."),
    of("Take off", says="Take this label off the picture."),
)
