"""Where models run: CUDA, else MPS, else the CPU. torch is imported when asked, never with this module."""

from __future__ import annotations

from headlight.models.core.errors import HeadlightError


def pick(name: str | None = None) -> str:
    """The device of this name, or the fastest there is: "cuda", "cuda:1", "mps" or "cpu".

    Raises HeadlightError for a device that this machine does not have, naming those it has.
    """
    names = available()
    if name is None:
        return names[0]
    wanted = name.strip().lower()
    if wanted in names:
        return wanted
    raise HeadlightError(
        f"There is no device “{name}” here.", f"Choose {_either(names)}, or leave the device out."
    )


def memory(device: str) -> int | None:
    """Bytes that this process holds on the device; None on the CPU, whose memory is the process's own."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.memory_allocated(device)
    return torch.mps.current_allocated_memory() if device == "mps" else None


def describe(device: str) -> str:
    """As a person reads it: "CPU, 2 threads", "CUDA, NVIDIA A100", "MPS, Apple GPU"."""
    import torch

    if device.startswith("cuda"):
        return f"{device.upper()}, {torch.cuda.get_device_name(device)}"
    if device == "mps":
        return "MPS, Apple GPU"
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}"


def free(device: str) -> int:
    """Bytes that could still be had on the device; on the CPU without swapping."""
    if device == "cpu":
        return free_memory()
    import torch

    if device == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    return torch.cuda.mem_get_info(device)[0]


def free_memory() -> int:
    """Bytes of the machine's memory that could still be had without swapping."""
    import psutil

    return psutil.virtual_memory().available


def available() -> list[str]:
    """Every name that `pick` takes, the fastest first."""
    import torch

    names = []
    if torch.cuda.is_available():
        names += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def _either(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
