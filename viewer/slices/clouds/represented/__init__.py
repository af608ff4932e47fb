"""What the panes of a cloud's representations draw, and where a point of one is in all the others."""
