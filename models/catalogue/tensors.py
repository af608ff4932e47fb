"""The tensors of a file of weights, safetensors or a trusted pickle, and those that a network takes."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from headlight.models.catalogue.formats.layout import MAX_TENSORS
from headlight.models.core.errors import HeadlightError, first_sentence

N = TypeVar("N", bound=nn.Module)

MAX_BYTES = 1 << 30
"""Of a checkpoint: with the optimiser's state, that of a full network has 0.1 GB."""
CONVERT = "Save its state dict as safetensors, or choose another file."
CONTAINERS = ("state_dict", "model_state_dict", "model_state")
"""Under which names public implementations keep the weights in a file of torch.save."""


def read_tensors(path: Path, trust_pickle: bool = False) -> dict[str, Tensor]:
    """The tensors of a file, float ones in float32, by their names. Raises HeadlightError for everything that
    is no whole file of finite tensors, and for a pickle that is not trusted."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise HeadlightError(f"{path} cannot be read: {error.strerror}.", "Choose another file.") from error
    if size > MAX_BYTES:
        raise HeadlightError(
            f"{path.name} has {size / 1e9:.1f} GB; the limit is {MAX_BYTES / 1e9:.1f} GB.", CONVERT
        )
    if path.suffix == ".safetensors":
        state = _safetensors(path)
    elif not trust_pickle:
        raise HeadlightError(
            f"{path.name} is a pickle, and a pickle can be made to run code.",
            "Open it as trusted if you know where it is from, or convert it to safetensors.",
        )
    else:
        state = read_pickle(path, MAX_BYTES)
    if not state:
        raise HeadlightError(f"{path.name} has no tensors.", "Choose another file.")
    # A tensor may claim far more elements than its storage has.
    if sum(tensor.numel() for tensor in state.values()) * 4 > MAX_BYTES:
        raise HeadlightError(f"The tensors of {path.name} need more than {MAX_BYTES / 1e9:.1f} GB.", CONVERT)
    for name, tensor in state.items():
        if tensor.is_complex():
            raise HeadlightError(f"{path.name}: {name} holds complex numbers.", "Choose another file.")
        if tensor.is_floating_point():
            state[name] = tensor.float()  # of 8 bits not even this could be asked:
            if not state[name].isfinite().all():
                raise HeadlightError(f"{path.name}: {name} is not finite everywhere.", "Choose another file.")
    return state


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as content:
            names = list(content.keys())
            if len(names) > MAX_TENSORS:
                raise _too_many(path)
            return {name: content.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise HeadlightError(f"{path.name} is damaged: {error}.", "Fetch it again.") from error


def read_pickle(path: Path, most: int | None) -> dict[str, Tensor]:
    """The state dict in a file of torch.save: its container's, or the file's content itself.

    most: bytes that it may unpack to; None: as many as the file has. Only for a file that is trusted.
    HeadlightError for everything that is no whole state dict.
    """
    most = path.stat().st_size if most is None else most
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as members:
                infos = members.infolist()
            if len(infos) > MAX_TENSORS:
                raise _too_many(path)
            if sum(info.file_size for info in infos) > most:
                raise HeadlightError(f"{path.name} unpacks to more than {most / 1e9:.1f} GB.", CONVERT)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise HeadlightError(
            f"{path.name} is damaged, or holds more than tensors and plain values.", CONVERT
        ) from error
    # What a damaged file makes of torch's reader has many names.
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise HeadlightError(f"{path.name} is damaged: {first_sentence(error)}", "Fetch it again.") from error
    for container in CONTAINERS:
        if isinstance(content, dict) and isinstance(content.get(container), dict):
            content = content[container]
            break
    if not isinstance(content, dict):
        raise HeadlightError(f"{path.name} holds no state dict.", "Choose a checkpoint.")
    if len(content) > MAX_TENSORS:
        raise _too_many(path)
    return {name: t for name, t in content.items() if isinstance(name, str) and isinstance(t, Tensor)}


def _too_many(path: Path) -> HeadlightError:
    return HeadlightError(f"{path.name} has more than {MAX_TENSORS:,} tensors.", "Choose another file.")


def compare(expected: Mapping[str, Tensor], state: Mapping[str, Tensor], what: str) -> None:
    """Raises HeadlightError that names the first difference. what: the file, at the start of a sentence."""
    for name, tensor in expected.items():
        if name not in state:
            raise HeadlightError(
                f"{what} is not whole: {name} is missing ({len(expected.keys() - state.keys())} of "
                f"{len(expected)} are).",
                "Fetch it again.",
            )
        if state[name].shape != tensor.shape:
            raise HeadlightError(
                f"{what} does not fit: {name} is {tuple(state[name].shape)} instead of "
                f"{tuple(tensor.shape)}.",
                "Choose another one.",
            )
        if tensor.is_floating_point() and not state[name].is_floating_point():  # a count may be either
            raise HeadlightError(
                f"{what} does not fit: {name} holds whole numbers instead of real ones.", CONVERT
            )
    if odd := [name for name in state if name not in expected]:
        raise HeadlightError(
            f"{what} has what no such network has: {odd[0]} ({len(odd)} names in all).",
            "Choose a checkpoint of the public implementation.",
        )


def with_weights(net: N, state: Mapping[str, Tensor], what: str) -> N:
    """`net`, built on the meta device, with all of these weights, in eval mode and without gradients of its
    own. HeadlightError where they are not its."""
    compare(net.state_dict(), state, what)
    net.load_state_dict(state, assign=True)
    return net.eval().requires_grad_(False)


def save_half(folder: Path, net: nn.Module, content: Mapping[str, Any]) -> None:
    """config.json with `content` and model.safetensors in half precision.

    The statistics of norms keep theirs: a variance may be beyond half precision's 65,504.
    """
    folder = Path(folder)
    state = {}
    for name, tensor in net.state_dict().items():
        statistic = name.endswith(("running_mean", "running_var"))
        half = tensor.half() if tensor.is_floating_point() and not statistic else tensor
        if not half.isfinite().all():
            raise ValueError(f"{name} does not fit half precision")
        state[name] = half.cpu().contiguous()
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # or nobody else could read what is installed
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")
