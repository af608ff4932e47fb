"""Words about published figures."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import of

PUBLISHED = (
    of(
        "Published figures",
        says="What papers and their code give for networks that read such documents, in per cent (BLEU as it "
        "is); rows of the model that is open are bold. A click on a heading sorts.",
    ),
    of("Row under the cursor", says="The figures that are pointed at, and who gave them."),
    of("numbers/Network", says="As its paper calls it; “trained again” by others."),
    of("Measured on", says="The data set; made-up data are Headlight’s own, and no real scan is among them."),
    of(
        "Figures",
        says="As its columns have them: means over classes (mIoU, mAcc, mAP), of all points or objects (OA).",
    ),
    of("Given by", says="The paper with its table, or the code’s own list."),
)
