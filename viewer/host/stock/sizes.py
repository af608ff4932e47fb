"""How many bytes something takes, in words."""

from __future__ import annotations

_MEGABYTE = 1e6


def said_bytes(size: int) -> str:
    """1.4 GB, 12 MB, 340 kB."""
    if size >= 1000 * _MEGABYTE:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:,.0f} MB" if size >= _MEGABYTE else f"{max(size, 1) / 1e3:,.0f} kB"
