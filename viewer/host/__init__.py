"""From a recipe and an input to a checked Trace."""
