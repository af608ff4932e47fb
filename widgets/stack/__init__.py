"""The editor of a stack of convolutions, and one layer at work."""
