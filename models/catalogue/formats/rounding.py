"""How a model's weights were rounded, by its config.json, and what it takes to read them.

GPTQ (Frantar et al. 2022, arXiv 2210.17323), AWQ (Lin et al. 2023, arXiv 2306.00978), LLM.int8() and NF4 of
bitsandbytes (Dettmers et al. 2022 and 2023, arXiv 2208.07339, 2305.14314) and 8-bit floats with a scale a
block are turned back into plain numbers by `rounded`; for others the package that made them must be there.

Nothing here imports torch or transformers.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

from headlight.models.core.errors import HeadlightError

PACKAGES = {
    "aqlm": "aqlm",
    "compressed-tensors": "compressed-tensors",
    "eetq": "eetq",
    "fbgemm_fp8": "fbgemm-gpu",
    "higgs": "flute-kernel",
    "hqq": "hqq",
    "mxfp4": "kernels",
    "quanto": "optimum-quanto",
    "quark": "amd-quark",
    "spqr": "spqr-quant",
    "torchao": "torchao",
    "vptq": "vptq",
}
"""By the name of a method, what transformers needs to read weights that were rounded by it."""
TITLES = {"gptq": "GPTQ", "awq": "AWQ", "bitsandbytes": "bitsandbytes", "fp8": "8-bit floats"}
"""Of the methods that are read here."""
PACKED_BITS = (2, 4, 8)
"""Widths that divide 32, so that no number lies in two words."""


@dataclass(frozen=True)
class Rounding:
    """method: as config.json names it. bits: of a weight. settings: what else config.json says of it."""

    method: str
    bits: int
    settings: dict[str, Any]

    @property
    def title(self) -> str:
        return TITLES.get(self.method, self.method)

    @property
    def is_read_here(self) -> bool:
        return self.method in TITLES

    @property
    def notice(self) -> str:
        return f"Its weights are what {self.bits} bits ({self.title}) kept of those that were trained."

    def is_of(self, name: str, dtype: str) -> bool:
        """Whether a tensor of this type of safetensors holds weights that were rounded."""
        if self.method in ("gptq", "awq"):
            return name.endswith(".qweight") and dtype == "I32"
        if self.method == "bitsandbytes":
            return name.endswith(".weight") and dtype in ("U8", "I8")
        return not self.is_read_here or dtype in ("F8_E4M3", "F8_E5M2")

    def count(self, name: str, dtype: str, numbers: int) -> int:
        """How many weights a tensor of so many numbers is."""
        is_packed = self.is_read_here and dtype in ("I32", "U8") and self.is_of(name, dtype)
        return numbers * {"I32": 32, "U8": 8}[dtype] // self.bits if is_packed else numbers


def rounding_of(config: dict[str, Any]) -> Rounding | None:
    """None of a model whose weights are as they were trained. HeadlightError for a method that nothing here
    can read, which names what to install, and for settings that make no sense."""
    settings = config.get("quantization_config")
    if not isinstance(settings, dict):
        return None
    method = settings.get("quant_method")
    if not isinstance(method, str):
        method = "bitsandbytes" if settings.keys() & {"load_in_4bit", "load_in_8bit"} else "an unnamed method"
    if method not in TITLES:
        return _by_package(method, settings)
    bits = settings.get("bits", 8 if method == "fp8" or settings.get("load_in_8bit") else 4)
    if method in ("gptq", "awq") and bits not in PACKED_BITS:
        raise HeadlightError(
            f"The weights are rounded to {bits} bits by {TITLES[method]}; 2, 4 and 8 can be read.",
            "Choose another version of the model.",
        )
    version = str(settings.get("version", "gemm")).lower()
    if method == "awq" and version != "gemm":
        raise HeadlightError(
            f"The weights are packed by AWQ for “{version}”, which cannot be read here.",
            "Choose the version for “gemm”, or the model as it was trained.",
        )
    return Rounding(method, bits, settings)


def _by_package(method: str, settings: dict[str, Any]) -> Rounding:
    package = PACKAGES.get(method)
    if package is None:
        raise HeadlightError(
            f"The weights are rounded by {method}, which cannot be read here.",
            "Choose the model as it was trained, or as GGUF, GPTQ, AWQ or bitsandbytes.",
        )
    if importlib.util.find_spec(package.replace("-", "_").replace("optimum_", "optimum.")) is None:
        raise HeadlightError(
            f"The weights are rounded by {method}, and the package that reads them is not installed.",
            f"Run “pip install {package}”, or choose the model as it was trained.",
        )
    bits = settings.get("bits")
    return Rounding(method, bits if type(bits) is int else 8, settings)
