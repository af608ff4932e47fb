"""The panes: what each needs, and how its own export begins."""

from headlight.viewer.registry import REGISTRY, Begin, Needs, Pane

_CELLS = Needs(("cells",), ("attention",), trace=True)
_ON_ONE = ("attention", "generation", "weight")
_GRID = Needs(("cells",), _ON_ONE, trace=True)
_SENTENCE_READ = Needs(("characters",), (*_ON_ONE, "experiments"), trace=True)
_WRITES = Needs(("written",), ("generation",), trace=True)
_BOTH_READ = Needs(("both", "pictured"), (*_ON_ONE, "experiments"), trace=True)
_PICTURE_READ = Needs(("pixels",), ("attention", "weight", "experiments", "masks"), trace=True)
_POINTS = Needs(("positions",), ("attention",))
_OBJECT = Needs(("positions",), ("attention", "shape", "context", "experiments"))
_SHAPE = Needs(("positions",), ("shape",), trace=True, holds=".slices.clouds.objects:no_object")
_NEIGHBOURS = Needs(("positions",), ("attention",), layers=True, holds=".session.able:stack_instead")
_LABELLED = Needs(("positions",), ("attention",), trace=True, holds=".slices.clouds.colours:no_comparison")
_REPRESENTED = Needs(("positions",), ("representations",))
_IN_PARTS = ".panes.clouds.represented"
_BOXES = Needs(("positions",), ("boxes",), holds=".slices.clouds.boxes.shown:no_boxes")
_OF_BOXES = ".panes.clouds.boxes"
_UNITS = Needs(("pixels",), ("fields",), trace=True)
_SECOND = Needs(("pixels",), ("fields",), trace=True, holds=".session.able:no_second_network")
_DISTANCE = Needs(("pixels",), ("fields",), layers=True)
_ANSWERED = Needs(("cells",), ("attention", "fields", "context"), trace=True, holds=".session.able:no_answer")
_COSTS = Needs(pages=("cost",))
_BUILDS = Needs(("layers",), ("attention", "fields"), holds=".session.able:no_stack")
_BUILT = Needs(("layers",), ("fields",))

_HEADS = Needs(("cells",), ("heads",), layers=True)
_ARCS = Needs(("characters",), ("arcs",), layers=True)
_COMPARED = Needs(("characters",), ("compare",), layers=True)

_WEIGHT = Needs(("cells",), ("weight",), layers=True)
_HEADS_OF_TEXT = Needs(("characters",), ("heads",), layers=True, holds=".session.able:recorded")
_HEADS_OF_PICTURE = Needs(("pixels",), ("heads",), layers=True, holds=".session.able:recorded")
_FOUND = ".panes.heads"
_EXPECTED = Needs(("characters",), ("predicted",), layers=True)
_ALL_HEADS = (("head", None),)
_ALL_QUERIES = (("query", None),)

REGISTRY.add(
    Pane("picture", "Image", ".panes.attention.picture:PicturePane", _PICTURE_READ, export=Begin("", "png")),
    Pane(
        "picture-and-text",
        "Picture and text",
        ".panes.attention.mixed:MixedPane",
        _BOTH_READ,
        export=Begin("", "png"),
    ),
    Pane(
        "sentence",
        "Sentence",
        ".panes.attention.sentence:SentencePane",
        _SENTENCE_READ,
        export=Begin("", "png"),
    ),
    Pane(
        "cloud",
        "Prediction",
        ".panes.clouds.space:FirstViewPane",
        _OBJECT,
        named="First view of the cloud",
        export=Begin(".export.clouds.answered:of_first_view"),
    ),
    Pane(
        "cloud-second",
        "Attention",
        ".panes.clouds.space:SecondViewPane",
        _POINTS,
        named="Second view of the cloud",
        export=Begin(".export.clouds.answered:of_second_view"),
    ),
    Pane(
        "neighbourhood",
        "Neighbourhood",
        ".panes.clouds.neighbourhood:NeighbourhoodPane",
        _NEIGHBOURS,
        export=Begin("attention", "csv"),
    ),
    Pane(
        "maps",
        "Maps",
        ".panes.clouds.maps:MapsPane",
        _NEIGHBOURS,
        export=Begin("attention", "npz", _ALL_HEADS),
    ),
    Pane("confusion", "Confusion", ".panes.clouds.confusion:ConfusionPane", _LABELLED),
    Pane(
        "classes",
        "Classes",
        ".panes.clouds.classes:ClassesPane",
        _OBJECT,
        export=Begin("segmentation", "csv"),
    ),
    Pane(
        "represented-points",
        "Points",
        f"{_IN_PARTS}.space:PointsPane",
        _REPRESENTED,
        named="Points of the cloud, represented",
    ),
    Pane(
        "represented-space",
        "Voxels",
        f"{_IN_PARTS}.space:CellsInSpacePane",
        _REPRESENTED,
        named="Voxels and occupancy grid",
        export=Begin("represent", "npz", ".export.clouds.represent:of_space"),
    ),
    Pane(
        "represented-above",
        "Bird’s-eye view",
        f"{_IN_PARTS}.pictures:FromAbovePane",
        _REPRESENTED,
        named="Bird’s-eye view and pillars",
        export=Begin("represent", "npz", ".export.clouds.represent:of_above"),
    ),
    Pane(
        "represented-range",
        "Range image",
        f"{_IN_PARTS}.pictures:RangePane",
        _REPRESENTED,
        export=Begin("represent", "npz", ".export.clouds.represent:of_range"),
    ),
    Pane(
        "represented-views",
        "Views",
        f"{_IN_PARTS}.pictures:ViewsPane",
        _REPRESENTED,
        named="Views from all around",
        export=Begin("represent", "npz", ".export.clouds.represent:of_views"),
    ),
    Pane(
        "represented-settings",
        "Representation",
        f"{_IN_PARTS}.settings:RepresentSettingsPane",
        _REPRESENTED,
        named="How the cloud is represented",
    ),
    Pane("boxes-space", "Boxes", f"{_OF_BOXES}.space:BoxesInSpacePane", _BOXES, named="Boxes in the cloud"),
    Pane(
        "boxes-above",
        "Heat map",
        f"{_OF_BOXES}.above:BoxesFromAbovePane",
        _BOXES,
        named="Boxes from above, and the heat map",
        export=Begin("detect", "json"),
    ),
    Pane(
        "boxes-range",
        "Range image",
        f"{_OF_BOXES}.ranges:BoxesInRangePane",
        _BOXES,
        named="Boxes in the range image",
    ),
    Pane(
        "boxes-list",
        "List",
        f"{_OF_BOXES}.table:BoxListPane",
        _BOXES,
        named="List of boxes",
        export=Begin("detect", "csv"),
    ),
    Pane(
        "boxes-agreement",
        "Agreement",
        f"{_OF_BOXES}.agreement:AgreementPane",
        _BOXES,
        named="Agreement of boxes with the truth",
    ),
    Pane(
        "boxes-confusion",
        "Confusion",
        f"{_OF_BOXES}.agreement:BoxConfusionPane",
        _BOXES,
        named="Confusion of boxes",
    ),
    Pane(
        "boxes-settings",
        "Boxes shown",
        f"{_OF_BOXES}.settings:BoxSettingsPane",
        _BOXES,
        named="Which boxes are shown",
        export=Begin("detect", "txt"),
    ),
    Pane(
        "shape-answers",
        "Answers",
        ".panes.shapes.answers:AnswersPane",
        _SHAPE,
        named="What each network says the object is",
        export=Begin("classify", "csv"),
    ),
    Pane(
        "shape-views",
        "Views",
        ".panes.shapes.views:ViewsPane",
        _SHAPE,
        named="Views of the object, and which won",
        export=Begin("classify", "npz"),
    ),
    Pane(
        "heads",
        "Heads",
        ".panes.attention.heads:HeadsPane",
        Needs(("cells",), (*_ON_ONE, "compare", "arcs", "experiments", "masks"), trace=True),
        export=Begin("attention", "npz", (*_ALL_HEADS, *_ALL_QUERIES)),
    ),
    Pane(
        "matrix",
        "Matrix",
        ".panes.attention.matrix:MatrixPane",
        Needs(("cells",), (*_ON_ONE, "heads", "predicted", "experiments"), trace=True),
        export=Begin("attention", "png", _ALL_QUERIES),
    ),
    Pane(
        "attentions",
        "Three attentions",
        ".panes.attention.attentions:AttentionsPane",
        Needs(("characters",), ("attention",), trace=True, holds=".session.able:no_streams"),
        export=Begin("attention", "npz", _ALL_HEADS),
    ),
    Pane(
        "relevance",
        "Relevance",
        ".panes.attention.relevance:RelevancePane",
        _CELLS,
        export=Begin(".export.attention.filled:of_relevance", "png"),
    ),
    Pane("ranking", "Heads ranked", f"{_FOUND}.ranking:RankingPane", _HEADS, export=Begin("heads", "csv")),
    Pane("scatter", "Heads compared", f"{_FOUND}.scatter:ScatterPane", _HEADS, export=Begin("heads", "npz")),
    Pane("projection", "Principal components", f"{_FOUND}.projection:ProjectionPane", _HEADS),
    Pane("corpus", "Many texts", f"{_FOUND}.corpus:CorpusPane", _HEADS_OF_TEXT),
    Pane("arcs", "Arcs", ".panes.arcs.arcs:ArcsPane", _ARCS, export=Begin("arcs", "csv")),
    Pane("texts", "Texts", ".panes.compare.texts:TextsPane", _COMPARED, named="Texts that are compared"),
    Pane(
        "curves",
        "Same word, different company",
        ".panes.compare.curves:CurvesPane",
        _COMPARED,
        export=Begin("compare", "csv"),
    ),
    Pane(
        "difference",
        "Difference of attention",
        ".panes.compare.difference:DifferencePane",
        _COMPARED,
        export=Begin("compare", "npz"),
    ),
    Pane("pictures", "Many pictures", f"{_FOUND}.pictures:PicturesPane", _HEADS_OF_PICTURE),
    Pane(
        "lens",
        "What each layer would say",
        ".panes.predicted.lens:LensPane",
        _EXPECTED,
        export=Begin("lens", "csv"),
    ),
    Pane("saying", "Layer by layer", ".panes.predicted.lens:SayingPane", _EXPECTED),
    Pane(
        "added",
        "What each head adds",
        ".panes.predicted.added:AddedMapPane",
        _EXPECTED,
        export=Begin("attribution", "npz"),
    ),
    Pane(
        "parts",
        "What adds most",
        ".panes.predicted.added:PartsPane",
        _EXPECTED,
        export=Begin("attribution", "csv"),
    ),
    Pane(
        "arithmetic",
        "One weight",
        ".panes.weight.arithmetic:ArithmeticPane",
        _WEIGHT,
        export=Begin("product", "csv"),
    ),
    Pane("by-hand", "By hand", ".panes.weight.by_hand:ByHandPane", _WEIGHT),
    Pane(
        "generation",
        "Generation",
        ".panes.language.generation:GenerationPane",
        _WRITES,
        export=Begin("generate", "csv"),
    ),
    Pane("going-on", "Continue", ".panes.language.going_on:GoingOnPane", _WRITES),
    Pane("settings", "Map", ".panes.attention.settings:SettingsPane", _CELLS),
    Pane("answer", "Answer", ".panes.shared.answer:AnswerPane", _ANSWERED, export=Begin("answer", "csv")),
    Pane("numbers", "Numbers", ".panes.shared.numbers:NumbersPane"),
    Pane(
        "field",
        "Receptive field",
        ".panes.fields.field:FieldPane",
        _UNITS,
        export=Begin("receptive-field", "png"),
    ),
    Pane(
        "field-second",
        "Second network",
        ".panes.fields.field:SecondFieldPane",
        _SECOND,
        named="Receptive field of the second network",
    ),
    Pane(
        "layers",
        "Layers",
        ".panes.fields.layers:LayersPane",
        _UNITS,
        named="Layers and their fields",
        export=Begin("receptive-field", "csv"),
    ),
    Pane("growth", "Growth", ".panes.fields.growth:GrowthPane", _UNITS, named="Growth of the field"),
    Pane(
        "distance",
        "Attention distance",
        ".panes.fields.distance:DistancePane",
        _DISTANCE,
        export=Begin("attention-distance", "csv"),
    ),
    Pane("field-settings", "Field", ".panes.fields.settings:FieldSettingsPane", _UNITS),
    Pane(
        "published",
        "Published figures",
        ".panes.published.figures:PublishedPane",
        Needs(("read",), ("published",)),
    ),
    Pane("cost", "Cost of one layer", ".panes.cost.cost:CostPane", _COSTS, named="Cost of layers"),
    Pane(
        "cost-settings",
        "Measure",
        ".panes.cost.settings:CostSettingsPane",
        _COSTS,
        named="Measuring of costs, and of which layers",
    ),
    Pane("stack", "Stack", ".panes.stack.editor:StackEditorPane", _BUILDS, named="Stack of convolutions"),
    Pane("stack-steps", "Step by step", ".panes.stack.steps:StackStepsPane", _BUILT),
    Pane(
        "stack-field",
        "Field",
        ".panes.stack.field:StackFieldPane",
        _BUILT,
        named="Field of a unit of the stack",
    ),
    Pane(
        "stack-layers",
        "Layers",
        ".panes.stack.table:StackLayersPane",
        _BUILT,
        named="Layers of the stack and their fields",
        export=Begin("stack", "csv"),
    ),
    Pane(
        "stack-growth",
        "Growth",
        ".panes.stack.table:StackGrowthPane",
        _BUILT,
        named="Growth of the stack's field",
    ),
    Pane("log", "Log", ".panes.shared.log:LogPane"),
)
