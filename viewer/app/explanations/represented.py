"""Words about a cloud's representations."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import of

VOXELNET = "Zhou & Tuzel 2018, “VoxelNet”, section 2.1"
PILLARS = "Lang et al. 2019, “PointPillars”, section 2.1"
RANGENET = "Milioto et al. 2019, “RangeNet++”, section III-A"
LASERNET = "Meyer et al. 2019, “LaserNet”, section 3.1"
MVCNN = "Su et al. 2015, “Multi-view Convolutional Neural Networks”, section 3.1"
GRID = "Qi et al. 2017, “PointNet”, figure 10"
DYNAMIC = "Zhou et al. 2020, “End-to-End Multi-View Fusion”, section 3.1"
_SETTINGS = "represented-settings"

REPRESENTED = (
    of(
        "represented-space/Voxels",
        says="The occupied cells of a grid in space, each by its middle.",
        paper=VOXELNET,
    ),
    of(
        "Occupancy grid",
        says="The cells of a grid of 32 along its longest side that hold a point.",
        paper=GRID,
    ),
    of(
        "Bird’s-eye view",
        says="The cloud from above, x to the right, y upward: of each cell what is highest, lowest, the "
        "mean or the number of its points.",
    ),
    of(
        "Pillars from above",
        says="Each pillar at its place on the canvas: its points, or the largest of one of the numbers "
        "that they are fed with.",
        paper=PILLARS,
    ),
    of(
        "Range image",
        says="A row a beam, a column an angle of the turning sensor at zero; ahead is the middle, the seam "
        "behind. Of several points in a pixel the nearest stays.",
        paper=RANGENET,
    ),
    of(
        "Views",
        says="Twelve cameras around the cloud, 30° apart and 30° above it, nearer is brighter.",
        paper=MVCNN,
    ),
    of("Representation", says="How the cloud becomes what a network is fed with, and what is shown of that."),
    of(
        "Configuration",
        says="Range, edges and limits as the published networks on a data set have them: SECOND and "
        "PointPillars on KITTI, CenterPoint on nuScenes and Waymo.",
    ),
    of(
        "Voxelisation",
        says="Dynamic keeps all points. Hard keeps the first points of a cell and the first cells, in the "
        "order of the file.",
        paper=DYNAMIC,
    ),
    of("Voxel edge", says="Metres of a voxel along all axes.", paper=VOXELNET),
    of("Pillar edge", says="Metres of a pillar along x and y; it is as high as the range.", paper=PILLARS),
    of("Points a cell", says="So many points of a voxel or pillar are kept, the first ones.", paper=VOXELNET),
    of(
        f"{_SETTINGS}/Cells",
        says="So many voxels or pillars are kept, the first ones that the points come to.",
    ),
    of(
        "Order of the points",
        says="Hard voxelisation keeps what comes first: in another order it is other points and cells.",
    ),
    of(
        "Range, from … to below",
        says="Metres of what is represented along each axis. A point at the upper end itself is outside.",
    ),
    of(f"{_SETTINGS}/x", says="Metres of the range along x: from the first, to below the second."),
    of(f"{_SETTINGS}/y", says="Metres of the range along y: from the first, to below the second."),
    of(f"{_SETTINGS}/z", says="Metres of the range along z: from the first, to below the second."),
    of("In space", says="The voxels, or the cells of a 3D CNN’s grid, that hold what is pointed at."),
    of(
        "Colours of cells",
        says="By how many points a cell holds, by its height, or one colour for all occupied.",
    ),
    of("From above", says="The cells of the bird’s-eye view, or the pillars, that hold what is pointed at."),
    of(
        "Number shown from above",
        says="Which number of a cell, or of its points the largest, gives its colour.",
    ),
    of(
        "Sensor",
        says="Rows and field of view of the range image: the rings or beams of the file, or of a room a "
        "panorama from its middle, unless one is chosen. One that loses over 2 % of the points is refused.",
    ),
    of(
        "Channel",
        says="What a pixel of the range image shows, of the five numbers that networks are fed with.",
        paper=LASERNET,
    ),
    of("Large view", says="Which of the twelve views is shown large; a click on a small one chooses it too."),
    of("Where it is", says="Which cells of each representation hold what is pointed at, or why none does."),
    of("numbers/What", says="The point, cell or pixel under the cursor."),
    of("numbers/Points", says="Points in the cell under the cursor; the figures below are their means."),
    of("Intensity", says="How strongly the beam came back, as the file has it."),
    of("numbers/Range", says="Distance from the zero of the file’s coordinates, where the sensor stands."),
    of("Azimuth", says="Angle about z, from ahead (+x) to the left."),
    of("Elevation", says="Angle above the horizon of the zero of the file’s coordinates."),
    of(
        "From mean",
        says="Metres along x, y, z from the mean of its cell’s points to the point.",
        paper=PILLARS,
    ),
    of("From middle", says="Metres along x, y, z from the middle of its cell to the point.", paper=PILLARS),
)
