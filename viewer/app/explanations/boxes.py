"""Words about boxes that a detector finds in a cloud."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import OWN, of

_NUSCENES = "Caesar et al. 2020, “nuScenes”, section 3.1"
_CENTERS = "Yin et al. 2021, “Center-based 3D Object Detection and Tracking”, section 4"

BOXES = (
    of(
        "Boxes",
        says="What a detector found, in colours of its classes; true boxes are dashed. The line inside leads "
        "to the front.",
    ),
    of(
        "Heat map",
        says="How sure the detector is that the middle of a thing lies there, seen from above; grey are the "
        "cloud’s points.",
        paper=_CENTERS,
    ),
    of("List", says="All boxes above the score; a click on a heading sorts them, one on a row selects it."),
    of(
        *("Agreement", "mAP"),
        says="Average precision by how near to its truth a box has to be, 0.5 to 4 m, and the errors of "
        "what was found within 2 m, of this scan.",
        paper=_NUSCENES,
    ),
    of(
        "boxes-confusion/Confusion",
        says="Which boxes were found as what, matched on the ground; a click selects them.",
    ),
    of(
        "Boxes shown",
        says="Which boxes are shown, how they give way to each other, and the selected one set by hand.",
    ),
    of("Score from", says="Boxes below this score are left out. The network does not run again."),
    of(
        *("Suppression", "boxes-settings/Model", "boxes-settings/Overlap", "Circle", "boxes-settings/None"),
        says="Which of several boxes on one thing stays: as the model has it, by overlap on the ground, by "
        "distance, or all.",
        paper=_CENTERS,
    ),
    of(
        "Overlap above", says="The share of their union on the ground from which on the less likely box goes."
    ),
    of("Nearer than", says="Up to this distance of their middles the less likely box of a class goes."),
    of("boxes-settings/Truth", says="The true boxes of a label file beside the cloud."),
    of("Draw the true boxes", says="Dashed, in the colours of their classes."),
    of(
        "Found within",
        says="How far on the ground a box may lie from its truth, for precision, recall and the confusion.",
        paper=_NUSCENES,
    ),
    of(
        "Agreement by",
        says="Figures of nuScenes by distance on the ground; average precision of KITTI by overlap, 0.7 of "
        "cars, 0.5 of others; or a curve a class, each dot a score from which boxes count.",
    ),
    of(
        *("Selected box", "Class of the selected box", "Turn left", "Turn right", "Front to back", "Longer"),
        *("boxes-settings/Delete", "Undo all edits"),
        says="Its class, and changes of it by hand, which an export holds and undo takes back.",
        paper=OWN,
    ),
    of("At this score", says="How the boxes that are shown agree with the true ones."),
    of("Box under the cursor", says="The box that is pointed at, in whichever pane."),
    of("Right", says="Boxes with the class of the true box that they are matched with."),
    of("numbers/Precision", says="The share of the shown boxes that are right."),
    of("numbers/Recall", says="The share of the true boxes that were found with their class."),
    of("Class", says="The likeliest class of a thing."),
    of("Box score", says="How sure the model is of a box, 0 to 1."),
    of("Middle", says="Where the middle of a box is: x, y and z in metres, in the cloud’s frame."),
    of("Size", says="Length along the heading, width and height in metres."),
    of("Heading", says="Degrees counter-clockwise from the x axis."),
    of("Points inside", says="Points of the cloud within a box, its faces included."),
    of(
        "numbers/Truth",
        says="The true box it is matched with, how far away, and the share of their union on the ground.",
    ),
)
