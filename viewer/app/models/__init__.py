"""The menu of models: which there are, and one that was dropped."""
