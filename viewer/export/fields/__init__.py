"""Exports of receptive fields, and of stacks of convolutions."""
