"""Models that take no attention function from outside: how they are asked for their weights."""
