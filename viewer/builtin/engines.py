"""The engines: what runs models over documents of each kind."""

from headlight.viewer.registry import REGISTRY, Engine

_ENGINES = "headlight.models.engines"

REGISTRY.add(
    Engine("language", "text", f"{_ENGINES}.language:LanguageEngine"),
    Engine(
        id="seq2seq",
        reads="text",
        opens=f"{_ENGINES}.seq2seq:Seq2SeqEngine",
        takes="headlight.models.catalogue.entries:Entry.writes",
    ),
    Engine("vision", "image", f"{_ENGINES}.pictures.vision:VisionEngine"),
    Engine(
        id="convolutional",
        reads="image",
        opens=f"{_ENGINES}.pictures.convolutional:ConvolutionalEngine",
        takes="headlight.models.catalogue.entries:Entry.convolves",
    ),
    Engine(
        id="towers",
        reads="image",
        opens=f"{_ENGINES}.pictures.towers:TowersEngine",
        takes="headlight.models.catalogue.entries:Entry.has_two_towers",
    ),
    Engine(
        id="queries",
        reads="image",
        opens=f"{_ENGINES}.paired.queries:QueriesEngine",
        takes="headlight.models.catalogue.entries:Entry.asks_pictures",
    ),
    Engine(
        id="prompted",
        reads="image",
        opens=f"{_ENGINES}.paired.prompted.engine:PromptedEngine",
        takes="headlight.models.catalogue.entries:Entry.is_prompted",
    ),
    Engine(
        id="segmenting",
        reads="image",
        opens=f"{_ENGINES}.paired.segmenting:SegmentingEngine",
        takes="headlight.models.catalogue.entries:Entry.cuts_by_itself",
    ),
    Engine(
        id="matching",
        reads="image",
        opens=f"{_ENGINES}.paired.matching:MatchingEngine",
        takes="headlight.models.catalogue.entries:Entry.matches_pictures",
    ),
    Engine("paired", "picture-text", f"{_ENGINES}.paired.opening:PairedEngine"),
    Engine("points", "points", f"{_ENGINES}.points:PointsEngine"),
    Engine(
        id="shapes",
        reads="points",
        opens=f"{_ENGINES}.shapes:ShapesEngine",
        takes="headlight.models.catalogue.entries:Entry.tells_objects",
    ),
    Engine(
        id="grids",
        reads="points",
        opens=f"{_ENGINES}.grids:GridsEngine",
        takes="headlight.models.catalogue.entries:Entry.represents",
    ),
    Engine(
        id="detection",
        reads="points",
        opens=f"{_ENGINES}.detection:DetectionEngine",
        takes="headlight.models.catalogue.entries:Entry.finds",
    ),
    Engine(
        id="checkpoints",
        reads="points",
        opens=f"{_ENGINES}.checkpoints:CheckpointEngine",
        takes="headlight.models.catalogue.entries:Entry.is_checkpoint",
    ),
)
