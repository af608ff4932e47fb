"""Curves, dots and bars over axes."""
