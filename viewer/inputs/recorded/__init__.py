"""Traces that were recorded from Python, as files have them."""

ENDING = ".headlight.npz"
"""How their names end."""
