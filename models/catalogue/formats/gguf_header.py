"""What the header of a GGUF file says, llama.cpp's format of language models. No weight is read.

A header is a stranger's word. Nothing is allocated by what it claims: every count is held against a limit and
against what is left of the file, and every tensor against the file's size.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from headlight.models.catalogue.formats.layout import ADAPTER, CONFIG, MAX_TENSORS, MODULES
from headlight.models.core.errors import HeadlightError

ENDING = ".gguf"
MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_HEADER = 1 << 28
"""Bytes: a vocabulary of a quarter of a million with its merges takes 11 MB."""
MAX_KEYS, MAX_ITEMS, MAX_STRING, MAX_NAME = 1 << 12, 1 << 22, 1 << 24, 1 << 10
MAX_DIMENSIONS, MAX_ALIGNMENT = 4, 1 << 16
PLAIN = ("F32", "F16", "BF16")
"""Types of numbers that are as they were trained, or rounded so little that nobody speaks of it."""
UNREAD = ("F64", "I8", "I16", "I32", "I64", "Q1_0", "Q8_1", "Q8_K")
"""Types that nothing turns back into numbers."""
SMOLLM = "smollm"
"""A way to cut texts before tokens are found: GPT-2's, with every digit by itself."""
QUICK, ANYWAY = 20e6, 5
"""Weights a second, and seconds whatever the size: opening on a machine of two cores."""

_STRING, _ARRAY = 8, 9
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_LFS = b"version https://git-lfs"
_LAYER = re.compile(r"(?:(enc|dec)\.)?blk\.(\d{1,9})\.")


@dataclass(frozen=True)
class Value:
    """types: as the format numbers them, of an array its own and its items'. Strings are bytes, in arrays."""

    value: Any
    types: tuple[int, ...]


@dataclass(frozen=True)
class Tensor:
    """shape: rows first. type: as ggml calls it. start, size: its bytes in the file."""

    name: str
    shape: tuple[int, ...]
    type: str
    start: int
    size: int


@dataclass(frozen=True)
class Header:
    """of: bytes of the file. end: where the values end and the tensors' names begin."""

    file: Path
    of: int
    end: int
    values: Mapping[str, Value]
    tensors: tuple[Tensor, ...]

    def get(self, key: str) -> Any:
        """The value of this key, “{}” standing for the architecture; None where there is none."""
        found = self.values.get(key.format(self.architecture))
        return None if found is None else found.value

    @property
    def architecture(self) -> str:
        found = self.values.get("general.architecture")
        return found.value if found is not None and isinstance(found.value, str) else ""

    @cached_property
    def numbers(self) -> int:
        """How many weights there are."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors)

    @cached_property
    def type(self) -> str:
        """What most of the weights are stored as."""
        held: dict[str, int] = {}
        for tensor in self.tensors:
            held[tensor.type] = held.get(tensor.type, 0) + math.prod(tensor.shape)
        return max(held, key=lambda name: held[name])

    @cached_property
    def stacks(self) -> dict[str, int]:
        """How many layers have weights: of “”, the one stack, or of “enc” and “dec”."""
        found: dict[str, int] = {}
        for tensor in self.tensors:
            if match := _LAYER.match(tensor.name):
                found[match[1]] = max(found.get(match[1], 0), int(match[2]) + 1)
        return found

    @property
    def heads(self) -> int | None:
        """Of the widest layer, where it is said."""
        found = self.get("{}.attention.head_count")
        whole = [one for one in (found if isinstance(found, list) else [found]) if type(one) is int]
        return max(whole, default=None)


def is_gguf(path: Path) -> bool:
    """By its name."""
    return path.suffix.lower() == ENDING


def alone_in(folder: Path) -> Path | None:
    """The one such file of a folder without a configuration; None without any. HeadlightError for several."""
    if any((folder / name).is_file() for name in (CONFIG, ADAPTER, MODULES)):
        return None
    files = sorted(file for file in folder.glob("*") if is_gguf(file))
    if len(files) > 1:
        raise HeadlightError(
            f"The folder {folder} holds {len(files):,} GGUF files.",
            f"Open one of them: {', '.join(file.name for file in files[:4])}.",
        )
    return files[0] if files else None


def check(header: Header) -> None:
    """HeadlightError where what a header speaks of is no model that can be opened."""
    file, part = header.file, header.get("split.count")
    if type(part) is int and part > 1:
        raise HeadlightError(
            f"{file} is one of {part:,} parts of a model.", "Join them with “llama-gguf-split --merge” first."
        )
    if not header.architecture or header.get("general.type") not in (None, "model"):
        what = header.get("general.type") if header.architecture else "something without an architecture"
        raise HeadlightError(f"{file} holds no model but {what}.", "Choose the model’s own file.")
    if _plain(header.architecture) not in map(_plain, names := architectures()):
        raise HeadlightError(
            f"{file} holds a model of the architecture “{header.architecture}”, which this version of "
            f"transformers cannot read from GGUF files.",
            f"It reads {', '.join(names)}. Open the model’s folder with config.json and safetensors instead.",
        )
    if not header.tensors:
        raise HeadlightError(f"{file} holds a vocabulary and no weights.", "Choose the model’s own file.")
    if not header.get("tokenizer.ggml.model") or not header.get("tokenizer.ggml.tokens"):
        raise HeadlightError(f"{file} has no tokenizer.", "Choose a file that was made with its vocabulary.")


def architectures() -> list[str]:
    """Those that transformers reads from such files, as it calls them."""
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING
    from transformers.integrations.gguf import GGUF_ARCHS

    return sorted((set(GGUF_CONFIG_MAPPING) - {"general", "tokenizer"}) | set(GGUF_ARCHS))


def _plain(architecture: str) -> str:
    """llama.cpp and transformers differ in how they write them."""
    return re.sub(r"[^a-z0-9]", "", architecture.lower()).replace("t5encoder", "t5")


def opening(header: Header) -> str:
    """What it takes to open it, in a sentence."""
    seconds = ANYWAY + header.numbers / QUICK
    time = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"
    many = header.numbers >= 1e6
    weights = f"{header.numbers / 1e6:,.0f} million" if many else f"{header.numbers:,}"
    return (
        f"Opening it takes about {time} and {amount(4 * header.numbers)} of memory: its {amount(header.of)} "
        f"hold {weights} weights as {header.type}, which become numbers of 32 bits."
    )


def notices(header: Header) -> tuple[str, ...]:
    """What one should know of what is shown of it."""
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    said, title = [], header.file.stem
    if header.type not in PLAIN:
        said.append(f"{title}’s weights are what {header.type} kept of those that were trained.")
    if header.get("{}.rope.scaling.type") not in (None, "none"):
        said.append(
            f"{title} stretches its positions for long texts, which transformers leaves out in such files: "
            "its weights differ a little from those of the model itself."
        )
    cut = header.get("tokenizer.ggml.pre")
    known = {None, "default", "gpt-2", SMOLLM, *GGUF_PRE_TOKENIZER_SPLITS}
    if header.get("tokenizer.ggml.model") == "gpt2" and cut not in known:
        said.append(
            f"{title} cuts texts in a way of its own, “{cut}”, which transformers does not know: some of its "
            "tokens may be others than it was trained on."
        )
    return tuple(said)


def read_header(file: Path) -> Header:
    """Raises HeadlightError for what is no GGUF file, damaged, cut off, or claims more than there is."""
    try:
        with open(file, "rb") as content:
            return _Reading(file, content, os.fstat(content.fileno()).st_size).header()
    except OSError as error:
        said = (error.strerror or type(error).__name__).lower()
        raise HeadlightError(f"{file} cannot be read: {said}.", "Choose another file.") from error


class _Reading:
    def __init__(self, file: Path, content: BinaryIO, size: int) -> None:
        self.file, self.size, self._content, self._at = file, size, content, 0

    def header(self) -> Header:
        tensors, keys = self._begin()
        values: dict[str, Value] = {}
        for _ in range(keys):
            key = self._name("a key")
            if key in values:
                self._damaged(f"it says “{key}” twice")
            values[key] = self._value(self._number("I"))
        end = self._at
        table = [self._tensor() for _ in range(tensors)]
        if len({name for name, *_ in table}) < len(table):
            self._damaged("two tensors have one name")
        return Header(self.file, self.size, end, values, self._placed(table, values))

    def _begin(self) -> tuple[int, int]:
        """(tensors, keys)"""
        again = "Fetch it again, or choose another file."
        if not self.size:
            raise HeadlightError(f"{self.file} is empty.", again)
        begins = self._content.read(len(_LFS))
        self._content.seek(len(MAGIC))
        self._at = len(MAGIC)
        if begins == _LFS:
            raise HeadlightError(
                f"{self.file} is no model but Git LFS's note of where it lies.",
                "Fetch it with “git lfs pull”.",
            )
        if begins[: len(MAGIC)] != MAGIC[: len(begins)]:
            raise HeadlightError(f"{self.file} is no GGUF file: it does not begin like one.", again)
        version = self._number("I")
        if version not in VERSIONS:
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
            what = "for machines that store numbers the other way round (big-endian)"
            said = what if swapped in VERSIONS else f"of version {version:,}"
            raise HeadlightError(
                f"{self.file} is a GGUF file {said}.", "Choose one of version 2 or 3, little-endian."
            )
        tensors, keys = self._number("Q"), self._number("Q")
        self._held(tensors, MAX_TENSORS, 24, "tensors")
        self._held(keys, MAX_KEYS, 13, "keys")
        return tensors, keys

    def _take(self, count: int) -> bytes:
        if count > self.size - self._at:
            self._cut_off(self._at + count)
        if self._at + count > MAX_HEADER:
            self._damaged(f"its header is longer than {MAX_HEADER >> 20} MB")
        found = self._content.read(count)
        self._at += count
        if len(found) < count:
            self._cut_off(self._at)
        return found

    def _number(self, code: str) -> Any:
        return struct.unpack(f"<{code}", self._take(struct.calcsize(f"<{code}")))[0]

    def _bytes(self, most: int, what: str) -> bytes:
        return self._take(self._held(self._number("Q"), most, 1, f"bytes in {what}"))

    def _name(self, what: str) -> str:
        return self._text(self._bytes(MAX_NAME, what), what)

    def _text(self, found: bytes, what: str) -> str:
        try:
            return found.decode()
        except UnicodeDecodeError:
            self._damaged(f"{what} is no text")

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return Value(self._text(self._bytes(MAX_STRING, "a text"), "a text"), (kind,))
        if kind in _SCALARS:
            return Value(self._number(_SCALARS[kind]), (kind,))
        if kind != _ARRAY:
            self._damaged(f"a value is of kind {kind:,}")
        of, count = self._number("I"), self._number("Q")
        if of == _STRING:
            self._held(count, MAX_ITEMS, 8, "texts in a list")
            return Value([self._bytes(MAX_STRING, "a text") for _ in range(count)], (kind, of))
        if of not in _SCALARS:
            self._damaged(f"a list holds values of kind {of:,}")
        code = _SCALARS[of]
        self._held(count, MAX_ITEMS, struct.calcsize(f"<{code}"), "numbers in a list")
        return Value(
            list(struct.unpack(f"<{count}{code}", self._take(count * struct.calcsize(f"<{code}")))),
            (kind, of),
        )

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        """(name, shape, type, place behind the header)"""
        name = self._name("a tensor’s name")
        sizes = self._held(self._number("I"), MAX_DIMENSIONS, 8, f"dimensions of {name}")
        shape = struct.unpack(f"<{sizes}Q", self._take(8 * sizes))
        if not shape or not all(shape):
            self._damaged(f"{name} is empty")
        return name, shape[::-1], *struct.unpack("<IQ", self._take(12))

    def _placed(
        self, table: list[tuple[str, tuple[int, ...], int, int]], values: Mapping[str, Value]
    ) -> tuple[Tensor, ...]:
        """Each with its bytes, which are all there."""
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

        types = (one for one in GGMLQuantizationType if one.name not in UNREAD)
        known = {int(one): (one.name, *GGML_QUANT_SIZES[one]) for one in types}
        given = values.get("general.alignment", Value(32, (4,))).value
        if type(given) is not int or not 0 < given <= MAX_ALIGNMENT:
            self._damaged(f"its alignment is {given}")
        first, tensors = -(-self._at // given) * given, []
        for name, shape, type_, place in table:
            if type_ not in known:
                raise HeadlightError(
                    f"{self.file} holds {name} as numbers of ggml’s type {type_:,}, which cannot be read.",
                    "Choose a file in another quantization, such as Q8_0 or Q4_K_M.",
                )
            called, of, size = known[type_]
            if shape[-1] % of:
                self._damaged(f"{name} has rows of {shape[-1]:,} numbers, and {called} stores {of} at a time")
            tensors.append(Tensor(name, shape, called, first + place, math.prod(shape) // of * size))
        ends = [tensor.start + tensor.size for tensor in tensors]
        # Tensors that share bytes could claim more than there is.
        if (claimed := max([*ends, first + sum(tensor.size for tensor in tensors)])) > self.size and tensors:
            self._cut_off(claimed)
        return tuple(tensors)

    def _held(self, count: int, most: int, least: int, what: str) -> int:
        """A count that is within the limit and for which there is room; least: bytes that each takes."""
        if count > most:
            self._damaged(f"it speaks of {count:,} {what}, of at most {most:,}")
        if count * least > self.size - self._at:
            self._cut_off(self._at + count * least)
        return count

    def _cut_off(self, needed: int) -> NoReturn:
        raise HeadlightError(
            f"{self.file} is cut off, or its header lies: it speaks of {amount(needed)}, and "
            f"{amount(self.size)} are there.",
            "Fetch it again.",
        )

    def _damaged(self, what: str) -> NoReturn:
        raise HeadlightError(f"{self.file} is damaged: {what}.", "Fetch it again.")


def amount(count: int) -> str:
    """Of bytes."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:,.{1 if count < 10 * size or unit == 'GB' else 0}f} {unit}"
    return f"{count} bytes"
