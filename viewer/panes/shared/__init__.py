"""What panes share, and those of every page."""
