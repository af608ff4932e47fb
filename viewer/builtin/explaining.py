"""The panes that explain an answer and experiment with it: what each needs, how its export begins."""

from headlight.viewer.registry import REGISTRY, Begin, Needs, Pane

_ZERO_SHOT = Needs(("pixels",), ("zero-shot",), trace=True, holds=".session.able:no_class_texts")
_ARTIFACTS = Needs(("cells",), ("artifacts",), layers=True)
_PROTOTYPES = Needs(("pixels",), ("prototypes",), trace=True)
_AROUND = ".panes.explain.context"
_BY_EXAMPLE = ".panes.explain.prototypes"
_INSPECTED = ".panes.explain.artifacts"
_EXPERIMENTS = ".panes.explain.experiments"
_METHODS = Needs(("read",), ("methods",), trace=True, holds=".session.able:no_target")
_SIDE_BY_SIDE = ".panes.explain.methods"

REGISTRY.add(
    Pane(
        "norms",
        "Norms, layer by layer",
        f"{_INSPECTED}.norms:NormsPane",
        _ARTIFACTS,
        named="Norms of tokens, layer by layer",
        export=Begin("norms", "npz"),
    ),
    Pane(
        "norms-on-input",
        "Norms on the input",
        f"{_INSPECTED}.on_input:NormsOnInputPane",
        _ARTIFACTS,
        named="Norms of tokens on the input",
        export=Begin("norms", "csv"),
    ),
    Pane(
        "without",
        "With and without",
        f"{_INSPECTED}.pair:WithoutPane",
        _ARTIFACTS,
        named="Maps with artifact tokens and without",
    ),
    Pane(
        "outliers",
        "Outliers",
        f"{_INSPECTED}.outliers:OutliersPane",
        _ARTIFACTS,
        named="Outliers among tokens",
        export=Begin("norms", "csv"),
    ),
    Pane(
        "shares",
        "Share of attention",
        f"{_INSPECTED}.outliers:SharesPane",
        _ARTIFACTS,
        named="Share of attention that outliers get",
        export=Begin("norms", "npz"),
    ),
    Pane(
        "region",
        "Part of the picture",
        f"{_AROUND}.pictures:RegionPane",
        Needs(("pixels",), ("context",)),
        named="Part of the picture that is drawn",
    ),
    Pane(
        "in-context",
        "In other surroundings",
        f"{_AROUND}.pictures:InContextPane",
        Needs(("pixels",), ("context",), trace=True),
        named="A part of the picture before and after",
    ),
    Pane(
        "alone",
        "Alone and in the scene",
        f"{_AROUND}.alone:AlonePane",
        Needs(("positions",), ("context",), trace=True, holds=".session.able:labels_no_points"),
        named="Points alone and in their scene",
    ),
    Pane(
        "classes-by-example",
        "Classes by example",
        f"{_BY_EXAMPLE}.classes:ClassesByExamplePane",
        Needs(("pixels",), ("prototypes",)),
    ),
    Pane(
        "likeness",
        "Where it is like a class",
        f"{_BY_EXAMPLE}.vote:LikenessPane",
        _PROTOTYPES,
        export=Begin("prototypes", "npz"),
    ),
    Pane(
        "vote",
        "Vote of the classes",
        f"{_BY_EXAMPLE}.vote:VotePane",
        _PROTOTYPES,
        export=Begin("prototypes", "csv"),
    ),
    Pane(
        "text-on-picture",
        "Relevance",
        ".panes.pictures.towers.picture:TextOnPicturePane",
        Needs(("pixels",), ("zero-shot",), trace=True),
        named="Relevance of a class text",
        export=Begin("relevance", "png"),
    ),
    Pane(
        "class-texts",
        "Class texts",
        ".panes.pictures.towers.texts:ClassTextsPane",
        Needs(("pixels",), ("zero-shot",)),
        export=Begin("zero-shot", "csv"),
    ),
    Pane(
        "words", "Words", ".panes.pictures.towers.words:WordsPane", _ZERO_SHOT, named="Words of a class text"
    ),
    Pane(
        "label", "Label", ".panes.pictures.towers.label:LabelPane", _ZERO_SHOT, named="Labels on the picture"
    ),
    Pane(
        "interventions",
        "Changes",
        f"{_EXPERIMENTS}.listed:InterventionsPane",
        Needs(("read",), ("experiments",)),
        named="What is changed of the input and the model",
    ),
    Pane(
        "outputs",
        "Outputs",
        f"{_EXPERIMENTS}.outputs:OutputsPane",
        Needs(("read",), ("experiments",), trace=True),
        named="What the model says before and after",
    ),
    Pane(
        "sweep",
        "Worth of heads",
        f"{_EXPERIMENTS}.sweep:SweepPane",
        Needs(("cells",), ("experiments",), layers=True),
        export=Begin("ablation", "npz"),
    ),
    Pane(
        "matrix-before",
        "Matrix before",
        ".panes.attention.before:MatrixBeforePane",
        Needs(("words",), ("experiments",), layers=True),
        named="The head before anything is changed",
    ),
    Pane(
        "picture-before",
        "Image before",
        ".panes.attention.before:PictureBeforePane",
        Needs(("pixels",), ("experiments",), layers=True),
        named="The picture before anything is changed",
    ),
    Pane(
        "beside",
        "Methods side by side",
        f"{_SIDE_BY_SIDE}.beside:BesidePane",
        _METHODS,
        export=Begin("methods", "npz"),
    ),
    Pane(
        "faithful",
        "Faithfulness",
        f"{_SIDE_BY_SIDE}.faithful:FaithfulPane",
        _METHODS,
        export=Begin("faithfulness", "npz"),
    ),
    Pane("methods-settings", "Methods", f"{_SIDE_BY_SIDE}.settings:MethodsSettingsPane", _METHODS),
)
