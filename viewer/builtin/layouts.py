"""The pages of documents: which panes lie where."""

from headlight.viewer.registry import Layout, Leaf, Needs, across, down

LOG = Leaf("log", shown=False)
COST = Layout(
    "cost",
    across(
        down(Leaf("cost", 0.8), LOG),
        down(Leaf("cost-settings", 0.58), Leaf("numbers", 0.42)),
    ),
    numbers=".panes.cost.cost:SECTIONS",
)
SENTENCE = Layout(
    "attention",
    across(
        down(
            Leaf("sentence", 0.225),
            across(
                down(Leaf("heads", 0.5), Leaf("attentions", 0.5), share=0.31),
                Leaf("matrix", 0.42),
                down(Leaf("relevance"), LOG, share=0.27),
                share=0.775,
            ),
        ),
        down(Leaf("settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.attention.rows:OF_TEXT",
    table="sentence",
)
GENERATION = Layout(
    "generation",
    across(
        down(Leaf("sentence", 0.3), across(Leaf("heads", 0.4), Leaf("matrix", 0.6), share=0.7), share=0.5),
        down(Leaf("generation"), LOG, share=0.27),
        down(Leaf("going-on", 0.45), Leaf("numbers", 0.55), share=0.23),
    ),
    numbers=".panes.attention.rows:OF_WRITTEN",
    table="sentence",
    needs=Needs(holds=".session.able:writes_nothing"),
)
PICTURE = Layout(
    "attention",
    across(
        Leaf("picture", 0.47),
        down(
            Leaf("heads", 0.46),
            across(down(Leaf("matrix"), LOG, share=0.53), Leaf("relevance", 0.47), share=0.54),
            share=0.53,
        ),
        down(Leaf("settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.attention.rows:OF_PICTURE",
    table="picture",
    needs=Needs(holds=".session.able:no_attention"),
)
HEADS_OF_TEXT, HEADS_OF_PICTURE, HEADS_OF_BOTH = (
    Layout(
        "heads",
        across(
            down(Leaf("ranking", 0.54), Leaf("projection", 0.46), share=0.27),
            down(Leaf("scatter", 0.5), Leaf("matrix", 0.5), share=0.47),
            down(*many, share=0.26),
        ),
        numbers=".panes.heads.base:SECTIONS",
        table="ranking",
        needs=Needs(holds=".session.able:no_attention"),
    )
    for many in (
        (Leaf("corpus", 0.6), LOG, Leaf("numbers", 0.4)),
        (Leaf("pictures", 0.6), LOG, Leaf("numbers", 0.4)),
        (LOG, Leaf("numbers")),
    )
)
EXPERIMENTS_ON_TEXT, EXPERIMENTS_ON_PICTURE, EXPERIMENTS_ON_BOTH = (
    Layout(
        "experiments",
        across(*panes),
        numbers=".panes.explain.experiments.base:SECTIONS",
        table="outputs",
        needs=Needs(holds=".session.able:no_experiments"),
    )
    for panes in (
        (  # four columns at most: five have no room in a small window, and twelve heads none below each other
            down(
                Leaf("sentence", 0.2),
                across(
                    down(Leaf("interventions", 0.46), Leaf("outputs", 0.54), share=0.3),
                    Leaf("heads", 0.26),
                    down(Leaf("matrix-before", 0.5), Leaf("matrix", 0.5), LOG, share=0.44),
                    share=0.8,
                ),
                share=0.74,
            ),
            down(Leaf("sweep", 0.58), Leaf("numbers", 0.42), share=0.26),
        ),
        (
            across(
                down(Leaf("interventions", 0.34), Leaf("outputs", 0.66), share=0.275),
                down(Leaf("heads", 0.45), Leaf("sweep", 0.55), share=0.385),
                down(
                    Leaf("picture-before", 0.5),
                    Leaf("picture", 0.5),
                    Leaf("matrix", shown=False),
                    LOG,
                    share=0.34,
                ),
                share=0.79,
            ),
            down(Leaf("numbers"), share=0.21),
        ),
        (
            across(
                down(Leaf("interventions", 0.34), Leaf("outputs", 0.66), share=0.26),
                down(Leaf("picture-and-text", 0.6), Leaf("heads", 0.4), share=0.4),
                down(Leaf("matrix-before", 0.5), Leaf("matrix", 0.5), LOG, share=0.34),
                share=0.78,
            ),
            down(Leaf("sweep", 0.58), Leaf("numbers", 0.42), share=0.22),
        ),
    )
)
EXPERIMENTS_ON_CLOUD = Layout(
    "experiments",
    across(
        down(Leaf("interventions", 0.36), Leaf("outputs", 0.64), share=0.28),
        down(Leaf("cloud"), LOG, share=0.5),
        down(Leaf("classes", 0.66), Leaf("numbers", 0.34), share=0.22),
    ),
    numbers=".panes.explain.experiments.base:OF_CLOUD",
    table="outputs",
)
ARCS = Layout(
    "arcs",
    across(
        Leaf("arcs", 0.72),
        down(Leaf("heads", 0.6), LOG, Leaf("numbers", 0.4), share=0.28),
    ),
    numbers=".panes.arcs.arcs:SECTIONS",
    needs=Needs(holds=".session.able:no_attention"),
)
ARTIFACTS = Layout(
    "artifacts",
    across(
        down(Leaf("norms"), LOG, share=0.29),
        down(Leaf("norms-on-input", 0.54), Leaf("without", 0.46), share=0.41),
        down(Leaf("outliers", 0.25), Leaf("shares", 0.33), Leaf("numbers", 0.42), share=0.3),
    ),
    numbers=".panes.explain.artifacts.base:SECTIONS",
    table="outliers",
    needs=Needs(holds=".session.able:no_vectors"),
)
PROTOTYPES = Layout(
    "prototypes",
    across(
        down(Leaf("classes-by-example"), LOG, share=0.27),
        Leaf("likeness", 0.46),
        down(Leaf("vote", 0.6), Leaf("numbers", 0.4), share=0.27),
    ),
    numbers=".panes.explain.prototypes.base:SECTIONS",
    table="vote",
    needs=Needs(holds=".session.able:points_alone"),
)
CONTEXT = Layout(
    "context",
    across(
        down(Leaf("region"), LOG, share=0.36),
        Leaf("in-context", 0.44),
        down(Leaf("answer", 0.4), Leaf("numbers", 0.6), share=0.2),
    ),
    numbers=".panes.explain.context.pictures:SECTIONS",
    table="in-context",
    needs=Needs(holds=".session.able:points_alone"),
)
POINTS_IN_CONTEXT = Layout(
    "context",
    across(
        down(Leaf("cloud"), LOG, share=0.56),
        down(Leaf("alone"), share=0.24),
        down(Leaf("classes", 0.6), Leaf("numbers", 0.4), share=0.2),
    ),
    numbers=".panes.explain.context.alone:SECTIONS",
    table="alone",
    needs=Needs(holds=".session.able:labels_no_points"),
)
PICTURE_AND_TEXT = Layout(
    "attention",
    across(
        Leaf("picture-and-text", 0.38),
        down(
            Leaf("heads", 0.46),
            across(down(Leaf("matrix"), LOG, share=0.53), Leaf("relevance", 0.47), share=0.54),
            share=0.38,
        ),
        down(Leaf("settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.attention.rows:OF_BOTH",
    table="picture-and-text",
)
WEIGHT_OF_BOTH = Layout(
    "weight",
    across(
        down(Leaf("picture-and-text", 0.56), Leaf("matrix", 0.44), share=0.31),
        down(Leaf("arithmetic", 0.7), Leaf("heads", 0.3), share=0.46),
        down(Leaf("by-hand", 0.46), LOG, Leaf("numbers", 0.54), share=0.23),
    ),
    numbers=".panes.weight.base:SECTIONS",
    table="arithmetic",
    needs=Needs(holds=".session.able:no_attention"),
)
GENERATION_OF_BOTH = Layout(
    "generation",
    across(
        Leaf("picture-and-text", 0.32),
        down(Leaf("heads", 0.42), Leaf("matrix", 0.58), share=0.24),
        down(Leaf("generation"), LOG, share=0.22),
        down(Leaf("going-on", 0.45), Leaf("numbers", 0.55), share=0.22),
    ),
    numbers=".panes.attention.rows:OF_BOTH_WRITTEN",
    table="picture-and-text",
    needs=Needs(holds=".session.able:writes_nothing"),
)
COMPARED = Layout(
    "compare",
    across(
        down(Leaf("texts", 0.56), Leaf("curves", 0.44), share=0.37),
        Leaf("difference", 0.37),
        down(Leaf("heads", 0.5), LOG, Leaf("numbers", 0.5), share=0.26),
    ),
    numbers=".panes.compare.base:SECTIONS",
    table="curves",
    needs=Needs(holds=".session.able:no_attention"),
)
EXPECTED = Layout(
    "predicted",
    across(
        down(
            Leaf("lens", 0.55),
            across(Leaf("added", 0.5), down(Leaf("matrix"), LOG, share=0.5), share=0.45),
            share=0.72,
        ),
        down(Leaf("saying", 0.36), Leaf("parts", 0.34), Leaf("numbers", 0.3), share=0.28),
    ),
    numbers=".panes.predicted.base:SECTIONS",
    table="lens",
    needs=Needs(holds=".session.able:no_expected"),
)
WEIGHT_OF_TEXT, WEIGHT_OF_PICTURE = (
    Layout(
        "weight",
        across(*taken_apart, down(Leaf("by-hand", 0.46), LOG, Leaf("numbers", 0.54), share=0.23)),
        numbers=".panes.weight.base:SECTIONS",
        table="arithmetic",
        needs=Needs(holds=".session.able:no_attention"),
    )
    for taken_apart in (
        (
            down(Leaf("sentence", 0.22), Leaf("heads", 0.28), Leaf("matrix", 0.5), share=0.31),
            Leaf("arithmetic", 0.46),
        ),
        (
            down(Leaf("picture", 0.44), Leaf("matrix", 0.56), share=0.31),
            down(Leaf("arithmetic", 0.7), Leaf("heads", 0.3), share=0.46),
        ),
    )
)
FIELDS = Layout(
    "fields",
    across(
        down(
            across(Leaf("field"), Leaf("field-second"), share=0.6),
            across(
                down(Leaf("layers"), LOG, share=0.36),
                Leaf("growth", 0.36),
                Leaf("distance", 0.28),
                share=0.4,
            ),
        ),
        down(Leaf("field-settings", 0.464), Leaf("answer", 0.2), Leaf("numbers", 0.336)),
    ),
    numbers=".panes.fields.field:SECTIONS",
    table="layers",
    needs=Needs(holds=".session.able:points_alone"),
)
ZERO_SHOT = Layout(
    "zero-shot",
    across(
        down(Leaf("text-on-picture", 0.76), down(Leaf("words"), LOG, share=0.24), share=0.5),
        down(Leaf("class-texts", 0.57), Leaf("label", 0.43), share=0.28),
        down(Leaf("numbers"), share=0.22),
    ),
    numbers=".panes.pictures.towers.base:SECTIONS",
)
CLOUD = Layout(
    "attention",
    across(
        down(
            across(Leaf("cloud"), Leaf("cloud-second"), share=0.7),
            # A stack over voxels takes the place of what shows attention.
            across(
                down(Leaf("neighbourhood"), LOG, share=0.32),
                Leaf("maps", 0.38),
                Leaf("stack", 0.70),
                Leaf("confusion", 0.30),
                share=0.3,
            ),
        ),
        down(Leaf("classes", 0.66), Leaf("numbers", 0.34)),
    ),
    numbers=".panes.clouds.neighbourhood:SECTIONS",
    table="neighbourhood",
)
REPRESENTED = Layout(
    "representations",
    across(
        down(
            across(Leaf("represented-points"), Leaf("represented-space"), share=0.4),
            Leaf("represented-range", 0.22),
            across(
                Leaf("represented-above", 0.4),
                down(Leaf("represented-views"), LOG, share=0.6),
                share=0.38,
            ),
        ),
        down(Leaf("represented-settings", 0.58), Leaf("numbers", 0.42)),
    ),
    numbers=".panes.clouds.represented.base:SECTIONS",
)
BOXES = Layout(
    "boxes",
    across(
        down(
            across(Leaf("boxes-space"), Leaf("boxes-above", 0.8), share=0.54),
            Leaf("boxes-range", 0.18),
            across(
                Leaf("boxes-list", 0.38),
                down(Leaf("boxes-agreement"), LOG, share=0.34),
                Leaf("boxes-confusion", 0.28),
                share=0.28,
            ),
        ),
        down(Leaf("boxes-settings", 0.56), Leaf("numbers", 0.44)),
    ),
    numbers=".panes.clouds.boxes.base:SECTIONS",
    table="boxes-list",
    foremost=Needs(holds=".session.able:no_found_boxes"),
)
SHAPE = Layout(
    "shape",
    across(
        down(Leaf("cloud", 0.64), Leaf("shape-answers", 0.36), share=0.46),
        down(Leaf("shape-views"), LOG, share=0.32),
        down(Leaf("classes", 0.66), Leaf("numbers", 0.34), share=0.22),
    ),
    numbers=".panes.clouds.neighbourhood:SECTIONS",
    needs=Needs(holds=".slices.clouds.objects:no_object"),
    foremost=Needs(trace=True, holds=".slices.clouds.objects:no_object"),
)
PUBLISHED = Layout(
    "published",
    across(down(Leaf("published", 0.8), LOG), down(Leaf("numbers"))),
    numbers=".panes.published.figures:SECTIONS",
    table="published",
)
STACK = Layout(
    "fields",
    across(
        down(Leaf("stack", 0.64), down(Leaf("stack-layers"), LOG, share=0.36), share=0.34),
        down(
            across(Leaf("stack-steps"), Leaf("stack-field"), share=0.64),
            across(Leaf("stack-growth"), Leaf("numbers"), share=0.36),
            share=0.66,
        ),
    ),
    numbers=".panes.stack.field:SECTIONS",
    table="stack-layers",
)

METHODS = Layout(
    "methods",
    across(
        down(Leaf("beside", 0.58), Leaf("faithful", 0.42), LOG),
        down(Leaf("methods-settings", 0.58), Leaf("numbers", 0.42), share=0.24),
    ),
    numbers=".panes.explain.methods.base:SECTIONS",
    table="beside",
    needs=Needs(holds=".session.able:no_target"),
)
