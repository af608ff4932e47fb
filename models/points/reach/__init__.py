"""What one point draws on through all layers of a point network."""
