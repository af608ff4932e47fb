"""Tables of points: their lines, their columns, and grids of heights."""
