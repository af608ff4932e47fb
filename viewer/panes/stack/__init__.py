"""The page of a stack of convolutions."""
