"""The page that compares a text with others that are open."""
