"""Weights of point networks: Headlight's own folders, and checkpoints of three public implementations.

A checkpoint says by its shapes how large the network is, and by its names where it is from; that decides the
order of classes and how colours and coordinates were given to it.
"""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from headlight.models.catalogue.folders import MAX_TENSORS, read_config
from headlight.models.core.classes.lists import S3DIS_CLASSES, S3DIS_ORDER
from headlight.models.core.errors import HeadlightError
from headlight.models.points.config import MAX_BLOCKS, MAX_WIDTH, STAGES, PointConfig, point_config
from headlight.models.points.point_transformer import SHARE, PointTransformer
from headlight.models.points.pointnet import PointNet

MAX_BYTES = 1 << 30
"""Of a checkpoint: with the optimiser's state, that of a full network has 0.1 GB."""
_CONVERT = "Save its state dict as safetensors, or choose another file."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights under Headlight's names. source: whose they are. notices: what the user should know."""

    state: dict[str, Tensor]
    config: PointConfig
    source: Literal["postech", "pointcept", "open3d", "headlight"]
    notices: tuple[str, ...] = ()

    def network(self) -> PointTransformer | PointNet:
        """On the processor, in eval mode, float32."""
        return _loaded(self.config, self.state, "The checkpoint")


def read_checkpoint(path: Path, trust_pickle: bool = False) -> Checkpoint:
    """A Point Transformer from a file of one of the public implementations, safetensors or pickle.

    A pickle is read only if trusted, and then for its tensors alone. Raises HeadlightError for everything
    that is no whole Point Transformer of a kind that is known.
    """
    path = Path(path)
    raw = _read(path, trust_pickle)
    state = {_without(name, ("module.", "backbone.")): tensor for name, tensor in raw.items()}
    notices: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    if any(name.startswith("encoders.") for name in state):
        source = "open3d"
        state = {_of_open3d(name): tensor for name, tensor in state.items()}
        details = {"centre": "box", "interpolation": "inverse-square"}
    elif any(".transformer." in name for name in state):
        source = "pointcept"
        state = {name.replace(".transformer.", ".transformer2."): t for name, t in state.items()}
        details = {"centre": "floor"}
        notices = (
            "Older Pointcept checkpoints take colours from −1 to 1; this one is read as taking 0 to 1.",
        )
    else:
        source = "postech"
    if len(state) < len(raw):
        raise HeadlightError(f"{path.name} has names twice once they are stripped of prefixes.", _CONVERT)
    found = describe(state)
    channels = found["in_channels"]
    if channels not in (3, 6):
        raise HeadlightError(
            f"{path.name} takes {channels} numbers a point, and what they mean is not known.",
            "Choose a checkpoint that takes x, y, z or x, y, z, r, g, b.",
        )
    config = PointConfig(
        "point_transformer",
        class_names(found["classes"], source),
        tuple("xyzrgb"[:channels]),
        found["planes"],
        found["blocks"],
        **details,
    )
    return Checkpoint(state, config, source, notices)


def describe(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """in_channels, classes (their number), planes and blocks of the Point Transformer that fits this state.

    Raises HeadlightError that names the first tensor that is missing, does not belong or has another shape.
    """
    planes = tuple(_shape(state, f"enc{s}.0.linear.weight", 2)[0] for s in range(1, STAGES + 1))
    blocks = tuple(_blocks(state, f"enc{s}") for s in range(1, STAGES + 1))
    channels = _shape(state, "enc1.0.linear.weight", 2)[1]
    classes = _shape(state, "cls.3.weight", 2)[0]
    if any(width % SHARE or not 0 < width <= MAX_WIDTH for width in (*planes,)) or max(blocks) > MAX_BLOCKS:
        raise HeadlightError(
            f"No Point Transformer has stages of {planes} channels and {blocks} blocks.",
            "Choose a checkpoint of one.",
        )
    with torch.device("meta"):
        expected = PointTransformer(channels, classes, planes, blocks).state_dict()
    _compare(expected, state, "The checkpoint")
    return {"in_channels": channels, "classes": classes, "planes": planes, "blocks": blocks}


def class_names(count: int, source: str) -> tuple[str, ...]:
    """S3DIS's in the order of the source; numbers where there are not 13."""
    if count != len(S3DIS_CLASSES):
        return tuple(f"class {number}" for number in range(count))
    return S3DIS_ORDER if source == "postech" else S3DIS_CLASSES


def save_network(folder: Path, net: PointTransformer | PointNet, config: PointConfig, **more: Any) -> None:
    """config.json (with what `more` says, such as a licence) and model.safetensors in half precision.

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
    _compare(config.network().state_dict(), state, "The network")
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    content = {**asdict(config), "in_channels": config.in_channels, **more}
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")


def load_network(
    folder: Path, device: str = "cpu"
) -> tuple[PointTransformer | PointNet, PointConfig, tuple[str, ...]]:
    """(the network of such a folder, float32, in eval mode; its configuration; the names that were missing).

    Those weights are random, always the same. Raises HeadlightError for what does not fit the configuration.
    """
    folder = Path(folder)
    config = point_config(read_config(folder), f"{folder / 'config.json'}")
    state = _read(folder / "model.safetensors", trust_pickle=False)
    what = f"{folder / 'model.safetensors'}"
    missing = _completed(config, state, what)
    return _loaded(config, state, what).to(device), config, missing


def _read(path: Path, trust_pickle: bool) -> dict[str, Tensor]:
    """The tensors of a file, float ones in float32, by their names."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise HeadlightError(f"{path} cannot be read: {error.strerror}.", "Choose another file.") from error
    if size > MAX_BYTES:
        raise HeadlightError(
            f"{path.name} has {size / 1e9:.1f} GB; the limit is {MAX_BYTES / 1e9:.1f} GB.", _CONVERT
        )
    if path.suffix == ".safetensors":
        state = _safetensors(path)
    elif not trust_pickle:
        raise HeadlightError(
            f"{path.name} is a pickle, and a pickle can be made to run code.",
            "Open it as trusted if you know where it is from, or convert it to safetensors.",
        )
    else:
        state = _pickle(path)
    if not state:
        raise HeadlightError(f"{path.name} has no tensors.", "Choose another file.")
    # A tensor may claim far more elements than its storage has.
    if sum(tensor.numel() for tensor in state.values()) * 4 > MAX_BYTES:
        raise HeadlightError(f"The tensors of {path.name} need more than {MAX_BYTES / 1e9:.1f} GB.", _CONVERT)
    for name, tensor in state.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise HeadlightError(f"{path.name}: {name} is not finite everywhere.", "Choose another file.")
    return {name: t.float() if t.is_floating_point() else t for name, t in state.items()}


def _safetensors(path: Path) -> dict[str, Tensor]:
    try:
        with safe_open(path, framework="pt") as content:
            names = list(content.keys())
            if len(names) > MAX_TENSORS:
                raise _too_many(path)
            return {name: content.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise HeadlightError(f"{path.name} is damaged: {error}.", "Fetch it again.") from error


def _pickle(path: Path) -> dict[str, Tensor]:
    """The state dict in a file of torch.save: its container's, or the file's content itself."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as members:
                infos = members.infolist()
            if len(infos) > MAX_TENSORS:
                raise _too_many(path)
            if sum(info.file_size for info in infos) > MAX_BYTES:
                raise HeadlightError(f"{path.name} unpacks to more than {MAX_BYTES / 1e9:.1f} GB.", _CONVERT)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise HeadlightError(
            f"{path.name} is damaged, or holds more than tensors and plain values.", _CONVERT
        ) from error
    # What a damaged file makes of torch's reader has many names.
    except (OSError, RuntimeError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise HeadlightError(f"{path.name} is damaged: {said}", "Fetch it again.") from error
    for container in ("state_dict", "model_state_dict"):
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


def _without(name: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def _of_open3d(name: str) -> str:
    """encoders.{i} → enc{i+1}, decoders.{i} → dec{5−i}."""
    kind, _, rest = name.partition(".")
    number, dot, rest = rest.partition(".")
    if kind not in ("encoders", "decoders") or not dot or number not in "01234":
        return name
    return f"enc{int(number) + 1}.{rest}" if kind == "encoders" else f"dec{STAGES - int(number)}.{rest}"


def _shape(state: Mapping[str, Tensor], name: str, dimensions: int) -> tuple[int, ...]:
    if name not in state:
        raise HeadlightError(
            f"The checkpoint is no Point Transformer that is known: {name} is missing.",
            "Choose a checkpoint of the public implementation.",
        )
    shape = tuple(state[name].shape)
    if len(shape) != dimensions or 0 in shape:
        raise HeadlightError(f"The checkpoint's {name} has the shape {shape}.", "Choose another checkpoint.")
    return shape


def _blocks(state: Mapping[str, Tensor], stage: str) -> int:
    count = 1
    while count <= MAX_BLOCKS and f"{stage}.{count}.linear1.weight" in state:
        count += 1
    return count


def _compare(expected: Mapping[str, Tensor], state: Mapping[str, Tensor], what: str) -> None:
    """Raises HeadlightError that names the first difference."""
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
    if odd := [name for name in state if name not in expected]:
        raise HeadlightError(
            f"{what} has what no such network has: {odd[0]} ({len(odd)} names in all).",
            "Choose a checkpoint of the public implementation.",
        )


def _completed(config: PointConfig, state: dict[str, Tensor], what: str) -> tuple[str, ...]:
    """Add random weights for those that `state` lacks, as a fresh network has them; their names."""
    with torch.device("meta"):
        expected = config.network().state_dict()
    missing = tuple(name for name in expected if name not in state)
    if missing and sum(tensor.numel() for tensor in expected.values()) * 4 > MAX_BYTES:
        raise HeadlightError(
            f"The network of {what} needs more than {MAX_BYTES / 1e9:.1f} GB.", "Choose another one."
        )
    if missing:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            fresh = config.network().state_dict()
        state |= {name: fresh[name] for name in missing}
    return missing


def _loaded(config: PointConfig, state: Mapping[str, Tensor], what: str) -> nn.Module:
    """The network with these weights, in eval mode and without gradients of its own."""
    with torch.device("meta"):
        net = config.network()
    _compare(net.state_dict(), state, what)
    net.load_state_dict(state, assign=True)
    return net.eval().requires_grad_(False)
