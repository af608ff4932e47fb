"""The page of experiments: what is changed, what comes of it, and what each head is worth."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import of

_PATCHING = "Vig et al. 2020, “Investigating Gender Bias Using Causal Mediation Analysis”, section 3"

EXPERIMENTS = (
    of(
        "interventions/Changes",
        says="Heads that are switched off, scaled, made uniform or frozen, and what is hidden or edited of "
        "the input. A tick lets it act; undo takes it back.",
        paper="Michel et al. 2019, “Are Sixteen Heads Really Better than One?”, section 3",
    ),
    of(
        *("outputs/Outputs", "numbers/Before and after"),
        *("numbers/Changes most", "numbers/Was", "numbers/Is now"),
        says="How likely the model finds each thing that it says, before and after all that is changed, what "
        "changes most first.",
    ),
    of(
        "Tokens moved",
        says="How far the tokens’ last vectors turned: 1 less the cosine before and after, in the mean.",
    ),
    of(
        *("Worth of heads", "Each head", "Switched off", "Measure every head"),
        "numbers/Most",
        says="What the score of the target loses where one head alone is switched off, for all heads, of the "
        "input and the model as they are. Click one to select it.",
        paper="Michel et al. 2019, “Are Sixteen Heads Really Better than One?”, section 3",
    ),
    of(
        *("From another text", "Taken from"),
        says="What one head, or one token after one layer, brings of another text’s score when it is put "
        "into this text’s pass: 1 carries all of the difference. Both have as many tokens.",
        paper=_PATCHING,
    ),
    of("sweep/Target", says="The class or token whose score every head is measured by."),
    of(
        *("Matrix before", "Image before"),
        says="The chosen head as it was before anything was changed, beside how it is now.",
    ),
)
