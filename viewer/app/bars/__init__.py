"""The bars around the panes, and what is said while a model reads."""
