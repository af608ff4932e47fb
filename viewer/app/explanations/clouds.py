"""Words about point clouds."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import (
    EFFECTIVE,
    OWN,
    POINTNET,
    POINTS,
    ROLLOUT,
    ROOMS,
    SCORES,
    SPARSE,
    of,
)

CLOUDS = (
    of("Prediction", says="The class that the network finds likeliest for each point."),
    of("Ground truth", says="The class that the file gives each point."),
    of("Error", says="Where prediction and ground truth differ."),
    of("Confidence", says="The probability of the predicted class, after softmax."),
    of("RGB", says="The colours of the file."),
    of("Height", says="Height above the lowest points, in metres."),
    of(
        "Stage",
        says="Which points are left in each coarser stage of the network, chosen far from each other.",
        paper=f"{POINTS}.3",
    ),
    of(
        "Critical points",
        says="The points that give the largest value of some channel. Without all others, PointNet would "
        "say the same of the block.",
        paper=POINTNET,
    ),
    of(
        "Upper bound",
        says="All places where a point could be added without changing the block’s feature.",
        paper=POINTNET,
    ),
    of(
        "Reach of the point",
        says="What is shown of the selected point: which other points its answer draws on, by which measure.",
    ),
    of(
        *("Composed", "Composed attention"),
        says="The attention of all layers multiplied, ½A + ½I each, down to the input: each point’s share "
        "in the selected one.",
        paper=f"{OWN} After {ROLLOUT}",
    ),
    of(
        "Hops",
        says="Over how many neighbourhoods a point is from the selected one: what is never reached cannot "
        "matter.",
        paper=OWN,
    ),
    of(
        "Gradient",
        says="How much each input point moves the answer at the selected one.",
        paper=f"after {EFFECTIVE}, section 3",
    ),
    of(
        *("Voxels", "Voxel field", "Edge"),
        says="The field of a stack of 3D convolutions over the voxels of the cloud: cubes of this edge, or"
        " the voxels of published detectors.",
        paper="Zhou & Tuzel 2018, “VoxelNet”, section 2.1",
    ),
    of(
        *("classes/Convolution", "Dense", "Sparse"),
        says="Dense: units everywhere, paths through empty voxels too. Sparse: units only where something "
        "is.",
        paper=SPARSE,
    ),
    of(
        *("mIoU", "IoU"),
        says="Intersection over union: of all points that truth or prediction give a class, the share that"
        " both do. mIoU: its mean over the classes.",
        paper=SCORES,
    ),
    of("Overall accuracy", says="The share of points whose class is right.", paper=SCORES),
    of("points", says="How many points have the class."),
    of(
        *("Recall", "Precision"),
        says="Recall: the share of a true class that was found. Precision: the share of a predicted class "
        "that is right.",
    ),
    of(
        "On itself",
        says="The weight that the point gives itself; it is one of its own neighbours.",
        paper=POINTS,
    ),
    of(
        *("Projection", "Perspective", "Orthographic"),
        says="Perspective: what is far is small. Orthographic: lengths can be compared.",
    ),
    of("Point size", says="The side of a point on the screen."),
    of(
        "Eye-dome lighting",
        says="Darkens what lies behind its neighbours on the screen, so that shapes stand out without light.",
        paper="Boucheny 2009, “Interactive Scientific Visualization of Large Datasets”",
    ),
    of(
        "Cut away walls in between",
        says="Leaves out the walls and the ceiling that one would look at from outside.",
    ),
    of(
        *("Palette", "Soft", "S3DIS"),
        says="Colours of the classes: soft ones that can be told apart, or those usual for S3DIS.",
        paper=ROOMS,
    ),
    of(
        *("/Coordinates.*/", "classes/Unit", "Up axis"),
        says="In which unit the file’s numbers are read and which axis points up. A wrong one makes the "
        "network see a room of another size.",
    ),
    of(
        "Columns…",
        says="What each column of the file’s table is read as: a place, a colour, a label, nothing. Its "
        "first rows are shown, and what is wrong can be put right there.",
    ),
)
