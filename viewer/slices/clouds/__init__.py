"""What a cloud's panes show of it."""
