"""The page of arcs: tokens joined by lines."""
