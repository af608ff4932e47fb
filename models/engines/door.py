"""One door to every model: by name and kind of input, kept loaded, on the chosen device.

torch and transformers are imported when a model is opened, never with this module.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from headlight.models import devices
from headlight.models.catalogue import entries
from headlight.models.catalogue.entries import READS, Entry
from headlight.models.catalogue.folders import BOTH, check_weights, read_config, stored_in
from headlight.models.catalogue.formats.layout import is_model_folder
from headlight.models.catalogue.formats.senseless import opening
from headlight.models.catalogue.memory import HALVED, check_memory, fitting
from headlight.models.core.errors import HeadlightError, first_sentence, out_of_memory
from headlight.models.core.task import SILENT, Cancelled, Part, Task
from headlight.models.core.trace import ModelCard, Run, Trace


class Engine(Protocol):
    """What runs one model over inputs of one kind. lease: of its traces, which the door sets."""

    entry: Entry
    device: str
    card: ModelCard
    lease: Run


@dataclass(frozen=True)
class Engines:
    """What there is. of: the class of a model's engine, which has `open` of (entry, device, task).

    brought: models that come with engines and that the catalogue does not list.
    """

    of: Callable[[Entry], Any]
    brought: Sequence[Entry] = ()


SHARE = 0.5
"""Of a device's memory that is free but for them, what the weights of models may hold that stay loaded."""

_engines: OrderedDict[tuple[str, str | None, str], Engine] = OrderedDict()
_lock = threading.Lock()


def open_engine(
    model: str | None,
    modality: str,
    engines: Engines,
    device: str | None = None,
    task: Task = SILENT,
    trust_pickle: bool = False,
) -> Any:
    """The engine for `model` (an id, a folder, a file or "owner/name"; None is the bundled one) on `device`.

    modality: what it is to read: "text", "image", "points", or what else some of the engines read.
    trust_pickle: the user was asked and trusts the file. Raises HeadlightError where the model does not
    exist, cannot be loaded safely or reads something else, Untrusted where the user is to be asked
    first. Those that were used last stay loaded, as many as SHARE allows, and of those nothing is looked at
    again: neither files nor memory. Threads take turns.
    """
    task.progress(0.0, "Starting the engine")
    where = devices.pick(device)
    with _lock:
        task.check()
        model = model or entries.default(modality, engines.brought).id
        engine = _engines.get((model, modality, where))
        if engine is None:
            with _as_it_is_given(model, engines):
                entry = entries.find(model, trust_pickle, engines.brought).read_as(modality)
                known = _engines.get((entry.id, entry.modality, where))
                engine = known or _opened(entry, modality, engines, where, task)
        _fits(engine.entry, modality, engines)
        _keep(engine)
    task.progress(1.0, f"{engine.entry.title} is ready")
    return engine


@dataclass(frozen=True)
class Lease(Run):
    """Of the traces of one engine: by its entry, which is not looked for again, nor asked about."""

    entry: Entry
    device: str
    engines: Engines

    def engine(self, task: Task = SILENT) -> Any:
        with _lock:
            task.check()
            engine = _engines.get((self.entry.id, self.entry.modality, self.device))
            engine = engine or _opened(self.entry, self.entry.modality, self.engines, self.device, task)
            _keep(engine)
        return engine


def _keep(engine: Engine) -> None:
    """Those used last, and this one in any case."""
    key = (engine.entry.id, engine.entry.modality, engine.device)
    is_new = key not in _engines
    _engines[key] = engine
    _engines.move_to_end(key)
    if not is_new:
        return
    beside = {one: _extent(kept) for one, kept in _engines.items() if kept.device == engine.device}
    room = SHARE * (devices.free(engine.device) + sum(beside.values()))
    for one in list(beside)[:-1]:
        if sum(beside.values()) <= room:
            break
        del _engines[one], beside[one]


def _extent(engine: Engine) -> int:
    """Bytes of its weights; 0 of an engine that does not show its network."""
    model = getattr(engine, "model", None)
    return sum(weight.nbytes for weight in model.parameters()) if hasattr(model, "parameters") else 0


def _opened(entry: Entry, modality: str, engines: Engines, device: str, task: Task) -> Engine:
    if entry.where == "extra" and entry.folder is None:
        from headlight.models.catalogue.unpacking import unpacked

        _fits(entry, modality, engines)
        task.progress(0.0, f"Unpacking {entry.title}")
        entry, task = unpacked(entry, Part(task, 0.0, 0.6)).read_as(modality), Part(task, 0.6)
    elif entry.folder is None:
        task.progress(0.1, f"Downloading {entry.title}")
        entry = entries.download(entry, Part(task, 0.1, 0.6)).read_as(modality)
        task = Part(task, 0.6)
    _fits(entry, modality, engines)
    task.progress(0.2, f"Loading {entry.title}")
    with opening(entry.title):
        return _loaded(entry, engines, device, task)


def _loaded(entry: Entry, engines: Engines, device: str, task: Task) -> Engine:
    # What an engine of a plugin brings lies where and as it likes.
    if entry.file is None and entry.folder is not None and is_model_folder(entry.folder):
        numbers = check_weights(stored_in(entry.folder), read_config(entry.folder))
        if entry.modality == "points":
            check_memory(numbers)
        elif notice := fitting(numbers, device).notice:
            others = (one for one in entry.notices if not one.startswith(HALVED))
            entry = replace(entry, notices=(*others, notice))
    elif entry.file is not None and entry.file.suffix.lower() == ".safetensors":
        check_memory(check_weights([entry.file]))
    engine = engines.of(entry).open(entry, device, task)
    engine.lease = Lease(engine.entry, device, engines)
    return engine


@contextmanager
def _as_it_is_given(model: str, engines: Engines) -> Iterator[None]:
    """Whatever libraries raise at files of a stranger's is told as a fault of these, not as one of ours."""
    try:
        yield
    except (HeadlightError, Cancelled, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of a library in Rust is no Exception
        if out_of_memory(error) or model in (one.id for one in (*entries.BUNDLED, *engines.brought)):
            raise
        raise HeadlightError(
            f"{model} cannot be opened: {first_sentence(error)}", "Fetch the model again, or choose another."
        ) from error


def check(trace: Trace, task: Task = SILENT) -> tuple[float, ...]:
    """Of each layer the largest |A·V − what it returned|; what is not `is_faithful` must not be shown."""
    errors = []
    for done, layer in enumerate(trace.layers):
        task.progress(done / len(trace.layers), f"Checking {layer.name}")
        errors.append(layer.check())
    return tuple(errors)


def found_odd(trace: Trace, checks: Sequence[float]) -> tuple[str, ...]:
    """What is to be known of random weights, and of layers that compute no numbers. checks: the error of
    each."""
    said = []
    title = trace.model.title
    if trace.model.untrained and not any(f"{title} is untrained" in notice for notice in trace.notices):
        said.append(f"{title} is untrained: weights that it runs with are in none of its files, and random.")
    none = [layer.name for layer, error in zip(trace.layers, checks, strict=True) if not math.isfinite(error)]
    if none:
        many = "A layer computes" if len(none) == 1 else f"{len(none):,} layers compute"
        said.append(f"{many} no numbers (NaN or infinite), from {none[0]} on: nothing of that is drawn.")
    return tuple(said)


def _fits(entry: Entry, modality: str, engines: Engines) -> None:
    if not entry.reads(modality):
        reads, wanted = (READS.get(name, name) for name in (entry.modality, modality))
        if entry.reads(BOTH) and modality == "image":
            raise HeadlightError(
                f"{entry.title} reads {reads}, not {wanted} alone.",
                "Put a text beside the picture (--text), an empty one for what the model says by itself.",
            )
        there = [one.id for one in (*entries.BUNDLED, *engines.brought) if one.reads(modality)]
        other = f"{there[0]}, or another model" if there else "a model"
        raise HeadlightError(
            f"{entry.title} reads {reads}, not {wanted}.", f"Choose {other} that reads this input."
        )
