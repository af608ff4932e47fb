"""Receptive fields: of units, of stacks of convolutions, and the curves around them."""
