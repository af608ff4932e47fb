"""A report of one document: a page that stands by itself, and that any machine can make again."""
