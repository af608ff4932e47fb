"""Where the window stands and how the panes in it lie."""
