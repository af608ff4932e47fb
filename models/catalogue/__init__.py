"""Which models there are, where their files lie, and their weights."""
