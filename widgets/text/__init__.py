"""A text as its tokens."""
