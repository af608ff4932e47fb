"""The model and the tokenizer in a GGUF file, by transformers' reader, its weights turned back into numbers.

That reader takes values and tensors from the gguf package's, which makes four arrays of each word of the
vocabulary at every step, and builds the table of names for every module: some 30 s for a model of 135 million
weights. While it reads it is handed what `read_header` read instead, with limits, and each tensor only as it
is asked for, so that the reading tells how far it is and can be cancelled.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import gguf
import numpy as np
import torch
from gguf.quants import quant_shape_to_byte_shape
from tokenizers import pre_tokenizers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    GgufConfig,
    PreTrainedTokenizerFast,
    modeling_gguf_pytorch_utils,
)
from transformers.models.auto.modeling_auto import (
    MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
)

from headlight.models.catalogue.formats.gguf_header import SMOLLM, Header, Tensor, Value, read_header
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task

ROOM = 1.05
"""How many more weights a body may have than the file: biases of zero may be left out."""
_DTYPES = {"F32": np.float32, "F16": np.float16}


def configured(file: Path, task: Task = SILENT) -> tuple[dict[str, Any], Callable[..., Any]]:
    """(what its config.json would say, what reads the weights into a class: the model and what of it was
    found, as `from_pretrained` tells with `output_loading_info`).

    HeadlightError where the header speaks of a larger model than it has weights of.
    """
    header = read_header(file)
    folder, name = file.absolute().parent, file.name
    with _handed(header, SILENT):
        config = AutoConfig.from_pretrained(folder, gguf_file=name, local_files_only=True)
    for names in (MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES, MODEL_FOR_CAUSAL_LM_MAPPING_NAMES):
        if config.model_type in names and not config.architectures:
            config.architectures = [names[config.model_type]]
    _mend(config, header)
    _check_size(header, config)

    def read(kind: type, **more: Any) -> Any:
        quantization = GgufConfig(dequantize=True)
        with _handed(header, task):
            model, report = kind.from_pretrained(
                folder, gguf_file=name, config=config, quantization_config=quantization, **more
            )
        _slow_down(model, header)
        return model, report

    return config.to_dict(), read


def _mend(config: Any, header: Header) -> None:
    """What transformers' reader leaves as it usually is, though the file says otherwise."""
    if hasattr(config, "n_ctx"):  # GPT-2
        config.n_positions = config.n_ctx
    if config.model_type in ("t5", "umt5"):
        config.is_gated_act = any(".ffn_gate." in tensor.name for tensor in header.tensors)
        config.feed_forward_proj = "gated-gelu" if config.is_gated_act else "relu"
        config.dense_act_fn = "gelu_new" if config.is_gated_act else "relu"
        config.num_decoder_layers = header.stacks.get("dec", config.num_decoder_layers)


def _slow_down(model: torch.nn.Module, header: Header) -> None:
    """Llama 3.1 and later divide the frequencies of their positions, each by its own factor, for long texts:
    the reader passes these by."""
    factors = next((tensor for tensor in header.tensors if tensor.name == "rope_freqs.weight"), None)
    if factors is None:
        return
    content = np.memmap(header.file, np.uint8, "r")
    held = torch.from_numpy(np.array(_Loaded(factors, content, SILENT.check).data, np.float32))
    for module in model.modules():
        if isinstance(own := getattr(module, "inv_freq", None), torch.Tensor):
            module.inv_freq = own / held.to(own.device)


def _check_size(header: Header, config: Any) -> None:
    layers, there = getattr(config, "num_hidden_layers", 0), max(header.stacks.values(), default=0)
    if layers > there or (layers < there and "dec" not in header.stacks):  # whose stacks may differ
        raise HeadlightError(
            f"{header.file} is damaged: it speaks of {layers:,} layers and has {there:,}.",
            "Fetch it again.",
        )
    with torch.device("meta"):
        body = AutoModel.from_config(config)
    claimed = sum(parameter.numel() for parameter in body.parameters())
    if claimed > ROOM * header.numbers:
        raise HeadlightError(
            f"{header.file} speaks of a model of {claimed:,} weights and holds {header.numbers:,}.",
            "Fetch it again, or open the model’s folder with config.json and safetensors.",
        )


def tokenizer_in(file: Path) -> PreTrainedTokenizerFast:
    """As the file has it. What lies beside it in its folder may be another model's."""
    header = read_header(file)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _handed(header, SILENT):
        with open(file, "rb") as content, open(Path(folder) / "tokenizer.gguf", "wb") as alone:
            begins = content.read(header.end)
            alone.write(begins[:8] + struct.pack("<Q", 0) + begins[16:] + bytes(256))
        tokenizer = AutoTokenizer.from_pretrained(
            folder, gguf_file="tokenizer.gguf", local_files_only=True, trust_remote_code=False
        )
    if (
        header.get("tokenizer.ggml.pre") == SMOLLM
    ):  # transformers' reader knows no such cut, and takes GPT-2's
        digits = pre_tokenizers.Digits(individual_digits=True)
        backend = tokenizer.backend_tokenizer
        backend.pre_tokenizer = pre_tokenizers.Sequence([digits, backend.pre_tokenizer])
    return tokenizer


@dataclass(frozen=True)
class _Field:
    """As `gguf.ReaderField`: parts that hold a value each, and which of them count."""

    parts: Any
    data: range
    types: list[int]


@dataclass(frozen=True)
class _Loaded:
    """As `gguf.ReaderTensor`. told: called before its bytes are read."""

    of: Tensor
    file: np.ndarray
    told: Callable[[], None]

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def tensor_type(self) -> gguf.GGMLQuantizationType:
        return gguf.GGMLQuantizationType[self.of.type]

    @property
    def data(self) -> np.ndarray:
        """As it is stored, a row a row."""
        self.told()
        dtype, shape = _DTYPES.get(self.of.type, np.uint8), self.of.shape
        if dtype is np.uint8:
            shape = quant_shape_to_byte_shape(shape, self.tensor_type)
        return self.file[self.of.start : self.of.start + self.of.size].view(dtype).reshape(shape)


@contextmanager
def _handed(header: Header, task: Task) -> Iterator[None]:
    """What transformers asks of the gguf package is what was read of this header."""

    class Reader:
        def __init__(self, path: Any) -> None:
            self.fields = {key: _field(value) for key, value in header.values.items()}
            content = np.memmap(header.file, np.uint8, "r") if header.tensors else np.empty(0, np.uint8)
            done = 0
            self.tensors = []
            for tensor in header.tensors:
                told = partial(task.progress, done / header.of, f"Reading {header.file.stem}")
                self.tensors.append(_Loaded(tensor, content, told))
                done += tensor.size

    names = cache(gguf.get_tensor_name_map)
    # Its bar of progress would start a thread that stays.
    quiet = patch.object(modeling_gguf_pytorch_utils, "tqdm", lambda tensors, **_: tensors, create=True)
    with quiet, patch.multiple(gguf, GGUFReader=Reader, get_tensor_name_map=names):
        yield


def _field(value: Value) -> _Field:
    if len(value.types) == 2:
        parts = value.value if value.types[1] == 8 else np.array(value.value)[:, None]
        return _Field(parts, range(len(parts)), list(value.types))
    text = isinstance(value.value, str)
    return _Field([value.value.encode() if text else np.array([value.value])], range(1), list(value.types))
