"""Words about what is cut out of pictures."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import of

SAM = "Kirillov et al. 2023, “Segment Anything”"

MASKS = (
    of(
        "Cut out",
        says="The picture to click on: what the model cuts out there is blue. Shift and a click is beside "
        "the thing, a drag draws a box around it, a click on a point takes that away.",
        paper=f"{SAM}, section 3",
    ),
    of(
        "Masks",
        says="What the model cuts out of the picture; pointing at one shows it, and a click also where its "
        "token looks.",
        paper=f"{SAM}, section 3",
    ),
    of(
        *("Click", "Where a click is", "masks/On it", "masks/Beside it"),
        says="Whether a click says “this belongs to it” or “this does not”; with Shift it says the other.",
    ),
    of("masks/Clear", says="Take all points and the box away."),
    of("cut/Mask", says="The mask that is pointed at or chosen, else the one of which the model is surest."),
    of(
        "Sure",
        says="The model’s own guess of how well the mask fits (its intersection over union with the thing).",
        paper=f"{SAM}, appendix A",
    ),
    of("Of the picture", says="How many of the picture’s pixels the mask holds."),
    of(
        "Stability",
        says="How alike two masks are whose thresholds lie a little above and below the model’s, as "
        "intersection over union.",
        paper=f"{SAM}, section 5",
    ),
)
