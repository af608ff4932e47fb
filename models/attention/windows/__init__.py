"""Attention in windows of a map: how blocks cut it, and the layer that lays it out again."""
