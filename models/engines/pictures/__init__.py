"""Engines of pictures, with attention and without."""
