"""Surfaces: read, painted and sampled."""
