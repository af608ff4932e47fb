"""Traces that were recorded from Python, as files have them."""
