"""Boxes that a model found in a cloud: which are shown, and how they agree with the truth."""
